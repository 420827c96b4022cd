"""The course of borders: who lies on their two sides, and how much of them runs along roads and waters."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.spatial.edges import Edges
from gridmap.spatial.lattice import Geometries
from gridmap.spatial.measures import LocalPlane
from gridmap.spatial.outlines import to_degrees

NOBODY = -1
_DEGREE_M = 111_000.0


@dataclass(frozen=True, slots=True)
class Border:
    """The border between two outlines.

    Attributes
    ----------
    left, right
        Their positions; `NOBODY` on the right of the outer border.
    line
        MultiLineString, degrees.
    """

    left: int
    right: int
    line: shapely.Geometry


def borders(areas: Geometries) -> list[Border]:
    """Find the borders between outlines in lattice units that share their edges exactly."""
    edges = Edges.of(areas)
    up, down = edges.twins()
    paired = edges.take(up)
    sides = np.sort(np.column_stack([edges.owner[up], edges.owner[down]]), axis=1)
    rim = edges.left_over()
    lines = np.concatenate([paired.lines(), rim.lines()])
    sides = np.concatenate([sides, np.column_stack([rim.owner, np.full(len(rim), NOBODY)])])
    inner = sides[:, 0] != sides[:, 1]
    if not inner.any():
        return []
    lines, sides = lines[inner], sides[inner]
    order = np.lexsort((sides[:, 1], sides[:, 0]))
    lines, sides = lines[order], sides[order]
    starts = np.flatnonzero(np.r_[True, (sides[1:] != sides[:-1]).any(axis=1)])
    found = []
    for start, end in zip(starts, [*starts[1:], len(sides)], strict=True):
        merged = shapely.line_merge(shapely.multilinestrings(lines[start:end]))
        line = to_degrees(np.array([merged], dtype=object))[0]
        found.append(Border(int(sides[start, 0]), int(sides[start, 1]), line))
    return found


def off_ways(
    line: shapely.Geometry, ways: Sequence[shapely.Geometry], within_m: float
) -> tuple[float, list[shapely.Geometry]]:
    """Find where a line leaves roads and waters.

    Parameters
    ----------
    line, ways
        In degrees; the ways near it.
    within_m
        Nearer than this to a way, m, the line runs along it.

    Returns
    -------
    tuple
        The length of the line, m, and its parts that follow no way, in metres of a plane around it, with their places
        kept: each part is in degrees.
    """
    plane = _plane(line)
    flat = plane.project([line])[0]
    length = float(flat.length)
    if not len(ways):
        return length, list(shapely.get_parts(line))
    reach = shapely.union_all(shapely.buffer(plane.project(ways), within_m, quad_segs=4))
    off = shapely.difference(flat, reach)
    parts = [each for each in shapely.get_parts(off) if each.length > 0]
    return length, list(plane.unproject(parts)) if parts else []


def along_m(lines: Sequence[shapely.Geometry]) -> NDArray[np.float64]:
    """Measure lines in degrees, m, each in a plane around it."""
    return np.array([float(_plane(line).project([line])[0].length) for line in lines], dtype=np.float64)


def near(tree: shapely.STRtree, line: shapely.Geometry, within_m: float) -> list[shapely.Geometry]:
    """List the geometries of a tree, in degrees, that may be within a distance of a line."""
    west, south, east, north = line.bounds
    dy = within_m / _DEGREE_M
    dx = dy / max(np.cos(np.radians((south + north) / 2)), 0.01)
    rows = tree.query(shapely.box(west - dx, south - dy, east + dx, north + dy))
    return list(tree.geometries[rows])


def _plane(line: shapely.Geometry) -> LocalPlane:
    west, south, east, north = line.bounds
    return LocalPlane((west + east) / 2, (south + north) / 2)
