import numpy as np
import shapely
from shapely import STRtree

from gridmap.demo import DemoCity
from gridmap.demo.plane import to_metres


def shapes(city: DemoCity, kind: str) -> np.ndarray:
    return city.places.geometry[city.places.kind == kind].values


def check_ground(city: DemoCity) -> None:
    """No two buildings overlap, and none crosses a line of the finest level."""
    buildings = shapes(city, "building")
    first, second = STRtree(buildings).query(buildings, predicate="intersects")
    pairs = first < second
    assert shapely.area(shapely.intersection(buildings[first[pairs]], buildings[second[pairs]])).max(initial=0) == 0
    micro = city.grids.geometry[city.grids.level == "microgrid"].values
    for kind in ("building", "compound"):
        inner, _ = STRtree(micro).query(shapes(city, kind), predicate="within")
        assert sorted(inner) == list(range(len(shapes(city, kind)))), kind


def test_buildings_neither_overlap_nor_cross_lines(city):
    check_ground(city)


def test_buildings_of_other_seeds_neither_overlap_nor_cross_lines(other_city):
    check_ground(other_city)


def test_buildings_side_by_side_neither_overlap_nor_cross_lines(twin_city):
    check_ground(twin_city)


def test_no_building_stands_in_a_street_or_in_water(city):
    roads = city.places[city.places.kind == "road"]
    width = np.array([properties["width_m"] for properties in roads.properties])
    lines = shapely.transform(roads.geometry.values, to_metres)
    surfaces = shapely.buffer(lines, width / 2 - 0.7, cap_style="flat")
    wet = shapely.transform(shapes(city, "water"), to_metres)
    buildings = shapely.transform(shapes(city, "building"), to_metres)
    for ground in (surfaces, wet):
        where, which = STRtree(buildings).query(ground, predicate="intersects")
        # A gate in the very corner of a compound may graze the neighbour's wall.
        assert shapely.area(shapely.intersection(ground[where], buildings[which])).max(initial=0) < 0.05


def test_compounds_hold_their_buildings(city):
    compounds = city.places[city.places.kind == "compound"]
    assert compounds.address.str.len().min() > 3
    tree = STRtree(shapes(city, "building"))
    for compound in compounds.geometry:
        inside = set(tree.query(compound, predicate="contains"))
        touching = set(tree.query(compound, predicate="intersects"))
        assert inside == touching
        assert len(inside) >= 3


def test_fields_are_plausible(city):
    rows = city.places[city.places.kind == "building"].properties
    uses = {row["use"] for row in rows}
    assert uses == {"residential", "office", "mixed", "school", "hotel", "public"}
    for row in rows:
        assert 1 <= row["floors"] <= 50
        assert 2.5 < row["height_m"] / row["floors"] < 5.6
        assert row["floors"] >= 18 or not row["tower"]
        assert row["residents"] >= 0
        assert row["workers"] >= 0


def test_towers_stand_near_the_main_crossing(city):
    buildings = city.places[city.places.kind == "building"]
    tower = np.array([row["tower"] for row in buildings.properties])
    xy = shapely.get_coordinates(shapely.centroid(buildings.geometry.values))
    middle = xy[tower].mean(axis=0)
    spread = np.hypot(*((xy - middle) * (95_200, 110_900)).T)
    assert spread[tower].mean() < 0.6 * spread[~tower].mean()
