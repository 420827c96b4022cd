"""Rows of places and incidents: checked against their layer, named so that they are found again."""

from zoneinfo import ZoneInfo

import pandas as pd
import pytest
import shapely

from gridmap.model.errors import Fault, InputError
from gridmap.model.layers import layer
from gridmap.services.import_points import derived_keys, prepare
from gridmap.services.import_report import ImportReport
from gridmap.spatial.files import FileContent


def prepared(key, rows, stated=None, faults=None):
    frame = pd.DataFrame(rows, dtype=object)
    report = ImportReport(key, "file.csv", "wgs84", read=len(frame))
    file = FileContent(frame, "CSV", "utf-8", None, len(frame), (), faults or {})
    return prepare(layer(key), file, "wgs84", stated or {}, ZoneInfo("Asia/Shanghai"), report), report


SHOP = {"key": "s1", "name": "包子铺", "address": "石门路1号", "trade": "food", "lon": "121.4540000", "lat": "31.2"}
CASE = {"date": "2026-03-01 08:00", "category": "0101", "lon": "121.4", "lat": "31.2"}


def test_a_shop():
    rows, report = prepared("shops", [SHOP])
    (shop,) = rows.to_dict("records")
    assert shop == {
        "key": "s1",
        "name": "包子铺",
        "address": "石门路1号",
        "parent": None,
        "properties": {"trade": "food"},
        "geometry": shapely.Point(121.454, 31.2),
    }
    assert report.rejected == []


def test_keys_are_there_and_each_row_s_own():
    rows, report = prepared("shops", [SHOP, SHOP | {"key": ""}, SHOP, SHOP | {"key": "s" * 201}, SHOP | {"key": "s2"}])
    assert list(rows["key"]) == ["s1", "s2"]
    told = [(each.row, each.code) for each in report.rejected]
    assert told == [(2, "missing"), (3, "duplicate"), (4, "too_long")]
    assert report.rejected_rows == 3


def test_without_a_key_rows_are_known_by_their_content():
    shop = {name: value for name, value in SHOP.items() if name != "key"}
    rows, report = prepared("shops", [shop, shop, shop | {"trade": "tea"}, shop | {"name": "茶馆"}])
    keys = list(rows["key"])
    assert keys[1:3] == [f"{keys[0]}-2", f"{keys[0]}-3"]
    assert len(set(keys)) == 4
    assert any("by their content" in note.en for note in report.notes)


def test_derived_keys_do_not_change():
    # They are in databases: another way to derive them would bring every row once more.
    assert derived_keys(["a", "a"], [1, 1]) == ["h-2f70d784e1e330ab8dc9f39e", "h-2f70d784e1e330ab8dc9f39e-2"]
    assert derived_keys(["ab", "a"], ["c", "bc"])[0] != derived_keys(["ab", "a"], ["c", "bc"])[1]


def test_incidents_get_what_they_lack_and_it_is_said():
    rows, report = prepared(
        "incidents", [CASE, CASE | {"category": None, "state": "已结案", "closed_at": "2026-03-02"}]
    )
    assert list(rows["state"]) == ["reported", "closed"]
    assert pd.isna(rows["category"][1])
    assert rows["reported_at"][0] == pd.Timestamp("2026-03-01T00:00:00Z")
    assert pd.isna(rows["closed_at"][0])
    assert {note.zh[:4] for note in report.notes} >= {"1 行没", "3 个时"}


def test_categories_are_known_ones():
    told = ["0101", 101, "窨井盖", "9999", "01"]
    rows, report = prepared("incidents", [CASE | {"category": each} for each in told])
    assert list(rows["category"]) == ["0101"] * 3
    assert [(each.row, each.code) for each in report.rejected] == [(4, "unknown_category"), (5, "unknown_category")]


def test_nothing_is_closed_before_it_was_reported():
    assert prepared("incidents", [CASE | {"closed_at": "2026-02-28"}])[1].rejected[0].code == "order"


def test_two_incidents_that_are_alike_stay_two():
    rows, _ = prepared("incidents", [CASE, CASE, CASE | {"state": "closed"}])
    assert rows["key"].nunique() == 3


def test_all_faults_of_a_row_are_told_in_order():
    rows, report = prepared("buildings", [{"wkt": "POINT(1 1)", "floors": "many", "tower": "perhaps", "use": "barn"}])
    assert len(rows) == 0
    assert [each.field for each in report.rejected] == ["floors", "geometry", "tower", "use"]
    assert report.rejected_rows == 1
    assert report.rejected[0].said("zh") == "不是允许范围内的整数"
    assert report.rejected[0].said("en") == "is not a number"


def test_what_the_reader_found_rejects_the_row():
    faults = {0: Fault("row 1", "holds characters that are no text", code="not_text")}
    rows, report = prepared("shops", [SHOP, SHOP | {"key": "s2"}], faults=faults)
    assert list(rows["key"]) == ["s2"]
    assert report.rejected[0].code == "not_text"


def test_a_column_that_every_row_needs():
    with pytest.raises(InputError, match="no column holds it"):
        prepared("incidents", [{"lon": "1", "lat": "1"}])


def test_no_rows_are_no_fault():
    frame = pd.DataFrame({name: pd.Series(dtype=object) for name in CASE})
    rows, report = prepared("incidents", frame)
    assert (len(rows), report.rejected) == (0, [])
