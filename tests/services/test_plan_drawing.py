"""Drawing in a plan: compare-and-swap on the last edit, undo and redo, requests sent again, and newer lines beneath."""

import pytest
import shapely
from sqlalchemy import text

from gridmap.model.errors import ConflictError, InputError, NotFoundError, UnavailableError
from gridmap.services import plan_drawing, plan_views, plans
from gridmap.services.opening import open_city
from gridmap.spatial.datums import from_wgs84
from gridmap.spatial.draft_checks import full_defects
from gridmap.store import plans as store
from tests.services.planners import AUTHOR, draw, published
from tests.services.squares import at


@pytest.fixture
def plan(square_city):
    return plans.open_plan(square_city, "governance", "东移", AUTHOR)["id"]


def draft(city, plan):
    return city.planning.plan(plan)[1]


def wkbs(city, plan):
    return {grid.id: shapely.to_wkb(grid.outline) for grid in draft(city, plan) if grid.outline is not None}


class TestEdits:
    def test_each_is_on_record_with_what_it_made(self, square_city, plan, ids):
        told = draw(square_city, plan, "split", grid=ids["B"], line=[(3, -0.5), (3, 2.5)], names=["东格"])
        assert (told["edit"], told["plan"]["head"], told["plan"]["drawers"]) == (1, 1, [AUTHOR])
        new = next(grid for grid in told["grids"] if grid not in ids.values())
        assert draft(square_city, plan).grid(new).name == "东格"
        assert full_defects(draft(square_city, plan)) == []
        assert [(e["number"], e["prev"], e["kind"]) for e in plans.one(square_city, plan)["edits"]] == [
            (1, None, "split")
        ]

    def test_a_new_grid_keeps_its_id_for_ever(self, square_city, plan, ids):
        told = draw(square_city, plan, "split", grid=ids["B"], line=[(3, -0.5), (3, 2.5)])
        new = next(grid for grid in told["grids"] if grid not in ids.values())
        published(square_city, plan)
        square_city.keeper.look()
        assert square_city.keeper.snapshot().lines.grids[new].name == "B格（2）"
        other = plans.open_plan(square_city, "governance", "再分", AUTHOR)["id"]
        again = draw(square_city, other, "split", grid=ids["B"], line=[(2, 1), (4, 1)])
        made = {grid for grid in again["grids"] if grid not in ids.values()} - {new}
        assert len(made) == 1
        assert made.pop() > new

    @pytest.mark.parametrize("after", [0, 2, 7])
    def test_one_drawn_on_another_edit_is_refused(self, square_city, plan, ids, after):
        draw(square_city, plan, "rename", grid=ids["B"], name="乙格")
        asked = {"kind": "rename", "grid": ids["B"], "name": "丙格"}
        with pytest.raises(ConflictError, match="stands at edit 1") as refusal:
            plan_drawing.edit_plan(square_city, plan, asked, AUTHOR, after=after or None)
        assert refusal.value.details == {"head": 1}
        assert draft(square_city, plan).grid(ids["B"]).name == "乙格"

    def test_one_that_changes_nothing_is_none(self, square_city, plan, ids):
        with pytest.raises(InputError, match="changes nothing"):
            draw(square_city, plan, "rename", grid=ids["B"], name="B格")
        assert plans.one(square_city, plan)["edits"] == []

    def test_a_request_sent_again_is_answered_and_not_repeated(self, square_city, plan, ids):
        asked = {"kind": "split", "grid": ids["B"], "line": [at(3, -0.5), at(3, 2.5)], "datum": "wgs84"}
        first, again = [
            plan_drawing.edit_plan(square_city, plan, asked, AUTHOR, after=None, key="k1") for _ in range(2)
        ]
        assert (first["edit"], first["grids"]) == (again["edit"], again["grids"])
        assert len(plans.one(square_city, plan)["edits"]) == 1
        with pytest.raises(ConflictError, match="was another request's"):
            plan_drawing.edit_plan(square_city, plan, {**asked, "grid": ids["A2"]}, AUTHOR, after=None, key="k1")

    def test_an_edit_that_was_not_written_is_forgotten(self, square_city, plan, ids, monkeypatch):
        """Its number is given again, to what somebody else draws on another worker."""

        def cut(*_):
            raise UnavailableError("gone")

        asked = {"kind": "rename", "grid": ids["B"], "name": "丢失"}
        monkeypatch.setattr(store, "remember", cut)
        with pytest.raises(UnavailableError):
            plan_drawing.edit_plan(square_city, plan, asked, AUTHOR, after=None, key="k")
        monkeypatch.undo()
        other = open_city(square_city.database)
        assert draw(other, plan, "rename", grid=ids["B"], name="乙格")["edit"] == 1
        other.keeper.close()
        assert draft(square_city, plan).grid(ids["B"]).name == "乙格"

    def test_faults_of_an_edit_are_all_named(self, square_city, plan):
        asked = {"kind": "split", "grid": 0, "line": [[1, 2]], "datum": "mars", "more": 1}
        with pytest.raises(InputError) as refusal:
            plan_drawing.edit_plan(square_city, plan, asked, AUTHOR, follow=True)
        assert {fault.place for fault in refusal.value.faults} == {"grid", "line", "datum", "more"}

    @pytest.mark.parametrize(
        "asked", [None, [], {"kind": "explode"}, {"kind": "rename", "grid": 1, "name": "a\0"}, {"kind": "recode"}]
    )
    def test_nonsense_is_refused(self, square_city, plan, asked):
        with pytest.raises((InputError, NotFoundError)):
            plan_drawing.edit_plan(square_city, plan, asked, AUTHOR, follow=True)

    def test_coordinates_of_another_datum(self, square_city, plan, ids):
        line = [at(3, -0.5), at(3, 2.5)]
        lon, lat = from_wgs84([p[0] for p in line], [p[1] for p in line], "gcj02")
        asked = {"kind": "split", "grid": ids["B"], "line": list(zip(lon, lat, strict=True)), "datum": "gcj02"}
        told = plan_drawing.edit_plan(square_city, plan, asked, AUTHOR, follow=True)
        areas = [
            shapely.area(draft(square_city, plan).grid(grid).outline) for grid in told["grids"] if grid != ids["D"]
        ]
        assert areas[0] == pytest.approx(areas[1], rel=1e-3)


