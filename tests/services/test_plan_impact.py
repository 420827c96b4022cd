import numpy as np
import pytest

from gridmap.services.facts import FIGURES, KEYS, tally
from gridmap.services.plan_impact import _moves, measures
from gridmap.spatial.drafts import Draft
from gridmap.spatial.measures import area_m2
from tests.drafting import Clerk, demo_base, demo_facts

LEVELS = ("block", "neighbourhood", "microgrid")


@pytest.mark.parametrize("seed", range(3))
def test_what_moves_adds_up_to_what_grids_won_and_lost(seed):
    clerk = Clerk(demo_base(), seed)
    for _ in range(15):
        clerk.step()
    before, after = tally(demo_facts(), Draft(demo_base())), tally(demo_facts(), clerk.draft)
    for level in LEVELS:
        moves = _moves(after, level)
        grids = {grid.id for state in (before.draft, after.draft) for grid in state if grid.level == level}
        for grid in grids:
            won = of(before, after, grid)
            told = np.zeros(len(KEYS) + 1)
            for move in moves:
                sign = (move["to"] or {}).get("id") == grid, (move["from"] or {}).get("id") == grid
                told += (sign[0] - sign[1]) * np.array([*(move[key] for key in KEYS), move["area_m2"]])
            assert told[:-1].tolist() == won[:-1].tolist(), (level, grid)
            assert told[-1] == pytest.approx(won[-1], abs=5.0)


def of(before, after, grid):
    """Give what a grid has more than before: figures and square metres."""
    found = np.zeros(len(FIGURES) + 1)
    for sign, state in ((-1, before), (1, after)):
        known = state.draft.find(grid)
        if known is not None and known.outline is not None:
            found += sign * np.array([*state.of(grid), area_m2([known.outline])[0]])
    return found


def test_nothing_moves_on_the_base():
    told = tally(demo_facts(), Draft(demo_base()))
    assert _moves(told, "block") == []
    found = measures(demo_facts(), told, "block")
    assert found["grids"] == 4
    assert 0 < found["compactness"] < 1
    assert found["load"]["least"] <= found["load"]["mean"] <= found["load"]["most"]
    assert found["on_roads"] > 0.9
    assert measures(demo_facts(), told, "district")["border_m"] == 0
