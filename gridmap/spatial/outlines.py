"""Outlines on the integer lattice: what check and repair of a coverage both start from.

Both look at grids as they would be stored, at 1e-7°, and count in ten-millionths of a degree: there a
vertex is a pair of whole numbers, and two borders are the same or they are not.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import shapely
from geopandas import GeoDataFrame
from numpy.typing import NDArray

from gridmap.spatial.lattice import SCALE, Geometries, is_finite, snap
from gridmap.spatial.measures import area_m2

Floats = NDArray[np.float64]

_POLYGON, _MULTIPOLYGON, _COLLECTION = 3, 6, 7
# make_valid on a scribble of 3,000 vertices runs for minutes; honest outlines cross themselves a few times.
_MOST_TANGLES = 20_000
_CHUNK = 256


@dataclass(frozen=True, slots=True)
class Outlines:
    """The outlines of a frame in lattice units.

    Attributes
    ----------
    areas
        One valid Polygon or MultiPolygon for each row; empty where a row has none, or cannot be mended.
    invalid
        From the positions of invalid outlines to GEOS's reason, its place included.
    tangled
        Positions of invalid outlines that cross themselves too often to be mended.
    not_areas
        From the positions of rows without an area to what they hold instead.
    """

    areas: Geometries
    invalid: dict[int, str]
    tangled: list[int]
    not_areas: dict[int, str]


def read_outlines(frame: GeoDataFrame) -> Outlines:
    """Snap the outlines of a frame to the lattice and mend the invalid ones.

    Parameters
    ----------
    frame
        Geometry in degrees, longitude and latitude.

    Returns
    -------
    Outlines
        In lattice units. Invalid outlines are mended by structure (a shell's ground counts once, holes are
        cut out); what is left are polygons only.
    """
    snapped = snap(frame.geometry.array)
    areas = np.asarray(shapely.transform(snapped, lambda points: np.rint(points * SCALE)), dtype=object)
    kind = shapely.get_type_id(areas)
    empty = np.asarray(shapely.is_empty(areas) | shapely.is_missing(areas))
    areal = np.isin(kind, (_POLYGON, _MULTIPOLYGON)) & ~empty & is_finite(areas)
    not_areas = {int(row): _what_instead(snapped[row]) for row in np.flatnonzero(~areal)}
    areas[~areal] = shapely.MultiPolygon()
    invalid_rows = np.flatnonzero(~shapely.is_valid(areas))
    invalid = {int(row): str(shapely.is_valid_reason(areas[row])) for row in invalid_rows}
    tangled = []
    for row in invalid:
        if _is_tangled(areas[row]):
            tangled.append(row)
            areas[row] = shapely.MultiPolygon()
        else:
            mended = shapely.make_valid(areas[row], method="structure", keep_collapsed=False)
            areas[row] = areal_part(mended)
    return Outlines(areas, invalid, tangled, not_areas)


def areal_part(geometry: shapely.Geometry) -> shapely.Geometry:
    """Keep the polygons of a geometry, whatever else an operation left with them."""
    if shapely.get_type_id(geometry) in {_POLYGON, _MULTIPOLYGON}:
        return geometry
    parts = shapely.get_parts(geometry)
    if shapely.get_type_id(geometry) == _COLLECTION:
        parts = shapely.get_parts(parts)
    return shapely.multipolygons(parts[shapely.get_type_id(parts) == _POLYGON])


def to_degrees(areas: Geometries) -> Geometries:
    """Turn lattice units into degrees, the nearest doubles to the decimals."""
    return np.asarray(shapely.transform(areas, lambda points: points / SCALE), dtype=object)


def area_of(areas: Geometries) -> Floats:
    """Measure areas given in lattice units, m²."""
    return area_m2(to_degrees(areas))


def place_of(area: shapely.Geometry) -> tuple[float, float]:
    """Give a point inside an area in lattice units as degrees; for a thin one a lattice point near it."""
    parts = shapely.get_parts(area)
    largest = parts[np.argmax(shapely.area(parts))] if len(parts) else area
    point = shapely.point_on_surface(largest)
    return round(point.x) / SCALE, round(point.y) / SCALE


def place_in_reason(reason: str) -> tuple[float, float] | None:
    """Read the place, degrees, out of GEOS's reason in lattice units such as ``Self-intersection[12 34]``."""
    match = re.search(r"\[(\S+) (\S+)\]", reason)
    return (round(float(match[1])) / SCALE, round(float(match[2])) / SCALE) if match else None


def segments_of(geometries: Geometries) -> tuple[Geometries, NDArray[np.int64]]:
    """Take lines or rings apart into straight segments.

    Parameters
    ----------
    geometries
        LineStrings and LinearRings, no collections.

    Returns
    -------
    tuple
        LineStrings of two points in order, and for each the position of the line it is from.
    """
    points, line = shapely.get_coordinates(geometries, return_index=True)
    same = line[1:] == line[:-1]
    segments = shapely.linestrings(np.stack([points[:-1][same], points[1:][same]], axis=1))
    return np.asarray(segments, dtype=object), line[:-1][same]


def overlapping_pairs(areas: Geometries) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Find the pairs of areas whose interiors meet, by GEOS's exact predicate.

    Parameters
    ----------
    areas
        Valid ones, in lattice units or degrees.

    Yields
    ------
    tuple
        Positions ``i < j`` of the pairs, a few hundred areas' worth at a time, so that a caller can stop
        early.
    """
    tree = shapely.STRtree(areas)
    for start in range(0, len(areas), _CHUNK):
        found, other = tree.query(areas[start : start + _CHUNK])
        first = found + start
        ordered = first < other
        first, other = first[ordered], other[ordered]
        meet = shapely.relate_pattern(areas[first], areas[other], "T********")
        yield first[meet], other[meet]


def _what_instead(geometry: shapely.Geometry | None) -> str:
    if geometry is None:
        return "no outline"
    if geometry.is_empty:
        return "an empty outline"
    if shapely.get_type_id(geometry) in {_POLYGON, _MULTIPOLYGON}:
        return "coordinates that are not finite"
    return f"a {geometry.geom_type}"


def _is_tangled(geometry: shapely.Geometry) -> bool:
    """Tell whether too many segments cross others, counted until it is too many."""
    segments, _ = segments_of(shapely.get_rings(shapely.get_parts(geometry)))
    tree = shapely.STRtree(segments)
    crossings = 0
    for start in range(0, len(segments), _CHUNK):
        pairs = tree.query(segments[start : start + _CHUNK], predicate="crosses")
        crossings += pairs.shape[1] // 2
        if crossings > _MOST_TANGLES:
            return True
    return False