class TestBordersOfUnevenDepth:
    """A1 is divided into A1a and A1b, and A2 beside it is not."""

    def test_ground_that_is_won_goes_to_the_grids_below_that_border_on_it(self, square_city, plan, ids):
        line = [(1, 0.2), (1.5, 0.2), (1.5, 0.8), (1, 0.8)]
        told = draw(square_city, plan, "reshape", grids=[ids["A1"], ids["A2"]], line=line)
        assert {ids["A1a"], ids["A1"], ids["A2"]} <= set(told["grids"])
        assert full_defects(draft(square_city, plan)) == []
        assert draft(square_city, plan).grid(ids["A1a"]).outline.area > 1.2e-6

    def test_ground_that_is_lost_is_that_of_the_grids_below(self, square_city, plan, ids):
        draw(square_city, plan, "reshape", grids=[ids["A1"], ids["A2"]], line=[(1, 0.2), (0.5, 1), (1, 1.8)])
        drawn = draft(square_city, plan)
        assert full_defects(drawn) == []
        assert all(drawn.grid(ids[grid]).outline.area < 1e-6 for grid in ("A1a", "A1b"))

    def test_a_grid_below_does_not_vanish(self, square_city, plan, ids):
        with pytest.raises(InputError, match=r"nothing would be left of A1[ab]格, and A2格 has no grids below"):
            draw(square_city, plan, "reshape", grids=[ids["A1"], ids["A2"]], line=[(1, 1), (0, 1)])


class TestSteps:
    def test_undone_and_redone_to_the_very_bytes(self, square_city, plan, ids):
        states = [wkbs(square_city, plan)]
        draw(square_city, plan, "split", grid=ids["B"], line=[(3, -0.5), (3.1, 2.5)])
        states.append(wkbs(square_city, plan))
        draw(square_city, plan, "merge", grids=[ids["A1a"], ids["A1b"]])
        states.append(wkbs(square_city, plan))
        for before in states[1::-1]:
            plan_drawing.undo(square_city, plan, AUTHOR)
            assert wkbs(square_city, plan) == before
        assert not draft(square_city, plan).changed
        with pytest.raises(InputError, match="no edit to undo"):
            plan_drawing.undo(square_city, plan, AUTHOR)
        for after in states[1:]:
            plan_drawing.redo(square_city, plan, AUTHOR)
            assert wkbs(square_city, plan) == after
        with pytest.raises(InputError, match="no edit to redo"):
            plan_drawing.redo(square_city, plan, AUTHOR)

    def test_an_undone_edit_stays_on_record(self, square_city, plan, ids):
        draw(square_city, plan, "rename", grid=ids["B"], name="一格")
        plan_drawing.undo(square_city, plan, AUTHOR)
        draw(square_city, plan, "rename", grid=ids["B"], name="二格")
        edits = plans.one(square_city, plan)["edits"]
        assert [(e["number"], e["prev"]) for e in edits] == [(1, None), (2, None)]
        plan_drawing.undo(square_city, plan, AUTHOR)
        plan_drawing.redo(square_city, plan, AUTHOR)
        assert draft(square_city, plan).grid(ids["B"]).name == "二格"
        with square_city.database.write() as connection, pytest.raises(Exception, match="is a record"):
            connection.execute(text("DELETE FROM plan_edit"))

    def test_one_who_saw_another_edit_undoes_nothing(self, square_city, plan, ids):
        draw(square_city, plan, "rename", grid=ids["B"], name="一格")
        draw(square_city, plan, "rename", grid=ids["B"], name="二格")
        with pytest.raises(ConflictError, match="stands at edit 2, not at 1"):
            plan_drawing.undo(square_city, plan, AUTHOR, after=1)

    def test_read_anew_a_draft_is_the_same(self, square_city, plan, ids):
        for edit in (
            {"kind": "split", "grid": ids["B"], "line": [(3, -0.5), (3, 2.5)]},
            {"kind": "create", "level": "block", "name": "街区", "parent": ids["A"]},
            {"kind": "merge", "grids": [ids["A1a"], ids["A1b"]]},
        ):
            draw(square_city, plan, **edit)
        other = open_city(square_city.database)
        assert wkbs(other, plan) == wkbs(square_city, plan)
        assert plan_views.check(other, plan)["counts"] == plan_views.check(square_city, plan)["counts"]
        other.keeper.close()


