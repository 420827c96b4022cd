"""The ladder: who answers at an instant, and whom that person stands in for."""

from datetime import UTC, datetime, timedelta

import pytest

from gridmap.model.posts import Holder, Post, Roster, Span
from gridmap.model.words import Text

T = datetime(2026, 3, 1, tzinfo=UTC)
TICK = timedelta(microseconds=1)
OPEN = Span(T - timedelta(days=365), None)

CHIEF = Post(1, "chief", 1, "grid", 10, Text("网格长", "Grid chief"))
DEPUTY = Post(2, "deputy", 2, "grid", 10, Text("副网格长", "Deputy"))
ABOVE = Post(3, "chief", 1, "grid", 20, Text("居民区长", "Neighbourhood chief"))
POSTS = [DEPUTY, ABOVE, CHIEF]
ZHANG, LI, WANG = (Holder(i, "person", name) for i, name in enumerate(("张", "李", "王"), start=1))
PEOPLE = [ZHANG, LI, WANG]
HELD = [(1, 1, OPEN), (2, 2, OPEN), (3, 3, OPEN)]
LADDER = [("grid", 10), ("grid", 20)]


def answer(assignments=HELD, absences=(), at=T, ladder=LADDER, posts=POSTS):
    return Roster.of(posts, PEOPLE, assignments, absences).answerable(ladder, at)


def test_the_lowest_rank_answers_first_whatever_the_order_of_the_rows():
    found = answer()
    assert (found.post, found.holder, found.stands_in_for, found.reason) == (CHIEF, ZHANG, None, None)


def test_the_deputy_stands_in_for_a_chief_who_is_away():
    found = answer(absences=[(1, OPEN, "年假")])
    assert (found.post, found.holder, found.stands_in_for, found.absent) == (DEPUTY, LI, CHIEF, ZHANG)
    assert found.reason == Text("张不在岗（年假）", "张 is away (年假)")


def test_the_chief_above_stands_in_when_the_deputy_post_is_vacant_too():
    found = answer(assignments=[(1, 1, OPEN), (3, 3, OPEN)], absences=[(1, OPEN, "病假")])
    assert (found.post, found.holder, found.stands_in_for, found.absent) == (ABOVE, WANG, CHIEF, ZHANG)


def test_a_vacant_post_is_said_to_be_vacant():
    found = answer(assignments=[(2, 2, OPEN)])
    assert (found.post, found.stands_in_for, found.absent) == (DEPUTY, CHIEF, None)
    assert found.reason.en == "the post is vacant"


def test_an_empty_ladder_names_the_post_that_should_answer_and_nobody():
    found = answer(assignments=[])
    assert (found.post, found.holder, found.stands_in_for) == (CHIEF, None, None)
    assert found.reason.zh == "岗位空缺"


def test_no_post_at_all_is_no_answer():
    assert answer(ladder=[("grid", 99), ("building", 10)]) is None


def test_a_grid_without_posts_is_passed_by_without_standing_in():
    found = answer(ladder=[("grid", 99), *LADDER])
    assert (found.holder, found.stands_in_for) == (ZHANG, None)


def test_a_shared_post_is_answered_by_whoever_is_there():
    found = answer(assignments=[(1, 1, OPEN), (1, 2, OPEN)], absences=[(1, OPEN, "")])
    assert (found.post, found.holder, found.stands_in_for) == (CHIEF, LI, None)


@pytest.mark.parametrize(("at", "holder"), [(T - TICK, ZHANG), (T, LI), (T + TICK, LI)])
def test_a_post_changes_hands_at_its_very_instant(at, holder):
    handed = [(1, 1, Span(T - timedelta(days=9), T)), (1, 2, Span(T, None))]
    assert answer(assignments=handed, at=at).holder == holder


@pytest.mark.parametrize(
    ("at", "holder"),
    [(T - TICK, ZHANG), (T, LI), (T + TICK, LI), (T + timedelta(days=1) - TICK, LI), (T + timedelta(days=1), ZHANG)],
)
def test_an_absence_is_half_open(at, holder):
    assert answer(absences=[(1, Span(T, T + timedelta(days=1)), "公出")], at=at).holder == holder


def test_an_instant_means_the_same_in_every_zone():
    beijing = datetime.fromisoformat("2026-03-01T08:00:00+08:00")
    span = Span(T, T + TICK)
    assert span.holds(beijing)
    assert not span.holds(beijing - TICK)
    assert not span.holds(beijing + TICK)


@pytest.mark.parametrize("step", [-TICK, timedelta(0), TICK])
@pytest.mark.parametrize("days", [-400, -365, -1, 0, 1, 2, 5])
def test_settled_ends_where_the_answer_may_change(days, step):
    held = [(1, 1, Span(T - timedelta(days=365), T)), (1, 2, Span(T + timedelta(days=2), None)), (3, 3, OPEN)]
    roster = Roster.of(POSTS, PEOPLE, held, [(1, Span(T - timedelta(days=1), T + timedelta(days=1)), "年假")])
    at = T + timedelta(days=days) + step
    during = roster.settled(LADDER, at)
    assert during.holds(at)
    found = roster.answerable(LADDER, at)
    assert found == roster.answerable(LADDER, max(during.start, T - timedelta(days=900)))
    assert during.end is None or found == roster.answerable(LADDER, during.end - TICK)
    edges = {T + timedelta(days=edge) for edge in (-365, -1, 0, 1, 2)}
    assert during.end in edges | {None}
    assert not any(during.start < edge and (during.end is None or edge < during.end) for edge in edges)


def test_without_posts_all_is_settled_for_ever():
    during = Roster().settled(LADDER, T)
    assert during.holds(datetime.min.replace(tzinfo=UTC))
    assert during.end is None
