import numpy as np
import pyproj
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from gridmap.spatial.measures import LocalPlane, area_m2, distance_m, length_m, local_plane, point_to_geometry_m

GEOD = pyproj.Geod(ellps="WGS84")
lons = st.floats(-170, 170)
lats = st.floats(-60, 60)


@given(lons, lats, st.floats(50, 8000), st.integers(3, 40))
def test_area_agrees_with_geodesics(lon, lat, radius, corners):
    turns = np.linspace(0, 360, corners, endpoint=False)
    x, y, _ = GEOD.fwd(np.full(corners, lon), np.full(corners, lat), turns, radius * (1 + 0.5 * np.sin(turns * 7)))
    grid = shapely.Polygon(np.column_stack([x, y]))
    assert area_m2([grid])[0] == pytest.approx(abs(GEOD.geometry_area_perimeter(grid)[0]), rel=1e-6, abs=1e-4)


def test_areas_of_holes_parts_and_what_has_none():
    shell, hole = shapely.box(121, 31, 121.02, 31.02), shapely.box(121.005, 31.005, 121.01, 31.01)
    holed = shell - hole
    far = shapely.box(122, 30, 122.01, 30.01)
    one = {key: area_m2([shape])[0] for key, shape in {"shell": shell, "hole": hole, "far": far}.items()}
    result = area_m2([holed, shapely.MultiPolygon([holed, far]), None, shapely.Point(1, 1), shapely.Polygon(), far])
    without = one["shell"] - one["hole"]
    assert result == pytest.approx([without, without + one["far"], 0, 0, 0, one["far"]], rel=1e-12)
    assert area_m2([]).shape == (0,)


def test_the_way_a_ring_turns_does_not_matter():
    shape = shapely.box(121, 31, 121.02, 31.02) - shapely.box(121.005, 31.005, 121.01, 31.01)
    assert area_m2([shape.reverse()])[0] == pytest.approx(area_m2([shape])[0], rel=1e-12)


@given(lons, lats, lons, lats)
def test_lengths_are_geodesic(lon1, lat1, lon2, lat2):
    line = shapely.LineString([(lon1, lat1), (lon2, lat2), (lon1, lat2)])
    assert length_m([line])[0] == pytest.approx(GEOD.geometry_length(line), rel=1e-12)


def test_lengths_of_areas_and_parts():
    box = shapely.box(121, 31, 121.01, 31.01)
    lines = shapely.MultiLineString([[(121, 31), (121.01, 31)], [(121.01, 31), (121.01, 31.01)]])
    result = length_m([box, lines, None, shapely.Point(1, 1), shapely.LineString()])
    assert result[0] == pytest.approx(GEOD.geometry_length(box))
    assert result[1] == pytest.approx(GEOD.geometry_length(lines))
    assert result[2:].tolist() == [0, 0, 0]
    assert length_m([None]).tolist() == [0]


def test_distance_broadcasts():
    assert distance_m(121.0, 31.0, [121.0, 121.01], [31.0, 31.0]) == pytest.approx([0, 954.8], abs=0.5)


@given(st.floats(-170, 170), st.floats(-55, 55), st.floats(0, 360), st.floats(0, 10_000))
def test_the_plane_is_as_accurate_as_it_says(lon, lat, azimuth, far):
    to_lon, to_lat, _ = GEOD.fwd(lon, lat, azimuth, far)
    plane = local_plane(lon, lat)
    x, y = plane.to_metres(to_lon, to_lat)
    allowed = 0.001 if far <= 2000 else 0.02 if far <= 5000 else 0.2
    assert float(np.hypot(x, y)) == pytest.approx(far, abs=allowed)
    back_lon, back_lat = plane.to_degrees(x, y)
    assert back_lon == pytest.approx(to_lon, abs=1e-11)
    assert back_lat == pytest.approx(to_lat, abs=1e-11)


@given(lats.filter(lambda lat: abs(lat) < 55), *[st.floats(-3500, 3500)] * 4)
def test_distances_between_points_of_the_plane(lat, x1, y1, x2, y2):
    lon, lat = LocalPlane(121.0, lat).to_degrees([x1, x2], [y1, y2])
    flat = np.hypot(x1 - x2, y1 - y2)
    assert float(distance_m(lon[0], lat[0], lon[1], lat[1])) == pytest.approx(flat, rel=1e-5, abs=1e-4)


def test_projecting_geometries_there_and_back():
    plane = local_plane(121.46, 31.23)
    [disc] = plane.unproject([shapely.Point(0, 0).buffer(15.0, quad_segs=64)])
    assert area_m2([disc])[0] == pytest.approx(np.pi * 15**2, rel=1e-3)
    [again] = plane.project([disc])
    assert again.area == pytest.approx(shapely.Point(0, 0).buffer(15.0, quad_segs=64).area, rel=1e-9)


def test_point_to_area_and_to_its_border():
    box = shapely.box(121.46, 31.23, 121.47, 31.24)
    lon, lat = np.array([121.465, 121.4699, 121.471]), np.array([31.235, 31.235, 31.235])
    inside = point_to_geometry_m(lon, lat, [box] * 3)
    border = point_to_geometry_m(lon, lat, [box.boundary] * 3)
    assert inside[:2].tolist() == [0, 0]
    assert inside[2] == pytest.approx(float(distance_m(121.471, 31.235, 121.47, 31.235)), abs=1e-3)
    assert border[1] == pytest.approx(float(distance_m(121.4699, 31.235, 121.47, 31.235)), abs=1e-3)
    assert border[2] == inside[2]


def test_one_point_to_many_geometries():
    shapes = [shapely.Point(121.0, 31.0), shapely.Point(121.001, 31.0), None, shapely.Polygon()]
    result = point_to_geometry_m(121.0, 31.0, shapes)
    assert result[0] == 0
    assert result[1] == pytest.approx(float(distance_m(121.0, 31.0, 121.001, 31.0)), abs=1e-3)
    assert np.isnan(result[2:]).all()
