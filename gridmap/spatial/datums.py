"""Datums: from what an input says its coordinates are, to WGS84 and back.

Six things are read and written: ``wgs84``; ``cgcs2000``, which lies within centimetres of WGS84 and is
treated as identical; ``gcj02`` (the shifted coordinates of AMap, Tencent and WeChat); ``bd09`` (GCJ-02
shifted once more by Baidu); and ``EPSG:n`` by PROJ, always easting or longitude first. The datum of an
input is stated, never guessed: a micro-grid is 100 to 200 m across, and GCJ-02 is 485 m off in the middle
of Shanghai.

GCJ-02 and BD-09 have no EPSG codes and no closed inverse. The usual one-step inverse leaves up to 2 m; here
the forward formula is inverted by fixed-point iteration until it would move by less than a tenth of a
micrometre. Each point is converted by itself: what else is in the array changes nothing, to the last bit.
"""

import os
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np
import pyproj
from numpy.typing import ArrayLike, NDArray

from gridmap.model.errors import Fault, InputError
from gridmap.spatial import _shifts

Floats = NDArray[np.float64]

NAMED = ("wgs84", "cgcs2000", "gcj02", "bd09")
ALLOWED = "wgs84, cgcs2000, gcj02, bd09 or EPSG:n"

_LISTED_FAULTS = 5
_EPSG = re.compile(r"EPSG:(\d{4,6})", re.IGNORECASE)
# WGS84 and CGCS2000 have EPSG codes too; one name for one thing keeps records comparable.
_SAME = {"EPSG:4326": "wgs84", "EPSG:4490": "cgcs2000"}

_SHIFT = {"gcj02": _shifts.GCJ02, "bd09": _shifts.BD09}

_ASTRAY = 1.0  # metres, or degrees where a system has them: far beyond any rounding, far below any wrapping
_PART = 1 << 17  # points a thread takes at a time


def parse_datum(text: str) -> str:
    """Read the name of a datum.

    Parameters
    ----------
    text
        As people write it: ``WGS84``, ``GCJ-02``, ``bd09``, ``epsg:4549``.

    Returns
    -------
    str
        ``wgs84``, ``cgcs2000``, ``gcj02``, ``bd09`` or ``EPSG:n``. EPSG:4326 and EPSG:4490 become ``wgs84``
        and ``cgcs2000``.

    Raises
    ------
    InputError
        For anything else (code ``unknown_datum``); the allowed ones are listed.
    """
    plain = re.sub(r"[\s_-]", "", text).lower()
    if plain in NAMED:
        return plain
    match = _EPSG.fullmatch(plain)
    if match is None:
        raise InputError.of("datum", f"“{text[:40]}” is not a datum", f"give one of {ALLOWED}", code="unknown_datum")
    name = f"EPSG:{int(match[1])}"
    if name in _SAME:
        return _SAME[name]
    _transformers(name)
    return name


def to_wgs84(x: ArrayLike, y: ArrayLike, datum: str) -> tuple[Floats, Floats]:
    """Convert coordinates of a datum to WGS84.

    Parameters
    ----------
    x, y
        Longitude and latitude in degrees, or easting and northing in the units of the EPSG system; same
        shape.
    datum
        One of the names that `parse_datum` reads.

    Returns
    -------
    tuple
        Longitude and latitude, degrees, in arrays of the shape given. GCJ-02 and BD-09 are inverted to better
        than 1e-6 m; outside the box in which GCJ-02 is shifted, it is WGS84.

    Raises
    ------
    InputError
        For an unknown datum, or for points that are not finite or out of range: the first five rows are named
        (``row 1`` is the first point), the rest counted.
    """
    name = parse_datum(datum)
    x, y = _arrays(x, y)
    lon, lat, bad = _convert(x, y, name)
    if bad:
        _refuse(_findings(x, y, lon, name), x)
    return lon, lat


def read_points(x: ArrayLike, y: ArrayLike, datum: str) -> tuple[Floats, Floats]:
    """Convert coordinates to WGS84 as `to_wgs84` does, with NaN, NaN for each point that it would refuse.

    Parameters
    ----------
    x, y
        As for `to_wgs84`.
    datum
        One of the names that `parse_datum` reads.

    Returns
    -------
    tuple
        Longitude and latitude, degrees, in new arrays of the shape given.
    """
    x, y = _arrays(x, y)
    lon, lat, _ = _convert(x, y, parse_datum(datum))
    return lon, lat


