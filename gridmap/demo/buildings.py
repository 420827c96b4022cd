"""What stands on each parcel: buildings, greens, ponds, and the lanes inside compounds."""

from dataclasses import dataclass, field

import numpy as np
import shapely
from shapely import LineString, Polygon

from gridmap.demo.dice import between, dice
from gridmap.demo.footprints import GAP, party_walls, polygons, rows, strip, tower_and_podium
from gridmap.demo.parcels import Block, Parcel, axes, halves
from gridmap.demo.plane import tidy

_FORMS = ("box", "box", "chamfer", "round", "cross", "notch", "box")


@dataclass
class Building:
    """A building in metres of the plane.

    Attributes
    ----------
    front
        It stands on the street, and its ground floor may hold shops.
    setback
        Its distance from the block's edge where it fronts the street, metres.
    """

    outline: Polygon
    parcel: int
    floors: int
    use: str
    front: bool = False
    tower: bool = False
    setback: float = 0.0
    role: str = ""


@dataclass
class Yard:
    """Everything that stands on one sub-district's parcels, and lies between."""

    buildings: list[Building] = field(default_factory=list)
    greens: list[tuple[int, str, Polygon]] = field(default_factory=list)
    ponds: list[tuple[int, Polygon]] = field(default_factory=list)
    lanes: list[tuple[int, LineString]] = field(default_factory=list)


@dataclass(frozen=True)
class Frontage:
    """How a street front is built: metres behind the edge, depth, widths of houses, storeys and use."""

    setback: float
    depth: float
    widths: tuple[float, float]
    floors: tuple[int, int]
    use: str


def build_on(seed: int, blocks: list[Block], parcels: list[Parcel]) -> Yard:
    """Build on every parcel according to its use."""
    yard = Yard()
    makers = {
        "tower": _towers,
        "lilong": _lilong,
        "slab": _slabs,
        "mixed": _mixed,
        "school": _school,
        "hospital": _hospital,
        "market": _market,
        "park": _park,
        "pocket": _pocket,
    }
    for number, parcel in enumerate(parcels):
        rng = dice(seed, "build", parcel.sub, number)
        makers[parcel.use](yard, number, parcel, blocks[parcel.block].outline, rng)
    return yard


def _eastward(parcel: Parcel) -> np.ndarray:
    """Give the parcel's axis that is nearest to east: rows look south."""
    direction, _, _ = axes(parcel.outline)
    if abs(direction[0]) < abs(direction[1]):
        direction = np.array([-direction[1], direction[0]])
    return direction if direction[0] > 0 else -direction


def _strip_houses(
    yard: Yard,
    number: int,
    parcel: Parcel,
    block: Polygon,
    rng: np.random.Generator,
    style: Frontage,
    keep_free: shapely.Geometry | None = None,
) -> None:
    """Line the street front with houses."""
    ring = strip(parcel.outline, block, style.setback, style.depth, parcel.front)
    ring = ring.difference(party_walls(parcel.front, style.setback + style.depth, *style.widths, rng))
    if keep_free is not None:
        ring = ring.difference(keep_free)
    opened = ring.buffer(-2.4, join_style="mitre").buffer(2.4, join_style="mitre").intersection(ring)
    for piece in polygons(shapely.simplify(opened, 0.2), 85):
        storeys = int(rng.integers(style.floors[0], style.floors[1] + 1))
        house = Building(piece, number, storeys, style.use, front=True, setback=style.setback)
        yard.buildings.append(house)


def _inner(parcel: Parcel, block: Polygon, back: float) -> Polygon | None:
    """Give the ground behind the street front, or None when little is left."""
    ground = parcel.outline.buffer(-1.6, join_style="mitre").intersection(block.buffer(-back, join_style="mitre"))
    parts = polygons(ground, 160)
    return max(parts, key=lambda part: part.area) if parts else None


