"""Who is responsible for an incident: by its ground, and by what changes of lines left to those that were open."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gridmap.model.changeovers import Answered, Changeover
from gridmap.model.errors import ConflictError, InputError, NotFoundError
from gridmap.model.generations import Generation
from gridmap.model.layers import schemes
from gridmap.model.schemes import GOVERNANCE
from gridmap.model.words import Text, words
from gridmap.services.changeovers import leaves_at
from gridmap.services.leaves import named
from gridmap.services.opening import OpenCity
from gridmap.spatial.joins import spots_of
from gridmap.store import changeovers as store
from gridmap.store import generations, histories

_NOWHERE = -1


@dataclass(frozen=True, slots=True)
class Responsible:
    """Who is responsible for incidents, row by row.

    Attributes
    ----------
    grids
        Ids of grids that nobody divided further; -1 where the ground is a gap or outside.
    changeovers
        What changes of lines did to each incident, the first first; only of those that any has touched.
    """

    grids: NDArray[np.int64]
    changeovers: dict[int, list[Changeover]]


def responsible(
    city: OpenCity, incidents: gpd.GeoDataFrame, at: datetime | None = None, scheme: str = GOVERNANCE
) -> Responsible:
    """Find the grid responsible for each incident at an instant, now by default.

    A change of lines that touched the incident while it was open decides, by its rule and the answer; the last one
    counts. Any other incident is that of the grid on whose ground it lies. One that is closed stays with whoever was
    responsible when it was closed.

    Parameters
    ----------
    incidents
        id, state, closed_at and geometry (Point, EPSG:4326), as `gridmap.store.incidents.frame` reads them.
    """
    city.changeovers.settle()
    now = at or city.keeper.now()
    with city.database.read() as connection:
        touched = store.of_incidents(connection, scheme, incidents["id"].tolist(), at)
    grids = _by_ground(city, incidents, now, scheme)
    for row, incident in enumerate(incidents["id"].tolist()):
        if incident in touched:
            grids[row] = touched[incident][-1].responsible
    return Responsible(grids, touched)


def _by_ground(city: OpenCity, incidents: gpd.GeoDataFrame, now: datetime, scheme: str) -> NDArray[np.int64]:
    """Find the grid on whose ground each incident lies: now, or when it was closed."""
    lon, lat = spots_of(incidents.geometry.to_numpy())
    found = np.full(len(incidents), _NOWHERE, np.int64)
    closed = incidents["closed_at"].where(incidents["state"] == "closed").astype("datetime64[us, UTC]")
    decided = closed.where(closed < now, pd.Timestamp(now).as_unit("us"))
    with city.database.read() as connection:
        timeline = generations.timeline(connection, scheme)
    for generation in timeline:
        rows = np.flatnonzero(_during(decided, generation))
        if len(rows):
            found[rows] = leaves_at(city.keeper.lines_of(generation.id), lon[rows], lat[rows])
    return found


def _during(instants: "pd.Series[Any]", generation: Generation) -> "pd.Series[bool]":
    since = instants >= generation.in_force_from
    return since if generation.in_force_until is None else since & (instants < generation.in_force_until)


def names(city: OpenCity, scheme: str, grids: Iterable[int]) -> dict[int, dict[str, Any]]:
    """Name grids by id, those that are no more by their last name: id, level, code, name."""
    known = city.keeper.snapshot(scheme=scheme).lines.grids
    wanted = {grid for grid in grids if grid != _NOWHERE}
    found = {grid: named(known[grid]) for grid in wanted & known.keys()}
    if gone := sorted(wanted - known.keys()):
        with city.database.read() as connection:
            found |= {grid.id: named(grid) for grid in histories.last_known(connection, gone)}
    return found


def listing(
    city: OpenCity,
    generation: int | None = None,
    *,
    only_open: bool = False,
    scheme: str = GOVERNANCE,
    limit: int = 1000,
    after: int | None = None,
) -> dict[str, Any]:
    """List what changes of lines did to incidents, a page at a time.

    Parameters
    ----------
    only_open
        Those that wait for a decision.
    after
        The id of the last one of the page before.

    Raises
    ------
    NotFoundError
        There is no such scheme or generation.
    """
    if scheme not in schemes():
        raise NotFoundError(f"there is no scheme {scheme!r}; there are {', '.join(schemes())}")
    city.changeovers.settle()
    with city.database.read() as connection:
        known = {each.id for each in generations.listing(connection, scheme)}
        if generation is not None and generation not in known:
            raise NotFoundError(f"there is no generation {generation} of {scheme}")
        found = store.listing(connection, scheme, generation, only_open=only_open, limit=limit + 1, after=after)
    page = found[:limit]
    called = names(city, scheme, [grid for each in page for grid in grids_of(each)])
    body: dict[str, Any] = {"changeovers": [told(each, called) for each in page]}
    if len(found) > limit:
        body["next"] = page[-1].id
    return body


def answer(city: OpenCity, changeover: int, given: Answered, actor: str, note: str = "") -> dict[str, Any]:
    """Decide about one incident where the rule is to ask; the last answer counts.

    Raises
    ------
    NotFoundError
        There is no such changeover.
    ConflictError
        Nothing was asked, the incident is closed, or a later change of lines has touched it since.
    InputError
        It shall move, and its ground lies in a gap.
    """
    city.changeovers.settle()
    with city.database.write() as connection:
        store.lock(connection)
        found, closed = store.get(connection, changeover)
        if found.rule != "ask":
            raise ConflictError(f"changeover {changeover} was decided by the rule {found.rule}; nothing was asked")
        if closed:
            raise ConflictError(f"incident {found.incident} is closed; it stays with whoever closed it")
        if not found.last:
            raise ConflictError(
                f"a later change of lines touched incident {found.incident} since; answer the last of its changeovers"
            )
        if given == "move" and found.to_grid is None:
            raise InputError.of("answer", "nobody holds that ground now", "answer stay", "nowhere")
        store.answer(connection, changeover, given, actor, note)
        found, _ = store.get(connection, changeover)
    return told(found, names(city, found.scheme, grids_of(found)))


def grids_of(one: Changeover) -> list[int]:
    """List the grids that a changeover names."""
    return [one.from_grid, *([one.to_grid] if one.to_grid is not None else [])]


def told(one: Changeover, called: dict[int, dict[str, Any]]) -> dict[str, Any]:
    """Give a changeover as answers carry it."""
    last = one.answers[-1] if one.answers and one.rule == "ask" else None
    before, after = called[one.from_grid], called[one.to_grid] if one.to_grid is not None else None
    return {
        "id": one.id,
        "incident": one.incident,
        "generation": one.generation,
        "at": one.at,
        "from": before,
        "to": after,
        "rule": one.rule,
        "done": one.done,
        "why": _why(one, before["name"], after["name"] if after else "").to_dict(),
        "responsible": called[one.responsible],
        "by": last and last.actor,
        "note": last.note if last else "",
        "answers": [{"answer": a.answer, "by": a.actor, "note": a.note, "at": a.at} for a in one.answers],
        "last": one.last,
        "recorded_at": one.recorded_at,
    }


def _why(one: Changeover, before: str, after: str) -> Text:
    if one.to_grid is None:
        return words("changeover.nowhere", before=before)
    if one.retired and one.rule == "move":
        return words("changeover.retired", before=before, after=after)
    if one.rule != "ask":
        return words("changeover.stay" if one.rule == "stay" else "changeover.move", before=before, after=after)
    if not one.answers:
        return words("changeover.pending", before=before, after=after)
    key = "changeover.kept" if one.done == "stayed" else "changeover.given"
    return words(key, before=before, after=after, who=one.answers[-1].actor)
