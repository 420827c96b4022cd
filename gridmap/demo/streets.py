"""Streets first: the creek, the main roads, and the smaller streets and lanes that cut what lies between.

The main roads run through a bent lattice of crossings that reaches over all sub-districts, so that roads go
on across a border and neighbours share their border road. Between the main roads every cell is cut in two by
a street, and again by lanes, until what is left has the size of a city block. Those smaller cuts end at the
roads that they meet, which is where the T-junctions come from.
"""

from bisect import bisect_left
from dataclasses import dataclass
from typing import cast

import numpy as np
import shapely
from shapely import LineString, MultiPoint, Point, Polygon
from shapely.ops import split

from gridmap.demo.dice import between, dice
from gridmap.demo.plane import tidy

WIDTH = 1085.0
"""From one north-south border to the next, metres."""
HEIGHT = 1080.0
TURN = 0.155
"""The streets lean by this angle, radians counter-clockwise."""
CREEK_HALF = 17.0
OVER = 75.0
"""Wide roads and the creek go on this far beyond the border, for no town ends at its line."""
QUAY = 31.0
"""From the middle of the creek to the middle of the road along it."""
STUB = 38.0
"""And smaller streets this far."""
_COLUMNS = (0.0, 0.27, 0.54, 0.78, 1.0)
_ROWS = (1.0, 0.76, 0.49, 0.25, 0.0)
_MILLIMETRE = 0.001
_RASTER = 0.25
"""Borders of grids bend on this raster only, metres: so no edge is shorter, and junctions meet."""
_REACH = 2.0
"""Junctions closer than this become one, metres."""


@dataclass(frozen=True)
class Road:
    """A road as a centre line, running west to east or north to south.

    Attributes
    ----------
    role
        Where it stands in the lattice: ``ew`` and ``ns`` with a number, ``quay``, ``diagonal``, ``cut``.
    kind
        arterial, street or lane.
    sub
        The sub-district it belongs to; -1 for roads that run through several.
    """

    role: str
    index: int
    kind: str
    width: float
    line: LineString
    sub: int


@dataclass(frozen=True)
class Streets:
    """The street plan: roads, the creek, and the faces between the lines.

    Attributes
    ----------
    faces
        Polygons between road centre lines; they share every vertex of their common borders.
    face_sub
        The sub-district of each face.
    """

    roads: list[Road]
    creek: LineString
    faces: list[Polygon]
    face_sub: list[int]
    crossings: np.ndarray


def lay_streets(seed: int, scale: int) -> Streets:
    """Draw the streets of `scale` sub-districts side by side, in metres of the plane."""
    nodes = _crossings(seed, scale)
    mains, creek = _main_roads(seed, nodes, scale)
    lines = [road.line for road in mains if road.role != "quay"]
    cells = _faces([*lines, creek])
    cuts: list[Road] = []
    faces: list[Polygon] = []
    borders = [_curve(nodes[4 * sub + 4]) for sub in range(scale - 1)]
    by_sub: list[list[Polygon]] = [[] for _ in range(scale)]
    for cell in cells:
        by_sub[_sub_of(cell, borders)].append(cell)
    for sub, own in enumerate(by_sub):
        _leave_out(seed, sub, nodes, own, cuts)
        _cut_cells(seed, sub, own, cuts)
        faces.extend(own)
    outline = shapely.union_all(faces).buffer(_MILLIMETRE * 5)
    drawn = _faces([*lines, creek, *(_longer(cut.line, 0.4) for cut in cuts)], _RASTER)
    kept = [face for face in drawn if outline.covers(face.representative_point())]
    subs = [_sub_of(face, borders) for face in kept]
    wet = creek.buffer(QUAY)
    roads = [
        _ashore(road, wet) if road.role in ("ns", "cut") and road.kind != "arterial" else road
        for road in (*mains, *cuts)
    ]
    return Streets(roads, creek, kept, subs, nodes)


