"""Who answers, as answers tell it: found once, never a person who has gone, and nobody can spoil it for the next."""

from datetime import UTC, datetime, timedelta

import pytest

from gridmap.model.grids import Grid
from gridmap.model.posts import Holder, Post, Roster, Span
from gridmap.model.words import Text
from gridmap.services.answerable import Owners
from gridmap.services.asking import ask
from gridmap.services.spots import Spot
from tests.services.squares import at
from tests.services.staff import staff

T = datetime(2026, 3, 1, tzinfo=UTC)
TICK = timedelta(microseconds=1)
DAY = timedelta(days=1)
GRIDS = {10: Grid(10, "microgrid", None, "甲格", 20, 1.0), 20: Grid(20, "neighbourhood", None, "乙区", None, 2.0)}
POSTS = [
    Post(1, "chief", 1, "grid", 10, Text("格长", "chief")),
    Post(2, "chief", 1, "grid", 20, Text("区长", "head")),
    Post(3, "chief", 1, "building", 7, Text("楼长", "warden")),
]
HOLDERS = [Holder(i, "person", name) for i, name in enumerate(("张", "李", "王"), start=1)]
HELD = [(1, 1, Span(T - 9 * DAY, T)), (1, 3, Span(T, None)), (2, 2, Span(T - 9 * DAY, None)), (3, 2, Span(T, None))]
AWAY = [(3, Span(T + DAY, T + 2 * DAY), "年假")]
TOWER = Spot(7, "building", "塔楼", "")
INSTANTS = [T + days * DAY + ticks * TICK for days in (-9, 0, 1, 2) for ticks in (-1, 0, 1)]


@pytest.fixture
def asked():
    """Count how often the ladder is walked."""
    return []


@pytest.fixture
def owners(asked, monkeypatch):
    walk = Roster.answerable
    monkeypatch.setattr(Roster, "answerable", lambda *given: asked.append(given) or walk(*given))
    return made()


def made():
    return Owners(GRIDS, {10: (20, 10)}, Roster.of(POSTS, HOLDERS, HELD, AWAY))


def names(owners, instants):
    found = [owners.of_ground(10, instant, in_gap=False).data for instant in instants]
    return [owner["holder"] and owner["holder"]["name"] for owner in found]


def test_the_ladder_is_walked_once_while_nobody_comes_or_goes(owners, asked):
    first = owners.of_ground(10, T, in_gap=False)
    assert owners.of_ground(10, T + DAY - TICK, in_gap=False) is first
    assert len(asked) == 1


@pytest.mark.parametrize("instants", [INSTANTS, INSTANTS[::-1], [*INSTANTS[::2], *INSTANTS]])
def test_whoever_it_is_at_that_instant_is_named_in_whatever_order_it_is_asked(owners, instants):
    fresh = [names(made(), [instant])[0] for instant in instants]
    assert names(owners, instants) == fresh
    assert set(fresh) >= {"张", "王", "李"}


def test_in_a_gap_the_level_above_answers_and_the_two_are_kept_apart(owners):
    inside, gap = (owners.of_ground(10, T, in_gap=in_gap).data for in_gap in (False, True))
    assert (inside["subject"]["id"], inside["why"]["rule"]) == (10, "ground")
    assert (gap["subject"]["id"], gap["why"]["rule"]) == (20, "fallback")


def test_a_building_has_its_own_and_one_without_a_post_has_none(owners):
    assert owners.of_building(TOWER, T - TICK, in_gap=False).data["why"]["rule"] == "ladder_empty"
    found = owners.of_building(TOWER, T, in_gap=False).data
    assert (found["holder"]["name"], found["why"]["rule"], found["subject"]["name"]) == ("李", "building", "塔楼")
    assert owners.of_building(Spot(8, "building", "", ""), T, in_gap=False) is None


def test_of_a_ladder_the_post_and_its_holder_are_told(owners):
    assert owners.of_ladder([10, 20], T)["holder"]["name"] == "王"
    assert owners.of_ladder([99], T) is None


def test_what_a_caller_does_to_his_answer_changes_no_other(square_city, ids, database):
    staff(database, ids, ids)
    square_city.keeper.look()
    lon, lat = at(0.5, 0.5)
    question = {"lon": lon, "lat": lat, "datum": "wgs84", "at": T.isoformat()}
    first, kept = ask(square_city, question).to_dict(), ask(square_city, question).to_json()
    first["owners"][0]["holder"]["name"] = first["chain"][0]["level_name"]["zh"] = "?"
    first["chain"].clear()
    assert ask(square_city, question).to_json() == kept


def test_a_change_of_staff_is_answered_at_the_next_look(square_city, ids, database):
    lon, lat = at(0.5, 0.5)
    question = {"lon": lon, "lat": lat, "datum": "wgs84"}
    assert ask(square_city, question).to_dict()["owners"] == []
    staff(database, ids, ["A"])
    square_city.keeper.look()
    assert ask(square_city, question).to_dict()["owners"][0]["holder"]["name"] == "人A"