def _lilong(yard: Yard, number: int, parcel: Parcel, block: Polygon, rng: np.random.Generator) -> None:
    """Build old lanes: shop houses along the street, rows of terraced houses behind, one spine lane."""
    depth = between(rng, 9.5, 11.5)
    inner = _inner(parcel, block, 1.5 + depth + 3.4)
    spine: shapely.Geometry | None = None
    if inner is not None:
        deep = between(rng, 11.5, 13.5)
        houses, lanes = rows(
            inner, _eastward(parcel), deep, deep + between(rng, 4.4, 6.0), 95, between(rng, 0.42, 0.58), rng
        )
        yard.buildings += [Building(house, number, int(rng.integers(2, 4)), "residential") for house in houses]
        if houses and lanes:
            gate = _to_gate(lanes[0], parcel)
            spine = gate.buffer(2.2, cap_style="flat")
            yard.lanes.append((number, gate))
            yard.lanes += [(number, lane) for lane in lanes[1:] if lane.within(inner)]
    style = Frontage(setback=1.5, depth=depth, widths=(66, 118), floors=(2, 4), use="mixed")
    _strip_houses(yard, number, parcel, block, rng, style, keep_free=spine)


def _to_gate(spine: LineString, parcel: Parcel) -> LineString:
    """Lead the spine lane out to the nearest street front."""
    ends = [np.asarray(spine.coords[0]), np.asarray(spine.coords[-1])]
    along = (ends[1] - ends[0]) / np.hypot(*(ends[1] - ends[0]))
    rays = [LineString([ends[0], ends[0] - along * 70]), LineString([ends[1], ends[1] + along * 70])]
    best: tuple[float, LineString] | None = None
    for end, ray in zip(ends, rays, strict=True):
        hits = shapely.get_parts(ray.intersection(parcel.front))
        for hit in hits:
            if hit.is_empty:
                continue
            spot = np.asarray(hit.coords[0])
            away = float(np.hypot(*(spot - end)))
            other = ends[1] if end is ends[0] else ends[0]
            if best is None or away < best[0]:
                best = (away, LineString([spot, other]))
    line = spine if best is None else best[1]
    inside = [part for part in shapely.get_parts(line.intersection(parcel.outline)) if part.length > 5]
    return tidy(max(inside, key=lambda part: part.length)) if inside else line


def _slabs(yard: Yard, number: int, parcel: Parcel, block: Polygon, rng: np.random.Generator) -> None:
    """Build a new village: six-storey slabs with greens between, or point blocks of a later year."""
    fronted = rng.random() < 0.6
    depth = between(rng, 11, 13)
    inner = _inner(parcel, block, (1.8 + depth + 6) if fronted else 4.5)
    spine: shapely.Geometry | None = None
    if inner is not None:
        deep = between(rng, 11.5, 13.0)
        pitch = deep + between(rng, 9.5, 12.5)
        cross = between(rng, 0.4, 0.6) if inner.bounds[2] - inner.bounds[0] > 84 else 0.05
        houses, lanes = rows(inner, _eastward(parcel), deep, pitch, 84, cross, rng)
        storeys = int(rng.choice([5, 6, 6, 6, 7, 11]))
        yard.buildings += [Building(house, number, storeys, "residential") for house in houses]
        if houses and lanes:
            gate = _to_gate(lanes[0], parcel)
            spine = gate.buffer(2.6, cap_style="flat")
            yard.lanes.append((number, gate))
        _lawns(yard, number, inner, houses, gate if houses and lanes else None)
    if fronted:
        style = Frontage(setback=1.8, depth=depth, widths=(60, 110), floors=(3, 6), use="mixed")
        _strip_houses(yard, number, parcel, block, rng, style, keep_free=spine)


def _lawns(yard: Yard, number: int, inner: Polygon, houses: list[Polygon], gate: LineString | None) -> None:
    """Lay lawns between the slabs."""
    taken = shapely.union_all([house.buffer(2.6, join_style="mitre") for house in houses])
    open_ground = inner.buffer(-1).difference(taken)
    if gate is not None:
        open_ground = open_ground.difference(gate.buffer(3.5))
    lawn = open_ground.buffer(-2).buffer(2, quad_segs=2)
    for piece in polygons(shapely.simplify(lawn, 0.3), 90):
        yard.greens.append((number, "lawn", piece))


