"""Directed edges of outlines on the integer lattice: what proves that ground changed hands without gap or overlap.

Every outline is walked with its ground on the left. Where two grids share a border, the same edge is walked once
each way and the two cancel; what is left over is the border of the ground that all of them hold together. If a set
of valid outlines leaves over the very edges that another set leaves over, both hold the same ground, each spot of
it once: there is neither gap nor overlap between them, and neighbours have the same nodes. Whole numbers make the
proof exact.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from gridmap.spatial.lattice import SCALE, Geometries, Integers, as_geometries

_WEST, _SOUTH = 180 * SCALE, 90 * SCALE
_BITS = 31


def to_units(geometries: Iterable[shapely.Geometry]) -> Geometries:
    """Turn degrees on the lattice into lattice units: whole numbers, kept as doubles."""
    given = as_geometries(geometries)
    return np.asarray(shapely.transform(given, lambda points: np.rint(points * SCALE)), dtype=object)


def nodes_of(points: NDArray[np.float64] | Integers) -> Integers:
    """Give each lattice point, (n, 2) in lattice units, one number that stands for it."""
    whole = np.rint(points).astype(np.int64)
    return ((whole[:, 0] + _WEST) << _BITS) | (whole[:, 1] + _SOUTH)


def points_of(nodes: Integers) -> Integers:
    """Give the lattice points, (n, 2) in lattice units, that numbers of `nodes_of` stand for."""
    return np.column_stack([(nodes >> _BITS) - _WEST, (nodes & ((1 << _BITS) - 1)) - _SOUTH])


@dataclass(frozen=True, slots=True)
class Edges:
    """Edges walked with the ground of their outline on the left.

    Attributes
    ----------
    start, end
        Nodes as `nodes_of` numbers them.
    owner
        The position of the outline.
    """

    start: Integers
    end: Integers
    owner: Integers

    @classmethod
    def of(cls, areas: Geometries) -> "Edges":
        """Walk valid Polygons and MultiPolygons in lattice units."""
        parts, owner = shapely.get_parts(areas, return_index=True)
        rings, part = shapely.get_rings(shapely.orient_polygons(parts), return_index=True)
        points, ring = shapely.get_coordinates(rings, return_index=True)
        nodes = nodes_of(points)
        same = ring[1:] == ring[:-1]
        return cls(nodes[:-1][same], nodes[1:][same], owner[part[ring[:-1][same]]])

    def __len__(self) -> int:
        return len(self.start)

    def take(self, chosen: NDArray[np.bool_] | Integers) -> "Edges":
        """Keep some of the edges."""
        return Edges(self.start[chosen], self.end[chosen], self.owner[chosen])

    def numbered(self) -> tuple[Integers, NDArray[np.bool_]]:
        """Give an edge one number whichever way it is walked; and tell which are walked upwards."""
        up = self.start < self.end
        low, high = np.where(up, self.start, self.end), np.where(up, self.end, self.start)
        order = np.lexsort((high, low))
        low, high = low[order], high[order]
        fresh = np.ones(len(order), dtype=bool)
        fresh[1:] = (low[1:] != low[:-1]) | (high[1:] != high[:-1])
        numbers = np.empty(len(order), np.int64)
        numbers[order] = np.cumsum(fresh) - 1
        return numbers, up

    def twins(self) -> tuple[Integers, Integers]:
        """Pair the edges that are walked once each way by two outlines; the first of a pair is walked upwards."""
        numbers, up = self.numbered()
        order = np.lexsort((~up, numbers))
        pair = (numbers[order][1:] == numbers[order][:-1]) & up[order][:-1] & ~up[order][1:]
        return order[:-1][pair], order[1:][pair]

    def left_over(self) -> "Edges":
        """Give the edges that no other walks the other way; one walked twice the same way stays twice."""
        numbers, up = self.numbered()
        if len(numbers) == 0:
            return self
        balance = np.bincount(numbers, np.where(up, 1, -1))
        # Of edges of one number as many stay as the walks one way exceed those the other.
        order = np.lexsort((up, numbers))
        seen = np.arange(len(order)) - np.searchsorted(numbers[order], numbers[order])
        ahead = np.where(up[order], balance[numbers[order]], -balance[numbers[order]])
        ups = np.bincount(numbers, up)
        place = np.where(up[order], seen - (np.bincount(numbers) - ups)[numbers[order]], seen)
        keep = np.sort(order[place < ahead])
        return self.take(keep)

    def keys(self) -> set[tuple[int, int]]:
        """Give the edges as pairs of nodes."""
        return set(zip(self.start.tolist(), self.end.tolist(), strict=True))

    def lines(self) -> Geometries:
        """Draw the edges, in lattice units."""
        ends = np.stack([points_of(self.start), points_of(self.end)], axis=1).astype(np.float64)
        return np.asarray(shapely.linestrings(ends), dtype=object)


def joined(*parts: Edges) -> Edges:
    """Put edges of several sets together; owners stay as they are."""
    return Edges(
        np.concatenate([part.start for part in parts]),
        np.concatenate([part.end for part in parts]),
        np.concatenate([part.owner for part in parts]),
    )


def reversed_edges(edges: Edges) -> Edges:
    """Walk edges the other way."""
    return Edges(edges.end, edges.start, edges.owner)


def difference(before: Edges, after: Edges) -> tuple[Edges, Edges]:
    """Give what is left over of two borders once the edges that both walk are taken out: of the first, of the second.

    An edge in which the other has further nodes, each within a step of it, counts as the same: rounding bends an edge
    by less than that where it gets a node.
    """
    return without_refined(*unlike(before, after))


def unlike(before: Edges, after: Edges) -> tuple[Edges, Edges]:
    """Do what `difference` does, to the last node."""
    both = joined(
        Edges(before.start, before.end, np.zeros(len(before), np.int64)),
        Edges(after.end, after.start, np.ones(len(after), np.int64)),
    )
    rest = both.left_over()
    return rest.take(rest.owner == 0), reversed_edges(rest.take(rest.owner == 1))


def without_refined(old: Edges, new: Edges) -> tuple[Edges, Edges]:
    """Take out edges of one set that the other walks by way of further nodes."""
    old_left, new_used = _matched(old, new)
    new_left, old_used = _matched(new.take(~new_used), old.take(old_left))
    kept_old = old.take(old_left)
    return kept_old.take(~old_used), new.take(~new_used).take(new_left)


def _matched(coarse: Edges, fine: Edges) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Tell which coarse edges are left without a path of fine ones along them, and which fine ones are used."""
    ahead: dict[int, list[int]] = {}
    for position, node in enumerate(fine.start.tolist()):
        ahead.setdefault(node, []).append(position)
    used = np.zeros(len(fine), dtype=bool)
    left = np.ones(len(coarse), dtype=bool)
    ends = fine.end.tolist()
    for k, (start, goal) in enumerate(zip(coarse.start.tolist(), coarse.end.tolist(), strict=True)):
        path: list[int] = []
        node = start
        while node != goal:
            step = next(
                (p for p in ahead.get(node, ()) if not used[p] and p not in path and _along(start, goal, ends[p])), None
            )
            if step is None:
                break
            path.append(step)
            node = ends[step]
        if node == goal:
            left[k] = False
            used[path] = True
    return left, used