def from_wgs84(lon: ArrayLike, lat: ArrayLike, datum: str) -> tuple[Floats, Floats]:
    """Convert WGS84 to the coordinates of a datum.

    Parameters
    ----------
    lon, lat
        Degrees, same shape.
    datum
        One of the names that `parse_datum` reads.

    Returns
    -------
    tuple
        ``x`` and ``y``: longitude and latitude, or easting and northing, in arrays of the shape given.

    Raises
    ------
    InputError
        As `to_wgs84`.
    """
    name = parse_datum(datum)
    lon, lat = _arrays(lon, lat)
    _refuse(_check_given(lon, lat, "wgs84"), lon)
    if name.startswith("EPSG:"):
        x, y = _transformers(name)[1].transform(lon, lat)
        x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
        _refuse([_unusable(~(np.isfinite(x) & np.isfinite(y)).ravel(), name)], lon)
        return x, y
    x, y = lon.copy(order="C"), lat.copy(order="C")
    if name in _SHIFT:
        _shifts.shift(_SHIFT[name], x.reshape(-1), y.reshape(-1))
    return x, y


def point_faults(x: ArrayLike, y: ArrayLike, datum: str) -> dict[int, Fault]:
    """Say what is wrong with which points, so that an importer can reject rows one by one.

    Parameters
    ----------
    x, y
        As for `to_wgs84`.
    datum
        One of the names that `parse_datum` reads.

    Returns
    -------
    dict
        From position (0 is the first point) to its fault; empty when `to_wgs84` would take all of them.
    """
    name = parse_datum(datum)
    x, y = _arrays(x, y)
    lon, _, bad = _convert(x, y, name)
    if not bad:
        return {}
    findings = _findings(x, y, lon, name)
    faults = {int(row): finding.fault(f"row {row + 1}") for finding in findings for row in np.flatnonzero(finding.bad)}
    return dict(sorted(faults.items()))


@dataclass(frozen=True, slots=True)
class DatumFit:
    """A datum under which points fit better than under the stated one.

    Attributes
    ----------
    datum
        The datum that fits better.
    share
        The share of the points inside the extent if they were in that datum, 0 to 1.
    stated_share
        The share inside under the stated datum.
    """

    datum: str
    share: float
    stated_share: float


def better_datum(
    x: ArrayLike,
    y: ArrayLike,
    stated: str,
    covers: Callable[[Floats, Floats], NDArray[np.bool_]],
    *,
    gain: float = 0.05,
) -> DatumFit | None:
    """Tell whether points fit an extent much better under another datum: to warn, never to convert.

    Parameters
    ----------
    x, y
        Longitude and latitude as given, degrees.
    stated
        The datum that they are said to be in.
    covers
        Takes WGS84 longitudes and latitudes, tells which lie inside the extent (of the scheme, or of labelled
        grids).
    gain
        By how much the share inside must grow to be worth a warning.

    Returns
    -------
    DatumFit or None
        The best of the other named datums, if it beats the stated one by `gain`; else None. EPSG systems
        are not tried, for metres cannot be taken for degrees.
    """
    name = parse_datum(stated)
    x, y = _arrays(x, y)
    if x.size == 0 or name.startswith("EPSG:"):
        return None
    shares = {}
    for datum in ("wgs84", "gcj02", "bd09"):
        lon, lat = to_wgs84(x, y, datum)
        shares[datum] = float(np.mean(covers(lon, lat)))
    stated_share = shares["wgs84" if name == "cgcs2000" else name]
    best = max(shares, key=lambda datum: shares[datum])
    if shares[best] - stated_share < gain:
        return None
    return DatumFit(best, shares[best], stated_share)


def _arrays(x: ArrayLike, y: ArrayLike) -> tuple[Floats, Floats]:
    try:
        xs, ys = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError.of("coordinates", "are not all numbers", code="not_a_number") from error
    if xs.shape != ys.shape:
        raise InputError.of("coordinates", "x and y are not equally many", code="shape")
    return xs, ys


def _convert(x: Floats, y: Floats, name: str) -> tuple[Floats, Floats, int]:
    """Convert to WGS84, with NaN where that cannot be done, and count those; big arrays with all cores."""
    lon, lat = x.copy(order="C"), y.copy(order="C")
    flat_lon, flat_lat = lon.reshape(-1), lat.reshape(-1)
    parts = [slice(i, i + _PART) for i in range(0, flat_lon.size, _PART)]
    convert: Callable[[Floats, Floats], int]
    if name.startswith("EPSG:"):
        convert = partial(_unproject, _transformers(name))
    else:
        convert = partial(_shifts.unshift, _SHIFT.get(name, _shifts.NO_SHIFT))
    if len(parts) > 1 and (cores := os.cpu_count() or 1) > 1:
        with ThreadPoolExecutor(cores) as pool:
            bad = sum(pool.map(lambda part: int(convert(flat_lon[part], flat_lat[part])), parts))
    else:
        bad = int(convert(flat_lon, flat_lat))
    return lon, lat, bad


