"""Parameters that several routes share, read strictly; and parameters read as texts, by a table."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import parse_qsl, unquote

from fastapi import Depends, Header, Query, Request

from gridmap.model.errors import Fault, InputError
from gridmap.model.times import parse_instant
from gridmap.services.heat import Heat, Period
from gridmap.services.opening import OpenCity

MOST_LISTED = 10_000
_LISTED = 20
_NAME = 40  # characters of a strange name that are said back
_BOX = 4
_EAST, _NORTH = 180.0, 90.0
Box = tuple[float, float, float, float]


def open_city(request: Request) -> OpenCity:
    """Give the city that this service answers for."""
    city: OpenCity = request.app.state.city
    return city


def heat_of(request: Request) -> Heat:
    """Give what draws heat."""
    heat: Heat = request.app.state.heat
    return heat


def read_box(
    bbox: Annotated[str | None, Query(max_length=120, description="west,south,east,north")] = None,
) -> Box | None:
    """Read a box in WGS84 degrees.

    Raises
    ------
    InputError
        Not four numbers on earth with west before east and south before north.
    """
    if not bbox:
        return None
    try:
        numbers = [float(part) for part in bbox.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) != _BOX:
        raise InputError.of("bbox", "is not four numbers", "write west,south,east,north", "bbox")
    west, south, east, north = numbers
    if not (-_EAST <= west < east <= _EAST and -_NORTH <= south < north <= _NORTH):
        raise InputError.of("bbox", "is empty or not on earth", "write west,south,east,north", "bbox")
    return west, south, east, north


def read_period(
    start: Annotated[str | None, Query(alias="from", max_length=40)] = None,
    end: Annotated[str | None, Query(alias="to", max_length=40)] = None,
    category: Annotated[str | None, Query(pattern="^[0-9]{2}([0-9]{2})?$")] = None,
) -> Period:
    """Read a half-open period and a category.

    Raises
    ------
    InputError
        Times that cannot be read, or an empty period.
    """
    faults: list[Fault] = []
    instants: list[datetime | None] = []
    for name, text in (("from", start), ("to", end)):
        instants.append(None)
        if text:
            try:
                instants[-1] = parse_instant(text, name)
            except InputError as error:
                faults += error.faults
    begin, finish = instants
    if begin and finish and begin >= finish:
        faults.append(Fault("from, to", "the period is empty", "let `from` lie before `to`", "period"))
    if faults:
        raise InputError(faults, "the period")
    return Period(begin, finish, category)


def read_at(at: Annotated[str | None, Query(max_length=40)] = None) -> datetime | None:
    """Read the instant asked about; None for now."""
    return parse_instant(at, "at") if at else None


def read_known_at(known_at: Annotated[str | None, Query(max_length=40)] = None) -> datetime | None:
    """Read the instant whose knowledge is asked for; None for now."""
    return parse_instant(known_at, "known_at") if known_at else None


def read_actor(gridmap_user: Annotated[str | None, Header(max_length=400)] = None) -> str:
    """Read who asks: a name, percent-encoded where it is not ASCII.

    Raises
    ------
    InputError
        Nobody says who asks.
    """
    name = unquote(gridmap_user or "").strip()
    if not name:
        raise InputError.of("Gridmap-User", "is missing", "say in this header who you are, percent-encoded", "missing")
    return name


CityHere = Annotated[OpenCity, Depends(open_city)]
HeatHere = Annotated[Heat, Depends(heat_of)]
BoxHere = Annotated[Box | None, Depends(read_box)]
PeriodHere = Annotated[Period, Depends(read_period)]
AtHere = Annotated[datetime | None, Depends(read_at)]
KnownHere = Annotated[datetime | None, Depends(read_known_at)]
ActorHere = Annotated[str, Depends(read_actor)]
Limit = Annotated[int, Query(ge=1, le=MOST_LISTED)]
Next = Annotated[int | None, Query(alias="next", ge=0, le=2**63 - 1)]
SchemeHere = Annotated[str, Query(max_length=40)]


@dataclass(frozen=True, slots=True)
class TextParameter:
    """A parameter of the address that a service reads; at most so many characters of text."""

    longest: int
    description: str


def described(parameters: Mapping[str, TextParameter]) -> list[dict[str, Any]]:
    """Describe parameters as OpenAPI does."""
    return [
        {
            "name": name,
            "in": "query",
            "required": False,
            "description": parameter.description,
            "schema": {"type": "string", "maxLength": parameter.longest},
        }
        for name, parameter in parameters.items()
    ]


def read_texts(request: Request, parameters: Mapping[str, TextParameter]) -> dict[str, str]:
    """Read the parameters that a request gives; the last one counts where a name is given twice.

    Raises
    ------
    InputError
        Names that are none of the parameters, and texts that are too long.
    """
    given = dict(_pairs(request.scope["query_string"].decode("latin-1")))
    faults = []
    for name, text in given.items():
        parameter = parameters.get(name)
        if parameter is None:
            faults.append(Fault(name[:_NAME], "is not a parameter here", code="unknown"))
        elif len(text) > parameter.longest:
            faults.append(Fault(name, f"has more than {parameter.longest} characters", code="too_long"))
    if faults:
        raise InputError(faults[:_LISTED])
    return given


def _pairs(query: str) -> list[tuple[str, str]]:
    if "%" in query or "+" in query:
        return parse_qsl(query, keep_blank_values=True)
    # Nothing is escaped in most questions, and taking them apart is then a small thing.
    return [(name, text) for name, _, text in (pair.partition("=") for pair in query.split("&") if pair)]
