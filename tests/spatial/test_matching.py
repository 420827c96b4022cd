"""Neighbours get the nodes that they lack, in the order of the edge, and nothing else changes."""

import numpy as np
import shapely

from gridmap.spatial.matching import matched


def areas(*outlines):
    return np.array([shapely.MultiPolygon([shapely.Polygon(outline)]) for outline in outlines], dtype=object)


LEFT = [(0, 0), (1000, 0), (1000, 1000), (0, 1000)]


def test_a_neighbour_gets_the_nodes_of_the_border_in_order():
    right = [(1000, 0), (2000, 0), (2000, 1000), (1000, 1000), (1000, 700), (1000, 200)]
    found = matched(areas(LEFT, right))
    assert shapely.get_coordinates(found[0]).tolist() == [
        [0, 0],
        [1000, 0],
        [1000, 200],
        [1000, 700],
        [1000, 1000],
        [0, 1000],
        [0, 0],
    ]
    assert shapely.coverage_is_valid(found)


def test_both_get_what_they_lack_of_each_other():
    left = [(0, 0), (1000, 0), (1000, 500), (1000, 1000), (0, 1000)]
    right = [(1000, 0), (2000, 0), (2000, 1000), (1000, 1000), (1000, 300)]
    found = matched(areas(left, right))
    assert shapely.coverage_is_valid(found)
    assert shapely.get_num_coordinates(found).tolist() == [7, 7]


def test_a_node_a_step_beside_the_edge_bends_it():
    right = [(1000, 0), (2000, 0), (2000, 1000), (1000, 1000), (1001, 500)]
    found = matched(areas(LEFT, right))
    assert [1001, 500] in shapely.get_coordinates(found[0]).tolist()
    assert shapely.coverage_is_valid(found)


def test_outlines_that_lack_nothing_are_the_very_ones():
    right = [(1000, 0), (2000, 0), (2000, 1000), (1000, 1000)]
    given = areas(LEFT, right)
    found = matched(given)
    assert found[0] is given[0]
    assert found[1] is given[1]


def test_what_lies_further_off_is_left_alone():
    right = [(1010, 0), (2000, 0), (2000, 1000), (1010, 1000), (1010, 500)]
    given = areas(LEFT, right)
    assert matched(given)[0] is given[0]
