"""Drawing a line into a coverage: where it meets a border, both get the same node.

The line is drawn along nodes and borders that it passes closely, so that no hair of ground is left between; all else
stays where it is. Crossings are computed in whole numbers and rounded to the lattice; the edge crossed bends by less
than half a step there, for the grids on both its sides alike.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.model.errors import Fault, InputError
from gridmap.spatial.edges import Edges, nodes_of, pieces, points_of, with_nodes
from gridmap.spatial.lattice import SCALE, Geometries, Integers

Node = int
Link = tuple[int, int]
Bends = dict[Link, tuple[Node, ...]]

STEP_M = 0.0111195
"""One lattice step from south to north, m; from west to east it is less."""

_MOST_ROUNDS = 12
_MOST_VERTICES = 10_000


@dataclass(frozen=True, slots=True)
class Drawing:
    """Lines drawn into a coverage.

    Attributes
    ----------
    lines
        The nodes of each, one after the other.
    bends
        By edge of the coverage, its lower node first, the nodes that it gets on the way from there.
    """

    lines: tuple[tuple[Node, ...], ...]
    bends: Bends

    @property
    def links(self) -> set[Link]:
        """The edges of the lines, lower node first."""
        pairs = ((a, b) for line in self.lines for a, b in pairwise(line))
        return {(a, b) if a < b else (b, a) for a, b in pairs}


@dataclass(frozen=True, slots=True)
class Faces:
    """What lines cut outlines into.

    Attributes
    ----------
    areas
        In lattice units.
    owner
        The outline that each was cut from.
    left, right
        Faces on the two sides of an edge that two of them share.
    drawn
        Whether that edge is one of a line's.
    links
        That edge, lower node first.
    """

    areas: Geometries
    owner: Integers
    left: Integers
    right: Integers
    drawn: NDArray[np.bool_]
    links: list[Link]

    def groups(self, walls: NDArray[np.bool_]) -> Integers:
        """Give each face the number of its group: faces hang together where no wall is between them."""
        return pieces(len(self.areas), self.left[~walls], self.right[~walls])


def draw(lines: Sequence[Integers], areas: Geometries, tolerance_m: float) -> Drawing:
    """Draw lines into a coverage.

    Parameters
    ----------
    lines
        (n, 2) lattice points each; closed where the last is the first.
    areas
        The outlines that they may meet, lattice units.
    tolerance_m
        Nodes and borders nearer than this are drawn through.

    Raises
    ------
    InputError
        A line has too few or too many points, or crosses itself.
    """
    _refuse_long(lines)
    tolerance = max(tolerance_m / STEP_M, 1.0)
    coverage = _Coverage.of(areas, lines, tolerance)
    drawn = [_dedupe(coverage.attach(line, tolerance)) for line in lines]
    reach = tolerance
    for _ in range(_MOST_ROUNDS):
        before = (len(coverage.bends), sum(map(len, drawn)), sum(map(len, coverage.bends.values())))
        drawn = [_dedupe(coverage.cross(coverage.thread(line, reach))) for line in drawn]
        reach = 0.0
        if before == (len(coverage.bends), sum(map(len, drawn)), sum(map(len, coverage.bends.values()))):
            break
    else:
        raise InputError.of("line", "runs too close to borders to be drawn", "draw it along them", "too_close")
    found = tuple(tuple(nodes_of(line).tolist()) for line in drawn)
    _refuse_crossed(found)
    return Drawing(found, coverage.ordered_bends())


def bent(area: shapely.Geometry, drawing: Drawing) -> shapely.Geometry:
    """Give an outline the nodes that a drawing put into its edges."""
    return with_nodes(area, drawing.bends) if drawing.bends else area


def cut(areas: Geometries, drawing: Drawing) -> Faces:
    """Cut outlines, which have the drawing's nodes already, along its lines; ends that lead nowhere cut nothing."""
    edges = Edges.of(areas)
    low, high = np.minimum(edges.start, edges.end), np.maximum(edges.start, edges.end)
    links = set(zip(low.tolist(), high.tolist(), strict=True)) | drawing.links
    ends = points_of(np.array(sorted(links), np.int64).reshape(-1)).reshape(-1, 2, 2).astype(np.float64)
    found = shapely.get_parts(shapely.polygonize(shapely.linestrings(ends)))
    inside = shapely.point_on_surface(found)
    face, owner = shapely.STRtree(areas).query(inside, predicate="intersects")
    first = np.unique(face, return_index=True)[1]
    return _faces(found[face[first]], owner[first], drawing.links)