class TestPainting:
    def test_grids_between_two_levels(self, square_city, plan, ids):
        made = draw(square_city, plan, "create", level="block", name="东街区", parent=ids["A"])["grids"][0]
        assert {f["kind"] for f in plan_views.check(square_city, plan)["findings"]} >= {"empty"}
        told = draw(square_city, plan, "assign", grids=[ids["A1"]], parent=made)
        kinds = {f["kind"]: f["message"]["en"] for f in told["findings"]}
        assert kinds["mixed_levels"] == "1 grids of A格 belong to no block yet"
        told = draw(square_city, plan, "assign", grids=[ids["A2"]], parent=made)
        assert told["counts"]["error"] == 0
        assert shapely.equals(
            draft(square_city, plan).grid(made).outline, draft(square_city, plan).grid(ids["A"]).outline
        )
        draw(square_city, plan, "retire", grid=made)
        assert draft(square_city, plan).children(ids["A"]) == tuple(sorted([ids["A1"], ids["A2"]]))


class TestRebase:
    def test_edits_are_drawn_again_on_newer_lines(self, square_city, plan, ids):
        told = draw(square_city, plan, "split", grid=ids["B"], line=[(3, -0.5), (3, 2.5)])
        new = next(grid for grid in told["grids"] if grid not in ids.values())
        other = plans.open_plan(square_city, "governance", "别处", AUTHOR)["id"]
        draw(square_city, other, "merge", grids=[ids["A1a"], ids["A1b"]])
        draw(square_city, other, "rename", grid=ids["B"], name="乙格")
        published(square_city, other)
        told = plan_drawing.rebase(square_city, plan, AUTHOR)
        assert (told["dropped"], told["plan"]["head"]) == ([], 2)
        redrawn = draft(square_city, plan)
        assert redrawn.grid(ids["B"]).name == "乙格"
        assert redrawn.grid(new).name == "乙格（2）"
        assert ids["A1b"] not in redrawn
        with pytest.raises(InputError, match="newest lines already"):
            plan_drawing.rebase(square_city, plan, AUTHOR)

    def test_what_no_longer_applies_is_told_and_the_rest_goes_on(self, square_city, plan, ids):
        draw(square_city, plan, "rename", grid=ids["A1b"], name="甲格")
        draw(square_city, plan, "rename", grid=ids["B"], name="丙格")
        other = plans.open_plan(square_city, "governance", "别处", AUTHOR)["id"]
        draw(square_city, other, "merge", grids=[ids["A1a"], ids["A1b"]])
        published(square_city, other)
        told = plan_drawing.rebase(square_city, plan, AUTHOR)
        assert [(each["edit"], each["kind"]) for each in told["dropped"]] == [(1, "rename")]
        assert f"no grid {ids['A1b']}" in told["dropped"][0]["reason"]
        assert draft(square_city, plan).grid(ids["B"]).name == "丙格"


class TestCodes:
    def test_by_the_rule_like_reading(self, square_city, plan, ids):
        draw(square_city, plan, "recode", grid=ids["A1"], code="310199001001000")
        told = draw(square_city, plan, "recode", under=ids["A1"])
        codes = {grid: draft(square_city, plan).grid(ids[grid]).code for grid in ("A1a", "A1b")}
        assert codes == {"A1b": "310199001001001", "A1a": "310199001001002"}
        assert not {f["kind"] for f in told["findings"]} & {"code_form", "code_parent", "code_twice"}

    def test_one_that_was_another_grids_is_an_error(self, square_city, plan, ids):
        draw(square_city, plan, "recode", grid=ids["B"], code="310199002000000")
        published(square_city, plan)
        other = plans.open_plan(square_city, "governance", "再", AUTHOR)["id"]
        draw(square_city, other, "recode", grid=ids["B"], code=None)
        told = draw(square_city, other, "recode", grid=ids["A2"], code="310199002000000")
        assert [f["kind"] for f in told["findings"] if f["severity"] == "error"] == ["code_reused"]
        with pytest.raises(InputError, match="never used again"):
            plans.submit(square_city, other, AUTHOR)
