from dataclasses import replace

import pytest
import shapely

from gridmap.model.errors import NotFoundError
from gridmap.spatial import edits
from gridmap.spatial.drafts import Draft, outline_of
from tests.services.squares import at, box
from tests.spatial.drawings import A1, A2, NEW, A, A1a, A1b, B, D, ids, line, town_draft


@pytest.fixture
def town():
    return town_draft()


def test_who_is_above_and_below(town):
    assert town.chain(A1a) == [D, A, A1, A1a]
    assert town.under(A) == [A, A1, A2, A1a, A1b]
    assert town.leaves_under(A) == [A2, A1a, A1b]
    assert town.leaves() == [B, A2, A1a, A1b]
    assert town.children(None) == (D,)
    with pytest.raises(NotFoundError, match="no grid 99"):
        town.grid(99)


def test_a_draft_holds_only_what_differs_and_nothing_when_all_is_undone(town):
    after = town.after(edits.rename(town, {A: "甲"}))
    assert set(after.changed) == after.touched == {A}
    back = after.after({A: replace(after.grid(A), name="A格")})
    assert (dict(back.changed), dict(back.kids)) == ({}, {})
    assert back.grid(A) is town.grid(A)
    made = town.after(edits.create(town, "block", "街区", ids(), parent=A))
    gone = made.after({NEW: None})
    assert (dict(gone.changed), dict(gone.kids)) == ({}, {})


def test_what_differs_between_two_drafts(town):
    one = town.after(edits.rename(town, {A: "甲"}))
    two = one.after(edits.assign(one, [A1a], A))
    assert two.differing(one) == {A, A1, A1a}
    assert one.differing(two) == {A, A1, A1a}
    assert two.differing(two) == frozenset()
    assert two.differing(town) == {A, A1, A1a}


def test_who_is_met_follows_what_was_drawn(town):
    spot = shapely.Point(at(3.5, 1))
    assert town.leaves_near(spot) == [B]
    halves = town.after(edits.split(town, B, line((3, -1), (3, 3)), ids(), level="neighbourhood"))
    [half] = halves.leaves_near(spot)
    assert half in {NEW, NEW + 1}
    merged = halves.after(edits.merge(halves, [A1b, A1a]))
    assert merged.leaves_near(shapely.Point(at(0.5, 0.5))) == [A1b]
    row, leaf = merged.meeting([spot, box(0.2, 0.2, 1.5, 0.5), shapely.Point(0, 0)])
    assert list(zip(row.tolist(), leaf.tolist(), strict=True)) == [(0, half), (1, A2), (1, A1b)]


def test_who_has_a_code_or_name(town):
    one = town.after({**edits.rename(town, {A1: "A2格"}), **edits.recode(town, {B: "1", A1a: "1"})})
    assert one.namesakes(town.grid(A2)) == {A1, A2}
    assert one.namesakes(town.grid(A1)) == set()
    assert one.namesakes(one.grid(B)) == {B, A1a}


def test_the_frame_has_the_top_first(town):
    frame = Draft(town.base).frame()
    assert frame["level"].tolist()[0] == "district"
    assert len(frame) == 7
    assert outline_of(town.units([])) is None
