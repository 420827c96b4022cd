"""Posts and people in the store; numbers are masked before they leave it."""

from datetime import UTC, datetime

import pandas as pd
import pytest

from gridmap.model.errors import ConflictError
from gridmap.services.generations import publish
from gridmap.store import generations, posts
from tests.services.squares import town
from tests.services.staff import MASKED, PHONE, SINCE, staff


@pytest.fixture
def grids(database):
    made = publish(database, "governance", town(), base=None, origin="import", note="")
    with database.read() as connection:
        frame = generations.frame(connection, made.id)
    return {key: int(grid) for key, grid in zip(frame["key"], frame["id"], strict=True)}


def roster(database):
    with database.read() as connection:
        return posts.roster(connection)


def test_what_is_written_is_read_back_masked(database, grids):
    staff(database, grids, ["A", "B"], [("A", SINCE, SINCE + pd.Timedelta(days=1), "年假")])
    found = roster(database)
    assert len(found.by_subject) == 7
    assert {holder.phone for holder in found.holders.values()} == {MASKED}
    assert PHONE not in repr(found)
    ((post,), holder) = found.by_subject["grid", grids["A"]], next(h for h in found.holders.values() if h.name == "人A")
    assert post.title.en == "chief of A"
    away, reason = found.absences[holder.id][0]
    assert (away.start, away.end, reason) == (SINCE, SINCE + pd.Timedelta(days=1), "年假")
    assert found.holders_of(post, datetime.now(UTC)) == [holder]
    assert found.holders_of(post, SINCE.to_pydatetime() - pd.Timedelta(microseconds=1)) == []


def test_the_same_again_adds_nothing(database, grids):
    for _ in range(2):
        staff(database, grids, ["A"], [("A", SINCE, SINCE + pd.Timedelta(days=1), "年假")])
    found = roster(database)
    assert [len(posts) for posts in found.by_subject.values()] == [1] * 7
    assert [len(held) for held in found.assignments.values()] == [1]
    assert [len(away) for away in found.absences.values()] == [1]


def test_a_post_of_a_grid_that_is_not_there_is_refused_whole(database, grids):
    with pytest.raises(Exception, match="rule"):
        staff(database, {**grids, "X": 10**9}, ["A"])
    assert roster(database).by_subject == {}


def test_an_empty_city_has_an_empty_roster(database):
    assert roster(database).answerable([("grid", 1)], datetime.now(UTC)) is None


def test_conflict_is_our_own_error():
    assert issubclass(ConflictError, RuntimeError)
