import pytest

from gridmap.services.differences import counted, differences, draft_differences
from gridmap.spatial import edits
from gridmap.spatial.measures import area_m2
from tests.services.squares import box
from tests.spatial.drawings import A1, A2, NEW, A, A1a, A1b, B, ids, line, town_draft

SQUARE = float(area_m2([box(0, 0, 1, 1)])[0])


@pytest.fixture
def town():
    return town_draft()


def kinds(found):
    return {each.grid: each.kinds for each in found}


def test_nothing_differs_from_itself(town):
    assert draft_differences(town) == []
    assert differences(town.base.grids, dict(town.base.grids)) == []


def test_every_kind_is_told(town):
    draft = town.after(edits.reshape(town, [A1a, A1b], line((0, 1), (0.5, 1.5), (1, 1))))
    draft = draft.after(edits.rename(draft, {A: "甲"}))
    draft = draft.after(edits.recode(draft, {B: "1"}))
    found = draft_differences(draft)
    assert kinds(found) == {A: ("renamed",), B: ("recoded",), A1a: ("reshaped",), A1b: ("reshaped",)}
    won, lost = (next(each for each in found if each.grid == grid) for grid in (A1a, A1b))
    assert won.gained_m2 == pytest.approx(SQUARE / 4, rel=1e-4)
    assert lost.lost_m2 == pytest.approx(SQUARE / 4, rel=1e-4)
    assert (won.lost_m2, lost.gained_m2) == (0, 0)
    retired = town.after(edits.retire(town, A1))
    assert kinds(draft_differences(retired)) == {A1: ("retired",), A1a: ("moved",), A1b: ("moved",)}
    assert counted(draft_differences(retired))["moved"] == 2


def test_a_node_more_is_no_difference(town):
    draft = town.after(edits.split(town, A2, line((0.5, 0.5), (2.5, 0.5)), ids()))
    assert kinds(draft_differences(draft)) == {A2: ("reshaped",), NEW: ("added",)}
    told = next(each for each in draft_differences(draft) if each.grid == NEW).to_dict()
    assert told["before"] is None
    assert told["gained_m2"] == pytest.approx(SQUARE / 2, rel=1e-3)
