"""The lines that a join counts by: those of one instant, or for each incident those of the moment it was reported."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from gridmap.model.errors import NotFoundError
from gridmap.model.grids import Grid
from gridmap.services.lines import Lines
from gridmap.services.opening import OpenCity
from gridmap.spatial.joins import owners, spots_of
from gridmap.store import generations

NOWHERE = -1


@dataclass(frozen=True, slots=True)
class Counted:
    """Lines by which rows are counted, each with the half-open time in which it decides; None for no bound.

    Attributes
    ----------
    then
        Whether each row goes by the lines of its own moment.
    """

    parts: tuple[tuple[Lines, datetime | None, datetime | None], ...]
    level: str
    then: bool = False

    @classmethod
    def of_instant(cls, lines: Lines, level: str) -> "Counted":
        """Count everything by the same lines.

        Raises
        ------
        NotFoundError
            These lines have no such level.
        """
        return _with_level(cls(((lines, None, None),), level))

    @classmethod
    def of_then(
        cls, city: OpenCity, scheme: str, level: str, reported: "pd.Series[Any]", end: datetime | None
    ) -> "Counted":
        """Count each incident by the lines in force when it was reported, as known today.

        Parameters
        ----------
        reported
            When each was reported.
        end
            End of the period; now by default. Of lines in force at any time between the first report and then, the
            grids are told even where nothing happened.
        """
        until = end or city.keeper.now()
        first = reported.min() if len(reported) else until
        with city.database.read() as connection:
            timeline = generations.timeline(connection, scheme)
        known = [
            each
            for each in timeline
            if each.in_force_from is not None
            and (each.in_force_from < until or each.in_force_from <= first)
            and (each.in_force_until is None or each.in_force_until > first)
        ]
        parts = [(city.keeper.lines_of(each.id, scheme), each.in_force_from, each.in_force_until) for each in known]
        return _with_level(cls(tuple(parts), level, then=True))

    @property
    def grids(self) -> dict[int, Grid]:
        """The grids of the level by id, each as the last of the lines has it."""
        found: dict[int, Grid] = {}
        for lines, _, _ in self.parts:
            found |= {grid.id: grid for grid in lines.grids.values() if grid.level == self.level}
        return found

    @property
    def outlines(self) -> dict[int, shapely.Geometry]:
        """The outlines of all grids by id, each as the last of the lines has it."""
        found: dict[int, shapely.Geometry] = {}
        for lines, _, _ in self.parts:
            found |= lines.outlines
        return found

    @property
    def generations(self) -> list[int]:
        """The generations counted by, in their order."""
        return [lines.generation.id for lines, _, _ in self.parts]

    def owners(self, rows: gpd.GeoDataFrame) -> NDArray[np.int64]:
        """Find the grid of the level that holds each row; -1 for none."""
        lon, lat = spots_of(rows.geometry.to_numpy())
        if not self.then:
            (lines, _, _) = self.parts[0]
            return owners(lines.index, lines.above(self.level), lon, lat)
        found = np.full(len(rows), NOWHERE, np.int64)
        for lines, start, end in self.parts:
            if self.level not in lines.levels():
                continue
            mine = np.flatnonzero(_during(rows["reported_at"], start, end))
            found[mine] = owners(lines.index, lines.above(self.level), lon[mine], lat[mine])
        return found

    def without_lines(self, reported: "pd.Series[Any]") -> int:
        """Count the rows from before the first lines."""
        starts = [start for _, start, _ in self.parts if start is not None]
        return int((reported < min(starts)).sum()) if self.then and starts else 0


def _with_level(counted: Counted) -> Counted:
    if not counted.parts:
        raise NotFoundError("no lines were in force in that period")
    if not counted.grids:
        present: Sequence[str] = sorted({level for lines, _, _ in counted.parts for level in lines.levels()})
        raise NotFoundError(f"the lines in force have no level {counted.level}; they have {', '.join(present)}")
    return counted


def _during(instants: "pd.Series[Any]", start: datetime | None, end: datetime | None) -> NDArray[np.bool_]:
    held = np.ones(len(instants), np.bool_)
    if start is not None:
        held &= (instants >= start).to_numpy()
    if end is not None:
        held &= (instants < end).to_numpy()
    return held