def _faces(areas: Geometries, owner: Integers, drawn: set[Link]) -> Faces:
    edges = Edges.of(areas)
    up, down = edges.twins()
    links = list(zip(edges.start[up].tolist(), edges.end[up].tolist(), strict=True))
    is_drawn = np.array([link in drawn for link in links], dtype=bool)
    return Faces(areas, owner, edges.owner[up], edges.owner[down], is_drawn, links)


class _Coverage:
    """The edges that a line may meet, lower node first, and the nodes that they get."""

    def __init__(self, start: Integers, end: Integers, bends: dict[Link, list[Node]] | None = None) -> None:
        self.start, self.end = start, end  # (n, 2) each
        self.root: list[Link] = list(zip(nodes_of(start).tolist(), nodes_of(end).tolist(), strict=True))
        self.bends: dict[Link, list[Node]] = bends or {}

    @classmethod
    def of(cls, areas: Geometries, lines: Sequence[Integers], tolerance: float) -> "_Coverage":
        edges = Edges.of(areas)
        low, high = np.minimum(edges.start, edges.end), np.maximum(edges.start, edges.end)
        pairs = np.unique(np.column_stack([low, high]), axis=0)
        start, end = points_of(pairs[:, 0]), points_of(pairs[:, 1])
        reach = int(tolerance) + 2
        near = np.zeros(len(start), dtype=bool)
        for line in lines:
            least, most = line.min(axis=0) - reach, line.max(axis=0) + reach
            near |= (np.maximum(start, end) >= least).all(axis=1) & (np.minimum(start, end) <= most).all(axis=1)
        return cls(start[near], end[near])

    def ordered_bends(self) -> Bends:
        return {edge: tuple(nodes) for edge, nodes in self.bends.items()}

    def _bend(self, k: int, point: Integers) -> None:
        """Put a node into edge k: it becomes two."""
        node = int(nodes_of(point[None])[0])
        root = self.root[k]
        a, b = self.start[k].copy(), self.end[k].copy()
        ends = nodes_of(np.stack([a, b])).tolist()
        if node in ends:
            return
        listed = self.bends.setdefault(root, [])
        # the place of the new node is behind the nearer end of this piece, or first
        listed.insert(listed.index(ends[0]) + 1 if ends[0] in listed else 0, node)
        self.end[k] = point
        self.start = np.vstack([self.start, point[None]])
        self.end = np.vstack([self.end, b[None]])
        self.root.append(root)

    def attach(self, line: Integers, tolerance: float) -> Integers:
        """Move the vertices of a line onto nodes within the tolerance, else onto borders."""
        moved = line.copy()
        for i, point in enumerate(line):
            if len(self.start) == 0:
                break
            ends = np.vstack([self.start, self.end])
            gaps = np.hypot(*(ends - point).T)
            if gaps.min() <= tolerance:
                moved[i] = ends[int(gaps.argmin())]
                continue
            foot, gaps = _feet(self.start, self.end, point)
            k = int(gaps.argmin())
            if gaps[k] <= tolerance:
                moved[i] = foot[k]
                self._bend(k, foot[k])
        if len(line) and (line[0] == line[-1]).all():
            moved[-1] = moved[0]
        return moved

    def thread(self, line: Integers, tolerance: float) -> Integers:
        """Lead a line through the nodes that it passes within the tolerance."""
        nodes = np.unique(np.vstack([self.start, self.end]), axis=0) if len(self.start) else self.start
        nodes = nodes[~np.isin(nodes_of(nodes), nodes_of(line))]
        parts = [line[:1]]
        for a, b in pairwise(line):
            way = b - a
            length = float(np.hypot(*way))
            along = (nodes - a) @ way / length**2
            across = np.abs((nodes[:, 0] - a[0]) * way[1] - (nodes[:, 1] - a[1]) * way[0]) / length
            on = np.flatnonzero((along > 0) & (along < 1) & (across <= tolerance))
            parts += [nodes[on[np.argsort(along[on], kind="stable")]], b[None]]
        return np.vstack(parts)

    def cross(self, line: Integers) -> Integers:
        """Give a line and the edges that it crosses a common node at each crossing."""
        parts = [line[:1]]
        for a, b in pairwise(line):
            found: list[tuple[float, Integers]] = []
            for k in _crossed(self.start, self.end, a, b).tolist():
                point = _crossing(self.start[k], self.end[k], a, b)
                self._bend(k, point)
                found.append((float(((point - a) * (b - a)).sum()), point))
            parts += [point[None] for _, point in sorted(found, key=lambda each: each[0])]
            parts.append(b[None])
        return np.vstack(parts)


