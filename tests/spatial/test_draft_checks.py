import random
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import shapely

from gridmap.spatial import edits
from gridmap.spatial.draft_checks import full_defects, line_defects, part_defects
from gridmap.spatial.measures import area_m2
from tests.drafting import Clerk, demo_base
from tests.services.squares import at, box, hole
from tests.spatial.drawings import A1, A2, NEW, A, A1a, A1b, B, ids, town_draft

SQUARE = float(area_m2([box(0, 0, 1, 1)])[0])
HAIR_M2 = 0.1


@pytest.fixture
def town():
    return town_draft()


def drawn(draft, **shapes):
    """Give grids other outlines, whatever becomes of the rest."""
    known = {"A1": A1, "A2": A2, "A": A, "A1a": A1a, "A1b": A1b, "B": B}
    multi = {known[key]: shapely.multipolygons(shapely.get_parts(shape)) for key, shape in shapes.items()}
    return draft.after({grid: replace(draft.grid(grid), outline=shape) for grid, shape in multi.items()})


def told(defects):
    """Tell kinds, grids and squares; hairs that overlays leave are left out."""
    return Counter(
        (each.kind, tuple(sorted(each.grids)), round(each.area_m2, 0))
        for each in defects
        if each.kind != "gap" or each.area_m2 > HAIR_M2
    )


def kinds(draft):
    found = line_defects(draft)
    assert told(found) == told(full_defects(draft))
    return {(each.kind, tuple(sorted(each.grids))): each for each in found}


def test_a_town_is_clean(town):
    assert line_defects(town) == full_defects(town) == []


def test_a_gap_is_told_with_its_place_and_area(town):
    found = kinds(drawn(town, A2=hole(1, 0, 2, 2, (1.2, 0.2, 1.8, 0.8))))
    gap = found["gap", (A2,)]
    assert gap.area_m2 == pytest.approx(0.36 * SQUARE, rel=1e-4)
    assert box(1.2, 0.2, 1.8, 0.8).contains(shapely.Point(gap.lon, gap.lat))
    assert ("untiled", (A,)) in found


def test_an_overlap_is_told_for_both(town):
    found = kinds(drawn(town, A2=box(0.5, 0, 2, 2)))
    assert found["overlap", (A2, A1a)].area_m2 == pytest.approx(0.5 * SQUARE, rel=1e-4)
    assert ("overlap", (A2, A1b)) in found


def test_ground_outside_the_parent_is_told(town):
    found = kinds(drawn(town, A1a=box(-0.5, 0, 1, 1)))
    assert found["outside", (A1, A1a)].area_m2 == pytest.approx(0.5 * SQUARE, rel=1e-4)


def test_a_parent_that_its_children_do_not_fill_is_untiled(town):
    assert set(kinds(drawn(town, A1=box(0, 0, 1, 2.5)))) >= {("untiled", (A1,)), ("outside", (A, A1))}


def test_a_node_that_only_one_side_has_is_unmatched(town):
    without = shapely.Polygon([at(0, 0), at(1, 0), at(1, 1), at(0, 1)])
    bent = shapely.Polygon([at(0, 0), at(1, 0), (at(1, 0)[0] + 1e-7, at(1, 0.5)[1]), at(1, 1), at(0, 1)])
    assert kinds(drawn(town, A1a=without)) == {}
    found = {kind for kind, _ in kinds(drawn(town, A1a=bent))}
    assert found >= {"overlap"}
    straight = shapely.Polygon([at(0, 0), at(1, 0), at(1, 0.5), at(1, 1), at(0, 1)])
    assert {kind for kind, _ in kinds(drawn(town, A1a=straight))} == {"unmatched"}


def test_an_invalid_outline_is_told(town):
    bow = shapely.Polygon([at(0, 0), at(1, 1), at(1, 0), at(0, 1)])
    assert ("invalid", (A1a,)) in kinds(drawn(town, A1a=bow))


def test_the_tree_is_looked_at(town):
    empty = town.after(edits.create(town, "block", "街区", ids(), parent=A))
    assert set(kinds(empty)) == {("empty", (NEW,))}
    mixed = town.after(edits.retire(town, A1))
    found = kinds(mixed)
    assert set(found) == {("mixed_levels", (A, A1a, A1b))}
    assert found["mixed_levels", (A, A1a, A1b)].area_m2 == pytest.approx(2 * SQUARE, rel=1e-4)


def test_only_what_differs_from_a_clean_draft_is_looked_at(town):
    bad = drawn(town, A2=hole(1, 0, 2, 2, (1.2, 0.2, 1.8, 0.8)))
    more = drawn(bad, A1a=box(0, 0, 0.9, 1))
    assert ("gap", (A2,)) not in {(each.kind, each.grids) for each in line_defects(more, bad)}
    assert {each.kind for each in line_defects(more, bad)} >= {"untiled"}


def test_parts_apart_and_slivers(town):
    apart = shapely.MultiPolygon([box(0, 0, 1, 1), box(2, 1, 2.5, 1.5)])
    [exclave] = part_defects(drawn(town, A1a=apart), [A1a])
    assert (exclave.kind, exclave.grids) == ("exclave", (A1a,))
    assert box(2, 1, 2.5, 1.5).contains(shapely.Point(exclave.lon, exclave.lat))
    corner = shapely.MultiPolygon([box(0, 0, 1, 1), box(1, 1, 1.5, 1.5)])
    assert [each.kind for each in part_defects(drawn(town, A1a=corner), [A1a])] == ["exclave"]
    thin = part_defects(drawn(town, A1a=box(0, 0, 0.0005, 1)), [A1a])
    assert [each.kind for each in thin] == ["sliver"]
    assert part_defects(town, [A, A1, A1a, 999]) == []


HOW = {
    "shifted": lambda shape, size: shapely.transform(shape, lambda points: points + np.array([size, 0])),
    "by a step": lambda shape, _: shapely.transform(shape, lambda points: points + np.array([1e-7, 0])),
    "smaller": lambda shape, size: shape.buffer(-size / 3),
    "larger": lambda shape, size: shape.buffer(size / 3),
    "holed": lambda shape, size: shape.difference(shape.representative_point().buffer(size / 9)),
    "gone": lambda shape, _: None,
}


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("seed", range(4))
def test_damage_is_told_as_by_looking_at_everything(how, seed):
    dice = random.Random(seed)
    clerk = Clerk(demo_base(), seed)
    for _ in range(3 * (seed % 2)):
        clerk.step()
    grid = clerk.draft.grid(dice.choice(clerk.draft.leaves()))
    west, _, east, _ = grid.outline.bounds
    shape = HOW[how](grid.outline, (east - west) / 10)
    if shape is not None:
        shape = shapely.multipolygons(shapely.get_parts(shape))
        shape = shapely.transform(shape, lambda points: np.rint(points * 1e7) / 1e7)
    damaged = clerk.draft.after({grid.id: None if shape is None else replace(grid, outline=shape)})
    everything = told(full_defects(damaged))
    assert everything
    assert told(line_defects(damaged)) == everything
    assert told(line_defects(damaged, clerk.draft)) == everything
