"""The Python face: a city that can be asked, joined and drawn."""

from datetime import UTC, datetime

import folium
import geopandas as gpd
import pandas as pd
import pytest
import shapely
from shapely.geometry import Point

import gridmap
from gridmap.model.errors import InputError, NotFoundError, UnavailableError
from gridmap.services.generations import publish
from tests.services.squares import at, box, town

SPOTS = [(0.5, 0.5), (1, 1), (3, 1), (9, 9)]
NAMES = ["A1a格", "A2格", "B格", None]


@pytest.fixture(scope="module")
def demo_city(demo_url):
    with gridmap.connect(demo_url) as one:
        yield one


@pytest.fixture
def city(database):
    publish(database, "governance", town(), base=None, origin="import", note="")
    with gridmap.connect(database.url) as one:
        yield one


def frame(**more):
    points = [at(*spot) for spot in SPOTS]
    return pd.DataFrame({"lon": [x for x, _ in points], "lat": [y for _, y in points], **more})


def names(found):
    finest = found["microgrid"].fillna(found["neighbourhood"]).fillna(found["subdistrict"])
    return [None if pd.isna(name) else name for name in finest]


class TestConnect:
    def test_which_city_it_is(self, demo_city, city):
        assert repr(demo_city) == "<gridmap city: Demo city (invented)>"
        assert "Your city" in repr(city) or "Test city" in repr(city)

    def test_the_wrong_city_is_refused(self, demo_url):
        with pytest.raises(InputError, match="holds the demo city"):
            gridmap.connect(demo_url, city="own")

    def test_a_plain_address_gets_our_driver(self, demo_url):
        with gridmap.connect(demo_url.replace("postgresql+psycopg", "postgresql")) as one:
            assert one.grids("district").shape[0] >= 1

    def test_a_database_that_is_not_there(self):
        with pytest.raises(UnavailableError):
            gridmap.connect("postgresql://gridmap@/nothing?host=/nonexistent")

    @pytest.mark.parametrize("url", ["nonsense", "mysql://here/there", "http://example.org", ""])
    def test_what_is_no_address(self, url, monkeypatch, tmp_path):
        monkeypatch.setenv("GRIDMAP_DATABASE_URL", "also nonsense")
        with pytest.raises(InputError):
            gridmap.connect(url)

    def test_a_closed_city_lets_its_connections_go(self, demo_url):
        one = gridmap.connect(demo_url)
        with one as same:
            assert same is one
        assert one._city.database._engines == {}


