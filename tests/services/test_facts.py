import geopandas as gpd
import numpy as np
import pytest
import shapely

from gridmap.model.limits import limits
from gridmap.services.facts import FIGURES, KEYS, NOBODY, figure_key, loads, locate, tally
from gridmap.spatial import edits
from gridmap.spatial.drafts import Draft
from tests.drafting import Clerk, demo_base, demo_facts, no_ground, things_of
from tests.services.squares import at
from tests.spatial.drawings import A1, A2, NEW, A1b, ids, line, town_base


def counted(facts, draft):
    """Count everything anew: a thing is in the grid of the smallest id that covers it."""
    leaves = sorted(draft.leaves())
    points = shapely.points(facts.lon, facts.lat)
    owner = np.full(len(points), NOBODY)
    tree = shapely.STRtree(points)
    for leaf in reversed(leaves):
        owner[tree.query(draft.grid(leaf).outline, predicate="covers")] = leaf
    figures = {grid.id: np.zeros(len(FIGURES)) for grid in draft}
    for leaf in leaves:
        for above in draft.chain(leaf):
            figures[above] = figures[above] + facts.values[owner == leaf].sum(axis=0)
    return owner, figures


@pytest.mark.parametrize("seed", range(3))
def test_a_tally_says_what_counting_everything_anew_says(seed):
    facts, clerk = demo_facts(), Clerk(demo_base(), seed)
    last = None
    for number in range(24):
        clerk.step()
        last = tally(facts, clerk.draft, last)
        if number % 8 == 7:
            owner, figures = counted(facts, clerk.draft)
            for told in (last, tally(facts, clerk.draft)):
                assert all((told.of(grid) == figures[grid]).all() for grid in figures)
                things, before, after = told.moved
                assert (after == owner[things]).all()
                assert (before == facts.before(things)).all()
                moved = np.flatnonzero(owner != facts.before(np.arange(len(owner))))
                assert set(moved.tolist()) <= set(things.tolist())
    undone = tally(facts, clerk.undone(), last)
    assert all((undone.of(grid) == facts.totals[grid]).all() for grid in demo_base().grids)


def test_a_tally_of_the_base_counts_nothing_anew():
    told = tally(demo_facts(), Draft(demo_base()))
    assert (told.held, told.figures, told.fresh) == ({}, {}, frozenset())
    top = next(grid.id for grid in demo_base().grids.values() if grid.parent is None)
    assert told.of(top)[FIGURES.index(("shops", "count"))] == 550
    assert (told.of(-5) == 0).all()


def test_on_a_border_the_smallest_id_has_a_say_though_it_did_not_change():
    base = town_base()
    spot = gpd.GeoDataFrame({"id": [1], "name": ["店"]}, geometry=[shapely.Point(at(1, 1.75))], crs=4326)
    facts = locate(base, (things_of("shops", spot),), no_ground())
    draft = Draft(base).after(edits.split(Draft(base), A2, line((1, 1), (2, 1.2)), ids()))
    told = tally(facts, draft)
    shops = FIGURES.index(("shops", "count"))
    assert [facts.totals[grid][shops] for grid in (A1b, A2)] == [0, 1]
    assert [told.of(grid)[shops] for grid in (A1b, A2, NEW, A1)] == [1, 0, 0, 1]


def test_figures_have_names_and_weights():
    assert KEYS == ("buildings", "residents", "workers", "shops", "firms", "incidents", "open_incidents")
    assert figure_key("incidents", "open") == "open_incidents"
    one = np.eye(len(FIGURES))
    assert loads(one, limits()).tolist() == [0, 1, 0.2, 10, 0, 5, 0]
