"""Counts and sums of layers over grids, by period and category: the figures of maps, tables and the desk."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

import geopandas as gpd
import numpy as np
import pandas as pd

from gridmap.model.errors import InputError, NotFoundError
from gridmap.model.layers import Layer, layer
from gridmap.model.schemes import GOVERNANCE
from gridmap.model.words import Text, words
from gridmap.services.join_lines import Counted
from gridmap.services.opening import OpenCity
from gridmap.spatial.joins import Totals, totals
from gridmap.store import generations, incidents, places

COUNT = "count"
PERIODS = {"day": "D", "week": "W-MON", "month": "MS"}
BREAKDOWNS = (*PERIODS, "category")


@dataclass(frozen=True, slots=True)
class Ask:
    """What to join to what.

    Attributes
    ----------
    measure
        ``count``, or a field of the layer that can be summed.
    start, end
        Half-open period, for incidents; None for no bound.
    category
        Four-digit code or two-digit class, for incidents.
    at
        The instant whose lines are used; now by default.
    lines
        ``at``: everything goes by the lines of that instant. ``then``: each incident by those in force when it was
        reported, so that every grid has what was its own at the time.
    """

    layer: str
    level: str
    measure: str = COUNT
    start: datetime | None = None
    end: datetime | None = None
    category: str | None = None
    at: datetime | None = None
    scheme: str = GOVERNANCE
    lines: Literal["at", "then"] = "at"


@dataclass(frozen=True, slots=True)
class Joined:
    """Figures over the grids of a level, with what is needed to say what they are."""

    ask: Ask
    layer: Layer
    counted: Counted
    totals: Totals
    title: Text
    unit: Text
    without_lines: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Give the figures as ``/stats`` does."""
        grids = self.counted.grids
        numbers = self.counted.generations
        whole = self.ask.measure == COUNT
        number = int if whole else float
        return {
            "measure": {"key": self.ask.measure, "title": self.title.to_dict(), "unit": self.unit.to_dict()},
            "layer": self.ask.layer,
            "level": self.ask.level,
            "period": {"from": self.ask.start, "to": self.ask.end},
            "source": self.layer.source.to_dict(),
            "rows": [
                {"id": i, "code": grids[i].code, "name": grids[i].name, "value": number(v)}
                for i, v in self.totals.figures().items()
            ],
            "none": number(self.totals.none),
            "total": number(self.totals.total),
            "lines": self.ask.lines,
            "generation": None if self.counted.then else numbers[0],
            "generations": numbers,
            "without_lines": self.without_lines,
        }


def join(city: OpenCity, ask: Ask) -> Joined:
    """Count or sum a layer over the grids of a level.

    Raises
    ------
    NotFoundError
        No such layer, level or measure.
    InputError
        A period or category for a layer that has none; a layer of lines; lines of then for what has no time, or
        together with an instant.
    """
    chosen = _chosen(ask)
    rows, counted = _rows(city, chosen, ask)
    weights = None if ask.measure == COUNT else rows[ask.measure].fillna(0).to_numpy(np.float64)
    found = totals(np.array(sorted(counted.grids), np.int64), counted.owners(rows), weights)
    lost = counted.without_lines(rows["reported_at"]) if counted.then else 0
    return Joined(ask, chosen, counted, found, *_named(chosen, ask.measure), lost)


def join_frame(city: OpenCity, ask: Ask, by: Sequence[str] = ()) -> gpd.GeoDataFrame:
    """Join a layer to grids and give a table with the grids' outlines.

    Parameters
    ----------
    by
        Further breakdown: ``day``, ``week`` or ``month`` (of the city's time), ``category``.

    Returns
    -------
    GeoDataFrame
        id, code, name, area_m2, the breakdown's columns, count, a column for each measure of the layer, geometry. The
        last row (of each breakdown) has id NA and stands for what lies in no grid. Without a breakdown every grid is
        there; with one, those that have anything.
    """
    if strange := [each for each in by if each not in BREAKDOWNS]:
        raise InputError.of("by", f"{strange[0]!r} is not of {', '.join(BREAKDOWNS)}", code="unknown")
    chosen = _chosen(ask)
    rows, counted = _rows(city, chosen, ask)
    if by and chosen.store != "incident":
        raise InputError.of("by", f"layer {ask.layer} has no time and no category", code="no_time")
    keyed = pd.DataFrame({"id": counted.owners(rows)})
    zone = ZoneInfo(city.keeper.city().zone)
    for each in by:
        keyed[each] = rows["category"].to_numpy() if each == "category" else _periods(rows, each, zone)
    for measure in chosen.measures():
        keyed[measure] = rows[measure].fillna(0).to_numpy()
    keyed["count"] = 1
    summed = keyed.groupby(["id", *by], dropna=False).sum().reset_index()
    if not by:
        every = [*sorted(counted.grids), -1]
        summed = summed.set_index("id").reindex(every, fill_value=0).reset_index()
    return _with_grids(counted, summed, [*by], ["count", *chosen.measures()])


