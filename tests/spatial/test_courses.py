import pytest
import shapely

from gridmap.spatial.courses import NOBODY, along_m, borders, near, off_ways
from tests.services.squares import at
from tests.spatial.drawings import A1a, A1b, B, town_draft


def test_borders_have_two_sides_and_the_outermost_one():
    town = town_draft()
    found = {(each.left, each.right): each.line for each in borders(town.units([A1a, A1b, B]))}
    assert set(found) == {(0, 1), (0, NOBODY), (1, NOBODY), (2, NOBODY)}
    assert found[0, 1].equals(shapely.LineString([at(0, 1), at(1, 1)]))
    assert borders(town.units([])) == []


def test_a_line_is_off_the_ways_where_none_is_near():
    way = shapely.LineString([at(0, 0), at(2, 0)])
    line = shapely.LineString([at(0, 0), at(4, 0)])
    length, parts = off_ways(line, [way], 10.0)
    assert length == pytest.approx(4 * 95.3, rel=0.01)
    assert along_m(parts).sum() == pytest.approx(2 * 95.3 - 10, rel=0.02)
    assert off_ways(line, [], 10.0)[1] == [line]
    assert off_ways(way, [line], 10.0)[1] == []
    tree = shapely.STRtree([way, shapely.LineString([at(9, 9), at(9, 10)])])
    assert near(tree, line, 10.0) == [way]
