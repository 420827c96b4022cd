"""The local metric plane that the city is drawn on, and the way back to degrees.

East and north in metres round an origin, one fixed scale for each axis. Over the one or two kilometres of a
sub-district the error against a true projection stays below a few centimetres.
"""

import math
from typing import Any

import numpy as np
import shapely

ORIGIN = (121.4577, 31.2304)
DECIMALS = 7
_A = 6378137.0
_E2 = 0.00669437999014
_LAT = math.radians(ORIGIN[1])
_W2 = 1 - _E2 * math.sin(_LAT) ** 2
METRES_PER_LON = round(math.pi / 180 * _A / math.sqrt(_W2) * math.cos(_LAT), 6)
METRES_PER_LAT = round(math.pi / 180 * _A * (1 - _E2) / _W2**1.5, 6)


def to_degrees(xy: np.ndarray) -> np.ndarray:
    """Turn metres east and north of the origin into WGS84 longitude and latitude at 1e-7°.

    Parameters
    ----------
    xy
        Shape (n, 2).
    """
    degrees = np.asarray(xy, dtype=float) / (METRES_PER_LON, METRES_PER_LAT) + ORIGIN
    return np.asarray(np.round(degrees, DECIMALS))


def to_metres(lonlat: np.ndarray) -> np.ndarray:
    """Turn WGS84 longitude and latitude, shape (n, 2), into metres east and north of the origin."""
    return np.asarray((np.asarray(lonlat, dtype=float) - ORIGIN) * (METRES_PER_LON, METRES_PER_LAT))


def geometry_to_degrees(geometry: Any) -> Any:  # noqa: ANN401 - one geometry or an array of them
    """Turn geometries from the plane into WGS84 at 1e-7°; shared vertices stay shared."""
    return shapely.transform(geometry, to_degrees)


def tidy(geometry: Any) -> Any:  # noqa: ANN401 - one geometry or an array of them
    """Round coordinates to a millimetre.

    Sines and roots may differ in the last bit between processors; rounding at every stage keeps such a bit
    from growing into another town.
    """
    return shapely.transform(geometry, lambda xy: np.round(xy, 3))
