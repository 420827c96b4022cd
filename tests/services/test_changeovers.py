"""Open incidents at a change of lines: each is settled once, by the rule, whoever looks and however late."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from sqlalchemy import text

from gridmap.model.errors import ConflictError, InputError, NotFoundError
from gridmap.model.layers import schemes
from gridmap.services import changeovers as module
from gridmap.services import incidents, responsible
from gridmap.services.changeovers import Changeovers
from gridmap.services.opening import open_city
from gridmap.store import incidents as incident_store
from gridmap.store import redrawing
from tests.services.squares import at, hole, moved, town

TICK = timedelta(microseconds=1)
EARLY = datetime(2026, 1, 1, tzinfo=UTC)
MOVING, STAYING = (1.25, 0.5), (0.5, 0.5)  # from A2 to A1a, and in A1a before and after


@pytest.fixture
def rule(monkeypatch):
    """Return a function that changes what becomes of open incidents."""

    def choose(name):
        changed = {"governance": replace(schemes()["governance"], open_incidents=name)}
        monkeypatch.setattr(module, "schemes", lambda: changed)

    return choose


@pytest.fixture
def report(database):
    """Return a function that reports incidents: (spot, reported, state, closed) by key; gives ids by key."""

    def run(**given):
        rows = []
        for key, (spot, *rest) in given.items():
            reported, state, closed = [*rest, *(EARLY, "dispatched", None)[len(rest) :]]
            rows.append({"key": key, "category": None, "reported_at": reported, "state": state, "closed_at": closed,
                         "accuracy_m": None, "description": "", "geometry": shapely.Point(at(*spot))})  # fmt: skip
        frame = gpd.GeoDataFrame(pd.DataFrame(rows), geometry="geometry", crs=4326)
        for column in ("reported_at", "closed_at"):
            frame[column] = pd.to_datetime(frame[column], utc=True)
        frame["accuracy_m"] = frame["accuracy_m"].astype("float64")
        with database.load() as connection:
            incident_store.merge(connection, frame)
        return known(database)

    return run


def known(database):
    with database.read() as connection:
        return dict(connection.execute(text("SELECT key, id FROM incident")).all())


def rows(database):
    query = """
        SELECT i.key, f.key, t.key, c.rule FROM incident_changeover c JOIN incident i ON i.id = c.incident_id
        JOIN grid f ON f.id = c.from_grid_id LEFT JOIN grid t ON t.id = c.to_grid_id ORDER BY c.id
    """
    with database.read() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def owner(city, incident, when=None):
    """Give the key of the grid responsible for an incident."""
    found = incidents.one(city, incident, when)["properties"]["responsible"]
    return found and found["name"].removesuffix("格")


def publish_moved(city, put, frame=None, start=None):
    made = put(moved() if frame is None else frame, start=start)
    city.keeper.look()
    return made


class TestSettling:
    def test_what_was_open_and_changed_hands_gets_a_row_and_nothing_else(self, square_city, put, report, database):
        before = datetime.now(UTC)
        report(
            moving=(MOVING,),
            staying=(STAYING,),
            closed=(MOVING, EARLY, "closed", EARLY + timedelta(days=1)),
            closed_unknown=(MOVING, EARLY, "closed", None),
            outside=((9, 9),),
        )
        publish_moved(square_city, put)
        report(later=(MOVING, before + timedelta(hours=1)))
        (settled,) = square_city.changeovers.settle()[-1:]
        assert (settled.incidents, settled.moved) == (1, 0)
        assert rows(database) == [("moving", "A2", "A1a", "stay")]

    def test_at_the_instant_to_the_microsecond(self, square_city, put, report, database):
        start = datetime.now(UTC) + timedelta(seconds=3)  # published in time on a slow machine, too
        start = start.replace(microsecond=start.microsecond // 10 * 10)
        report(
            a_before=(MOVING, start - TICK),
            b_at=(MOVING, start),
            c_closed_at=(MOVING, EARLY, "closed", start),
            d_closed_after=(MOVING, EARLY, "closed", start + TICK),
        )
        publish_moved(square_city, put, start=start)
        assert rows(database) == []
        while square_city.keeper.now() < start:
            square_city.changeovers.settle()
            assert rows(database) == [] or square_city.keeper.now() >= start
        square_city.keeper.look()
        square_city.changeovers.settle()
        assert [row[0] for row in rows(database)] == ["a_before", "d_closed_after"]

    def test_again_and_by_many_at_once_it_is_once(self, square_city, put, report, database):
        report(**{f"i{n}": (MOVING,) for n in range(50)})
        publish_moved(square_city, put)
        workers = [Changeovers(database, square_city.keeper) for _ in range(4)]
        gate = threading.Barrier(len(workers))

        def work(one):
            gate.wait()
            return one.settle()

        with ThreadPoolExecutor(len(workers)) as pool:
            done = [each for found in pool.map(work, workers) for each in found if each.incidents]
        assert [each.incidents for each in done] == [50]
        assert len(rows(database)) == 50
        assert Changeovers(database, square_city.keeper).settle() == []

    def test_several_while_nobody_ran_in_their_order(self, square_city, put, report, database):
        report(moving=(MOVING,), staying=(STAYING,))
        first = publish_moved(square_city, put)
        second = publish_moved(square_city, put, narrow())
        third = publish_moved(square_city, put, town())
        done = square_city.changeovers.settle()
        assert [each.generation for each in done][-3:] == [first.id, second.id, third.id]
        # given to A1a, kept by A2; back on A2's ground at the end: nothing is left to decide
        assert rows(database) == [
            ("moving", "A2", "A1a", "stay"),
            ("moving", "A2", "A1b", "stay"),
            ("staying", "A1a", "A1b", "stay"),
        ]
        assert owner(square_city, known(database)["moving"]) == "A2"

    def test_one_that_never_came_into_force_does_nothing(self, square_city, put, report, database):
        report(moving=(MOVING,))
        base = square_city.keeper.snapshot().lines.generation.id
        start = datetime.now(UTC) + timedelta(seconds=3)
        made = publish_moved(square_city, put, start=start)
        with database.load() as connection:
            redrawing.cancel(connection, "governance", made.id, base)
        square_city.keeper.look()
        while square_city.keeper.now() < start:
            pass
        square_city.keeper.look()
        assert made.id not in [each.generation for each in square_city.changeovers.settle()]
        assert rows(database) == []
        assert owner(square_city, known(database)["moving"]) == "A2"

    def test_one_published_for_the_past_decides_from_its_publishing(self, square_city, put, report, database):
        since = datetime.now(UTC) - timedelta(hours=2)
        report(between=(MOVING, since + timedelta(hours=1)), before=(MOVING, since - timedelta(hours=1)))
        publish_moved(square_city, put, start=since)
        square_city.changeovers.settle()
        assert set(rows(database)) == {("between", "A2", "A1a", "stay"), ("before", "A2", "A1a", "stay")}

    def test_the_watch_settles_by_itself(self, database, put, report):
        put(town(), start=EARLY - timedelta(days=1))
        report(moving=(MOVING,))
        one = open_city(database, watch=True)
        try:
            put(moved())
            for _ in range(2000):
                if rows(database):
                    break
                threading.Event().wait(0.01)
        finally:
            one.close()
        assert rows(database) == [("moving", "A2", "A1a", "stay")]

    def test_the_database_is_left_alone_while_nothing_changes(self, square_city, monkeypatch):
        square_city.changeovers.settle()
        monkeypatch.setattr(square_city.database, "load", None)
        assert square_city.changeovers.settle() == []

    def test_one_who_does_not_wait_leaves_it_to_another(self, square_city, put, report, database):
        report(moving=(MOVING,))
        publish_moved(square_city, put)
        with database.load() as connection:
            module.store.lock(connection)
            assert square_city.changeovers.settle(wait=False) == []
            assert rows(database) == []
        assert square_city.changeovers.settle(wait=False)[-1].incidents == 1


class TestRules:
    def test_stay(self, square_city, put, report):
        ids = report(moving=(MOVING,), staying=(STAYING,))
        publish_moved(square_city, put)
        assert owner(square_city, ids["moving"]) == "A2"
        assert owner(square_city, ids["staying"]) == "A1a"

    def test_move(self, square_city, put, report, rule):
        rule("move")
        ids = report(moving=(MOVING,))
        publish_moved(square_city, put)
        assert owner(square_city, ids["moving"]) == "A1a"

    def test_later_incidents_are_the_new_owners(self, square_city, put, report):
        publish_moved(square_city, put)
        ids = report(later=(MOVING, datetime.now(UTC)))
        assert owner(square_city, ids["later"]) == "A1a"

    def test_ask_pending_answered_and_answered_again(self, square_city, put, report, rule):
        rule("ask")
        ids = report(moving=(MOVING,))
        publish_moved(square_city, put)
        told = incidents.one(square_city, ids["moving"])["properties"]
        assert (told["responsible"]["name"], told["pending"]) == ("A2格", True)
        (waiting,) = responsible.listing(square_city, only_open=True)["changeovers"]
        assert waiting["done"] == "pending"
        assert "A2格" in waiting["why"]["zh"]
        asked = datetime.now(UTC)
        told = responsible.answer(square_city, waiting["id"], "move", "王工", "离得近")
        assert (told["done"], told["by"], told["note"], told["responsible"]["name"]) == (
            "moved",
            "王工",
            "离得近",
            "A1a格",
        )
        assert responsible.listing(square_city, only_open=True)["changeovers"] == []
        assert owner(square_city, ids["moving"]) == "A1a"
        responsible.answer(square_city, waiting["id"], "stay", "李工")
        assert owner(square_city, ids["moving"]) == "A2"
        assert owner(square_city, ids["moving"], asked) == "A2"
        assert len(responsible.listing(square_city)["changeovers"][0]["answers"]) == 2

    def test_what_was_not_asked_is_not_answered(self, square_city, put, report, rule):
        report(moving=(MOVING,))
        publish_moved(square_city, put)
        (one,) = responsible.listing(square_city)["changeovers"]
        with pytest.raises(ConflictError, match="rule stay"):
            responsible.answer(square_city, one["id"], "move", "王工")
        with pytest.raises(NotFoundError):
            responsible.answer(square_city, 10**6, "move", "王工")

    def test_a_closed_one_and_a_touched_one_are_not_answered(self, square_city, put, report, rule):
        rule("ask")
        report(closed=(MOVING,), touched=(MOVING,))
        publish_moved(square_city, put)
        first = {each["incident"]: each["id"] for each in responsible.listing(square_city)["changeovers"]}
        ids = report(closed=(MOVING, EARLY, "closed", datetime.now(UTC)))
        with pytest.raises(ConflictError, match="closed"):
            responsible.answer(square_city, first[ids["closed"]], "move", "王工")
        publish_moved(square_city, put, narrow())
        with pytest.raises(ConflictError, match="later change"):
            responsible.answer(square_city, first[ids["touched"]], "move", "王工")

    def test_a_grid_that_is_no_more_keeps_nothing(self, square_city, put, report, database):
        ids = report(moving=(MOVING,), elsewhere=((1.75, 0.5),))
        publish_moved(square_city, put)  # A2 keeps it
        assert owner(square_city, ids["moving"]) == "A2"
        publish_moved(square_city, put, merged())  # A2 is no more; the ground of `moving` does not change hands again
        assert owner(square_city, ids["moving"]) == "A1a"
        assert owner(square_city, ids["elsewhere"]) == "A1a"
        assert rows(database)[1:] == [("moving", "A2", "A1a", "move"), ("elsewhere", "A2", "A1a", "move")]
        told = incidents.one(square_city, ids["moving"])["properties"]["changeovers"]
        assert [each["done"] for each in told] == ["stayed", "moved"]
        assert "no more" in told[1]["why"]["en"]

    def test_ground_that_becomes_a_gap_stays(self, square_city, put, report, rule):
        rule("ask")
        ids = report(lost=((3.25, 1),))
        publish_moved(square_city, put, gapped())
        (one,) = responsible.listing(square_city)["changeovers"]
        assert (one["to"], one["done"]) == (None, "stayed")
        assert owner(square_city, ids["lost"]) == "B"
        with pytest.raises(InputError, match="nobody holds"):
            responsible.answer(square_city, one["id"], "move", "王工")

    def test_ground_of_a_gap_is_whose_it_becomes(self, square_city, put, report, database):
        publish_moved(square_city, put, gapped())
        ids = report(found=((3.25, 1), datetime.now(UTC)))
        assert owner(square_city, ids["found"]) is None
        publish_moved(square_city, put, town())
        assert owner(square_city, ids["found"]) == "B"
        assert rows(database) == []

    def test_a_closed_one_stays_with_whoever_closed_it(self, square_city, put, report):
        closed = datetime.now(UTC)
        ids = report(closed=(MOVING, EARLY, "closed", closed))
        publish_moved(square_city, put)
        assert owner(square_city, ids["closed"]) == "A2"


def narrow():
    """Give the town with the line between A1 and A2 where `MOVING` is A1b's."""
    return town(A1=(0, 0, 1.5, 2), A2=(1.5, 0, 2, 2), A1a=(0, 0, 1.5, 0.25), A1b=(0, 0.25, 1.5, 2))


