"""What is asked of a location, read and checked; every fault of a question is named at once."""

import math
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

import numpy as np

from gridmap.model.errors import Fault, InputError
from gridmap.model.layers import categories, schemes
from gridmap.model.schemes import GOVERNANCE
from gridmap.model.times import parse_instant
from gridmap.spatial.datums import ALLOWED, NAMED, parse_datum, to_wgs84
from gridmap.spatial.lattice import SCALE

MOST_ACCURACY_M = 10_000.0
_FLOORS = (-20, 300)
_EAST, _NORTH = 180.0, 90.0
Given = Mapping[str, str | float | int]
_AS_GIVEN = {"wgs84", "cgcs2000"}  # nothing is to be converted, so one point needs no array


class Question(NamedTuple):
    """Who owns this location: as it was asked, read and checked.

    Attributes
    ----------
    lon, lat
        WGS84 degrees at 1e-7°.
    datum, given
        What the coordinates were said to be, and as they were given.
    at
        The instant asked about; None for now.
    accuracy_m
        Radius of the circle in which the location lies; None where it is exact.
    category
        Four-digit code; None where none is asked about.
    floor
        Storey, 1 at street level; None where none is asked about.
    """

    lon: float
    lat: float
    datum: str
    given: tuple[float, float]
    at: datetime | None = None
    known_at: datetime | None = None
    accuracy_m: float | None = None
    category: str | None = None
    floor: int | None = None
    scheme: str = GOVERNANCE


def read_question(raw: Mapping[str, str | float | int | None]) -> Question:
    """Read a question from texts or numbers by the names of the public contract.

    Raises
    ------
    InputError
        Every fault: coordinates that are missing, not numbers or not on earth, a datum that is missing or unknown,
        and so on.
    """
    faults: list[Fault] = []
    given = {name: value for name, value in raw.items() if value is not None and value != ""}
    x, y, datum = _number(given, "lon", faults), _number(given, "lat", faults), _datum(given, faults)
    accuracy = _number(given, "accuracy_m", faults, 0.0, MOST_ACCURACY_M) if "accuracy_m" in given else None
    floor = _number(given, "floor", faults, *_FLOORS) if "floor" in given else None
    if floor is not None and floor != int(floor):
        faults.append(Fault("floor", "is not a whole number", code="not_integer"))
    category = _known(given, "category", categories(), faults) if "category" in given else None
    scheme = _known(given, "scheme", schemes(), faults) if "scheme" in given else GOVERNANCE
    at = _instant(given, "at", faults) if "at" in given else None
    known_at = _instant(given, "known_at", faults) if "known_at" in given else None
    lon = lat = math.nan
    if x is not None and y is not None and datum is not None:
        try:
            lon, lat = place_of(x, y, datum)
        except InputError as error:
            faults += error.faults
    if faults or x is None or y is None or datum is None:
        raise InputError(faults, "the question")
    return Question(
        lon,
        lat,
        datum,
        (x, y),
        at=at,
        known_at=known_at,
        accuracy_m=accuracy,
        category=category,
        floor=None if floor is None else int(floor),
        scheme=scheme or GOVERNANCE,
    )


def place_of(x: float, y: float, datum: str) -> tuple[float, float]:
    """Turn coordinates of a datum into WGS84 degrees at 1e-7°.

    Raises
    ------
    InputError
        The place is not on earth.
    """
    lon, lat = x, y
    if datum not in _AS_GIVEN or not (abs(x) <= _EAST and abs(y) <= _NORTH):
        try:
            lon, lat = map(float, to_wgs84(np.float64(x), np.float64(y), datum))
        except InputError as error:
            raise InputError([replace(fault, place="lon, lat") for fault in error.faults]) from error
    there = (round(lon * SCALE) / SCALE, round(lat * SCALE) / SCALE)
    if not (abs(there[0]) <= _EAST and abs(there[1]) <= _NORTH):
        raise InputError.of("lon, lat", f"({x:g}, {y:g}) in {datum} is not on earth", code="out_of_range")
    return there


def _datum(given: Given, faults: list[Fault]) -> str | None:
    text = given.get("datum")
    if text is None:
        faults.append(Fault("datum", "is missing", f"say {ALLOWED}; it is never guessed", "missing"))
        return None
    if text in NAMED:
        return str(text)
    try:
        return parse_datum(str(text).encode("utf-8", "replace").decode())  # half a character cannot be said back
    except InputError as error:
        faults += error.faults
        return None


def _number(given: Given, name: str, faults: list[Fault], least: float = -1e9, most: float = 1e9) -> float | None:
    value = given.get(name)
    if value is None:
        faults.append(Fault(name, "is missing", "give a number", "missing"))
        return None
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    except (TypeError, ValueError):
        number = math.nan
    if math.isnan(number):
        faults.append(Fault(name, f"{str(value)[:40]!r} is not a number", code="not_a_number"))
        return None
    if not (least <= number <= most):
        faults.append(Fault(name, f"{number:g} is not between {least:g} and {most:g}", code="out_of_range"))
        return None
    return number


def _known(given: Given, name: str, known: Collection[str], faults: list[Fault]) -> str | None:
    value = str(given[name])
    if value not in known:
        names = sorted(known)
        listed = ", ".join(names[:8]) + (" …" if len(names) > 8 else "")  # noqa: PLR2004 - enough to see the form
        faults.append(Fault(name, f"{value[:40]!r} is not known", f"there are {listed}", "unknown"))
        return None
    return value


def _instant(given: Given, name: str, faults: list[Fault]) -> datetime | None:
    try:
        return parse_instant(str(given[name]), name)
    except InputError as error:
        faults += error.faults
        return None