def _mixed(yard: Yard, number: int, parcel: Parcel, block: Polygon, rng: np.random.Generator) -> None:
    """Build perimeter fronts of offices, hotels and flats; a workshop or hall in the yard."""
    depth = between(rng, 13, 17)
    use = str(rng.choice(["mixed", "mixed", "office", "office", "hotel", "residential"]))
    tall = (4, 9) if use != "hotel" else (8, 14)
    style = Frontage(setback=2.0, depth=depth, widths=(62, 112), floors=tall, use=use)
    _strip_houses(yard, number, parcel, block, rng, style)
    inner = _inner(parcel, block, 2.0 + depth + 7)
    if inner is None or inner.area < 380:
        return
    houses: list[Polygon] = []
    if rng.random() < 0.75:
        houses, _ = rows(inner, _eastward(parcel), 17.0, 28.0, 62, None, rng)
    for house in houses:
        yard.buildings.append(Building(house, number, int(rng.integers(2, 6)), "office"))
    if rng.random() < 0.6:
        _lawns(yard, number, inner, houses, None)


def _towers(yard: Yard, number: int, parcel: Parcel, block: Polygon, rng: np.random.Generator) -> None:
    """Stand towers on podiums behind a forecourt."""
    wanted = int(parcel.tags["towers"])
    setback = between(rng, 4.5, 8.0)
    ground = parcel.outline.buffer(-3.2, join_style="mitre").intersection(block.buffer(-setback, join_style="mitre"))
    base = max(polygons(shapely.simplify(ground, 0.4), 100), key=lambda part: part.area)
    sites = [base]
    if wanted == 2:
        direction, _, _ = axes(base)
        across = np.array([-direction[1], direction[0]])
        shift = direction * between(rng, -6, 6)
        sites = [
            part.buffer(-2.5, join_style="mitre")
            for part in halves(base, np.asarray(base.centroid.coords[0]) + shift, across)
        ]
    for site in sites:
        _one_tower(yard, number, site, setback, rng)


def _one_tower(yard: Yard, number: int, site: Polygon, setback: float, rng: np.random.Generator) -> None:
    """Stand a tower on one site: podium shaped by the site, or a plaza when the site is deep."""
    direction, length, _ = axes(site)
    if site.area > 2600 and length > 66:
        share = 0.5 - 2300 / site.area / 2
        side = 1 if rng.random() < 0.5 else -1
        point = np.asarray(site.centroid.coords[0]) + direction * side * length * min(0.32, max(0.12, share))
        pieces = sorted(halves(site, point, np.array([-direction[1], direction[0]])), key=lambda p: -p.area)
        site = pieces[0]
        for plaza in polygons(pieces[1].buffer(-2, join_style="mitre") if len(pieces) > 1 else Polygon(), 120):
            yard.greens.append((number, "plaza", plaza))
    form = _FORMS[int(rng.integers(len(_FORMS)))]
    tower, podium = tower_and_podium(site, rng, form)
    use = str(rng.choice(["office", "office", "office", "mixed", "hotel"]))
    floors = int(rng.integers(18, 48))
    yard.buildings.append(Building(tower, number, floors, use, tower=True, setback=setback, role="tower", front=True))
    if podium is not None:
        yard.buildings.append(
            Building(podium, number, int(rng.integers(3, 7)), "mixed", True, setback=setback + 3, role="podium")
        )


def _school(yard: Yard, number: int, parcel: Parcel, block: Polygon, rng: np.random.Generator) -> None:
    """Lay a running track on one half, teaching wings on the other."""
    inner = _inner(parcel, block, 5.0)
    if inner is None:
        return
    direction, length, _ = axes(inner)
    across = np.array([-direction[1], direction[0]])
    side = 1 if rng.random() < 0.5 else -1
    point = np.asarray(inner.centroid.coords[0]) + direction * side * length * 0.06
    pieces = halves(inner, point, across)
    pieces.sort(key=lambda part: -part.area)
    field_ground, teaching = pieces[0], pieces[-1]
    axis, long, wide = axes(field_ground.buffer(-4))
    radius = min(wide * 0.36, long * 0.3)
    middle = np.asarray(shapely.maximum_inscribed_circle(field_ground).coords[0])
    half = axis * max(4.0, long * 0.42 - radius)
    track = LineString([middle - half, middle + half]).buffer(radius, quad_segs=6)
    for piece in polygons(track.intersection(field_ground.buffer(-1)), 200):
        yard.greens.append((number, "field", piece))
    houses, _ = rows(teaching.buffer(-1), _eastward(parcel), 13.5, 25.0, 70, None, rng)
    for house in houses:
        yard.buildings.append(Building(house, number, int(rng.integers(3, 6)), "school", role="school"))


