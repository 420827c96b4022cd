"""Grids of one level between those above and below: who their parents are, what goes, what stays."""

import geopandas as gpd
import pandas as pd
import pytest

from gridmap.model.layers import schemes
from gridmap.services.import_levels import place
from gridmap.services.import_report import ImportReport, RefusedImportError
from tests.services.squares import TOWN, box

SCHEME = schemes()["governance"]


def before(*keys, codes=None):
    """Give grids of the town as the store reads them."""
    keys = [key for key in TOWN if key in keys]
    numbers = {key: number for number, key in enumerate(keys, start=1)}
    table = pd.DataFrame(
        {
            "id": [numbers[key] for key in keys],
            "level": [TOWN[key][0] for key in keys],
            "key": keys,
            "code": [(codes or {}).get(key) for key in keys],
            "name": keys,
            "parent": pd.array([numbers.get(TOWN[key][1]) for key in keys], dtype="Int64"),
        }
    )
    return gpd.GeoDataFrame(table, geometry=[box(*TOWN[key][2]) for key in keys], crs=4326)


def fresh(**shapes):
    """Give grids as a file names them: a rectangle, or (parent, rectangle)."""
    rows = {name: shape if isinstance(shape[1], tuple) else (None, shape) for name, shape in shapes.items()}
    table = pd.DataFrame(
        {
            "key": None,
            "code": None,
            "name": list(rows),
            "parent": pd.Series([parent for parent, _ in rows.values()], dtype=object),
        },
    )
    table.index = pd.Index(rows)
    return gpd.GeoDataFrame(table, geometry=[box(*shape) for _, shape in rows.values()], crs=4326)


def placed(level, new, old, *, retire_below=False):
    report = ImportReport("grids", "f", "wgs84", level=level)
    return place(SCHEME, level, new, old, report, retire_below=retire_below), report


def parents(whole):
    return dict(zip(whole["key"], whole["parent"], strict=True))


NOTHING = before()
ALL = before(*TOWN)


def test_the_first_level_is_the_top():
    found, _ = placed("block", fresh(A=(0, 0, 1, 1), B=(1, 0, 2, 1)), NOTHING)
    assert parents(found.whole) == {"A": None, "B": None}


def test_parents_are_named_or_found_by_where_grids_lie():
    old = before("D", "A", "B", codes={"B": "77"})
    found, _ = placed("block", fresh(B1=("77", (2, 0, 3, 2)), B2=("B", (3, 0, 4, 2)), A1=(0, 0, 2, 2)), old)
    assert parents(found.whole) == {"D": None, "A": "D", "B": "D", "B1": "B", "B2": "B", "A1": "A"}


def test_a_grid_without_a_parent_is_refused():
    with pytest.raises(RefusedImportError) as refused:
        placed("block", fresh(X=("nobody", (0, 0, 2, 2)), Y=(9, 9, 10, 10)), before("D", "A", "B"))
    assert [fault.code for fault in refused.value.faults] == ["orphan", "orphan"]


def test_grids_that_do_not_tile_their_parent_are_refused():
    with pytest.raises(RefusedImportError, match="do not fit the subdistrict") as refused:
        placed("block", fresh(A1=(0, 0, 1, 2)), before("D", "A", "B"))
    assert refused.value.report.nesting["untiled"][0]["names"] == ("A",)


def test_the_grids_of_one_parent_leave_the_others_alone():
    old = before("D", "A", "B", "A1", "A2")
    found, _ = placed("neighbourhood", fresh(B1=(2, 0, 3, 2), B2=(3, 0, 4, 2)), old)
    assert set(found.whole["key"]) == {"D", "A", "B", "A1", "A2", "B1", "B2"}
    assert found.retired == ()
    again, _ = placed("neighbourhood", fresh(A1=(0, 0, 2, 2)), old)
    assert again.retired == ("A2",)
    assert parents(again.whole) == {"D": None, "A": "D", "B": "D", "A1": "A"}


