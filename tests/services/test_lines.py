"""Lines that take over what is the same say what lines read whole say."""

import numpy as np
import pytest

from gridmap.services import plans
from gridmap.services.lines import build_lines
from gridmap.services.snapshot import Keeper
from gridmap.store import generations
from tests.services.planners import AUTHOR, draw, published

POINTS = 20_000


@pytest.fixture
def redrawn(square_city, ids):
    """The town after a plan, in the memory of the keeper that had the lines before."""
    plan = plans.open_plan(square_city, "governance", "改", AUTHOR)["id"]
    draw(square_city, plan, "split", grid=ids["B"], line=[(3, -0.5), (3.2, 2.5)])
    draw(square_city, plan, "merge", grids=[ids["A1a"], ids["A1b"]], name="合格")
    draw(square_city, plan, "rename", grid=ids["A2"], name="改名")
    published(square_city, plan)
    square_city.keeper.look()
    return square_city.keeper.snapshot().lines


def whole(city, generation):
    with city.database.read() as connection:
        frame = generations.frame(connection, generation.id)
        return build_lines(generation, frame, generations.extent(connection, generation.id))


def test_redrawn_lines_are_those_read_whole(square_city, redrawn):
    fresh = whole(square_city, redrawn.generation)
    assert redrawn.grids == fresh.grids
    assert list(redrawn.grids) == list(fresh.grids)
    assert redrawn.chains == fresh.chains
    assert redrawn.leaves.tolist() == fresh.leaves.tolist()
    assert [leaf.links.data for leaf in redrawn.by_row] == [leaf.links.data for leaf in fresh.by_row]
    assert all(redrawn.outlines[grid].equals_exact(fresh.outlines[grid], 0.0) for grid in fresh.grids)
    rng = np.random.default_rng(1)
    lon, lat = rng.uniform(121.3995, 121.4045, POINTS).round(7), rng.uniform(31.1995, 31.2025, POINTS).round(7)
    one, other = redrawn.owners.owners(lon, lat, "wgs84"), fresh.owners.owners(lon, lat, "wgs84")
    assert all(one.column(name).to_pylist() == other.column(name).to_pylist() for name in one.column_names)


def test_what_is_the_same_is_taken_over(square_city, ids, redrawn):
    before = square_city.keeper.lines_of(redrawn.generation.base)
    assert redrawn.extent is not before.index
    assert redrawn.grids[ids["A1a"]] is not before.grids[ids["A1a"]]
    assert redrawn.outlines[ids["A2"]].equals_exact(before.outlines[ids["A2"]], 0.0)


def test_only_what_differs_is_read(square_city, ids, redrawn):
    with square_city.database.read() as connection:
        changed = generations.frame(connection, redrawn.generation.id, unlike=redrawn.generation.base)
        gone = generations.gone(connection, redrawn.generation.base, redrawn.generation.id)
    assert set(changed["name"]) == {"D格", "B格", "B格（2）", "合格", "改名", "A1格", "A格"} - {
        name for name in ("A1格", "A格") if name not in set(changed["name"])
    }
    assert gone == [ids["A1b"]]


def test_a_keeper_that_comes_later_reads_them_whole(square_city, redrawn):
    late = Keeper(square_city.database)
    late.look()
    assert late.snapshot().lines.grids == redrawn.grids
