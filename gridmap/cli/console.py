"""The two streams of a command, its language, and the city it speaks to."""

import locale
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Literal
from zoneinfo import ZoneInfo

import typer
from rich.console import Console

from gridmap.model.times import parse_instant
from gridmap.model.words import Language
from gridmap.settings import Settings

if TYPE_CHECKING:
    from gridmap.services.opening import CityKey, OpenCity
    from gridmap.store.database import Database

output = Console()
errors = Console(stderr=True)

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")

CityOption = Annotated[
    Literal["demo", "own"] | None,
    typer.Option("--city", help="demo or own; by default your own once it holds anything, else the demo."),
]


def language() -> Language:
    """Choose the language of messages: GRIDMAP_LANGUAGE, else Chinese in a Chinese locale, else English."""
    said = Settings().language
    if said is not None:
        return said
    place = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return "zh" if (place or locale.getlocale()[0] or "").startswith("zh") else "en"


def read_instant(text: str | None, option: str) -> datetime | None:
    """Read an instant with its offset, or a day, which begins at midnight in the city's zone; None for nothing.

    Raises
    ------
    InputError
        It is neither; `option` names what was given.
    """
    if not text:
        return None
    if _DAY.fullmatch(text):
        midnight = parse_instant(f"{text}T00:00:00+00:00", option)
        return midnight.replace(tzinfo=ZoneInfo(Settings().zone))
    return parse_instant(text, option)


def database_of(city: "CityKey | None" = None) -> "Database":
    """Open the database of a city, by settings."""
    from gridmap.services.opening import open_database  # noqa: PLC0415 - seconds to load, and not all commands need it

    settings = Settings()
    return open_database(settings.database_url, settings.data_dir, city or settings.city, settings.zone)


@contextmanager
def opened(city: "CityKey | None" = None) -> "Iterator[OpenCity]":
    """Open a city for one command."""
    from gridmap.services.opening import open_city  # noqa: PLC0415 - as above

    one = open_city(database_of(city))
    try:
        yield one
    finally:
        one.close()
