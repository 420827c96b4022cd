"""Grids: micro-grids made of whole faces between streets, and every level above made of them.

The finest level is never cut: a micro-grid is a set of faces, so its border runs along road centre lines and
through no compound and no building. Each level above is the union of the faces below it, which makes parent
and children share every vertex.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import permutations

import numpy as np
import shapely
from shapely import MultiPolygon, STRtree

from gridmap.demo.dice import dice, share_out
from gridmap.demo.names import Names, numeral
from gridmap.demo.plane import geometry_to_degrees
from gridmap.demo.streets import Streets

COUNTY = "310199"
"""A county number that GB/T 2260 gives to nobody."""
BLOCKS, NEIGHBOURHOODS, MICROGRIDS = 4, 11, 35
_CUT_COST = {"creek": 0.1, "arterial": 0.25, "street": 0.7, "lane": 1.2}


@dataclass(frozen=True)
class GridRow:
    """One grid; `faces` are the faces it is made of."""

    key: str
    level: str
    parent: str | None
    code: str | None
    name: str
    faces: tuple[int, ...]
    geometry: MultiPolygon


@dataclass(frozen=True)
class _Units:
    """Faces as a weighted graph: what a partition needs to know."""

    area: np.ndarray
    middle: np.ndarray
    near: list[dict[int, float]]


def draw_grids(seed: int, streets: Streets, names: Names) -> list[GridRow]:
    """Draw all levels: the district, its sub-districts, blocks, neighbourhoods and micro-grids."""
    degrees = geometry_to_degrees(np.array(streets.faces))
    units = _measure(streets)
    rows: list[GridRow] = []

    def add(key: str, level: str, parent: str | None, code: str | None, name: str, faces: list[int]) -> None:
        whole = shapely.coverage_union_all(degrees[sorted(faces)])
        shape = whole if isinstance(whole, MultiPolygon) else MultiPolygon([whole])
        rows.append(GridRow(key, level, parent, code, name, tuple(sorted(faces)), shape))

    everything = list(range(len(streets.faces)))
    add("D", "district", None, f"{COUNTY}000000000", names.district, everything)
    for sub in sorted(set(streets.face_sub)):
        own = [face for face in everything if streets.face_sub[face] == sub]
        _draw_subdistrict(seed, sub, own, units, names, add)
    return rows


def _draw_subdistrict(
    seed: int, sub: int, own: list[int], units: _Units, names: Names, add: Callable[..., None]
) -> None:
    """Divide one sub-district from the top down, so that levels nest."""
    rng = dice(seed, "grids", sub)
    street = f"S{sub + 1:02d}"
    prefix = f"{COUNTY}{sub + 1:03d}"
    add(street, "subdistrict", "D", f"{prefix}000000", names.subdistricts[sub], own)
    blocks = divide(own, BLOCKS, units, rng)
    shares = _shares(NEIGHBOURHOODS, [units.area[b].sum() for b in blocks], [len(b) // 3 for b in blocks])
    hoods: list[tuple[int, list[int]]] = []
    for number, (block, count) in enumerate(zip(blocks, shares, strict=True)):
        hoods += [(number, hood) for hood in divide(block, count, units, rng)]
    compass = _compass(blocks, units)
    for number, block in enumerate(blocks):
        add(f"{street}-B{number + 1}", "block", street, None, f"{compass[number]}街区", block)
    order = _reading_order([_middle(hood, units) for _, hood in hoods], 150)
    hoods = [hoods[i] for i in order]
    fine = _shares(MICROGRIDS, [units.area[hood].sum() for _, hood in hoods], [len(h) for _, h in hoods])
    for place, ((block_number, hood), count) in enumerate(zip(hoods, fine, strict=True), start=1):
        key, name = f"{street}-N{place:02d}", names.neighbourhoods[sub][place - 1]
        parent = f"{street}-B{block_number + 1}"
        add(key, "neighbourhood", parent, f"{prefix}{place:03d}000", f"{name}居民区", hood)
        small = divide(hood, count, units, rng)
        sequence = _reading_order([_middle(grid, units) for grid in small], 90)
        for number, index in enumerate(sequence, start=1):
            code = f"{prefix}{place:03d}{number:03d}"
            title = f"{name}第{numeral(number)}微网格"
            add(f"{key}-M{number:02d}", "microgrid", key, code, title, small[index])


def _measure(streets: Streets) -> _Units:
    """Measure faces: areas, middles, and what a border between two neighbours costs."""
    faces = np.array(streets.faces)
    middles = shapely.get_coordinates(shapely.centroid(faces))
    tree = STRtree(faces)
    lines = [*(road.line for road in streets.roads if road.role != "quay"), streets.creek]
    kinds = [*(road.kind for road in streets.roads if road.role != "quay"), "creek"]
    roads = STRtree(lines)
    near: list[dict[int, float]] = [{} for _ in faces]
    first, second = tree.query(faces, predicate="touches")
    for a, b in zip(first, second, strict=True):
        if a < b:
            border = shapely.intersection(faces[a], faces[b])
            if border.length > 5:
                kind = kinds[
                    int(
                        roads.nearest(
                            border.interpolate(0.5, normalized=True)
                            if border.geom_type == "LineString"
                            else border.centroid
                        )
                    )
                ]
                cost = round(border.length * _CUT_COST[kind], 3)
                near[a][int(b)] = cost
                near[b][int(a)] = cost
    return _Units(np.round(shapely.area(faces), 2), np.round(middles, 2), near)


def _shares(total: int, areas: list[float], caps: list[int]) -> list[int]:
    """Share a count out by area, at least one each and no more than the caps."""
    counts = 1 + share_out(total - len(areas), areas)
    while (counts > caps).any():
        over = int(np.argmax(counts - np.array(caps)))
        room = [a / (c + 1) if c < cap else -1.0 for a, c, cap in zip(areas, counts, caps, strict=True)]
        counts[over] -= 1
        counts[int(np.argmax(room))] += 1
    return [int(count) for count in counts]


def _middle(faces: list[int], units: _Units) -> np.ndarray:
    return np.asarray(np.average(units.middle[faces], axis=0, weights=units.area[faces]))


def _reading_order(points: list[np.ndarray], row: float) -> list[int]:
    """Order like reading: rows from north to south, each from west to east.

    A row holds what lies within `row` metres south of its northernmost point.
    """
    left = sorted(range(len(points)), key=lambda i: -points[i][1])
    order: list[int] = []
    while left:
        top = points[left[0]][1]
        band = [i for i in left if points[i][1] > top - row]
        order += sorted(band, key=lambda i: points[i][0])
        left = [i for i in left if i not in band]
    return order


def _compass(blocks: list[list[int]], units: _Units) -> list[str]:
    """Name four blocks by the quarter of the sub-district that each fills best."""
    middles = np.array([_middle(block, units) for block in blocks])
    offsets = middles - middles.mean(axis=0)
    corners = {"西北": (-1, 1), "东北": (1, 1), "西南": (-1, -1), "东南": (1, -1)}

    def fit(names: Iterable[str]) -> float:
        return sum(float(np.dot(o, corners[n])) for o, n in zip(offsets, names, strict=True))

    return list(max(permutations(corners), key=fit))


def divide(faces: list[int], count: int, units: _Units, rng: np.random.Generator) -> list[list[int]]:
    """Divide faces into contiguous, compact groups of like area whose borders prefer wide roads."""
    if count == 1:
        return [sorted(faces)]
    best: tuple[float, list[set[int]]] | None = None
    for _ in range(6):
        groups = _grow(faces, count, units, rng)
        cost = _improve(groups, units)
        if best is None or cost < best[0] - 1e-9:
            best = (cost, groups)
    assert best is not None  # noqa: S101 - six tries were made
    return sorted((sorted(group) for group in best[1]), key=lambda group: group[0])


def _grow(faces: list[int], count: int, units: _Units, rng: np.random.Generator) -> list[set[int]]:
    """Grow groups from scattered seeds; the smallest group takes its nearest free neighbour."""
    seeds = [faces[int(rng.integers(len(faces)))]]
    while len(seeds) < count:
        reach = np.min([np.hypot(*(units.middle[faces] - units.middle[seed]).T) for seed in seeds], axis=0)
        weights = np.round(reach**2, 1)
        seeds.append(faces[int(rng.choice(len(faces), p=weights / weights.sum()))])
    groups = [{seed} for seed in seeds]
    free = set(faces) - set(seeds)
    while free:
        for group in sorted(groups, key=lambda g: float(units.area[list(g)].sum())):
            options = sorted({n for member in group for n in units.near[member]} & free)
            if options:
                middle = _middle(sorted(group), units)
                pick = min(options, key=lambda f: float(np.hypot(*(units.middle[f] - middle))))
                group.add(pick)
                free.remove(pick)
                break
        else:
            groups[0] |= free
            break
    return groups


def _improve(groups: list[set[int]], units: _Units) -> float:
    """Move faces between neighbouring groups while that makes the division better."""
    total = sum(float(units.area[list(group)].sum()) for group in groups)
    mean = total / len(groups)

    def cost(group: set[int]) -> float:
        members = sorted(group)
        areas, middles = units.area[members], units.middle[members]
        centre = np.average(middles, axis=0, weights=areas)
        inertia = float((areas * ((middles - centre) ** 2).sum(axis=1)).sum()) / mean**2
        cut = sum(c for m in members for n, c in units.near[m].items() if n not in group)
        balance = (float(areas.sum()) / mean - 1) ** 2
        return 3.0 * balance + 3.0 * inertia + 0.35 * cut / float(mean**0.5)

    costs = [cost(group) for group in groups]
    for _ in range(12):
        moved = False
        for home, group in enumerate(groups):
            for face in sorted(group):
                moved |= _try_move(face, home, groups, costs, cost, units)
        if not moved:
            break
    return sum(costs)


def _try_move(
    face: int,
    home: int,
    groups: list[set[int]],
    costs: list[float],
    cost: Callable[[set[int]], float],
    units: _Units,
) -> bool:
    """Move one face to the neighbouring group that gains most, when its own group stays in one piece."""
    rest = groups[home] - {face}
    if not rest or not _in_one_piece(rest, units):
        return False
    lighter = cost(rest)
    best: tuple[float, int, float] | None = None
    for other in range(len(groups)):
        if other != home and any(n in groups[other] for n in units.near[face]):
            heavier = cost(groups[other] | {face})
            gain = costs[home] + costs[other] - lighter - heavier
            if gain > 1e-6 and (best is None or gain > best[0]):
                best = (gain, other, heavier)
    if best is None:
        return False
    groups[home].remove(face)
    groups[best[1]].add(face)
    costs[home], costs[best[1]] = lighter, best[2]
    return True


def _in_one_piece(faces: set[int], units: _Units) -> bool:
    """Tell whether faces hang together."""
    start = min(faces)
    seen, edge = {start}, [start]
    while edge:
        for other in units.near[edge.pop()]:
            if other in faces and other not in seen:
                seen.add(other)
                edge.append(other)
    return len(seen) == len(faces)
