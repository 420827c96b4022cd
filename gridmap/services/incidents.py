"""Incidents as people list them, each with the grid that is responsible for it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import geopandas as gpd
import orjson
import pandas as pd

from gridmap.model.errors import NotFoundError
from gridmap.model.grids import Grid
from gridmap.model.schemes import GOVERNANCE
from gridmap.services.geojson import feature_collection
from gridmap.services.heat import Period
from gridmap.services.opening import OpenCity
from gridmap.services.responsible import Responsible, grids_of, names, responsible, told
from gridmap.store import incidents as store

Box = tuple[float, float, float, float]


def listing(city: OpenCity, period: Period, bbox: Box | None, limit: int, after: int | None) -> bytes:
    """List incidents of a period as GeoJSON, the latest first, a page at a time.

    Parameters
    ----------
    after
        The id of the last incident of the page before.
    """
    chosen = {"start": period.start, "end": period.end, "category": period.category, "bbox": bbox}
    with city.database.read() as connection:
        frame = store.frame(connection, **chosen, limit=limit + 1, after=after)  # type: ignore[arg-type]
    page = frame.head(limit)
    found = responsible(city, page)
    grids = pd.array([grid if grid >= 0 else None for grid in found.grids.tolist()], dtype="Int64")
    owned = page.assign(grid=grids, changeover=_done(page, found))
    return feature_collection(owned, next_after=int(page["id"].iloc[-1]) if len(frame) > limit else None)


def one(city: OpenCity, incident: int, at: datetime | None = None, scheme: str = GOVERNANCE) -> dict[str, Any]:
    """Give one incident as a GeoJSON feature: who is responsible for it, and what changes of lines did to it.

    Parameters
    ----------
    at
        The instant asked about, now by default.

    Raises
    ------
    NotFoundError
        There is no such incident or scheme, or no lines were in force then.
    """
    snapshot = city.keeper.snapshot(at, scheme)
    with city.database.read() as connection:
        frame = store.frame(connection, only=incident) if incident < 2**63 else None
    if frame is None or not len(frame):
        raise NotFoundError(f"there is no incident {incident}")
    found = responsible(city, frame, at, scheme)
    grid, changeovers = int(found.grids[0]), found.changeovers.get(incident, [])
    called = names(city, scheme, [grid, *(each for one in changeovers for each in grids_of(one))])
    feature: dict[str, Any] = orjson.loads(feature_collection(frame))["features"][0]
    chain = [grid, *_above(snapshot.lines.grids, grid)]
    feature["properties"] |= {
        "grid": grid if grid in called else None,
        "responsible": called.get(grid),
        "owner": snapshot.owners.of_ladder(chain, at or city.keeper.now()) if grid in called else None,
        "pending": bool(changeovers) and changeovers[-1].done == "pending",
        "changeovers": [told(each, called) for each in changeovers],
    }
    return feature


def _above(grids: Mapping[int, Grid], grid: int) -> list[int]:
    above = []
    known = grids.get(grid)
    while known is not None and known.parent is not None:
        above.append(known.parent)
        known = grids.get(known.parent)
    return above


def _done(page: gpd.GeoDataFrame, found: Responsible) -> list[dict[str, Any] | None]:
    """Tell of each incident what the last change of lines that touched it did; None where none has."""
    listed: list[dict[str, Any] | None] = []
    for incident in page["id"].tolist():
        if incident not in found.changeovers:
            listed.append(None)
            continue
        last = found.changeovers[incident][-1]
        listed.append(
            {
                "id": last.id,
                "generation": last.generation,
                "from": last.from_grid,
                "to": last.to_grid,
                "rule": last.rule,
                "done": last.done,
                "by": last.answers[-1].actor if last.answers else None,
            }
        )
    return listed
