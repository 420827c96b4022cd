"""Loading the invented demo city into its own database, once."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import pandas as pd

from gridmap.demo import DemoCity, build
from gridmap.model.errors import InputError
from gridmap.model.schemes import GOVERNANCE
from gridmap.services.generations import publish
from gridmap.store import addresses, cities, generations, incidents, places, posts
from gridmap.store.database import Database

IN_FORCE_FROM = datetime(2025, 1, 1, tzinfo=ZoneInfo("Asia/Shanghai"))
"""The demo's lines begin before its year of incidents, so that the past has owners too."""


@dataclass(frozen=True, slots=True)
class DemoReport:
    """What the demo city holds, and whether this call brought it."""

    added: bool
    counts: dict[str, int]


def load(database: Database, seed: int, scale: int) -> DemoReport:
    """Load the invented city, unless it is there already.

    Lines come first and the rest in one transaction after them: a load that was cut short goes on with what is
    missing when it is called again.

    Raises
    ------
    InputError
        The database holds a real city.
    """
    with database.read() as connection:
        if not cities.read(connection).invented:
            raise InputError.of("database", "holds a real city", "load the demo into a database of its own", "city")
        if incidents.count(connection):
            return DemoReport(False, _counts(database))
        base = generations.head(connection, GOVERNANCE)
    made = build(seed, scale)
    lines = publish(
        database,
        GOVERNANCE,
        made.grids,
        base=base,
        origin="demo",
        note="示例城（虚构） / demo city (invented)",
        in_force_from=IN_FORCE_FROM if base is None else None,
    )
    with database.load() as connection:
        for kind in made.places["kind"].unique():
            places.merge(connection, kind, _places(made, kind))
        placed = places.ids(connection)
        addresses.write(connection, made.addresses.assign(place_id=made.addresses["place"].map(_by_key(placed))))
        grids = generations.frame(connection, lines.id)
        subjects = {**_by_key(placed), **dict(zip(grids["key"], grids["id"], strict=True))}
        posts.write(
            connection,
            made.posts.assign(subject=made.posts["subject"].map(subjects)),
            made.holders,
            made.assignments,
            made.absences,
        )
        incidents.merge(connection, made.incidents)
    return DemoReport(True, _counts(database))


def _places(made: DemoCity, kind: str) -> pd.DataFrame:
    chosen: pd.DataFrame = made.places[made.places["kind"] == kind].reset_index(drop=True)
    return chosen


def _by_key(placed: pd.DataFrame) -> dict[str, int]:
    return dict(zip(placed["key"], placed["id"], strict=True))


def _counts(database: Database) -> dict[str, int]:
    with database.read() as connection:
        current = generations.in_force(connection, GOVERNANCE)
        return {
            "grids": current.grids if current else 0,
            "places": len(places.ids(connection)),
            "incidents": incidents.count(connection),
        }