class TestLocate:
    def test_one(self, city):
        lon, lat = at(0.5, 0.5)
        found = city.locate(lon, lat, datum="wgs84", accuracy_m=5, at=datetime.now(UTC))
        assert found["status"] == "inside"
        assert found["chain"][-1]["name"] == "A1a格"

    def test_a_frame_keeps_its_rows_and_columns(self, city):
        given = frame(note=list("abcd")).set_index(pd.Index([7, 3, 5, 1]))
        found = city.locate(given, datum="wgs84")
        assert found.index.tolist() == [7, 3, 5, 1]
        assert found["note"].tolist() == list("abcd")
        assert names(found) == NAMES
        assert found["status"].tolist() == ["inside", "on_border", "inside", "outside"]
        assert list(given.columns) == ["lon", "lat", "note"]

    def test_labels_given_twice_do_not_multiply_rows(self, city):
        found = city.locate(frame().set_index(pd.Index([0, 0, 0, 1])), datum="wgs84")
        assert names(found) == NAMES

    def test_columns_that_clash_are_replaced(self, city):
        found = city.locate(frame(status="old", microgrid="old"), datum="wgs84")
        assert list(found.columns).count("status") == 1
        assert names(found) == NAMES

    def test_columns_by_other_names(self, city):
        found = city.locate(frame().rename(columns={"lon": "经度", "lat": "纬度"}), datum="wgs84", x="经度", y="纬度")
        assert names(found) == NAMES
        with pytest.raises(InputError, match="经度"):
            city.locate(frame(), datum="wgs84", x="经度")

    def test_a_geodataframe_stays_one(self, city):
        points = gpd.GeoDataFrame({"n": range(4)}, geometry=[Point(at(*spot)) for spot in SPOTS], crs=4326)
        found = city.locate(points, datum="wgs84")
        assert isinstance(found, gpd.GeoDataFrame)
        assert found.crs == points.crs
        assert names(found) == NAMES

    def test_an_area_is_asked_by_a_point_inside_it(self, city):
        areas = gpd.GeoDataFrame(geometry=[box(0.1, 0.1, 0.9, 0.9)], crs=4326)
        assert names(city.locate(areas, datum="wgs84")) == ["A1a格"]

    @pytest.mark.parametrize("bad", [None, float("nan"), "abc", "", float("inf")])
    def test_a_row_that_is_none_is_named(self, city, bad):
        given = frame().astype(object)
        given.loc[1, "lon"] = bad
        with pytest.raises(InputError, match="row 2"):
            city.locate(given, datum="wgs84")

    def test_texts_that_are_numbers(self, city):
        assert names(city.locate(frame().astype(str), datum="wgs84")) == NAMES

    def test_an_empty_frame(self, city):
        assert len(city.locate(frame().iloc[:0], datum="wgs84")) == 0

    def test_the_datum_is_never_guessed(self, city):
        with pytest.raises(TypeError):
            city.locate(121.4, 31.2)
        for datum in ("", None, "wgs85"):
            with pytest.raises(InputError, match="datum"):
                city.locate(121.4, 31.2, datum=datum)

    def test_what_cannot_be_asked_of_a_frame_is_refused(self, city):
        with pytest.raises(InputError, match="cannot be asked of a frame"):
            city.locate(frame(), datum="wgs84", at=datetime.now(UTC))

    def test_one_location_needs_both(self, city):
        with pytest.raises(InputError, match="lat: is missing"):
            city.locate(121.4, datum="wgs84")


class TestRead:
    def test_grids(self, city):
        found = city.grids("neighbourhood")
        assert found["name"].tolist() == ["A1格", "A2格"]
        assert found.crs.to_epsg() == 4326
        assert len(city.grids()) == 7
        with pytest.raises(NotFoundError):
            city.grids("ward")

    def test_an_outline(self, city):
        grid = int(city.grids("neighbourhood")["id"][0])
        assert shapely.equals(city.outline(grid), box(0, 0, 1, 2))
        with pytest.raises(InputError):
            city.outline(10**9)

    def test_places_and_incidents(self, demo_city):
        assert {"floors", "residents"} <= set(demo_city.places("buildings").columns)
        assert len(demo_city.places("incidents")) > 1000
        with pytest.raises(NotFoundError):
            demo_city.places("ponds")


class TestJoin:
    def test_everything_is_counted(self, demo_city):
        found = demo_city.join("incidents", "microgrid")
        assert found["count"].sum() == len(demo_city.places("incidents"))
        assert found["id"].isna().sum() == 1

    def test_by_month(self, demo_city):
        whole = demo_city.join("incidents", "block")
        monthly = demo_city.join("incidents", "block", by=("month",))
        assert monthly["count"].sum() == whole["count"].sum()
        assert monthly["month"].nunique() == 12


class TestMaps:
    def test_a_map(self, demo_city):
        assert isinstance(demo_city.map("overview"), folium.Map)
        with pytest.raises(NotFoundError):
            demo_city.map("nonsense")

    def test_a_saved_map_needs_no_network(self, demo_city, tmp_path):
        demo_city.save_map("choropleth", tmp_path / "m.html", lang="en")
        page = (tmp_path / "m.html").read_text(encoding="utf-8")
        assert "<html" in page.lower()
        assert 'src="http' not in page
