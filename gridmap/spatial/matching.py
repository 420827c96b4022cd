"""Giving neighbours the nodes that they lack: outlines edited elsewhere share borders, and seldom nodes."""

from collections import defaultdict

import numpy as np
import shapely

from gridmap.spatial.edges import nodes_of, with_nodes
from gridmap.spatial.lattice import Geometries
from gridmap.spatial.noding import Link
from gridmap.spatial.outlines import segments_of

_REACH = 1.0  # lattice steps: about what rounding a point of an edge to the lattice moves it by
_MOST_ROUNDS = 4


def matched(areas: Geometries) -> Geometries:
    """Put the nodes of each outline into the edges of others that pass within a step of them.

    Parameters
    ----------
    areas
        Valid outlines in lattice units, of one level.

    Returns
    -------
    ndarray
        As many; those that lacked nothing are the very ones given.
    """
    found = areas.copy()
    for _ in range(_MOST_ROUNDS):
        inserted = _missing(found)
        if not inserted:
            break
        ends = np.array([node for link in inserted for node in link], np.int64)
        for row, area in enumerate(found):
            if np.isin(ends, nodes_of(shapely.get_coordinates(area))).any():
                more = with_nodes(area, inserted)
                if shapely.get_num_coordinates(more) != shapely.get_num_coordinates(area):
                    found[row] = more
    return found


def _missing(areas: Geometries) -> dict[Link, tuple[int, ...]]:
    """List by edge, lower node first, the nodes that lie on it, in their order from there."""
    parts = shapely.get_parts(areas)
    segments, _ = segments_of(shapely.get_rings(parts))
    ends = nodes_of(shapely.get_coordinates(segments)).reshape(-1, 2)
    points = np.unique(shapely.get_coordinates(areas), axis=0)
    nodes = nodes_of(points)
    near, edge = shapely.STRtree(segments).query(shapely.points(points), predicate="dwithin", distance=_REACH)
    inside = (nodes[near] != ends[edge, 0]) & (nodes[near] != ends[edge, 1])
    found: dict[Link, dict[int, float]] = defaultdict(dict)
    for point, row in zip(near[inside].tolist(), edge[inside].tolist(), strict=True):
        start, end = int(ends[row].min()), int(ends[row].max())
        low = shapely.get_coordinates(segments[row])[0 if ends[row, 0] == start else 1]
        found[start, end][int(nodes[point])] = float(np.hypot(*(points[point] - low)))
    return {
        link: tuple(sorted(listed, key=lambda node: (listed[node], node))) for link, listed in found.items() if listed
    }
