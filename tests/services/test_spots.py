"""Shops near a spot: the squares find those that measuring every one finds."""

import geopandas as gpd
import numpy as np

from gridmap.services.spots import SHOP_REACH_M, Spots

DEGREE_M = 111_195.0
LATITUDE = 31.2


def town(count, spread_m):
    rng = np.random.default_rng(count)
    east, north = rng.uniform(0, spread_m, (2, count)) / DEGREE_M
    places = gpd.points_from_xy(121.4 + east / np.cos(np.radians(LATITUDE)), LATITUDE + north)
    columns = {"id": np.arange(1, count + 1), "kind": "shop", "name": [f"店{i}" for i in range(count)], "address": ""}
    return gpd.GeoDataFrame(columns, geometry=places, crs=4326)


def test_the_nearest_five_within_reach_and_no_other():
    shops = town(400, 200)
    spots = Spots.of([], shops)
    x, y = shops.geometry.x.to_numpy(), shops.geometry.y.to_numpy()
    found = 0
    for lon, lat in zip(*np.random.default_rng(1).permuted([x, y], axis=1), strict=True):
        metres = np.hypot((x - lon) * np.cos(np.radians(y.mean())), y - lat) * DEGREE_M
        near = np.argsort(metres)[:5]
        expected = shops["id"].to_numpy()[near[metres[near] < SHOP_REACH_M]].tolist()
        assert [spot.id for spot in spots.at(lon, lat)] == expected
        found += len(expected)
    assert found > 400


def test_nothing_stands_in_an_empty_town():
    assert Spots.empty().at(121.4, 31.2) == []
    assert Spots.of([], town(0, 1)).at(121.4, 31.2) == []