def _crossings(seed: int, scale: int) -> np.ndarray:
    """Place the crossings of the main roads: shape (columns, rows, 2), turned and bent."""
    columns = 4 * scale + 1
    nodes = np.zeros((columns, 5, 2))
    for i in range(columns):
        sub, step = divmod(i, 4)
        shift = 0.0 if step == 0 else between(dice(seed, "column", i), -0.022, 0.022)
        u = (sub + _COLUMNS[step] + shift - 0.5) * WIDTH
        lean = between(dice(seed, "lean", i), -30, 30)
        for j, row in enumerate(_ROWS):
            rng = dice(seed, "node", i, j)
            bend = (-1) ** i * (30 if j == 1 else 9)
            wander = 34 if j in (0, 4) else 15
            nodes[i, j] = (
                u + lean * (j - 2) / 2 + between(rng, -20, 20),
                (row - 0.5) * HEIGHT + bend + between(rng, -wander, wander),
            )
    cos, sin = round(float(np.cos(TURN)), 9), round(float(np.sin(TURN)), 9)
    return np.asarray(np.round(nodes @ np.array([[cos, sin], [-sin, cos]]), 3))


def _curve(points: np.ndarray, steps: int = 9, beyond: tuple[float, float] = (0.0, 0.0)) -> LineString:
    """Run a smooth line through points, meeting each exactly, and straight on `beyond` its two ends."""
    padded = np.vstack([2 * points[0] - points[1], points, 2 * points[-1] - points[-2]])
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    parts = []
    for p0, p1, p2, p3 in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
        a, b, c = 2 * p1, p2 - p0, 2 * p0 - 5 * p1 + 4 * p2 - p3
        d = -p0 + 3 * p1 - 3 * p2 + p3
        parts.append((a + b * t + c * t**2 + d * t**3) / 2)
    line = np.vstack([*parts, points[-1:]])
    first, last = line[0] - line[1], line[-1] - line[-2]
    if beyond[0]:
        line = np.vstack([line[0] + first / np.hypot(*first) * beyond[0], line])
    if beyond[1]:
        line = np.vstack([line, line[-1] + last / np.hypot(*last) * beyond[1]])
    return LineString(np.round(line, 3))


def _main_roads(seed: int, nodes: np.ndarray, scale: int) -> tuple[list[Road], LineString]:
    """Draw the creek in the north, the roads of the lattice, the quay, and one diagonal a sub-district."""
    creek = _curve(nodes[:, 0], beyond=(OVER, OVER))
    gaps = [_gaps(seed, sub) for sub in range(scale)]
    roads = [
        Road("ew", 2, "arterial", 30, _curve(nodes[:, 2], beyond=(OVER, OVER)), -1),
        Road("ew", 4, "arterial", 32, _curve(nodes[:, 4], beyond=(OVER, OVER)), -1),
    ]
    for row, width in ((1, 16), (3, 15)):
        closed = [4 * sub + step for sub, (ew, _) in enumerate(gaps) for r, step in [ew] if r == row]
        line = nodes[:, row]
        for run in _runs(line, closed):
            west, east = run[0, 0] == line[0, 0], run[-1, 0] == line[-1, 0]
            over = (STUB if west else 0.0, STUB if east else 0.0)
            roads.append(Road("ew", row, "street", width, _curve(run, beyond=over), -1))
    for i in range(nodes.shape[0]):
        sub, step = divmod(i, 4)
        kind, width = (("arterial", 27), ("street", 15), ("arterial", 25), ("street", 14))[step]
        column, gap = gaps[min(sub, scale - 1)][1]
        runs = _runs(nodes[i], [gap] if step == column else [])
        wide = kind == "arterial"
        for number, run in enumerate(runs):
            south = (OVER if wide else STUB) if number == len(runs) - 1 else 0.0
            line = _curve(run, beyond=(OVER if wide and number == 0 else 0.0, south))
            roads.append(Road("ns", i, kind, width, line, -1 if step == 0 else sub))
    quay = tidy(shapely.offset_curve(_curve(nodes[:, 0]), -QUAY, join_style="mitre"))
    roads.append(Road("quay", 0, "street", 11, cast("LineString", quay), -1))
    for sub in range(scale):
        start, end = nodes[4 * sub + 2, 2], nodes[4 * sub + 3, 4]
        along = end - start
        side = np.array([-along[1], along[0]]) * between(dice(seed, "diagonal", sub), 0.03, 0.08)
        line = _curve(np.round(np.array([start, start + along * 0.5 + side, end]), 3), steps=6)
        roads.append(Road("diagonal", sub, "street", 16, line, sub))
    return roads, creek