def _unproject(ways: tuple[pyproj.Transformer, pyproj.Transformer], x: Floats, y: Floats) -> int:
    """Convert to degrees in place; what cannot be converted becomes NaN and is counted."""
    to_degrees, to_system = ways
    lon, lat = (np.asarray(value, dtype=np.float64) for value in to_degrees.transform(x, y))
    # Beyond its area a projection wraps round or folds over: a point that does not come back was never there.
    again = [np.asarray(value, dtype=np.float64) for value in to_system.transform(lon, lat)]
    with np.errstate(invalid="ignore"):
        astray = ~((np.abs(again[0] - x) < _ASTRAY) & (np.abs(again[1] - y) < _ASTRAY))
        astray |= ~((np.abs(lon) <= 180) & (np.abs(lat) <= 90))  # noqa: PLR2004 - degrees
    x[:], y[:] = np.where(astray, np.nan, lon), np.where(astray, np.nan, lat)
    return int(astray.sum())


@lru_cache(maxsize=32)
def _transformers(name: str) -> tuple[pyproj.Transformer, pyproj.Transformer]:
    """Return the ways to WGS84 and back; InputError when PROJ has no such plane or geographic system."""
    try:
        crs = pyproj.CRS.from_user_input(name)
    except pyproj.exceptions.CRSError as error:
        raise InputError.of(
            "datum",
            f"{name} is not a coordinate system that PROJ knows",
            f"give one of {ALLOWED}",
            "unknown_datum",
        ) from error
    if not (crs.is_projected or crs.is_geographic) or len(crs.axis_info) != 2:  # noqa: PLR2004 - two axes
        raise InputError.of(
            "datum",
            f"{name} ({crs.name}) is not a system of two axes on the ground",
            f"give one of {ALLOWED}",
            "unknown_datum",
        )
    return (
        pyproj.Transformer.from_crs(crs, "EPSG:4326", always_xy=True),
        pyproj.Transformer.from_crs("EPSG:4326", crs, always_xy=True),
    )


@dataclass(frozen=True, slots=True)
class _Finding:
    """Something wrong with some of the points."""

    bad: NDArray[np.bool_]
    message: str
    code: str
    mend: str = ""

    def fault(self, place: str) -> Fault:
        return Fault(place, self.message, self.mend, self.code)


def _check_given(x: Floats, y: Floats, name: str) -> list[_Finding]:
    x, y = x.ravel(), y.ravel()
    finite = np.isfinite(x) & np.isfinite(y)
    findings = [_Finding(~finite, "has no finite coordinates", "not_finite")]
    if not name.startswith("EPSG:"):
        with np.errstate(invalid="ignore"):
            far = finite & ((np.abs(x) > 180) | (np.abs(y) > 90))  # noqa: PLR2004 - degrees
            swapped = far & (np.abs(y) <= 180) & (np.abs(x) <= 90)  # noqa: PLR2004
        message = "lies outside longitude −180 to 180, latitude −90 to 90"
        findings += [
            _Finding(far & ~swapped, message, "out_of_range", "are they metres? then state EPSG:n"),
            _Finding(swapped, message, "out_of_range", "give longitude first, then latitude"),
        ]
    return findings


def _findings(x: Floats, y: Floats, lon: Floats, name: str) -> list[_Finding]:
    """Say what was wrong with the points that could not be converted."""
    given = _check_given(x, y, name)
    late = np.isnan(lon).ravel() & ~np.any([finding.bad for finding in given], axis=0)
    return [*given, _unusable(late, name)]


def _unusable(bad: NDArray[np.bool_], name: str) -> _Finding:
    return _Finding(bad, f"lies outside where {name} can be used", "out_of_range")


def _refuse(findings: list[_Finding], like: Floats) -> None:
    """Raise the first few faults and the count of the rest; a single point is not called a row."""
    bad = np.flatnonzero(np.any([finding.bad for finding in findings], axis=0))
    if bad.size == 0:
        return
    faults = [
        next(found for found in findings if found.bad[row]).fault(f"row {row + 1}" if like.ndim else "the point")
        for row in bad[:_LISTED_FAULTS]
    ]
    if bad.size > _LISTED_FAULTS:
        faults.append(Fault("", f"and {bad.size - _LISTED_FAULTS} more rows of {like.size}", code="more"))
    raise InputError(faults)
