"""Sums over grids add up to everything there is."""

import geopandas as gpd
import numpy as np
import pytest
import shapely

from gridmap.model.errors import InputError
from gridmap.spatial.joins import owners, spots_of, totals
from gridmap.spatial.ownership import OwnershipIndex

GRIDS = np.array([30, 10, 20])


@pytest.mark.parametrize("weights", [None, np.arange(500.0)])
def test_sums_agree_with_a_plain_loop(weights):
    rng = np.random.default_rng(3)
    owner = rng.choice([10, 20, 30, -1], 500)
    found = totals(GRIDS, owner, weights)
    each = np.ones(500) if weights is None else weights
    assert found.figures() == {grid: each[owner == grid].sum() for grid in (30, 10, 20)}
    assert found.none == each[owner == -1].sum()
    assert found.total == each.sum()


def test_a_grid_with_nothing_has_zero():
    assert totals(GRIDS, np.array([10, 10]), None).figures() == {30: 0, 10: 2, 20: 0}


def test_no_rows_and_no_grids():
    nothing = np.empty(0, np.int64)
    assert totals(GRIDS, nothing, None).total == 0
    found = totals(nothing, np.array([-1, -1]), None)
    assert (found.figures(), found.none) == ({}, 2)


def test_an_area_is_joined_by_a_point_inside_it():
    ring = shapely.box(0, 0, 9, 9).difference(shapely.box(1, 1, 8, 8))
    x, y = spots_of(np.array([ring, shapely.Point(3, 4)]))
    assert shapely.covers(ring, shapely.Point(x[0], y[0]))
    assert (x[1], y[1]) == (3, 4)


def test_lines_have_no_one_owner():
    with pytest.raises(InputError, match="many grids") as raised:
        spots_of(np.array([shapely.Point(0, 0), shapely.LineString([(0, 0), (1, 1)])]))
    assert raised.value.faults[0].code == "lines"


@pytest.mark.parametrize("geometry", [None, shapely.Point(), shapely.GeometryCollection()])
def test_what_is_nowhere_is_told_by_its_row(geometry):
    with pytest.raises(InputError, match="row 2") as raised:
        spots_of(np.array([shapely.Point(0, 0), geometry]))
    assert "lines" not in str(raised.value)


def test_owners_on_a_level_above():
    frame = gpd.GeoDataFrame({"id": [5, 6]}, geometry=[shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)], crs=4326)
    index = OwnershipIndex.from_frame(frame, id="id")
    above = np.array([50, -1])
    found = owners(index, above, np.array([0.5, 1.5, 3.0, 1.0]), np.full(4, 0.5))
    assert found.tolist() == [50, -1, -1, 50]
