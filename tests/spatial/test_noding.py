import numpy as np
import pytest
import shapely

from gridmap.model.errors import InputError
from gridmap.spatial.edges import Edges, nodes_of, points_of
from gridmap.spatial.noding import STEP_M, bent, cut, draw

SQUARES = np.array([shapely.box(0, 0, 1000, 1000), shapely.box(1000, 0, 2000, 1000)], dtype=object)
TEN_STEPS = 10 * STEP_M


def drawn(*points, tolerance_m=TEN_STEPS):
    return draw([np.array(points)], SQUARES, tolerance_m)


def nodes(drawing):
    return [tuple(point) for point in points_of(np.array(drawing.lines[0])).tolist()]


def test_a_crossing_is_a_node_of_line_and_border():
    drawing = drawn((500, 500), (1500, 500))
    assert nodes(drawing) == [(500, 500), (1000, 500), (1500, 500)]
    both = [bent(area, drawing) for area in SQUARES]
    assert [shapely.get_num_coordinates(area) for area in both] == [6, 6]
    assert len(Edges.of(np.array(both, dtype=object)).twins()[0]) == 2


def test_crossings_are_rounded_to_the_lattice():
    drawing = drawn((0, 100), (1001, 501), tolerance_m=0)
    [crossing] = [point for point in nodes(drawing) if point[0] == 1000]
    assert crossing == (1000, 501)


def test_ends_near_a_vertex_or_border_come_to_lie_on_it():
    assert nodes(drawn((996, 1007), (500, 500)))[0] == (1000, 1000)
    assert nodes(drawn((993, 500), (500, 500)))[0] == (1000, 500)
    assert nodes(drawn((985, 500), (500, 500)))[0] == (985, 500)


def test_a_line_goes_through_nodes_that_it_passes_closely():
    assert nodes(drawn((500, 1500), (1493, 500))) == [(500, 1500), (1000, 1000), (1493, 500)]


def test_faces_are_what_lines_cut():
    drawing = drawn((-500, 500), (2500, 500))
    faces = cut(np.array([bent(area, drawing) for area in SQUARES], dtype=object), drawing)
    assert sorted(faces.owner.tolist()) == [0, 0, 1, 1]
    assert shapely.area(faces.areas).tolist() == [500_000] * 4
    assert len(np.unique(faces.groups(faces.drawn))) == 2


def test_a_dangling_end_cuts_nothing():
    drawing = drawn((-500, 500), (500, 500))
    faces = cut(np.array([bent(area, drawing) for area in SQUARES], dtype=object), drawing)
    assert len(faces.areas) == 2
    assert not faces.drawn.any()


def test_a_border_crossed_several_times_has_its_nodes_in_order():
    drawing = drawn((500, 200), (1500, 300), (500, 400), (1500, 500))
    [(edge, between)] = [(edge, found) for edge, found in drawing.bends.items() if len(found) == 3]
    rows = points_of(np.array([edge[0], *between, edge[1]]))[:, 1].tolist()
    assert rows == sorted(rows)


@pytest.mark.parametrize(
    ("points", "code"),
    [
        ([(5, 5), (5, 5)], "too_short"),
        ([(1002, 1000), (1000, 1003)], "too_short"),
        ([(500, 500), (1500, 500), (1200, 800), (1200, 200)], "crosses_itself"),
        ([(500, 500), (600, 500), (700, 600), (600, 500)], "crosses_itself"),
        ([(k, k % 2) for k in range(10_002)], "too_long"),
    ],
)
def test_what_is_no_line_is_refused(points, code):
    with pytest.raises(InputError) as caught:
        drawn(*points)
    assert caught.value.faults[0].code == code


def test_a_ring_may_close():
    ring = drawn((200, 200), (800, 200), (800, 800), (200, 200))
    assert ring.lines[0][0] == ring.lines[0][-1] == int(nodes_of(np.array([[200, 200]]))[0])
