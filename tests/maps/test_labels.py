import numpy as np
import pytest
import shapely

from gridmap.maps.labels import label_points


def test_a_name_stands_inside_even_of_a_horseshoe():
    horseshoe = shapely.Polygon([(0, 0), (9, 0), (9, 9), (8, 9), (8, 1), (1, 1), (1, 9), (0, 9)])
    (x, y) = label_points(np.array([horseshoe], dtype=object))[0]
    assert horseshoe.contains(shapely.Point(x, y))
    assert not horseshoe.contains(horseshoe.centroid)


def test_the_largest_part_is_named():
    shape = shapely.MultiPolygon([shapely.box(0, 0, 1, 1), shapely.box(10, 0, 14, 4)])
    assert label_points(np.array([shape], dtype=object))[0] == pytest.approx((12, 2), abs=0.2)


def test_lines_points_and_nothing():
    shapes = [shapely.LineString([(0, 0), (2, 0)]), shapely.Point(3, 4), None, shapely.Polygon()]
    found = label_points(np.array(shapes, dtype=object))
    assert found[:2].tolist() == [[1, 0], [3, 4]]
    assert np.isnan(found[2:]).all()
