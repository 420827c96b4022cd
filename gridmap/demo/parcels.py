"""Blocks between the streets, and the parcels that they are divided into."""

from dataclasses import dataclass, field
from typing import cast

import numpy as np
import shapely
from shapely import LineString, MultiLineString, Point, Polygon, STRtree

from gridmap.demo.dice import between, dice
from gridmap.demo.plane import tidy
from gridmap.demo.streets import CREEK_HALF, Streets

USES = ("tower", "lilong", "slab", "mixed", "school", "hospital", "market", "park", "pocket")


@dataclass(frozen=True)
class Block:
    """The ground of one face inside its pavements."""

    face: int
    sub: int
    outline: Polygon


@dataclass
class Parcel:
    """One owner's ground in a block.

    Attributes
    ----------
    front
        The part of its outline that faces a street; may be empty.
    use
        One of USES, given once all parcels of the sub-district are known.
    """

    block: int
    sub: int
    outline: Polygon
    front: MultiLineString
    pull: float = 0.0
    use: str = ""
    tags: dict[str, float] = field(default_factory=dict)


def lay_blocks(streets: Streets) -> tuple[list[Block], list[tuple[int, Polygon]]]:
    """Take the streets out of the faces; strips between creek and quay come back apart, with their face."""
    surfaces = [road.line.buffer(road.width / 2, cap_style="flat") for road in streets.roads]
    surfaces.append(streets.creek.buffer(CREEK_HALF + 3))
    tree = STRtree(surfaces)
    blocks: list[Block] = []
    banks: list[tuple[int, Polygon]] = []
    for number, face in enumerate(streets.faces):
        near = tree.query(face, predicate="intersects")
        left = face.difference(shapely.union_all([surfaces[i] for i in np.sort(near)]))
        pieces = [cast("Polygon", p) for p in shapely.get_parts(left) if p.area > 120]
        pieces.sort(key=lambda piece: -piece.area)
        for piece in pieces:
            smooth = shapely.simplify(piece.buffer(-3).buffer(3, join_style="mitre", mitre_limit=1.4), 0.25)
            if smooth.geom_type != "Polygon" or smooth.is_empty:
                continue
            outline = cast("Polygon", tidy(smooth.intersection(piece)))
            if piece.distance(streets.creek) < CREEK_HALF + 5:
                banks.append((number, outline))
            elif outline.geom_type == "Polygon" and outline.area > 900:
                blocks.append(Block(number, streets.face_sub[number], outline))
    return blocks, banks


def halves(outline: Polygon, point: np.ndarray, direction: np.ndarray) -> list[Polygon]:
    """Cut a polygon by a straight line through a point; the pieces left and right of it."""
    far = 2000.0
    side = np.array([-direction[1], direction[0]])
    a, b = point - direction * far, point + direction * far
    left = Polygon([a, b, b + side * far, a + side * far])
    right = Polygon([a, b, b - side * far, a - side * far])
    both = [tidy(outline.intersection(half)) for half in (left, right)]
    return [cast("Polygon", part) for half in both for part in shapely.get_parts(half) if part.area > 1]


def axes(outline: Polygon) -> tuple[np.ndarray, float, float]:
    """Find the direction of the long side of the smallest box round a polygon, its length and its width."""
    ring = np.asarray(shapely.minimum_rotated_rectangle(outline).exterior.coords)
    sides = [ring[1] - ring[0], ring[2] - ring[1]]
    lengths = [float(np.hypot(*side)) for side in sides]
    long = int(lengths[1] > lengths[0])
    direction = np.round(sides[long] / lengths[long], 9)
    return (direction if direction[0] >= 0 else -direction), lengths[long], lengths[1 - long]


def lay_parcels(seed: int, streets: Streets, blocks: list[Block]) -> list[Parcel]:
    """Divide blocks into parcels along their own axes; smaller ones near the main crossing."""
    parcels: list[Parcel] = []
    arterials = shapely.union_all([r.line for r in streets.roads if r.kind == "arterial"])
    for number, block in enumerate(blocks):
        rng = dice(seed, "parcels", block.sub, number)
        core = Point(streets.crossings[4 * block.sub + 2, 2])
        pull = max(0.0, 1 - block.outline.centroid.distance(core) / 560)
        target = 11400 - 5000 * pull
        edge = block.outline.exterior.buffer(0.05)
        for outline in _divide(block.outline, target, rng):
            front = _lines(outline.exterior.intersection(edge))
            near = max(0.0, 1 - outline.distance(arterials) / 90)
            own = max(0.0, 1 - outline.centroid.distance(core) / 600)
            parcels.append(Parcel(number, block.sub, outline, front, round(own + 0.55 * near, 6)))
    return parcels


