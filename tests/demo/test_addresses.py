from shapely import LineString, Point

from gridmap.demo.addresses import _count_along, _side


def test_every_building_and_shop_has_one_address(city):
    expected = city.places.key[city.places.kind.isin(["building", "shop"])]
    assert sorted(city.addresses.place) == sorted(expected)
    told = dict(zip(city.places.key, city.places.address, strict=True))
    assert (city.addresses.place.map(told) == city.addresses.text).all()


def test_addresses_are_unique(city, twin_city):
    for where in (city, twin_city):
        assert where.addresses.text.is_unique


def test_text_says_the_parts(city):
    for row in city.addresses.itertuples():
        lane = f"{row.lane}弄" if row.lane else ""
        floor = f"{row.floor}层" if row.floor else ""
        assert row.text.startswith(f"{row.road}{lane}{row.number}号{floor}")


def test_there_are_lanes_and_floors(city):
    assert city.addresses.lane.notna().sum() > 150
    assert city.addresses.floor.notna().sum() > 10


def test_roads_of_addresses_exist(city):
    roads = set(city.places.name[city.places.kind == "road"])
    assert set(city.addresses.road) <= roads


def test_numbers_grow_along_each_side():
    doors = [(0, 1, 90.0, "shop", 3), (0, 1, 10.0, "shop", 1), (0, 1, 11.0, "shop", 2), (0, 0, 12.0, "gate", 0)]
    numbers = _count_along(doors)
    assert [numbers[("shop", i)] for i in (1, 2, 3)] == [(0, 3), (0, 5), (0, 23)]
    assert numbers[("gate", 0)] == (0, 4)


def test_odd_numbers_are_on_the_left():
    line = LineString([(0, 0), (100, 0)])
    assert _side(line, 50, Point(50, 9)) == 1
    assert _side(line, 50, Point(50, -9)) == 0
