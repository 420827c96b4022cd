"""What is asked of a location, read and checked; every fault of a question is named at once."""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

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
_AS_GIVEN = {"wgs84", "cgcs2000"}  # nothing is to be converted, so one point needs no array


@dataclass(frozen=True, slots=True)
class Question:
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
    x, y = _number(raw, "lon", faults), _number(raw, "lat", faults)
    datum = _datum(raw, faults)
    accuracy = _number(raw, "accuracy_m", faults, required=False, least=0.0, most=MOST_ACCURACY_M)
    floor = _number(raw, "floor", faults, required=False, least=_FLOORS[0], most=_FLOORS[1])
    if floor is not None and floor != int(floor):
        faults.append(Fault("floor", "is not a whole number", code="not_integer"))
    category = _known(raw, "category", categories(), faults)
    scheme = _known(raw, "scheme", schemes(), faults) or GOVERNANCE
    instants: dict[str, datetime | None] = {}
    for name in ("at", "known_at"):
        instants[name] = None
        if raw.get(name) not in {None, ""}:
            try:
                instants[name] = parse_instant(str(raw[name]), name)
            except InputError as error:
                faults += error.faults
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
        at=instants["at"],
        known_at=instants["known_at"],
        accuracy_m=accuracy,
        category=category,
        floor=None if floor is None else int(floor),
        scheme=scheme,
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


def _datum(raw: Mapping[str, str | float | int | None], faults: list[Fault]) -> str | None:
    text = raw.get("datum")
    if text in {None, ""}:
        mend = f"say {ALLOWED}; it is never guessed"
        faults.append(Fault("datum", "is missing", mend, "missing"))
        return None
    if text in NAMED:
        return str(text)
    try:
        return parse_datum(str(text).encode("utf-8", "replace").decode())  # half a character cannot be said back
    except InputError as error:
        faults += error.faults
        return None


def _number(
    raw: Mapping[str, str | float | int | None],
    name: str,
    faults: list[Fault],
    *,
    required: bool = True,
    least: float = -1e9,
    most: float = 1e9,
) -> float | None:
    value = raw.get(name)
    if value is None or value == "":
        if required:
            faults.append(Fault(name, "is missing", "give a number", "missing"))
        return None
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    except (TypeError, ValueError):
        faults.append(Fault(name, f"{str(value)[:40]!r} is not a number", code="not_a_number"))
        return None
    if math.isnan(number):
        faults.append(Fault(name, f"{str(value)[:40]!r} is not a number", code="not_a_number"))
        return None
    if not (least <= number <= most):
        faults.append(Fault(name, f"{number:g} is not between {least:g} and {most:g}", code="out_of_range"))
        return None
    return number


def _known(
    raw: Mapping[str, str | float | int | None], name: str, known: Collection[str], faults: list[Fault]
) -> str | None:
    value = raw.get(name)
    if value is None or value == "":
        return None
    if str(value) not in known:
        names = sorted(known)
        listed = ", ".join(names[:8]) + (" …" if len(names) > 8 else "")  # noqa: PLR2004 - enough to see the form
        faults.append(Fault(name, f"{str(value)[:40]!r} is not known", f"there are {listed}", "unknown"))
        return None
    return str(value)
