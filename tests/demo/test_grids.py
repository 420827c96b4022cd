import numpy as np
import pandas as pd
import pytest
import shapely
from shapely import Point

from gridmap.demo import DemoCity
from gridmap.demo.grids import _reading_order
from gridmap.demo.plane import to_metres

LEVELS = ("district", "subdistrict", "block", "neighbourhood", "microgrid")


def level(city: DemoCity, name: str) -> pd.DataFrame:
    return city.grids[city.grids.level == name]


def check_nesting(city: DemoCity) -> None:
    """Children tile their parent, to the last vertex."""
    shapes = dict(zip(city.grids.key, city.grids.geometry, strict=True))
    for name in LEVELS:
        assert shapely.coverage_is_valid(level(city, name).geometry.values), name
    for parent, children in city.grids.dropna(subset="parent").groupby("parent"):
        whole = shapes[parent]
        union = shapely.coverage_union_all(children.geometry.values)
        assert union.equals(whole)
        assert set(map(tuple, shapely.get_coordinates(union))) == set(map(tuple, shapely.get_coordinates(whole)))
        assert shapely.area(children.geometry.values).sum() == pytest.approx(whole.area, rel=1e-12)
        assert shapely.covers(whole, children.geometry.values).all()
    above = city.grids.parent.map(dict(zip(city.grids.key, city.grids.level, strict=True)))
    expected = city.grids.level.map(dict(zip(LEVELS[1:], LEVELS, strict=False)))
    assert (above.dropna() == expected.dropna()).all()


def test_levels_nest_exactly(city):
    check_nesting(city)


def test_levels_nest_exactly_for_other_seeds(other_city):
    check_nesting(other_city)


def test_levels_nest_exactly_side_by_side(twin_city):
    check_nesting(twin_city)


def test_neighbouring_subdistricts_share_a_border_and_nothing_else(twin_city):
    west, east = level(twin_city, "subdistrict").geometry
    assert west.relate(east)[0] == "F"
    shared = west.intersection(east)
    metres = shapely.transform(shared, to_metres)
    assert shared.area == 0
    assert metres.length > 700


def check_shapes(city: DemoCity) -> None:
    metres = shapely.transform(city.grids.geometry.values, to_metres)
    area = pd.Series(shapely.area(metres)).groupby(city.grids.level).agg(["min", "max", "mean"])
    assert 1_000_000 < area.loc["subdistrict", "mean"] < 1_200_000
    assert area.loc["microgrid", "min"] > 8_000
    assert area.loc["microgrid", "max"] < 65_000
    assert area.loc["neighbourhood", "min"] > 45_000
    plump = 4 * np.pi * shapely.area(metres) / shapely.length(metres) ** 2
    assert plump.min() > 0.25
    assert (shapely.get_num_geometries(metres) == 1).all()
    rings = [np.asarray(p.exterior.coords) for shape in metres for p in shape.geoms]
    assert min(np.hypot(*np.diff(ring, axis=0).T).min() for ring in rings) > 0.05


def test_grids_are_plausible_in_size_and_shape(city):
    check_shapes(city)


def test_grids_are_plausible_for_other_seeds(other_city):
    check_shapes(other_city)


@pytest.mark.parametrize(
    "lonlat",
    [
        pytest.param((121.4585, 31.2304), id="read as wgs84"),
        pytest.param((121.45396, 31.23233), id="read as gcj02"),
    ],
)
def test_the_point_of_the_guide_lies_inside(city, other_city, lonlat):
    for where in (city, other_city):
        assert level(where, "microgrid").geometry.covers(Point(lonlat)).sum() == 1


def test_codes(twin_city):
    codes = twin_city.grids.code.dropna()
    assert codes.str.fullmatch(r"310199\d{9}").all()
    assert codes.is_unique
    assert twin_city.grids.code.isna().equals(twin_city.grids.level == "block")
    micro = level(twin_city, "microgrid")
    parents = dict(zip(twin_city.grids.key, twin_city.grids.code, strict=True))
    assert (micro.code.str[:12] + "000" == micro.parent.map(parents)).all()
    assert (level(twin_city, "subdistrict").code.str[6:9] == ["001", "002"]).all()


def test_sequence_runs_west_to_east_then_north_to_south(city):
    micro = level(city, "microgrid")
    for _, children in micro.groupby("parent"):
        ordered = children.sort_values("code")
        assert list(ordered.code.str[12:].astype(int)) == list(range(1, len(ordered) + 1))
        points = to_metres(shapely.get_coordinates(shapely.centroid(ordered.geometry.values)))
        assert _reading_order(list(points), 90) == list(range(len(points)))


def test_reading_order():
    points = [np.array(p) for p in [(50.0, -10.0), (0.0, 0.0), (10.0, -200.0), (90.0, 5.0)]]
    assert _reading_order(points, 50) == [1, 0, 3, 2]


def test_names(city):
    assert level(city, "neighbourhood").name.is_unique
    assert level(city, "microgrid").name.is_unique
    assert set(level(city, "block").name) == {"西北街区", "东北街区", "西南街区", "东南街区"}
