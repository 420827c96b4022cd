"""A year of the town of squares, with what was believed of it when.

The lines decide, by what is known today::

    town ──── January ────▶ moved ──── March 10 ────▶ town again (known since April only) ──── May ────▶ narrow

What was believed: in February ``cancelled`` was published for April; in March that was taken back.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from tests.services.squares import moved, town

TICK = timedelta(microseconds=1)


def day(month, number=1):
    return datetime(2026, month, number, tzinfo=UTC)


JANUARY, FEBRUARY, MARCH, APRIL, MAY = (day(month) for month in range(1, 6))
BACKDATED = day(3, 10)
FIRST_KNOWN = datetime(2025, 12, 1, tzinfo=UTC)


@dataclass
class Year:
    """Ids of the generations."""

    first: int
    moved: int
    cancelled: int
    back: int
    last: int


def narrow():
    """Give the town with A1b reaching down to a quarter, and the line between A1 and A2 moved."""
    return town(A1=(0, 0, 1.5, 2), A2=(1.5, 0, 2, 2), A1a=(0, 0, 1.5, 0.25), A1b=(0, 0.25, 1.5, 2))


def renamed(frame, **names):
    """Give grids other names by key."""
    return frame.assign(name=[names.get(key, name) for key, name in zip(frame["key"], frame["name"], strict=True)])


def believe(database, rows):
    """Set what was believed: (generation, in force from, until, known from, until); the guards are off meanwhile."""
    with database.load() as connection:
        connection.execute(text("SET session_replication_role = replica"))
        connection.execute(text("DELETE FROM generation_validity"))
        for generation, start, end, known, forgotten in rows:
            connection.execute(
                text("""
                    INSERT INTO generation_validity (scheme_id, generation_id, in_force, recorded)
                    SELECT scheme_id, id, tstzrange(:start, :end), tstzrange(:known, :forgotten)
                    FROM generation WHERE id = :generation
                """),
                {"generation": generation, "start": start, "end": end, "known": known, "forgotten": forgotten},
            )
        connection.execute(text("SET session_replication_role = DEFAULT"))
        connection.execute(text("UPDATE pointer SET version = version + 1"))


def live_a_year(database, put):
    """Publish the generations of the year, and set what was believed when."""
    year = Year(
        put(town()).id,
        put(moved()).id,
        put(renamed(town(), A2="四月格")).id,
        put(renamed(town(), A2="又是A2格")).id,
        put(narrow()).id,
    )
    since = datetime(2020, 1, 1, tzinfo=UTC)
    believe(
        database,
        [
            (year.first, since, None, FIRST_KNOWN, JANUARY),
            (year.first, since, JANUARY, JANUARY, None),
            (year.moved, JANUARY, None, JANUARY, FEBRUARY),
            (year.moved, JANUARY, APRIL, FEBRUARY, MARCH),
            (year.cancelled, APRIL, None, FEBRUARY, MARCH),
            (year.moved, JANUARY, None, MARCH, APRIL),
            (year.moved, JANUARY, BACKDATED, APRIL, None),
            (year.back, BACKDATED, None, APRIL, day(4, 20)),
            (year.back, BACKDATED, MAY, day(4, 20), None),
            (year.last, MAY, None, day(4, 20), None),
        ],
    )
    return year