def merged():
    """Give the town with A2 gone, its ground A1's."""
    return town(A1=(0, 0, 2, 2), A2=None, A1a=(0, 0, 2, 1), A1b=(0, 1, 2, 2))


def gapped():
    """Give the town with a hole in B."""
    gap = (3, 0.5, 3.5, 1.5)
    return town(D=hole(0, 0, 4, 2, gap), B=hole(2, 0, 4, 2, gap))


def test_a_hundred_thousand_open_incidents(square_city, put, database):
    """They are settled in seconds: two passes through the index and one statement."""
    with database.load() as connection:
        connection.execute(
            text("""
                INSERT INTO incident (key, reported_at, state, geom, hash)
                SELECT 'k' || n, CAST(:since AS timestamptz), 'dispatched',
                       ST_SetSRID(ST_MakePoint(121.4 + 0.004 * random(), 31.2 + 0.002 * random()), 4326),
                       decode(md5(n::text), 'hex')
                FROM generate_series(1, 100000) n
            """),
            {"since": EARLY},
        )
    square_city.changeovers.settle()
    publish_moved(square_city, put)
    began = datetime.now(UTC)
    (done,) = square_city.changeovers.settle()
    took = (datetime.now(UTC) - began).total_seconds()
    assert 11_000 < done.incidents < 14_000  # an eighth of the town
    assert took < 20, took
    listed = responsible.listing(square_city, done.generation, limit=1000)
    assert len(listed["changeovers"]) == 1000
    assert listed["next"] == listed["changeovers"][-1]["id"]