def _gaps(seed: int, sub: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """Choose where two roads of the lattice are interrupted: (row, step) and (column, step).

    The choices keep clear of each other and of the southern corners.
    """
    rng = dice(seed, "gaps", sub)
    if rng.random() < 0.5:
        return (1, int(rng.integers(2, 4))), (1, int(rng.integers(1, 3)))
    return (3, 1), (3, int(rng.integers(0, 2)))


def _runs(nodes: np.ndarray, closed: list[int]) -> list[np.ndarray]:
    """Part a row of crossings at the closed steps; runs of a single crossing are no road."""
    parts = np.split(nodes, [step + 1 for step in sorted(closed)])
    return [part for part in parts if len(part) > 1]


def _faces(lines: list[LineString], raster: float = _MILLIMETRE) -> list[Polygon]:
    """Find the faces between lines, after noding them on a raster."""
    network = shapely.union_all(lines, grid_size=raster)
    found = shapely.polygonize([network]).geoms
    return sorted((cast("Polygon", face) for face in found), key=lambda f: f.centroid.coords[0])


def _longer(line: LineString, reach: float) -> LineString:
    """Run a line straight on at both ends."""
    points = np.asarray(line.coords)
    first, last = points[0] - points[1], points[-1] - points[-2]
    before = points[0] + first / np.hypot(*first) * reach
    after = points[-1] + last / np.hypot(*last) * reach
    return LineString(np.vstack([before, points, after]))


def _sub_of(face: Polygon, borders: list[LineString]) -> int:
    """Name the sub-district that a face lies in, by the border roads west of it."""
    point = face.representative_point()

    def east_of(border: LineString) -> bool:
        return bool(point.x > border.interpolate(border.project(point)).x)

    return bisect_left(borders, True, key=lambda border: not east_of(border))


def _leave_out(seed: int, sub: int, nodes: np.ndarray, cells: list[Polygon], cuts: list[Road]) -> None:
    """Leave part of a southern corner cell to a neighbour, for few outlines are plain rectangles."""
    rng = dice(seed, "corner", sub)
    column = 4 * sub + (3 if rng.random() < 0.5 else 0)
    middle = Point(nodes[column : column + 2, 3:5].reshape(-1, 2).mean(axis=0))
    core = Point(nodes[4 * sub + 2, 2])
    for cell in cells:
        if cell.covers(middle):
            made = _cut(cell, rng, [])
            if made is None:
                return
            line, parts = made
            kept = min(parts, key=lambda part: part.centroid.distance(core))
            cells[cells.index(cell)] = kept
            cuts.append(Road("cut", len(cuts), "street", 12, line, sub))
            return


def _cut_cells(seed: int, sub: int, cells: list[Polygon], cuts: list[Road]) -> None:
    """Cut cells until they are blocks, replacing the list's content and adding the cuts made."""
    rng = dice(seed, "cuts", sub)
    waiting = [(cell, 0) for cell in cells]
    done: list[Polygon] = []
    ends: list[Point] = []
    while waiting:
        cell, depth = waiting.pop(0)
        limit = between(rng, 19000, 31000)
        made = _cut(cell, rng, ends) if cell.area > limit else None
        if made is None:
            done.append(cell)
            continue
        line, halves = made
        kind, width = ("street", 12) if depth == 0 or cell.area > 46000 else ("lane", 6.5)
        cuts.append(Road("cut", len(cuts), kind, width, line, sub))
        ends.extend((Point(line.coords[0]), Point(line.coords[-1])))
        waiting.extend((half, depth + 1) for half in halves)
    cells[:] = done


def _cut(cell: Polygon, rng: np.random.Generator, ends: list[Point]) -> tuple[LineString, list[Polygon]] | None:
    """Cut a cell across its long side; the best of some throws, or None when every cut is bad."""
    best: tuple[float, LineString, list[Polygon]] | None = None
    near = [end for end in ends if cell.boundary.distance(end) < 0.01]
    for attempt in range(14):
        thrown = _throw_line(cell, rng, near if attempt % 2 else [])
        inside = tidy(thrown.intersection(cell))
        if not isinstance(inside, LineString) or inside.length < 40:
            continue
        line = _moor(inside, cell, near)
        halves = _halves(cell, line)
        if len(halves) != 2:
            continue
        small = min(half.area for half in halves) / cell.area
        plump = min(4 * np.pi * half.area / half.length**2 for half in halves)
        score = plump + min(small, 0.42) + (0.08 if attempt % 2 and near else 0.0)
        if small > 0.28 and plump > 0.4 and (best is None or score > best[0]):
            best = (score, _westward(line), halves)
    return None if best is None else best[1:]


def _halves(cell: Polygon, line: LineString) -> list[Polygon]:
    """Split a cell by a line that ends on its border; the halves get the line's ends as vertices."""
    ends = MultiPoint([line.coords[0], line.coords[-1]])
    parts = split(cell, _longer(line, 1.0)).geoms
    return [cast("Polygon", shapely.snap(tidy(part), ends, 0.02)) for part in parts if part.area > 1]


def _moor(line: LineString, cell: Polygon, near: list[Point]) -> LineString:
    """Move a line's ends to a vertex or junction close by, so that no border gets a step of centimetres."""
    posts = np.vstack([np.asarray(cell.exterior.coords), *(np.asarray(end.coords) for end in near)])
    points = np.asarray(line.coords)
    for place in (0, -1):
        away = np.hypot(*(posts - points[place]).T)
        if away.min() < _REACH:
            points[place] = posts[int(np.argmin(away))]
    # What lies right beside a moved end would make the line turn back on itself.
    inner = [p for p in points[1:-1] if min(np.hypot(*(p - points[0])), np.hypot(*(p - points[-1]))) > _REACH]
    return LineString([points[0], *inner, points[-1]])


def _throw_line(cell: Polygon, rng: np.random.Generator, near: list[Point]) -> LineString:
    """Throw a gently bent line across a cell, starting at an existing junction when there are some."""
    ring = np.asarray(shapely.minimum_rotated_rectangle(cell).exterior.coords)
    sides = [ring[1] - ring[0], ring[2] - ring[1]]
    lengths = [float(np.hypot(*side)) for side in sides]
    long = int(lengths[1] > lengths[0])
    along, length = sides[long] / lengths[long], lengths[long]
    across = np.array([-along[1], along[0]])
    lean = between(rng, -0.10, 0.10)
    direction = across + along * lean
    offset = between(rng, -0.14, 0.14) * length
    centre = np.asarray(cell.centroid.coords[0]) + along * offset
    if near:
        start = np.asarray(near[int(rng.integers(len(near)))].coords[0])
        centre = start + direction * float(np.dot(centre - start, across))
    reach = max(lengths) * 1.2
    bend = along * between(rng, -13, 13)
    t = np.linspace(-1, 1, 15)[:, None]
    curve = centre + direction * t * reach + bend * (1 - (t * reach / min(lengths) * 2) ** 2).clip(-1)
    return LineString(np.round(curve, 3))


def _westward(line: LineString) -> LineString:
    """Turn a line so that it runs west to east, or north to south when it is steep."""
    (x0, y0), (x1, y1) = line.coords[0], line.coords[-1]
    steep = abs(y1 - y0) > abs(x1 - x0)
    backwards = y1 > y0 if steep else x1 < x0
    return cast("LineString", line.reverse()) if backwards else line


def _ashore(cut: Road, wet: Polygon) -> Road:
    """End a street at the quay instead of in the creek."""
    dry = cut.line.difference(wet)
    parts = [cast("LineString", part) for part in shapely.get_parts(dry)]
    line = _westward(cast("LineString", tidy(max(parts, key=lambda part: part.length))))
    return Road(cut.role, cut.index, cut.kind, cut.width, line, cut.sub)
