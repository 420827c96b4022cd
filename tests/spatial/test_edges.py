import numpy as np
import shapely

from gridmap.spatial.edges import (
    Edges,
    difference,
    joined,
    nodes_of,
    pieces,
    points_of,
    reversed_edges,
    unlike,
    with_nodes,
)


def areas(*shapes):
    found = np.empty(len(shapes), dtype=object)
    found[:] = shapes
    return found


LEFT = shapely.box(0, 0, 10, 10)
RIGHT = shapely.box(10, 0, 20, 10)


def ends(edges):
    both = zip(points_of(edges.start).tolist(), points_of(edges.end).tolist(), strict=True)
    return {(tuple(start), tuple(end)) for start, end in both}


def test_nodes_and_points_are_the_same_thing():
    points = np.array([[-1_800_000_000, -900_000_000], [0, 0], [1_214_000_000, 312_000_000]])
    assert (points_of(nodes_of(points)) == points).all()


def test_ground_is_on_the_left_and_holes_go_the_other_way():
    holed = LEFT - shapely.box(2, 2, 4, 4)
    found = ends(Edges.of(areas(holed)))
    assert ((0, 0), (10, 0)) in found
    assert ((2, 2), (2, 4)) in found


def test_a_shared_border_cancels():
    edges = Edges.of(areas(LEFT, RIGHT))
    rim = ends(edges.left_over())
    assert len(rim) == 6
    assert ((10, 0), (10, 10)) not in rim
    up, down = edges.twins()
    assert edges.owner[up].tolist() + edges.owner[down].tolist() in ([0, 1], [1, 0])


def test_an_edge_walked_twice_the_same_way_stays_twice():
    edges = Edges.of(areas(LEFT, LEFT))
    assert len(edges.left_over()) == 8
    assert len(joined(edges, reversed_edges(edges)).left_over()) == 0
    assert len(joined(edges, reversed_edges(Edges.of(areas(LEFT)))).left_over()) == 4


def test_a_node_more_within_a_step_is_no_difference_one_beyond_is():
    near = shapely.Polygon([(0, 0), (10, 0), (11, 5), (10, 10), (0, 10)])
    far = shapely.Polygon([(0, 0), (10, 0), (12, 5), (10, 10), (0, 10)])
    plain = Edges.of(areas(LEFT))
    for one, other in ((plain, Edges.of(areas(near))), (Edges.of(areas(near)), plain)):
        assert [len(each) for each in difference(one, other)] == [0, 0]
    assert [len(each) for each in unlike(plain, Edges.of(areas(near)))] == [1, 2]
    lost, won = difference(plain, Edges.of(areas(far)))
    assert ends(lost) == {((10, 0), (10, 10))}
    assert ends(won) == {((10, 0), (12, 5)), ((12, 5), (10, 10))}


def test_nothing_has_no_edges():
    nothing = Edges.of(areas())
    assert len(nothing.left_over()) == 0
    assert [len(each) for each in difference(nothing, nothing)] == [0, 0]


def test_groups_hang_together_by_pairs():
    assert pieces(4, np.array([0]), np.array([2])).tolist() == [0, 1, 0, 2]


def test_nodes_come_into_edges_whichever_way_they_are_walked():
    low, middle, high = nodes_of(np.array([[10, 0], [10, 5], [10, 10]])).tolist()
    for area in (LEFT, RIGHT):
        more = with_nodes(area, {(low, high): (middle,)})
        assert more.equals(area)
        assert shapely.get_num_coordinates(more) == 6
