"""Frames as GeoJSON."""

import geopandas as gpd
import numpy as np
import orjson
import pandas as pd
import shapely

from gridmap.services.geojson import feature_collection


def test_missing_values_are_null_and_times_have_an_offset():
    frame = gpd.GeoDataFrame(
        {
            "id": [3, 4],
            "n": pd.array([1, None], dtype="Int64"),
            "x": [np.nan, 1.5],
            "t": pd.to_datetime(["2026-01-01T00:00:00Z", None], utc=True),
            "s": pd.array(["甲</script>", None], dtype="string"),
            "b": pd.array([True, None], dtype="boolean"),
        },
        geometry=[shapely.Point(121.4, 31.2), None],
        crs=4326,
    )
    body = orjson.loads(feature_collection(frame, next_after=4))
    first, second = body["features"]
    assert first["properties"] == {
        "id": 3, "n": 1, "x": None, "t": "2026-01-01T00:00:00+00:00", "s": "甲</script>", "b": True
    }  # fmt: skip
    assert second["properties"] == {"id": 4, "n": None, "x": 1.5, "t": None, "s": None, "b": None}
    assert first["geometry"] == {"type": "Point", "coordinates": [121.4, 31.2]}
    assert second["geometry"] is None
    assert body["next"] == 4


def test_nothing_is_an_empty_collection():
    frame = gpd.GeoDataFrame({"id": []}, geometry=[], crs=4326)
    assert orjson.loads(feature_collection(frame)) == {"type": "FeatureCollection", "features": []}
