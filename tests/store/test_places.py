"""Places in the store: merged by what they are, read as frames, found without mixing house numbers up."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from gridmap.store import addresses, places
from gridmap.store.places import search_text
from gridmap.store.staging import Counts

HERE = shapely.Point(121.454, 31.232)


def rows(*given):
    """Make rows for `merge`: (key, name, address, parent, properties, geometry), the latter ones as needed."""
    blank = ("", "", "", None, {}, HERE)
    full = [(*each, *blank[len(each) :]) for each in given]
    table = pd.DataFrame(full, columns=["key", "name", "address", "parent", "properties", "geometry"])
    return gpd.GeoDataFrame(table, geometry="geometry", crs=4326)


@pytest.fixture
def merge(database):
    def run(kind, *given):
        with database.load() as connection:
            return places.merge(connection, kind, rows(*given))

    return run


@pytest.fixture
def search(database):
    def run(q, **options):
        with database.read() as connection:
            return list(places.search(connection, q, **options)["name"])

    return run


class TestMerge:
    def test_adds_changes_and_leaves_alone(self, merge):
        assert merge("shop", ("a", "甲"), ("b", "乙")) == Counts(2, 0, 0)
        assert merge("shop", ("a", "甲"), ("b", "丙"), ("c", "丁")) == Counts(1, 1, 1)

    @pytest.mark.parametrize(
        "changed",
        [
            ("a", "乙"),
            ("a", "甲", "某路1号"),
            ("a", "甲", "", None, {"trade": "tea"}),
            ("a", "甲", "", None, {}, shapely.Point(121.454, 31.2320001)),
        ],
    )
    def test_sees_every_change(self, merge, changed):
        merge("shop", ("a", "甲"))
        assert merge("shop", changed) == Counts(0, 1, 0)

    def test_the_order_of_properties_is_no_change(self, merge):
        merge("building", ("a", "", "", None, {"floors": 3, "use": "office"}))
        assert merge("building", ("a", "", "", None, {"use": "office", "floors": 3})) == Counts(0, 0, 1)

    def test_a_key_is_one_per_kind(self, merge):
        merge("shop", ("a", "甲"))
        assert merge("firm", ("a", "甲")) == Counts(1, 0, 0)

    def test_a_shop_knows_its_building_by_key(self, database, merge):
        merge("building", ("b1", "楼"))
        merge("shop", ("s1", "店", "", "b1"), ("s2", "摊", "", "nowhere"))
        with database.read() as connection:
            building = places.frame(connection, "building")["id"].iloc[0]
            assert list(places.frame(connection, "shop")["parent"].astype(object)) == [building, pd.NA]

    def test_twice_in_one_transaction(self, database):
        with database.load() as connection:
            places.merge(connection, "shop", rows(("a", "甲")))
            assert places.merge(connection, "shop", rows(("a", "甲"))) == Counts(0, 0, 1)

    def test_nothing(self, merge):
        assert merge("shop") == Counts(0, 0, 0)


class TestFrame:
    def test_has_the_fields_of_the_layer_by_their_types(self, database, merge):
        merge("building", ("a", "甲", "某路", None, {"floors": 3, "tower": True, "height_m": 9}), ("b",))
        with database.read() as connection:
            frame = places.frame(connection, "building")
        assert frame.crs == 4326
        assert list(frame["key"]) == ["a", "b"]
        assert frame["floors"].dtype == "Int64"
        assert frame["tower"].dtype == "boolean"
        assert frame["height_m"].iloc[0] == 9.0
        assert np.isnan(frame["height_m"].iloc[1])
        assert frame["use"].isna().all()
        assert frame.geometry.iloc[0] == HERE

    def test_is_there_when_there_is_nothing(self, database):
        with database.read() as connection:
            frame = places.frame(connection, "road")
        assert len(frame) == 0
        assert {"id", "class", "width_m", "geometry"} <= set(frame.columns)

    def test_of_a_box_holds_what_touches_it(self, database, merge):
        square = shapely.box(121.4, 31.2, 121.41, 31.21)
        merge(
            "green", ("in", "", "", None, {}, square), ("out", "", "", None, {}, shapely.box(121.5, 31.2, 121.6, 31.3))
        )
        with database.read() as connection:
            assert list(places.frame(connection, "green", bbox=(121.41, 31.21, 121.42, 31.22))["key"]) == ["in"]

    def test_of_one_place(self, database, merge):
        merge("shop", ("a", "甲", "", None, {"trade": "tea"}))
        with database.read() as connection:
            number = int(places.ids(connection)["id"].iloc[0])
            assert places.get(connection, number)["trade"].iloc[0] == "tea"
            assert len(places.get(connection, number + 1)) == 0


class TestSearch:
    @pytest.fixture(autouse=True)
    def _town(self, merge):
        merge(
            "shop",
            ("a", "国际饭店", "南京西路170号"),
            ("b", "王家沙点心店", "南京西路805号"),
            ("c", "小笼馆", "石门一路147号"),
            ("d", "生煎馆", "石门一路1347号"),
            ("e", "100%果汁", "石门一路14号"),
            ("f", "Park Hotel", "南京西路170号2楼"),
        )
        merge("road", ("r", ""))

    @pytest.mark.parametrize(
        ("q", "first"),
        [
            ("国际饭店", "国际饭店"),
            ("guojifandian", "国际饭店"),
            ("GJFD", "国际饭店"),
            ("ｐａｒｋ ｈｏｔｅｌ", "Park Hotel"),
            ("王家沙", "王家沙点心店"),
            ("石门一路147号", "小笼馆"),
            ("100%", "100%果汁"),
        ],
    )
    def test_finds_by_name_pinyin_initials_and_address(self, search, q, first):
        assert search(q)[0] == first

    @pytest.mark.parametrize("q", ["147号", "石门一路147号", "石门一路 147"])
    def test_a_house_number_is_never_taken_for_another(self, search, q):
        assert search(q) == ["小笼馆"]

    @pytest.mark.parametrize("q", ["%", "_", "\\", "'; DROP TABLE place; --", "", "  "])
    def test_signs_of_the_query_language_are_just_signs(self, search, q):
        assert search(q) in ([], ["100%果汁"])

    def test_a_slip_of_the_pen_still_finds(self, search):
        assert "王家沙点心店" in search("王家沙点新店")

    def test_kinds_and_limit(self, search):
        assert search("南京西路", kinds=["firm"]) == []
        assert len(search("南京西路", limit=2)) == 2

    def test_finds_by_an_address_that_belongs_to_the_place(self, database, search):
        with database.load() as connection:
            placed = places.ids(connection).set_index("key")["id"]
            parts = {"road": "黄河路", "lane": "", "number": "65号", "floor": ""}
            addresses.write(connection, pd.DataFrame([{"place_id": placed["a"], "text": "黄河路65号", **parts}]))
        assert search("黄河路65号") == ["国际饭店"]


def test_what_a_place_is_found_by():
    assert search_text("国际 饭店", "南京西路１７０号") == "国际饭店 南京西路170号 guojifandian gjfd"
    assert search_text("Park Hotel", "") == "parkhotel"
    assert search_text("", "") == ""