def test_the_top_is_replaced_as_a_whole():
    found, _ = placed("district", fresh(E=(0, 0, 4, 2)), ALL)
    assert found.retired == ("D",)
    assert parents(found.whole)["A"] == "E"


def test_a_level_in_between_takes_the_children_over():
    found, _ = placed("block", fresh(K=(0, 0, 2, 2)), ALL)
    assert parents(found.whole) == {
        "D": None, "A": "D", "B": "D", "K": "A", "A1": "K", "A2": "K", "A1a": "A1", "A1b": "A1",
    }  # fmt: skip
    with pytest.raises(RefusedImportError, match="4 grids of lower levels"):
        placed("block", fresh(K=(0, 0, 2, 1), L=(0, 1, 2, 2)), ALL)


def test_lower_levels_that_no_longer_fit_go_only_when_asked():
    new = fresh(A1=(0, 0, 2, 1), A2=(0, 1, 2, 2))
    with pytest.raises(RefusedImportError, match="retire-below") as refused:
        placed("neighbourhood", new, ALL)
    assert refused.value.faults[-1].message.startswith("2 grids")
    found, report = placed("neighbourhood", new, ALL, retire_below=True)
    assert set(found.whole["key"]) == {"D", "A", "B", "A1", "A2"}
    assert sorted(found.retired) == ["A1a", "A1b"]
    assert "2 grids of lower levels" in report.warnings[0].en


def test_what_still_fits_stays_when_others_go():
    old = before("A", "A1", "A2", "A1a", "A1b")
    found, _ = placed("neighbourhood", fresh(A1=(0, 0, 1, 2), C=(1, 0, 2, 2)), old)
    assert parents(found.whole) == {"A": None, "A1": "A", "C": "A", "A1a": "A1", "A1b": "A1"}
    assert found.retired == ("A2",)


class TestKeys:
    def keys(self, new, old=NOTHING, level="neighbourhood"):
        return list(placed(level, new, old)[0].fresh["key"])

    def test_a_name_and_its_occurrence(self):
        new = fresh(a=(0, 0, 1, 1), b=(1, 0, 2, 1), c=(2, 0, 3, 1)).assign(name=["甲", "甲", "甲 #2"])
        assert self.keys(new) == ["甲", "甲 #2", "甲 #2 #2"]

    def test_the_code_and_before_it_what_is_stated(self):
        new = fresh(a=(0, 0, 1, 1), b=(1, 0, 2, 1)).assign(key=["k", None], code=["1", "2"])
        assert self.keys(new) == ["k", "2"]

    def test_a_known_code_finds_its_grid_again(self):
        old = before("A1", "A2", codes={"A1": "310", "A2": "311"})
        new = fresh(x=(0, 0, 1, 2), y=(1, 0, 2, 2)).assign(code=["311", "310"])
        assert self.keys(new, old) == ["A2", "A1"]

    def test_a_name_finds_its_grid_below_the_same_parent(self):
        old = before("D", "A", "B", "A1", "A2").assign(name=["D", "A", "B", "一居", "二居"])
        new = fresh(x=(0, 0, 1, 2), y=(1, 0, 2, 2)).assign(name=["二居", "一居"])
        assert self.keys(new, old) == ["A2", "A1"]

    def test_the_same_name_below_another_parent_is_another_grid(self):
        new = fresh(A1=(2, 0, 3, 2), B9=(3, 0, 4, 2))
        assert self.keys(new, before("D", "A", "B", "A1", "A2")) == ["B/A1", "B9"]

    def test_a_key_of_a_grid_elsewhere_is_refused(self):
        new = fresh(x=(2, 0, 4, 2)).assign(key=["A1"])
        with pytest.raises(RefusedImportError, match="below another parent"):
            placed("neighbourhood", new, before("D", "A", "B", "A1", "A2"))

    def test_a_key_given_twice_is_refused(self):
        new = fresh(x=(0, 0, 1, 1), y=(1, 0, 2, 1)).assign(key=["7", None], code=[None, "7"])
        with pytest.raises(RefusedImportError, match="given twice"):
            placed("block", new, NOTHING)
