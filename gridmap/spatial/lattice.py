"""The lattice: all coordinates are kept at 1e-7°, about a centimetre, so that equality can be exact.

A lattice point is a pair of integers, ten-millionths of a degree. The double stored for it is the one
nearest to the decimal number, so reading ``121.4737021`` from a file, from PostGIS or from the lattice
gives the same bits.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from gridmap.model.errors import InputError

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Geometries = NDArray[np.object_]

SCALE = 10_000_000
"""Lattice steps in a degree."""

_POLYGON, _MULTIPOLYGON = 3, 6


def to_lattice(lon: ArrayLike, lat: ArrayLike) -> tuple[Integers, Integers]:
    """Find the nearest lattice points.

    The nearest integer to the product with 1e7 as double arithmetic gives it; a tie goes to the even one. A
    decimal number of at most seven places maps to itself: product and input together err by less than 1e-6
    of a step.

    Parameters
    ----------
    lon, lat
        Degrees, same shape.

    Returns
    -------
    tuple
        Longitude and latitude in ten-millionths of a degree, in arrays of the shape given.

    Raises
    ------
    InputError
        When a coordinate is not finite.
    """
    x = np.rint(np.asarray(lon, dtype=np.float64) * SCALE)
    y = np.rint(np.asarray(lat, dtype=np.float64) * SCALE)
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise InputError.of("coordinates", "are not all finite", code="not_finite")
    return x.astype(np.int64), y.astype(np.int64)


def from_lattice(x: ArrayLike, y: ArrayLike) -> tuple[Floats, Floats]:
    """Give the degrees of lattice points: the doubles nearest to the decimal numbers.

    Parameters
    ----------
    x, y
        Ten-millionths of a degree, same shape.

    Returns
    -------
    tuple
        Longitude and latitude, degrees.
    """
    return np.asarray(x, dtype=np.float64) / SCALE, np.asarray(y, dtype=np.float64) / SCALE


@dataclass(frozen=True, slots=True)
class DroppedRing:
    """A ring that shrank to a line or a point on the lattice and was left out.

    Attributes
    ----------
    position
        Which of the geometries given had it, counted from 0.
    lon, lat
        Its first point, degrees.
    """

    position: int
    lon: float
    lat: float


def snap(geometries: Iterable[Any]) -> Geometries:
    """Move every vertex to the nearest lattice point.

    Heights are dropped, and so are repeated points and rings that shrink to nothing; a polygon without its
    shell becomes empty. Nothing else is mended: an outline that crosses itself still does, and one with a
    coordinate that is not finite is left as it is, for a check to find.

    Parameters
    ----------
    geometries
        Shapely geometries, or None; longitude and latitude in degrees.

    Returns
    -------
    ndarray
        As many geometries, in the same order.
    """
    return snap_and_report(geometries)[0]


def snap_and_report(geometries: Iterable[Any]) -> tuple[Geometries, list[DroppedRing]]:
    """Do what `snap` does, and list the rings that were dropped.

    Parameters
    ----------
    geometries
        As for `snap`.

    Returns
    -------
    tuple
        The geometries, and the dropped rings in order.
    """
    given = as_geometries(geometries)
    on_lattice = shapely.transform(given, lambda points: np.rint(points * SCALE) / SCALE)
    on_lattice = np.asarray(on_lattice, dtype=object)
    dropped: list[DroppedRing] = []
    # GEOS would drop coordinates that are not finite as if they were repeats, and hide the fault.
    finite = is_finite(on_lattice)
    areal = finite & np.isin(shapely.get_type_id(on_lattice), (_POLYGON, _MULTIPOLYGON))
    for position in _with_collapsed_rings(on_lattice, areal):
        on_lattice[position] = _without_collapsed_rings(on_lattice[position], position, dropped)
    on_lattice[finite] = shapely.remove_repeated_points(on_lattice[finite])
    return on_lattice, dropped


def is_finite(geometries: Geometries) -> NDArray[np.bool_]:
    """Tell which geometries have only finite coordinates; missing and empty ones do."""
    points, owner = shapely.get_coordinates(geometries, return_index=True)
    result = np.ones(len(geometries), dtype=bool)
    result[owner[~np.isfinite(points).all(axis=1)]] = False
    return result


def as_geometries(geometries: Iterable[Any]) -> Geometries:
    """Make an object array of geometries from a list, an array, a GeoSeries or a single geometry."""
    if isinstance(geometries, shapely.Geometry):
        geometries = [geometries]
    values = list(geometries)
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


def _with_collapsed_rings(geometries: Geometries, areal: NDArray[np.bool_]) -> list[int]:
    polygons, owners = shapely.get_parts(geometries[areal], return_index=True)
    rings, of_polygon = shapely.get_rings(polygons, return_index=True)
    flat = shapely.area(shapely.polygons(rings)) == 0.0
    suspects = [k for k in np.flatnonzero(flat) if _is_collapsed(rings[k])]
    return sorted({int(np.flatnonzero(areal)[owners[of_polygon[k]]]) for k in suspects})


def _is_collapsed(ring: shapely.LinearRing) -> bool:
    # Not the area: a symmetric bow-tie has none, and yet is a fault to be shown rather than dust to be swept.
    return bool(shapely.get_type_id(shapely.convex_hull(ring)) != _POLYGON)


def _without_collapsed_rings(geometry: shapely.Geometry, position: int, dropped: list[DroppedRing]) -> shapely.Geometry:
    kept = []
    for polygon in shapely.get_parts(geometry):
        rings = shapely.get_rings(polygon)
        collapsed = [_is_collapsed(ring) for ring in rings]
        dropped.extend(
            DroppedRing(position, *map(float, ring.coords[0]))
            for ring, gone in zip(rings, collapsed, strict=True)
            if gone
        )
        if len(rings) and not collapsed[0]:
            holes = [ring for ring, gone in zip(rings[1:], collapsed[1:], strict=True) if not gone]
            kept.append(shapely.Polygon(rings[0], holes))
    if geometry.geom_type == "Polygon":
        return kept[0] if kept else shapely.Polygon()
    return shapely.multipolygons(kept) if kept else shapely.MultiPolygon()