def _hospital(yard: Yard, number: int, parcel: Parcel, block: Polygon, rng: np.random.Generator) -> None:
    """Build a front house on the street and wards behind."""
    style = Frontage(setback=5.0, depth=17.0, widths=(48, 70), floors=(5, 9), use="public")
    _strip_houses(yard, number, parcel, block, rng, style)
    inner = _inner(parcel, block, 5.0 + 17 + 9)
    if inner is not None and inner.area > 400:
        houses, _ = rows(inner, _eastward(parcel), 17.0, 28.0, 60, None, rng)
        yard.buildings += [Building(house, number, 10, "public", role="ward") for house in houses]


def _market(yard: Yard, number: int, parcel: Parcel, block: Polygon, rng: np.random.Generator) -> None:
    """Build one large hall, shops round its foot."""
    inner = _inner(parcel, block, 4.0)
    if inner is None:
        return
    storeys = int(rng.integers(2, 4))
    hall = Building(inner, number, storeys, "public", True, setback=4.0, role="market")
    yard.buildings.append(hall)


def _park(yard: Yard, number: int, parcel: Parcel, block: Polygon, rng: np.random.Generator) -> None:
    """Lay lawns up to the street, a pond in the largest parcel, a pavilion beside it."""
    ground = parcel.outline if parcel.tags.get("whole") else parcel.outline.intersection(block.buffer(-1))
    room = parcel.outline.buffer(-9)
    water: shapely.Geometry = Polygon()
    if parcel.outline.area > 5000 and not room.is_empty:
        water = _pond(room, rng)
        yard.ponds += [(number, piece) for piece in polygons(water, 150)]
    for piece in polygons(ground.difference(water), 100):
        yard.greens.append((number, "park", piece))
    spot = shapely.maximum_inscribed_circle(room.difference(water.buffer(4))).coords[0]
    house = shapely.box(spot[0] - 8, spot[1] - 5.5, spot[0] + 8, spot[1] + 5.5)
    if room.covers(house) and not house.intersects(water):
        yard.buildings.append(Building(tidy(house), number, 1, "public", role="pavilion"))


def _pond(room: Polygon, rng: np.random.Generator) -> shapely.Geometry:
    """Dig a pond with a wandering shore."""
    circle = shapely.maximum_inscribed_circle(room)
    centre, radius = np.asarray(circle.coords[0]), circle.length * 0.82
    turns = np.linspace(0, 2 * np.pi, 26, endpoint=False)
    phases = rng.uniform(0, 6.28, 3)
    reach = radius * (0.78 + 0.16 * np.sin(2 * turns + phases[0]) + 0.1 * np.sin(3 * turns + phases[1]))
    shore = centre + np.column_stack([np.cos(turns) * reach * 1.25, np.sin(turns) * reach * 0.8])
    return tidy(Polygon(np.round(shore, 3)).intersection(room))


def _pocket(yard: Yard, number: int, parcel: Parcel, _block: Polygon, rng: np.random.Generator) -> None:
    """Lay a pocket green, with a kiosk when there is room."""
    ground = parcel.outline.buffer(-GAP)
    spot = shapely.maximum_inscribed_circle(ground)
    if spot.length > 13 and rng.random() < 0.7:
        x, y = spot.coords[0]
        kiosk = tidy(shapely.box(x - 4.5, y - 3.5, x + 4.5, y + 3.5))
        yard.buildings.append(Building(kiosk, number, 1, "public", role="kiosk"))
    for piece in polygons(ground, 60):
        yard.greens.append((number, "pocket", piece))