def _along(start: int, goal: int, node: int) -> bool:
    """Tell whether a node lies within a step of the edge."""
    if node == goal:
        return True
    (ax, ay), (bx, by), (x, y) = points_of(np.array([start, goal, node], np.int64)).tolist()
    dx, dy = bx - ax, by - ay
    along = (x - ax) * dx + (y - ay) * dy
    length = dx * dx + dy * dy
    across = (x - ax) * dy - (y - ay) * dx
    return bool(0 < along < length and across * across <= length)


def pieces(count: int, first: Integers, second: Integers) -> Integers:
    """Give each thing the number of its group: things hang together by pairs."""
    links = coo_array((np.ones(len(first)), (first, second)), shape=(count, count))
    return np.asarray(connected_components(links, directed=False)[1], dtype=np.int64)


def with_nodes(area: shapely.Geometry, inserted: Mapping[tuple[int, int], tuple[int, ...]]) -> shapely.Geometry:
    """Put nodes into the edges of an outline in lattice units.

    Parameters
    ----------
    inserted
        By edge, its lower node first, the nodes on the way from there.
    """
    parts = []
    for polygon in shapely.get_parts(area):
        rings = [_refined(ring, inserted) for ring in shapely.get_rings(polygon)]
        parts.append(shapely.Polygon(rings[0], rings[1:]))
    return shapely.MultiPolygon(parts)


def _refined(ring: shapely.LinearRing, inserted: Mapping[tuple[int, int], tuple[int, ...]]) -> NDArray[np.float64]:
    points: NDArray[np.float64] = shapely.get_coordinates(ring)
    nodes = nodes_of(points)
    low, high = np.minimum(nodes[:-1], nodes[1:]), np.maximum(nodes[:-1], nodes[1:])
    wanted = np.flatnonzero(np.isin(low, np.array([edge[0] for edge in inserted], np.int64)))
    found: list[int] = []
    more: list[int] = []
    for k in wanted.tolist():
        extra = inserted.get((int(low[k]), int(high[k])))
        if extra:
            extra = extra if nodes[k] == low[k] else extra[::-1]
            found += [k + 1] * len(extra)
            more += extra
    if not found:
        return points
    refined: NDArray[np.float64] = np.insert(points, found, points_of(np.array(more, np.int64)), axis=0)
    return refined