def _lines(found: shapely.Geometry) -> MultiLineString:
    """Keep the lines of an intersection, joined where they meet."""
    lines = [part for part in shapely.get_parts(found) if isinstance(part, LineString) and part.length > 3]
    merged = shapely.line_merge(MultiLineString(lines))
    return MultiLineString([merged]) if isinstance(merged, LineString) else merged


def _divide(outline: Polygon, target: float, rng: np.random.Generator) -> list[Polygon]:
    """Halve across the long side until the pieces are near the target area."""
    if outline.area < target * between(rng, 1.0, 1.7):
        return [outline]
    direction, length, _ = axes(outline)
    across = np.array([-direction[1], direction[0]])
    shift = between(rng, -0.13, 0.13) * length
    point = np.asarray(outline.centroid.coords[0]) + direction * shift
    pieces = halves(outline, point, across)
    if len(pieces) < 2 or min(piece.area for piece in pieces) < 900:
        return [outline]
    return [small for piece in pieces for small in _divide(piece, target, rng)]


def give_uses(seed: int, streets: Streets, parcels: list[Parcel]) -> None:
    """Decide what stands on each parcel: towers by pull, a park, schools, homes, and mixed fronts."""
    for sub in sorted({parcel.sub for parcel in parcels}):
        own = [parcel for parcel in parcels if parcel.sub == sub]
        rng = dice(seed, "uses", sub)
        core = Point(streets.crossings[4 * sub + 2, 2])
        _give_greens(own, core, rng)
        _give_towers(own, rng)
        _give_public(own)
        _give_homes(seed, own)


def _free(parcels: list[Parcel]) -> list[Parcel]:
    return [parcel for parcel in parcels if not parcel.use]


def _compact(parcel: Parcel) -> float:
    _, length, width = axes(parcel.outline)
    return float(parcel.outline.area / (length * width) * min(1.0, 2 * width / length))


def _give_greens(parcels: list[Parcel], core: Point, rng: np.random.Generator) -> None:
    """One park of a whole block off the centre, and the awkward corners as pocket greens."""
    by_block: dict[int, list[Parcel]] = {}
    for parcel in parcels:
        by_block.setdefault(parcel.block, []).append(parcel)

    def worth(group: list[Parcel]) -> float:
        ground = shapely.union_all([parcel.outline for parcel in group])
        away = ground.distance(core)
        return float(abs(ground.area - 17500) / 6000 + abs(away - 260) / 110 + rng.random() * 0.8)

    chosen = min(by_block.values(), key=worth)
    for parcel in chosen:
        parcel.use = "park"
    small = [parcel for parcel in _free(parcels) if parcel.outline.area < 4200]
    for parcel in sorted(small, key=lambda p: _compact(p) * p.outline.area)[:6]:
        parcel.use = "pocket"


def _give_towers(parcels: list[Parcel], rng: np.random.Generator) -> None:
    """Put 31 towers where the pull is strongest; two on large parcels."""
    count = 0
    ranked = sorted(_free(parcels), key=lambda p: -p.pull - float(rng.random()) * 0.28)
    for parcel in ranked:
        _, length, width = axes(parcel.outline)
        if parcel.outline.area < 3000 or width < 44 or _compact(parcel) < 0.6:
            continue
        towers = 2 if length > 84 and parcel.outline.area > 5600 else 1
        towers = min(towers, 31 - count)
        if towers == 0:
            return
        parcel.use = "tower"
        parcel.tags["towers"] = towers
        count += towers


def _give_public(parcels: list[Parcel]) -> None:
    """Three schools, a hospital and two markets, away from one another."""
    wanted = [("school", 9000), ("school", 8000), ("hospital", 7500), ("school", 7000), ("market", 4200)]
    wanted.append(("market", 4000))
    taken: list[Parcel] = []
    for use, area in wanted:

        def worth(parcel: Parcel, area: float = area) -> float:
            apart = min((parcel.outline.distance(other.outline) for other in taken), default=400.0)
            fit = abs(parcel.outline.area - area) / area
            return float(fit * 2 - min(apart, 320) / 160 - _compact(parcel) * 2)

        best = min(_free(parcels), key=worth)
        best.use = use
        taken.append(best)


def _give_homes(seed: int, parcels: list[Parcel]) -> None:
    """Compounds on most of the rest: old lanes by whole blocks, slabs elsewhere; mixed fronts between."""
    free = sorted(_free(parcels), key=lambda p: -p.outline.area * _compact(p) * (1.25 - p.pull / 2))
    for rank, parcel in enumerate(free):
        if rank < 36 and parcel.outline.area > 3400:
            old = dice(seed, "old", parcel.block).random()
            parcel.use = "lilong" if old + parcel.pull * 0.15 > 0.42 else "slab"
        else:
            parcel.use = "mixed"
