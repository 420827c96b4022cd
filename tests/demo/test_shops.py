import numpy as np
import shapely
from shapely import STRtree

from gridmap.demo.plane import to_metres


def test_shops_stand_behind_a_facade_that_faces_a_street(city, other_city):
    for where in (city, other_city):
        shapes = dict(zip(where.places.key, shapely.transform(where.places.geometry.values, to_metres), strict=True))
        kinds = dict(zip(where.places.key, where.places.kind, strict=True))
        roads = where.places[where.places.kind == "road"]
        lines = shapely.transform(roads.geometry.values, to_metres)
        open_roads = np.array([properties["class"] != "lane" for properties in roads.properties])
        half = np.array([properties["width_m"] for properties in roads.properties]) / 2
        for shop in where.places[where.places.kind == "shop"].itertuples():
            point, host = shapes[shop.key], shapes[shop.parent]
            assert kinds[shop.parent] == "building"
            assert host.covers(point)
            assert host.exterior.distance(point) < 2.5
            facing = open_roads & (shapely.distance(lines, point) < half + 17)
            views = shapely.shortest_line(point, lines[facing])
            assert shapely.length(shapely.intersection(views, host)).min() < 5


def test_shops_do_not_stand_on_one_another(city):
    points = to_metres(shapely.get_coordinates(city.places.geometry[city.places.kind == "shop"].values))
    _, near = STRtree(shapely.points(points)).query_nearest(
        shapely.points(points), exclusive=True, return_distance=True
    )
    assert near.min() > 1.5


def test_trades_and_names(city):
    shops = city.places[city.places.kind == "shop"]
    trades = [properties["trade"] for properties in shops.properties]
    assert len(set(trades)) >= 12
    assert trades.count("餐饮") == max(trades.count(trade) for trade in set(trades))
    assert (shops.name.str.len() >= 3).all()


def test_shops_gather_on_some_streets(city):
    shops = city.places[city.places.kind == "shop"].key
    by_road = city.addresses[city.addresses.place.isin(shops)].road.value_counts()
    assert by_road.head(5).sum() > 0.3 * 550
    assert np.isclose(by_road.sum(), 550)
