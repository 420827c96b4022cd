"""Incidents in the store: merged by their key, read by period, category and box."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from gridmap.model.errors import InputError
from gridmap.store import incidents
from gridmap.store.staging import Counts


def rows(*given):
    """Make rows for `merge` of the fields that differ from a plain incident."""
    plain = {
        "category": "0101",
        "reported_at": "2026-03-01T00:00:00Z",
        "state": "reported",
        "closed_at": None,
        "accuracy_m": None,
        "description": "",
        "address": "",
        "geometry": shapely.Point(121.45, 31.23),
    }
    table = pd.DataFrame(
        [{**plain, "key": str(number), **each} for number, each in enumerate(given)], columns=["key", *plain]
    )
    for name in ("reported_at", "closed_at"):
        table[name] = pd.to_datetime(table[name], utc=True)
    table["accuracy_m"] = table["accuracy_m"].astype("float64")
    return gpd.GeoDataFrame(table, geometry="geometry", crs=4326)


@pytest.fixture
def merge(database):
    def run(*given):
        with database.load() as connection:
            return incidents.merge(connection, rows(*given))

    return run


@pytest.fixture
def keys(database):
    def run(**options):
        with database.read() as connection:
            return list(incidents.frame(connection, **options)["key"])

    return run


def test_adds_changes_and_leaves_alone(merge):
    assert merge({}, {}) == Counts(2, 0, 0)
    assert merge({}, {"state": "closed", "closed_at": "2026-03-02T00:00:00Z"}, {}) == Counts(1, 1, 1)
    assert merge({"accuracy_m": 5.0}, {}) == Counts(0, 2, 0)


def test_what_is_read_is_what_was_written(database, merge):
    merge({"category": None, "description": "井盖'缺失", "address": "石门路1号", "accuracy_m": 3.5})
    with database.read() as connection:
        (found,) = incidents.frame(connection).to_dict("records")
    assert pd.isna(found["category"])
    assert pd.isna(found["closed_at"])
    assert (found["description"], found["address"], found["accuracy_m"]) == ("井盖'缺失", "石门路1号", 3.5)
    assert found["reported_at"] == pd.Timestamp("2026-03-01T00:00:00Z")
    assert found["geometry"] == shapely.Point(121.45, 31.23)


def test_periods_are_half_open(merge, keys):
    merge(*[{"reported_at": pd.Timestamp("2026-03-01T00:00:00Z") + pd.Timedelta(n, "us")} for n in (-1, 0, 1)])
    noon = pd.Timestamp("2026-03-01T00:00:00Z").to_pydatetime()
    assert keys(start=noon) == ["2", "1"]
    assert keys(end=noon) == ["0"]


def test_a_category_or_a_whole_class(merge, keys):
    merge({"category": "0101"}, {"category": "0102"}, {"category": None})
    assert keys(category="0102") == ["1"]
    assert sorted(keys(category="01")) == ["0", "1"]
    assert keys(category="02") == []


def test_boxes_and_limits(merge, keys):
    merge({}, {"geometry": shapely.Point(121.5, 31.23)})
    assert keys(bbox=(121.49, 31.0, 121.51, 32.0)) == ["1"]
    assert len(keys(limit=1)) == 1


def test_only_where_they_were(database, merge):
    merge({}, {"geometry": shapely.Point(121.5, 31.2)})
    with database.read() as connection:
        lon, lat = incidents.coordinates(connection)
        assert incidents.count(connection) == 2
        assert incidents.coordinates(connection, category="9999")[0].shape == (0,)
    assert np.array_equal(np.sort(lon), [121.45, 121.5])
    assert np.array_equal(np.sort(lat), [31.2, 31.23])


@pytest.mark.parametrize("wrong", [{"category": "9999"}, {"state": "lost"}, {"closed_at": "2026-02-01T00:00:00Z"}])
def test_what_breaks_a_rule_is_refused_whole(merge, keys, wrong):
    with pytest.raises(InputError):
        merge({}, wrong)
    assert keys() == []
