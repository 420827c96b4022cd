"""Measures on the WGS84 ellipsoid: areas, lengths, distances, and a local plane in metres.

Degrees are never measured, nor is Web Mercator: at Shanghai it makes an area 1.37 times too large.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyproj
import shapely
from numpy.typing import ArrayLike, NDArray

from gridmap.spatial.lattice import Geometries, as_geometries

Floats = NDArray[np.float64]

_AXIS = 6378137.0
_FLATTENING = 1 / 298.257223563
_E2 = _FLATTENING * (2 - _FLATTENING)
_E = np.sqrt(_E2)
_GEOD = pyproj.Geod(a=_AXIS, f=_FLATTENING)


def area_m2(geometries: Iterable[Any]) -> Floats:
    """Measure areas on the ellipsoid.

    Vertices are carried to the sphere of equal area, where the excess under each great-circle edge is
    summed (Bessel's formula); that differs from geodesic edges on the ellipsoid by less than 1e-7 of the
    area for grids of a few kilometres, and takes a thousandth of the time. Holes count as holes, parts add
    up; lines, points, empty and missing geometries have no area. Outlines across the antimeridian or around
    a pole are not supported.

    Parameters
    ----------
    geometries
        Longitude and latitude in degrees, WGS84.

    Returns
    -------
    ndarray
        Square metres, one for each geometry.
    """
    given = as_geometries(geometries)
    areal = np.isin(shapely.get_type_id(given), (3, 6))
    polygons, owner = shapely.get_parts(given[areal], return_index=True)
    rings, of_polygon = shapely.get_rings(polygons, return_index=True)
    total = np.zeros(len(given))
    if len(rings) == 0:
        return total
    points, of_ring = shapely.get_coordinates(rings, return_index=True)
    ring_areas = np.bincount(of_ring[:-1], weights=_edge_excess(points, of_ring), minlength=len(rings))
    is_shell = np.diff(of_polygon, prepend=-1) != 0
    signed = np.where(is_shell, np.abs(ring_areas), -np.abs(ring_areas))
    parts = np.bincount(of_polygon, weights=signed, minlength=len(polygons))
    total[areal] = np.bincount(owner, weights=parts, minlength=int(areal.sum()))
    return total


def length_m(geometries: Iterable[Any]) -> Floats:
    """Measure lengths of lines, or the perimeters of areas, as sums of geodesics.

    Parameters
    ----------
    geometries
        Longitude and latitude in degrees, WGS84; missing and empty ones have length 0.

    Returns
    -------
    ndarray
        Metres, one for each geometry.
    """
    given = as_geometries(geometries)
    kind = shapely.get_type_id(given)
    lines = np.where(np.isin(kind, (3, 6)), shapely.boundary(given), given)
    parts, owner = shapely.get_parts(lines, return_index=True)
    points, of_part = shapely.get_coordinates(parts, return_index=True)
    if len(points) == 0:
        return np.zeros(len(given))
    joined = of_part[1:] == of_part[:-1]
    start, end = points[:-1][joined], points[1:][joined]
    steps = distance_m(start[:, 0], start[:, 1], end[:, 0], end[:, 1])
    total = np.bincount(owner[of_part[:-1][joined]], weights=steps, minlength=len(given))
    return np.asarray(total, dtype=np.float64)


def distance_m(lon1: ArrayLike, lat1: ArrayLike, lon2: ArrayLike, lat2: ArrayLike) -> Floats:
    """Measure geodesic distances between points, pair by pair.

    Parameters
    ----------
    lon1, lat1, lon2, lat2
        Degrees, WGS84; shapes that broadcast.

    Returns
    -------
    ndarray
        Metres.
    """
    given = np.broadcast_arrays(*[np.asarray(value, dtype=np.float64) for value in (lon1, lat1, lon2, lat2)])
    x1, y1, x2, y2 = (value.ravel() for value in given)
    metres = np.asarray(_GEOD.inv(x1, y1, x2, y2)[2], dtype=np.float64)
    return metres.reshape(given[0].shape)


def point_to_geometry_m(lon: ArrayLike, lat: ArrayLike, geometries: Iterable[Any]) -> Floats:
    """Measure from points to geometries, pair by pair; one point is paired with every geometry.

    Measured in a plane around each point (see `LocalPlane` for its accuracy); 0 inside an area. For the
    distance to the border of an area give its boundary.

    Parameters
    ----------
    lon, lat
        Degrees, WGS84.
    geometries
        As many as there are points, or any number for one point.

    Returns
    -------
    ndarray
        Metres; NaN for a missing or empty geometry.
    """
    given = as_geometries(geometries)
    lon0 = np.broadcast_to(np.asarray(lon, dtype=np.float64), given.shape)
    lat0 = np.broadcast_to(np.asarray(lat, dtype=np.float64), given.shape)
    points, owner = shapely.get_coordinates(given, return_index=True)
    x, y = _forward(lon0[owner], lat0[owner], points[:, 0], points[:, 1])
    plane = shapely.set_coordinates(shapely.force_2d(given), np.column_stack([x, y]))
    return np.asarray(shapely.distance(plane, shapely.Point(0.0, 0.0)), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class LocalPlane:
    """A plane in metres around a point, east and north, for buffers and distances nearby.

    The map is azimuthal to the second order on the ellipsoid: a distance from the origin errs by less than
    1 mm within 2 km, 2 cm within 5 km and 20 cm within 10 km (at latitudes to 55°); between two points
    within 5 km of the origin by less than 1e-5 of it. An edge straight in degrees is taken as straight in
    the plane: 1 cm at 1 km.

    Attributes
    ----------
    lon0, lat0
        The origin, degrees, WGS84.
    """

    lon0: float
    lat0: float

    def to_metres(self, lon: ArrayLike, lat: ArrayLike) -> tuple[Floats, Floats]:
        """Map degrees to metres east and north of the origin."""
        return _forward(
            np.float64(self.lon0),
            np.float64(self.lat0),
            np.asarray(lon, np.float64),
            np.asarray(lat, np.float64),
        )

    def to_degrees(self, x: ArrayLike, y: ArrayLike) -> tuple[Floats, Floats]:
        """Map metres east and north of the origin to degrees; the exact inverse of `to_metres`."""
        east, north = np.asarray(x, np.float64), np.asarray(y, np.float64)
        parallel, meridian, _, _, _ = _series(np.float64(self.lon0), np.float64(self.lat0))
        lon = self.lon0 + np.degrees(east / parallel)
        lat = self.lat0 + np.degrees(north / meridian)
        for _ in range(8):
            got_x, got_y = self.to_metres(lon, lat)
            lon = lon + np.degrees((east - got_x) / parallel)
            lat = lat + np.degrees((north - got_y) / meridian)
        return lon, lat

    def project(self, geometries: Iterable[Any]) -> Geometries:
        """Map geometries from degrees to metres."""
        return _transformed(geometries, self.to_metres)

    def unproject(self, geometries: Iterable[Any]) -> Geometries:
        """Map geometries from metres to degrees."""
        return _transformed(geometries, self.to_degrees)


def local_plane(lon0: float, lat0: float) -> LocalPlane:
    """Lay a metric plane around a point given in degrees, WGS84."""
    return LocalPlane(float(lon0), float(lat0))


def _transformed(geometries: Iterable[Any], mapping: Any) -> Geometries:  # noqa: ANN401 - a bound method
    def on_pairs(points: Floats) -> Floats:
        return np.column_stack(mapping(points[:, 0], points[:, 1]))

    return np.asarray(shapely.transform(as_geometries(geometries), on_pairs), dtype=object)


def _series(lon0: Any, lat0: Any) -> tuple[Any, Any, Any, Any, Any]:  # noqa: ANN401 - scalar or array alike
    """Return the factors of the plane around an origin: first order (two), second order (three), metres."""
    del lon0
    phi = np.radians(lat0)
    sine, cosine = np.sin(phi), np.cos(phi)
    w_squared = 1 - _E2 * sine * sine
    normal = _AXIS / np.sqrt(w_squared)
    meridian = normal * (1 - _E2) / w_squared
    return (
        normal * cosine,
        meridian,
        -meridian * sine,
        normal * cosine * sine / 2,
        1.5 * meridian * _E2 * sine * cosine / w_squared,
    )


def _forward(lon0: Any, lat0: Any, lon: Floats, lat: Floats) -> tuple[Floats, Floats]:  # noqa: ANN401
    parallel, meridian, cross, bend, stretch = _series(lon0, lat0)
    d_lon, d_lat = np.radians(lon - lon0), np.radians(lat - lat0)
    x = parallel * d_lon + cross * d_lon * d_lat
    y = meridian * d_lat + bend * d_lon * d_lon + stretch * d_lat * d_lat
    return x, y


def _edge_excess(points: Floats, of_ring: NDArray[np.int64]) -> Floats:
    """Return for each point but the last the signed area, m², between its edge and the equator."""
    q_pole = 1 + (1 - _E2) / _E * np.arctanh(_E)
    sine = np.sin(np.radians(points[:, 1]))
    q = (1 - _E2) * (sine / (1 - _E2 * sine * sine) + np.arctanh(_E * sine) / _E)
    authalic = np.arcsin(np.clip(q / q_pole, -1, 1))
    half = np.tan(authalic / 2)
    d_lon = np.radians(np.diff(points[:, 0]))
    excess = 2 * np.arctan2(np.tan(d_lon / 2) * (half[:-1] + half[1:]), 1 + half[:-1] * half[1:])
    same_ring = of_ring[1:] == of_ring[:-1]
    return np.asarray(np.where(same_ring, excess, 0.0) * (_AXIS * _AXIS * q_pole / 2))