def _chosen(ask: Ask) -> Layer:
    chosen = layer(ask.layer)
    if chosen.store == "grid":
        raise NotFoundError("grids are what is joined to; join buildings, shops, incidents or another layer")
    if ask.measure != COUNT and ask.measure not in chosen.measures():
        known = ", ".join([COUNT, *chosen.measures()])
        raise NotFoundError(f"layer {ask.layer} has no measure {ask.measure!r}; it has {known}")
    if chosen.store != "incident" and (ask.start or ask.end or ask.category):
        raise InputError.of("period, category", f"layer {ask.layer} has none", "leave them out", "no_time")
    if ask.lines == "then" and chosen.store != "incident":
        raise InputError.of("lines", f"layer {ask.layer} has no time", "count it by the lines of an instant", "no_time")
    if ask.lines == "then" and ask.at is not None:
        raise InputError.of("at, lines", "say twice whose lines are used", "give one of them", "twice")
    if ask.start and ask.end and ask.start >= ask.end:
        raise InputError.of("from, to", "the period is empty", "let `from` lie before `to`", "period")
    return chosen


def _rows(city: OpenCity, chosen: Layer, ask: Ask) -> tuple[gpd.GeoDataFrame, Counted]:
    """Read what is joined, and find the lines to count it by."""
    lines = city.keeper.snapshot(ask.at, ask.scheme).lines
    lines.scheme.level(ask.level)
    with city.database.read() as connection:
        if chosen.store == "incident":
            rows = incidents.frame(connection, start=ask.start, end=ask.end, category=ask.category)
        else:
            rows = places.frame(connection, chosen.kind)
    if ask.lines == "at":
        return rows, Counted.of_instant(lines, ask.level)
    return rows, Counted.of_then(city, ask.scheme, ask.level, rows["reported_at"], ask.end)


def _named(chosen: Layer, measure: str) -> tuple[Text, Text]:
    if measure == COUNT:
        return chosen.title, words(f"unit.{chosen.store}")
    named = chosen.fields[measure]
    return named.title, named.unit


def _periods(rows: gpd.GeoDataFrame, period: str, zone: ZoneInfo) -> Any:  # noqa: ANN401 - an array of dates
    local = rows["reported_at"].dt.tz_convert(zone).dt.tz_localize(None)
    if period == "day":
        return local.dt.date.to_numpy()
    if period == "week":
        return (local - pd.to_timedelta(local.dt.day_of_week, unit="D")).dt.date.to_numpy()
    return local.dt.to_period("M").astype(str).to_numpy()


def _with_grids(counted: Counted, summed: pd.DataFrame, by: list[str], figures: list[str]) -> gpd.GeoDataFrame:
    known, outlines = counted.grids, counted.outlines
    grids = [known.get(int(i)) for i in summed["id"]]
    table = pd.DataFrame(
        {
            "id": pd.array([g.id if g else None for g in grids], dtype="Int64"),
            "code": pd.array([g.code if g else None for g in grids], dtype="string"),
            "name": pd.array([g.name if g else None for g in grids], dtype="string"),
            "area_m2": [g.area_m2 if g else np.nan for g in grids],
        }
    )
    for column in [*by, *figures]:
        table[column] = summed[column].to_numpy()
    geometry = np.empty(len(grids), dtype=object)
    geometry[:] = [outlines[g.id] if g else None for g in grids]
    return gpd.GeoDataFrame(table, geometry=geometry, crs=4326)


def grid_frame(city: OpenCity, level: str | None, at: datetime | None, scheme: str = GOVERNANCE) -> gpd.GeoDataFrame:
    """Read the grids of a level, or of all levels, as they were in force at an instant."""
    lines = city.keeper.snapshot(at, scheme).lines
    if level is not None:
        lines.scheme.level(level)
    with city.database.read() as connection:
        return generations.frame(connection, lines.generation.id, level)
