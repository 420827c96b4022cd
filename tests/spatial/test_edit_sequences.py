"""Whatever is drawn, every level still tiles: thousands of made-up edits, each looked at without trust.

GRIDMAP_SEQUENCES asks for more sequences than the few of a usual run.
"""

import os
import random

import pytest
import shapely

from gridmap.spatial.coverage import check
from gridmap.spatial.draft_checks import full_defects, line_defects
from gridmap.spatial.drafts import Draft
from gridmap.spatial.edges import Edges, difference
from tests.drafting import Clerk, demo_base, faults, structure_faults, tainan_base, twice

SEQUENCES = int(os.environ.get("GRIDMAP_SEQUENCES", "10"))
STEPS = 250
OF_TREE = {"empty", "mixed_levels"}
"""What a clerk may leave for later: grids without ground, and children on several levels."""


def of_lines(defects):
    return [defect for defect in defects if defect.kind not in OF_TREE]


def rim(draft):
    return Edges.of(draft.units(draft.leaves())).left_over()


def assert_ground_is_kept(draft):
    """See that the ground is that of the base; where the outermost line got a node, it bends by less than a step."""
    before, now = rim(Draft(draft.base)), rim(draft)
    lost, won = difference(before, now)
    assert (len(lost), len(won)) == (0, 0)
    if before.keys() == now.keys():
        assert sum(twice(draft, draft.leaves())) == sum(twice(Draft(draft.base), draft.base.leaves))


def assert_undone(clerk):
    """See that taking everything back gives the very grids of the base."""
    draft = clerk.undone()
    assert (dict(draft.changed), dict(draft.kids)) == ({}, {})


def assert_as_base(draft):
    assert all(draft.grid(each) is draft.base.grids[each] for each in draft.base.grids)


@pytest.mark.parametrize("seed", range(SEQUENCES))
def test_the_demo_city_stays_whole(seed):
    clerk = Clerk(demo_base(), seed)
    for number in range(STEPS):
        before = clerk.draft
        kind = clerk.step()
        if kind is None:
            continue
        told = f"edit {number} ({kind}) of sequence {seed}"
        assert of_lines(line_defects(clerk.draft, before)) == [], told
        if number % 25 == 0:
            assert faults(clerk.draft) + structure_faults(clerk.draft) == [], told
    assert sum(clerk.done.values()) > STEPS / 2
    assert_ground_is_kept(clerk.draft)
    assert faults(clerk.draft) + structure_faults(clerk.draft) == []
    assert of_lines(line_defects(clerk.draft)) == of_lines(full_defects(clerk.draft)) == []
    assert_undone(clerk)
    assert_as_base(clerk.undone())


@pytest.mark.realdata
def test_tainan_stays_whole():
    base = tainan_base()
    blocks = [grid.id for grid in base.grids.values() if grid.level == "block"]
    clerk = Clerk(base, 1)
    for root in random.Random(1).sample(blocks, 2 * SEQUENCES):
        clerk.roots = [root]
        start = clerk.draft
        for _ in range(25):
            before = clerk.draft
            if clerk.step():
                assert of_lines(line_defects(clerk.draft, before)) == []
        assert faults(clerk.draft, around(clerk.draft, start)) == []
    assert sum(clerk.done.values()) > 300
    assert of_lines(line_defects(clerk.draft)) == []
    assert structure_faults(clerk.draft) == []
    assert_ground_is_kept(clerk.draft)
    assert check(clerk.draft.frame().set_index("id", drop=False).loc[clerk.draft.leaves()]).clean
    assert_undone(clerk)


def around(draft, before):
    """List the grids holding ground at and around what differs."""
    touched = [grid for grid in draft.differing(before) if grid in draft and draft.is_leaf(grid)]
    if not touched:
        return []
    return draft.leaves_near(shapely.union_all([shapely.envelope(draft.grid(grid).outline) for grid in touched]))
