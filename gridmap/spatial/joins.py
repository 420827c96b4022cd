"""Joining places and incidents to grids: each goes to one grid, and what lies in none is counted as such."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from gridmap.model.errors import Fault, InputError
from gridmap.spatial.lattice import Geometries
from gridmap.spatial.ownership import OwnershipIndex

_POINT, _POLYGON, _MULTIPOLYGON = 0, 3, 6
_LISTED = 20


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over grids that add up.

    Attributes
    ----------
    by_grid
        Figure by grid id; every grid of the level is there, with 0 where nothing lies.
    none
        The figure of what lies in no grid.
    """

    by_grid: pd.Series
    none: float

    def figures(self) -> dict[int, float]:
        """Give the figures by grid id as plain numbers."""
        return dict(zip(self.by_grid.index.tolist(), self.by_grid.tolist(), strict=True))

    @property
    def total(self) -> float:
        """Everything: in grids and in none."""
        return float(self.by_grid.sum()) + self.none


def spots_of(geometries: Geometries) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give the one point by which each place is joined: a point is itself, an area a point inside it.

    Raises
    ------
    InputError
        There are lines: a road has many owners along its length, and none by a point of it. Or a geometry is missing
        or empty.
    """
    kinds = shapely.get_type_id(geometries)
    if len(lost := np.flatnonzero(shapely.is_missing(geometries) | shapely.is_empty(geometries))):
        faults = [Fault(f"row {row + 1}", "the geometry is missing or empty", code="missing") for row in lost[:_LISTED]]
        raise InputError(faults, f"{len(lost)} without a place")
    if not np.isin(kinds, (_POINT, _POLYGON, _MULTIPOLYGON)).all():
        raise InputError.of("layer", "lines belong to many grids along their length", "join points or areas", "lines")
    spots = shapely.point_on_surface(geometries)
    return shapely.get_x(spots), shapely.get_y(spots)


def owners(
    index: OwnershipIndex, above: NDArray[np.int64], lon: NDArray[np.float64], lat: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Find the grid of each point on some level.

    Parameters
    ----------
    above
        For each row of the index, the id of its grid on the level asked for, -1 where it has none.

    Returns
    -------
    ndarray
        Grid ids, -1 for none.
    """
    rows = index.locate(lon, lat)
    found = np.full(len(rows), -1, np.int64)
    found[rows >= 0] = above[rows[rows >= 0]]
    return found


def totals(grid_ids: NDArray[np.int64], owner: NDArray[np.int64], weights: NDArray[np.float64] | None) -> Totals:
    """Count, or sum weights, by owner.

    Parameters
    ----------
    grid_ids
        All grids of the level.
    owner
        Grid id of each row, -1 for none.
    weights
        What each row counts; None for one each.
    """
    order = np.argsort(grid_ids)
    place = np.searchsorted(grid_ids, owner, sorter=order)
    place = np.where(owner < 0, len(grid_ids), order[np.minimum(place, len(grid_ids) - 1)] if len(grid_ids) else 0)
    sums = np.bincount(place, weights, minlength=len(grid_ids) + 1)
    values = sums[:-1] if weights is not None else sums[:-1].astype(np.int64)
    return Totals(pd.Series(values, index=pd.Index(grid_ids, name="id")), float(sums[-1]))
