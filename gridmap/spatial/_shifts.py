"""The shifts of GCJ-02 and BD-09, and their inverses, point by point: what else is in an array changes no answer."""

import math

import numpy as np
from numpy.typing import NDArray

from gridmap.spatial._kernels import kernel

NO_SHIFT, GCJ02, BD09 = 0, 1, 2

# Krasovsky 1940, on which the GCJ-02 offset was defined.
_AXIS = 6378245.0
_ECCENTRICITY_SQUARED = 0.00669342162296594323
_BAIDU_PI = math.pi * 3000.0 / 180.0
# Where the usual implementations apply the GCJ-02 offset.
_WEST, _SOUTH, _EAST, _NORTH = 72.004, 0.8293, 137.8347, 55.8271

_MOST_ROUNDS = 12
# Steps, in degrees, after which the next would move a point by less than a tenth of a micrometre: each round multiplies
# the error by the slope of the offset, below 0.001 for GCJ-02, about 0.02 for BD-09.
_GCJ02_STILL, _BD09_STILL = 2e-11, 5e-11

_SINE = tuple((-1.0) ** n / math.factorial(2 * n + 1) for n in range(9, -1, -1))
_COSINE = tuple((-1.0) ** n / math.factorial(2 * n) for n in range(9, -1, -1))


@kernel
def _sine_cosine(angle: float) -> tuple[float, float]:
    """Give sine and cosine of an angle between -1 and 1: Taylor's series to the last bit, faster than two calls."""
    q = angle * angle
    s, c = 0.0, 0.0
    for i in range(len(_SINE)):
        s, c = _SINE[i] + q * s, _COSINE[i] + q * c
    return angle * s, c


@kernel
def _double(s: float, c: float) -> tuple[float, float]:
    return 2.0 * s * c, 1.0 - 2.0 * s * s


@kernel
def _triple(s: float, c: float) -> tuple[float, float]:
    return s * (3.0 - 4.0 * s * s), c * (4.0 * c * c - 3.0)


@kernel
def _waves(v: float) -> tuple[float, float, float, float, float]:
    """Give the sine of pi v / 30, / 12, / 3, of pi v, and of 2 pi v plus that of 6 pi v.

    All are multiples of one angle, and sines of multiples are polynomials: far cheaper than six sines.
    """
    s, c = _double(*_sine_cosine(math.pi / 120.0 * v))
    s2, c2 = s * s, c * c
    s5, c5 = s * (16.0 * s2 * s2 - 20.0 * s2 + 5.0), c * (16.0 * c2 * c2 - 20.0 * c2 + 5.0)
    third_s, third_c = _double(*_double(s5, c5))
    one_s, one_c = _triple(third_s, third_c)
    two_s, two_c = _double(one_s, one_c)
    return 2.0 * s * c, s5, third_s, one_s, two_s + _triple(two_s, two_c)[0]


@kernel
def _gcj02_offset(lon: float, lat: float) -> tuple[float, float]:
    """Return the GCJ-02 offset in degrees, as the formula gives it anywhere."""
    x, y = lon - 105.0, lat - 35.0
    root = math.sqrt(abs(x))
    x30, x12, x3, x1, ripple = _waves(x)
    y30, y12, y3, y1, _ = _waves(y)
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root
    north += (20.0 * ripple + 20.0 * y1 + 40.0 * y3 + 160.0 * y12 + 320.0 * y30) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root
    east += (20.0 * ripple + 20.0 * x1 + 40.0 * x3 + 150.0 * x12 + 300.0 * x30) * 2.0 / 3.0
    sine, cosine = _sine_cosine(math.radians(lat))
    w_squared = 1.0 - _ECCENTRICITY_SQUARED * sine * sine
    w = math.sqrt(w_squared)
    meridian = _AXIS * (1.0 - _ECCENTRICITY_SQUARED) / (w_squared * w)
    parallel = _AXIS / w * cosine
    return math.degrees(east / parallel), math.degrees(north / meridian)


@kernel
def _is_shifted(lon: float, lat: float) -> bool:
    return _WEST <= lon <= _EAST and _SOUTH <= lat <= _NORTH


@kernel
def _wgs84_to_gcj02(lon: float, lat: float) -> tuple[float, float]:
    if not _is_shifted(lon, lat):
        return lon, lat
    east, north = _gcj02_offset(lon, lat)
    return lon + east, lat + north


@kernel
def _gcj02_to_wgs84(x: float, y: float) -> tuple[float, float]:
    # Inside or out is decided by the point given: at the box's edge, where the offset jumps, no inverse exists.
    if not _is_shifted(x, y):
        return x, y
    lon, lat = x, y
    for _ in range(_MOST_ROUNDS):
        east, north = _gcj02_offset(lon, lat)
        step_x, step_y = x - (lon + east), y - (lat + north)
        lon, lat = lon + step_x, lat + step_y
        if max(abs(step_x), abs(step_y)) < _GCJ02_STILL:
            break
    return lon, lat


@kernel
def _gcj02_to_bd09(x: float, y: float) -> tuple[float, float]:
    # The formula turns the point about the origin by an angle of at most 3e-6, and stretches it. Two terms of the
    # angle's sine and cosine are exact to the last bit, and spare an arcus tangens, a sine and a cosine.
    radius = math.hypot(x, y)
    stretch = 1.0 + 0.00002 * math.sin(y * _BAIDU_PI) / radius if radius > 0.0 else 1.0
    angle = 0.000003 * math.cos(x * _BAIDU_PI)
    sine, cosine = angle - angle**3 / 6.0, 1.0 - angle * angle / 2.0
    return stretch * (x * cosine - y * sine) + 0.0065, stretch * (y * cosine + x * sine) + 0.006


@kernel
def _bd09_to_gcj02(x: float, y: float) -> tuple[float, float]:
    lon, lat = x, y
    for _ in range(_MOST_ROUNDS):
        got_x, got_y = _gcj02_to_bd09(lon, lat)
        step_x, step_y = x - got_x, y - got_y
        lon, lat = lon + step_x, lat + step_y
        if max(abs(step_x), abs(step_y)) < _BD09_STILL:
            break
    return lon, lat


@kernel
def unshift(shift: int, x: NDArray[np.float64], y: NDArray[np.float64]) -> int:
    """Convert degrees of a datum to WGS84 in place; what is not on earth, before or after, becomes NaN.

    Returns how many those are.
    """
    bad = 0
    for i in range(len(x)):
        lon, lat = x[i], y[i]
        on_earth = abs(lon) <= 180.0 and abs(lat) <= 90.0  # noqa: PLR2004 - degrees
        if on_earth and shift != NO_SHIFT:
            if shift == BD09:
                lon, lat = _bd09_to_gcj02(lon, lat)
            lon, lat = _gcj02_to_wgs84(lon, lat)
            on_earth = abs(lon) <= 180.0 and abs(lat) <= 90.0  # noqa: PLR2004
        if not on_earth:
            lon, lat = math.nan, math.nan
            bad += 1
        x[i], y[i] = lon, lat
    return bad


@kernel
def shift(shift: int, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> None:
    """Convert WGS84 to degrees of a datum in place; all are on earth."""
    for i in range(len(lon)):
        lon[i], lat[i] = _wgs84_to_gcj02(lon[i], lat[i])
        if shift == BD09:
            lon[i], lat[i] = _gcj02_to_bd09(lon[i], lat[i])
