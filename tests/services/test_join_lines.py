"""Counts by the lines of then: each incident goes to the grid that had its ground when it was reported."""

import pytest
from sqlalchemy import text

from gridmap.model.errors import InputError
from gridmap.services.joins import Ask, join, join_frame
from gridmap.services.opening import open_city
from tests.services.squares import at
from tests.services.times import BACKDATED, JANUARY, MAY, TICK, day, live_a_year

SPOT = (1.25, 0.75)  # A2, then A1 (moved), then A2 again, then A1


@pytest.fixture
def city(database, put):
    live_a_year(database, put)
    moments = [
        day(1).replace(year=2010),  # before the first lines
        JANUARY - TICK, JANUARY, JANUARY + TICK, BACKDATED - TICK, BACKDATED, MAY - TICK, MAY,
    ]  # fmt: skip
    with database.write() as connection:
        for number, moment in enumerate(moments):
            connection.execute(
                text("""
                    INSERT INTO incident (key, reported_at, state, geom, hash)
                    VALUES (:key, :moment, 'reported', ST_SetSRID(ST_MakePoint(:lon, :lat), 4326),
                            decode(md5(:key), 'hex'))
                """),
                {"key": str(number), "moment": moment, "lon": at(*SPOT)[0], "lat": at(*SPOT)[1]},
            )
    one = open_city(database)
    yield one
    one.keeper.close()


def counts(told):
    return {row["name"].removesuffix("格"): row["value"] for row in told["rows"]}


def test_each_by_the_lines_of_its_report_to_the_microsecond(city):
    told = join(city, Ask("incidents", "neighbourhood", lines="then")).to_dict()
    # A1 has it from January until the tenth of March, and again from May on
    assert counts(told) == {"A1": 4, "A2": 3}
    assert (told["none"], told["without_lines"], told["total"]) == (1, 1, 8)
    assert told["lines"] == "then"
    assert told["generation"] is None
    assert len(told["generations"]) == 4


def test_by_the_lines_of_an_instant_all_go_to_one(city):
    now = join(city, Ask("incidents", "neighbourhood")).to_dict()
    assert counts(now) == {"A1": 8, "A2": 0}
    then = join(city, Ask("incidents", "neighbourhood", at=JANUARY - TICK)).to_dict()
    assert counts(then) == {"A1": 0, "A2": 8}
    assert then["generations"] == [then["generation"]]


def test_a_period_takes_the_lines_of_the_period_only(city):
    told = join(city, Ask("incidents", "neighbourhood", start=JANUARY, end=BACKDATED, lines="then")).to_dict()
    assert counts(told) == {"A1": 3, "A2": 0}
    assert len(told["generations"]) == 1


def test_a_table_with_outlines(city):
    frame = join_frame(city, Ask("incidents", "neighbourhood", lines="then"), by=("month",))
    assert frame["count"].sum() == 8
    whole = join_frame(city, Ask("incidents", "neighbourhood", lines="then"))
    assert whole["count"].tolist() == [4, 3, 1]
    assert not whole.geometry[whole["id"].notna()].isna().any()


def test_what_has_no_time_and_what_is_said_twice_is_refused(city):
    with pytest.raises(InputError, match="has no time"):
        join(city, Ask("shops", "neighbourhood", lines="then"))
    with pytest.raises(InputError, match="twice"):
        join(city, Ask("incidents", "neighbourhood", lines="then", at=JANUARY))
