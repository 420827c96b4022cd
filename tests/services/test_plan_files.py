"""Files edited elsewhere: what differs is worked out, what is wrong is named at its place, what is clean passes."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from gridmap.model.errors import InputError, NotFoundError
from gridmap.services import plan_drawing, plan_views, plans
from gridmap.services.opening import open_city
from gridmap.services.plan_files import FileOptions, edit_from_file
from gridmap.services.writing import write_frame
from tests.services.planners import AUTHOR, draw, published
from tests.services.squares import STEP, box, town

FINE = FileOptions("microgrid", "wgs84")
HOLE_M2 = 100.0


@pytest.fixture
def put_town(put):
    """A town divided into micro-grids everywhere."""
    put(
        town(
            A2a=("microgrid", "A2", (1, 0, 2, 1)),
            A2b=("microgrid", "A2", (1, 1, 2, 2)),
            B1=("neighbourhood", "B", (2, 0, 4, 2)),
            B1a=("microgrid", "B1", (2, 0, 4, 2)),
        )
    )


@pytest.fixture
def city(database, put_town):
    one = open_city(database)
    yield one
    one.keeper.close()


@pytest.fixture
def plan(city):
    return plans.open_plan(city, "governance", "外业", AUTHOR)["id"]


def frame(city, plan, level="microgrid"):
    return plan_views.draft_frame(city, plan, level).set_index("name", drop=False)


def bring(city, plan, rows, folder, options=FINE, ending=".shp"):
    """Write rows as a desktop GIS would, and bring them back."""
    path = folder / f"edited{ending}"
    if ending == ".shp":
        rows.reset_index(drop=True).to_file(path, encoding="GBK")
    else:
        write_frame(rows.reset_index(drop=True), path)
    return edit_from_file(city, plan, path, options, AUTHOR)


def differing(city, plan):
    return {
        each["after"]["name"] if each["after"] else each["before"]["name"]: each
        for each in plan_views.diff(city, plan)["grids"]
    }


class TestFaults:
    def test_holes_a_sliver_and_a_moved_border(self, city, plan, tmp_path):
        rows = frame(city, plan)
        # the border of A1a and A2a moves east, above neighbours whose nodes stay as they are
        rows.loc["A1a格", "geometry"] = box(0, 0, 1.25, 1)
        rows.loc["A2a格", "geometry"] = box(1.25, 0, 2, 1)
        # a hole is left in A2b
        hole = box(1.4, 1.4, 1.5, 1.5)
        rows.loc["A2b格", "geometry"] = rows.loc["A2b格", "geometry"].difference(hole)
        # and A1b reaches over A2b by three centimetres
        rows.loc["A1b格", "geometry"] = box(0, 1, 1.0003, 2)
        told = bring(city, plan, rows, tmp_path)
        found = {each["kind"]: each for each in told["findings"] if each["severity"] == "error"}
        assert {"gap", "overlap"} <= found.keys()
        gap = shapely.Point(found["gap"]["lon"], found["gap"]["lat"])
        assert hole.contains(gap)
        assert found["gap"]["figures"]["area_m2"] == pytest.approx(hole.area / STEP**2 * 111.195 * 95.1, rel=0.05)
        overlap = shapely.Point(found["overlap"]["lon"], found["overlap"]["lat"])
        assert overlap.distance(box(1, 1, 1.0003, 2)) < 1e-6
        assert set(found["overlap"]["names"]) == {"A1b格", "A2b格"}
        moved = differing(city, plan)["A1a格"]
        assert moved["kinds"] == ["reshaped"]
        assert moved["gained_m2"] == pytest.approx(0.25 * 111.2 * 95.1, rel=0.01)
        with pytest.raises(InputError, match="errors in the plan"):
            plans.submit(city, plan, AUTHOR)

    def test_a_sliver_is_told(self, city, plan, tmp_path):
        rows = frame(city, plan)
        edge = box(1, 0, 1.0005, 1)
        rows.loc["A2a格", "geometry"] = rows.loc["A2a格", "geometry"].difference(edge)
        thin = rows.loc[["A2a格"]].assign(name="细条", code=None, id=None, geometry=[edge])
        told = bring(city, plan, gpd.GeoDataFrame(pd.concat([rows, thin]), crs=4326), tmp_path)
        slivers = [each for each in told["findings"] if each["kind"] == "sliver"]
        assert [each["names"] for each in slivers] == [["细条"]]
        assert edge.distance(shapely.Point(slivers[0]["lon"], slivers[0]["lat"])) < 1e-6

    def test_repaired_it_goes_through(self, city, plan, tmp_path):
        rows = frame(city, plan)
        rows.loc["A2b格", "geometry"] = rows.loc["A2b格", "geometry"].difference(box(1.4, 1.4, 1.5, 1.5))
        rows.loc["A1b格", "geometry"] = box(0, 1, 1.0003, 2)
        told = bring(city, plan, rows, tmp_path, FileOptions("microgrid", "wgs84", repair=True))
        assert told["counts"]["error"] == 0
        published(city, plan)

    def test_rows_that_are_no_areas_are_refused_with_their_numbers(self, city, plan, tmp_path):
        rows = frame(city, plan)
        rows.loc["A2b格", "geometry"] = shapely.Polygon(
            [(121.4, 31.2), (121.41, 31.21), (121.41, 31.2), (121.4, 31.21)]
        )
        with pytest.raises(InputError, match="row "):
            bring(city, plan, rows, tmp_path)
        assert plans.one(city, plan)["edits"] == []


class TestClean:
    @pytest.mark.parametrize("ending", [".shp", ".geojson", ".gpkg"])
    def test_a_file_as_it_went_out_changes_nothing(self, city, plan, tmp_path, ending):
        with pytest.raises(InputError, match="differs in nothing"):
            bring(city, plan, frame(city, plan), tmp_path, ending=ending)

    def test_levels_above_follow_a_moved_border(self, city, plan, tmp_path):
        rows = frame(city, plan)
        rows.loc["A1a格", "geometry"] = box(0, 0, 1.25, 1)
        rows.loc["A2a格", "geometry"] = box(1.25, 0, 2, 1)
        told = bring(city, plan, rows, tmp_path)
        assert told["counts"]["error"] == 0
        found = differing(city, plan)
        assert {name for name, each in found.items() if "reshaped" in each["kinds"]} == {
            "A1a格",
            "A2a格",
            "A1格",
            "A2格",
        }
        published(city, plan)

    def test_names_codes_new_and_gone(self, city, plan, tmp_path):
        rows = frame(city, plan)
        rows.loc["A1a格", "name"] = "甲格"
        rows.loc["A1b格", "code"] = "310199001001009"
        both = box(1, 0, 2, 2)
        rows.loc["A2a格", "geometry"] = both
        rows = rows.drop(index="A2b格")
        half = rows.loc[["B1a格"]].assign(name="新格", id=None, geometry=[box(3, 0, 4, 2)])
        rows.loc["B1a格", "geometry"] = box(2, 0, 3, 2)
        told = bring(city, plan, gpd.GeoDataFrame(pd.concat([rows, half]), crs=4326), tmp_path)
        assert told["counts"]["error"] == 0
        assert plan_views.diff(city, plan)["counts"] == {
            "added": 1,
            "retired": 1,
            "reshaped": 2,
            "moved": 0,
            "renamed": 1,
            "recoded": 1,
        }
        published(city, plan)

    def test_a_level_above_paints_those_below(self, city, plan, tmp_path):
        rows = frame(city, plan, "neighbourhood")
        rows.loc["A1格", "geometry"] = shapely.union(box(0, 0, 1, 2), box(1, 1, 2, 2))
        rows.loc["A2格", "geometry"] = box(1, 0, 2, 1)
        bring(city, plan, rows, tmp_path, FileOptions("neighbourhood", "wgs84"))
        found = differing(city, plan)
        assert found["A2b格"]["kinds"] == ["moved"]
        assert plan_views.check(city, plan)["counts"]["error"] == 0

    def test_a_level_above_that_cuts_those_below_is_refused(self, city, plan, tmp_path):
        rows = frame(city, plan, "neighbourhood")
        rows.loc["A1格", "geometry"] = box(0, 0, 1.5, 2)
        rows.loc["A2格", "geometry"] = box(1.5, 0, 2, 2)
        with pytest.raises(InputError, match=r"A2[ab]格 would be cut: 50%"):
            bring(city, plan, rows, tmp_path, FileOptions("neighbourhood", "wgs84"))

    def test_rebased_it_holds_where_nobody_else_drew(self, city, plan, tmp_path):
        rows = frame(city, plan)
        rows.loc["A1a格", "name"] = "甲格"
        bring(city, plan, rows, tmp_path)
        ids = dict(zip(frame(city, plan).index, frame(city, plan)["id"], strict=True))
        for name, dropped in (("B1a格", 0), ("甲格", 1)):
            other = plans.open_plan(city, "governance", "别处", AUTHOR)["id"]
            draw(city, other, "rename", grid=int(ids[name]), name="别格")
            published(city, other)
            assert len(plan_drawing.rebase(city, plan, AUTHOR)["dropped"]) == dropped


def test_what_is_missing_is_named(city, plan, tmp_path):
    with pytest.raises(NotFoundError, match="no file"):
        edit_from_file(city, plan, tmp_path / "none.shp", FINE, AUTHOR)
    with pytest.raises(InputError, match="never guessed"):
        edit_from_file(city, plan, tmp_path / "none.shp", FileOptions("microgrid", ""), AUTHOR)
    rows = frame(city, plan)
    with pytest.raises(NotFoundError, match="no grids of level block"):
        bring(city, plan, rows, tmp_path, FileOptions("block", "wgs84"))
    assert np.isfinite(shapely.area(rows.geometry.to_numpy())).all()
