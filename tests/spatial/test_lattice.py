from decimal import Decimal

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from gridmap.model.errors import InputError
from gridmap.spatial.lattice import SCALE, DroppedRing, from_lattice, snap, snap_and_report, to_lattice

STEP = 1 / SCALE


@given(st.integers(-1_800_000_000, 1_800_000_000), st.integers(-900_000_000, 900_000_000))
def test_decimals_of_seven_places_map_to_themselves(x, y):
    lon = float(Decimal(x) / SCALE)
    lat = float(Decimal(y) / SCALE)
    assert to_lattice(lon, lat) == (x, y)
    assert from_lattice(x, y) == (lon, lat)
    ulps = [np.nextafter(lon, 999), np.nextafter(lon, -999)]
    assert to_lattice(ulps, [lat, lat])[0].tolist() == [x, x]


@given(st.floats(-180, 180), st.floats(-90, 90))
def test_nearest_point_is_within_half_a_step(lon, lat):
    x, y = to_lattice(lon, lat)
    assert abs(Decimal(lon) * SCALE - int(x)) <= Decimal("0.500001")
    assert abs(Decimal(lat) * SCALE - int(y)) <= Decimal("0.500001")


def test_not_finite_is_refused():
    with pytest.raises(InputError):
        to_lattice([121.0, np.nan], [31.0, 31.0])


def test_snapped_doubles_are_those_of_the_decimals():
    [point] = snap([shapely.Point(121.473702149, 31.230419951)])
    assert point.coords[0] == (121.4737021, 31.23042)


def test_heights_repeats_and_missing_ones():
    outline = shapely.Polygon([(0, 0, 5), (1, 0, 5), (1, 1, 5), (1 + STEP / 9, 1, 5), (0, 1, 5)])
    result = snap([outline, None, shapely.Polygon()])
    assert not result[0].has_z
    assert len(result[0].exterior.coords) == 5
    assert result[1] is None
    assert result[2].is_empty


def test_snapping_twice_changes_nothing():
    rng = np.random.default_rng(3)
    shapes = shapely.buffer(shapely.points(rng.uniform(100, 130, (50, 2))), 0.01)
    once = snap(shapes)
    assert [a.wkb for a in snap(once)] == [b.wkb for b in once]


def test_collapsed_rings_are_dropped_and_reported():
    hole = [(0.5, 0.5), (0.5 + STEP / 5, 0.5), (0.5, 0.5 + STEP / 5)]
    kept = [(0.2, 0.2), (0.2, 0.3), (0.3, 0.2)]
    dust = shapely.box(3, 3, 3 + STEP / 5, 4)
    solid = shapely.Polygon([(0, 0), (1, 0), (1, 1), (0, 1)], [hole, kept])
    result, dropped = snap_and_report([solid, shapely.MultiPolygon([solid, dust]), dust, shapely.Point(1, 1)])
    assert len(result[0].interiors) == 1
    assert len(result[1].geoms) == 1
    assert result[2].is_empty
    assert dropped == [
        DroppedRing(0, 0.5, 0.5), DroppedRing(1, 0.5, 0.5), DroppedRing(1, 3.0, 3.0), DroppedRing(2, 3.0, 3.0)
    ]  # fmt: skip


def test_a_symmetric_bow_tie_is_a_fault_to_show_not_dust():
    bow_tie = shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])
    result, dropped = snap_and_report([bow_tie])
    assert not dropped
    assert not result[0].is_valid


def test_a_polygon_whose_only_hole_collapses_is_left_whole():
    hole = [(0.5, 0.5), (0.5 + STEP / 5, 0.5), (0.5, 0.5 + STEP / 5)]
    square = shapely.box(0, 0, 1, 1)
    [result], dropped = snap_and_report([shapely.Polygon(square.exterior, [hole])])
    assert result.equals(square)
    assert len(dropped) == 1


def test_snapping_does_not_hide_a_coordinate_that_is_not_finite():
    with np.errstate(invalid="ignore"):
        bad = shapely.Polygon([(0, 0), (1, 0), (1, np.nan), (0, 1)])
    [result] = snap([bad])
    assert np.isnan(shapely.get_coordinates(result)).any()
