"""Faces: the plane cut along all borders at once, and which areas cover each piece."""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from gridmap.spatial.lattice import Geometries
from gridmap.spatial.measures import length_m
from gridmap.spatial.outlines import to_degrees

Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Faces:
    """Faces between borders, in lattice units; they share edges and nodes exactly.

    Attributes
    ----------
    polygons
        The faces.
    covered, covering
        Pairs: face ``covered[k]`` lies in area ``covering[k]``.
    left, right
        Pairs of faces on the two sides of an edge, an edge each.
    border_m
        The edge's length, m.
    """

    polygons: Geometries
    covered: Integers
    covering: Integers
    left: Integers
    right: Integers
    border_m: NDArray[np.float64]

    def groups(self, chosen: NDArray[np.bool_]) -> list[Integers]:
        """Group the chosen faces that hang together by edges; a list of positions each."""
        rows = np.flatnonzero(chosen)
        if len(rows) == 0:
            return []
        both = chosen[self.left] & chosen[self.right]
        size = len(self.polygons)
        links = coo_array((np.ones(int(both.sum())), (self.left[both], self.right[both])), shape=(size, size))
        _, group = connected_components(links, directed=False)
        return [rows[group[rows] == key] for key in np.unique(group[rows])]

    def shared_border(self, members: Integers, owner: Integers) -> dict[int, float]:
        """Sum the border, m, that a group of faces shares with each owner of faces outside it."""
        left_in, right_in = np.isin(self.left, members), np.isin(self.right, members)
        edge = left_in ^ right_in
        outside = np.where(left_in, self.right, self.left)[edge]
        shared: dict[int, float] = defaultdict(float)
        for key, metres in zip(owner[outside].tolist(), self.border_m[edge].tolist(), strict=True):
            shared[key] += metres
        return shared


def cut_into_faces(areas: Geometries) -> Faces:
    """Cut the plane along the borders of areas, noded by snap rounding on the lattice.

    Parameters
    ----------
    areas
        Valid Polygons and MultiPolygons, lattice units.

    Returns
    -------
    Faces
        Every bounded piece; one that no area covers is a gap. A border may have moved by half a lattice step.
    """
    linework = shapely.union_all(shapely.boundary(areas), grid_size=1.0)
    polygons = shapely.get_parts(shapely.polygonize(shapely.get_parts(linework)))
    inside = shapely.point_on_surface(polygons)
    covered, covering = shapely.STRtree(areas).query(inside, predicate="intersects")
    return Faces(polygons, covered, covering, *_adjacency(polygons))


def _adjacency(polygons: Geometries) -> tuple[Integers, Integers, NDArray[np.float64]]:
    """Pair the faces along each edge that two of them share."""
    rings, face = shapely.get_rings(polygons, return_index=True)
    points, ring = shapely.get_coordinates(rings, return_index=True)
    same = ring[1:] == ring[:-1]
    start, end = points[:-1][same], points[1:][same]
    swap = (start[:, 0] > end[:, 0]) | ((start[:, 0] == end[:, 0]) & (start[:, 1] > end[:, 1]))
    edges = np.hstack([np.where(swap[:, None], end, start), np.where(swap[:, None], start, end)])
    order = np.lexsort(edges.T)
    edges, of_face = edges[order], face[ring[:-1][same]][order]
    twin = np.flatnonzero((edges[1:] == edges[:-1]).all(axis=1))
    lines = shapely.linestrings(edges[twin].reshape(-1, 2, 2))
    return of_face[twin], of_face[twin + 1], length_m(to_degrees(lines))