def _feet(start: Integers, end: Integers, point: Integers) -> tuple[Integers, NDArray[np.float64]]:
    """Find the lattice point of each edge nearest to a point, and how far it is, in steps."""
    way = (end - start).astype(np.float64)
    share = np.clip(((point - start) * way).sum(axis=1) / (way**2).sum(axis=1), 0.0, 1.0)
    foot = np.rint(start + share[:, None] * way).astype(np.int64)
    return foot, np.hypot(*(foot - point).T)


def _side(a: Integers, b: Integers, points: Integers) -> Integers:
    """Tell on which side of a line points lie: 1 left, -1 right, 0 on it. Exact below a hundred degrees."""
    way, there = b - a, points - a
    sides: Integers = np.sign(way[..., 0] * there[..., 1] - way[..., 1] * there[..., 0])
    return sides


def _crossed(start: Integers, end: Integers, a: Integers, b: Integers) -> Integers:
    """Find the edges that the segment crosses inside both."""
    apart = _side(a, b, start) * _side(a, b, end) < 0
    rows = np.flatnonzero(apart)
    return rows[_side(start[rows], end[rows], a) * _side(start[rows], end[rows], b) < 0]


def _crossing(start: Integers, end: Integers, a: Integers, b: Integers) -> Integers:
    """Give the lattice point nearest to where the two segments cross."""
    (px, py), (qx, qy), (ax, ay), (bx, by) = (each.tolist() for each in (start, end, a, b))
    dx, dy, ex, ey = qx - px, qy - py, bx - ax, by - ay
    under = dx * ey - dy * ex
    over = (ax - px) * ey - (ay - py) * ex
    if under < 0:
        under, over = -under, -over
    return np.array([px + _rounded(dx * over, under), py + _rounded(dy * over, under)], np.int64)


def _rounded(over: int, under: int) -> int:
    return (2 * over + under) // (2 * under)


def _dedupe(line: Integers) -> Integers:
    keep = np.ones(len(line), dtype=bool)
    keep[1:] = (line[1:] != line[:-1]).any(axis=1)
    return line[keep]


def _refuse_long(lines: Sequence[Integers]) -> None:
    faults = []
    for line in lines:
        if len(_dedupe(line)) < 2:  # noqa: PLR2004 - two ends
            faults.append(Fault("line", "has no length", "give at least two different points", "too_short"))
        elif len(line) > _MOST_VERTICES:
            faults.append(Fault("line", f"has more than {_MOST_VERTICES:,} points", "simplify it", "too_long"))
    if faults:
        raise InputError(faults, "line")


def _refuse_crossed(lines: Sequence[Sequence[Node]]) -> None:
    for line in lines:
        if len(line) < 2:  # noqa: PLR2004 - all of it fell on one node
            raise InputError.of("line", "is too short to be told from one point", "draw it longer", "too_short")
        inner = line[:-1] if line[0] == line[-1] else line
        if len(set(inner)) < len(inner):
            seen: set[int] = set()
            twice = next(node for node in inner if node in seen or seen.add(node))  # type: ignore[func-returns-value]
            place = "{:.7f}, {:.7f}".format(*(points_of(np.array([twice]))[0] / SCALE))
            raise InputError.of(place, "the line meets itself here", "draw it without loops", "crosses_itself")
        drawn = shapely.LineString(points_of(np.array(line, np.int64)).astype(np.float64))
        if not drawn.is_simple:
            raise InputError.of("line", "crosses itself", "draw it without loops", "crosses_itself")
