import numpy as np

from gridmap.spatial._pieces import Ground
from gridmap.spatial.edits import lattice_line
from gridmap.spatial.reshaping import new_sides
from tests.services.squares import STEP
from tests.spatial.drawings import A1a, A1b, line, town_draft


def sides(*spots):
    ground = Ground.of(town_draft(), [A1a, A1b], [lattice_line(line(*spots))], 0.3)
    side = ground.of_grid(A1a)
    after = new_sides(ground, side)
    return None if after is None else round(float(ground.sizes[after].sum()) / (STEP * 1e7) ** 2, 3)


def test_of_two_readings_the_one_that_moves_less_counts():
    assert sides((0, 1), (0.5, 1.2), (1, 1)) == 1.1
    assert sides((0, 1.2), (1, 1.2)) == 1.2
    assert sides((0.2, 1), (0.2, 1.4), (0.6, 1.4), (0.6, 1)) == 1.16


def test_from_the_border_to_the_outer_one_it_replaces_the_rest():
    assert sides((0.5, 1), (1, 1.5)) == 1.125


def test_a_line_that_gives_no_other_border():
    assert sides((0.2, 0.2), (0.8, 0.8)) is None
    assert sides((0, 1), (1, 1)) is None
    assert np.isclose(sides((0, 0.5), (1, 0.5)), 0.5)
