from dataclasses import replace

import pytest
import shapely

from gridmap.model.limits import limits
from gridmap.services.facts import Ground, locate
from gridmap.services.plan_checks import CHECKS, check_base, check_plan, counts
from gridmap.services.plan_subjects import Subject, sameness
from gridmap.spatial import edits
from gridmap.spatial.drafts import Draft
from gridmap.spatial.lattice import as_geometries
from tests.drafting import Clerk, demo_base, demo_facts, no_ground, things_of
from tests.services.squares import box, hole
from tests.spatial.drawings import A1, A2, NEW, A, A1a, A1b, B, ids, line, town_base

OF_LINES = {"gap", "overlap", "invalid", "unmatched", "outside", "untiled", "empty", "mixed_levels"}
CODES = {
    "D": "310199000000000",
    "A": "310199001000000",
    "A1": "310199001001000",
    "A1a": "310199001001001",
    "A1b": "310199001001002",
    "A2": "310199001002000",
}


def as_told(findings):
    """Tell all of findings but whether they were so before, in some order."""
    return sorted(repr(replace(each, inherited=False)) for each in findings if each.kind not in OF_LINES)


@pytest.mark.parametrize("seed", range(4))
def test_checking_what_differs_says_what_checking_everything_says(seed):
    base, facts = demo_base(), demo_facts()
    taken = {grid.code: grid.id for grid in base.grids.values() if grid.code}
    first, clerk, last = check_base(base, facts, limits(), []), Clerk(base, seed), None
    for _ in range(25):
        if clerk.step() is None:
            continue
        last = check_plan(clerk.draft, first, taken, last)
        everything = Subject(clerk.draft, facts, limits(), taken)
        full = [each for check in CHECKS for each in check.find(everything, None)]
        assert as_told(last.found) == as_told(full)
        assert as_told(check_plan(clerk.draft, first, taken).found) == as_told(full)
        assert all(each.inherited == (sameness(each) in first.known) for each in last.found)
        assert all(each.severity == limits().severity[each.kind] for each in last.found)


def town_checked(draft=None, places=(), ways=(), components=(), codes=None, **more):
    """Check an edit of the town."""
    base = town_base(codes=codes)
    empty = no_ground()
    frames = dict.fromkeys(("buildings", "compounds", "components"), empty.buildings)
    for name, shapes in (("buildings", places), ("components", components)):
        if shapes:
            rows = {"id": [*range(1, len(shapes) + 1)], "name": "楼", "address": ""}
            frames[name] = empty.buildings.iloc[:0].reindex(range(len(shapes))).assign(geometry=list(shapes), **rows)
    ground = Ground(**frames, ways=as_geometries(ways))
    facts = locate(base, (things_of("shops", frames["buildings"]),), ground)
    first = check_base(base, facts, limits(), more.get("gaps", []))
    changes = draft(Draft(base)) if draft else {}
    return check_plan(Draft(base).after(changes), first, more.get("taken", {})).found


def about(found, kind):
    return [(each.grids, each.inherited) for each in found if each.kind == kind]


def test_a_building_is_cut_once_at_the_uppermost_level_that_does():
    inside, across = box(2.2, 0.5, 2.4, 0.6), box(2.9, 0.5, 3.2, 0.6)
    found = town_checked(lambda town: edits.split(town, B, line((3, -1), (3, 3)), ids()), [inside, across])
    [cut] = [each for each in found if each.kind == "cut_building"]
    assert cut.grids in {(NEW, B), (B, NEW)}
    assert cut.figures["place_id"] == 2
    assert sorted(cut.figures["shares"].values()) == pytest.approx([1 / 3, 2 / 3], abs=1e-3)
    assert not cut.inherited


def test_a_building_with_a_wall_on_the_line_is_cut_where_it_lies_on_both_sides():
    steps = box(2.9, 0.5, 3, 0.7).union(box(3, 0.6, 3.2, 0.7)).union(box(2.95, 0.7, 3, 0.8))
    found = town_checked(lambda town: edits.split(town, B, line((3, -1), (3, 3)), ids()), [steps])
    assert {grid for grids, _ in about(found, "cut_building") for grid in grids} == {B, NEW}


def test_what_was_cut_before_is_inherited():
    across = box(0.9, 0.5, 1.2, 0.6)
    found = town_checked(lambda town: edits.rename(town, {A2: "新名"}), [across])
    [cut] = [each for each in found if each.kind == "cut_building"]
    assert cut.inherited
    assert "新名" in cut.message.zh
    assert counts(found)["inherited"] >= 1


def test_a_component_on_a_line_is_told():
    at_line = shapely.Point(121.403, 31.2005)
    found = town_checked(lambda town: edits.split(town, B, line((3, -1), (3, 3)), ids()), components=[at_line])
    assert about(found, "on_line") == [((B, NEW), False)]


def test_lines_that_leave_roads_are_told():
    road = shapely.LineString([(121.401, 31.199), (121.401, 31.203)])
    found = town_checked(lambda town: edits.rename(town, {A2: "新名"}), ways=[road])
    assert about(found, "off_road") == []
    found = town_checked(lambda town: edits.move(town, [line((1, 1), (1.5, 1))]), ways=[road])
    assert about(found, "off_road") == [((A1, A2), False)]


def test_codes_are_looked_at_where_they_or_those_above_change():
    found = town_checked(lambda town: edits.recode(town, {A1: "310199009001000"}), codes=CODES)
    assert about(found, "code_parent") == [((A1, A), False), ((A1a, A1), False), ((A1b, A1), False)]
    found = town_checked(lambda town: edits.recode(town, {A1: "12"}), codes=CODES)
    assert about(found, "code_form") == [((A1,), False)]
    found = town_checked(lambda town: edits.recode(town, {A1a: CODES["A1b"]}), codes=CODES)
    assert about(found, "code_twice") == [((A1a, A1b), False)]
    found = town_checked(lambda town: edits.recode(town, {A1a: None}), codes=CODES)
    assert about(found, "code_missing") == [((A1a,), False), ((B,), True)]
    code = "310199001001009"
    found = town_checked(lambda town: edits.recode(town, {A1a: code}), codes=CODES, taken={code: 77})
    assert about(found, "code_reused") == [((A1a,), False)]


def test_names_that_two_grids_of_a_level_have_are_told():
    found = town_checked(lambda town: edits.rename(town, {A1: "A2格"}))
    assert about(found, "name_twice") == [((A1, A2), False)]


def test_lines_that_are_not_clean_are_errors_until_they_are_mended():
    def broken(town):
        return {A2: replace(town.grid(A2), outline=shapely.multipolygons([hole(1, 0, 2, 2, (1.2, 0.2, 1.8, 0.8))]))}

    base, facts = town_base(), locate(town_base(), (things_of("shops", no_ground().buildings),), no_ground())
    first = check_base(base, facts, limits(), [])
    bad = check_plan(Draft(base).after(broken(Draft(base))), first, {})
    assert {each.kind for each in bad.found if each.severity == "error"} == {"gap", "untiled"}
    worse = check_plan(bad.draft.after(edits.rename(bad.draft, {B: "乙"})), first, {}, bad)
    assert {each.kind for each in worse.found if each.severity == "error"} == {"gap", "untiled"}
    mended = check_plan(worse.draft.after({A2: base.grids[A2]}), first, {}, worse)
    assert counts(mended.found)["error"] == 0


def test_gaps_of_the_base_stay_inherited():
    found = town_checked(lambda town: edits.rename(town, {B: "乙"}), gaps=[(box(8, 8, 9, 9), 10_000.0)])
    assert about(found, "gap") == [((), True)]
