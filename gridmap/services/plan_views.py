"""Looking at a plan: the grids of its draft, what the checks say, and what differs from its base."""

from collections.abc import Sequence
from typing import Any

import geopandas as gpd
import orjson
import pandas as pd
import shapely

from gridmap.services.differences import counted, draft_differences
from gridmap.services.opening import OpenCity
from gridmap.services.plan_checks import counts
from gridmap.spatial.drafts import Draft, DraftGrid
from gridmap.spatial.measures import area_m2
from gridmap.store import plans as store


def features(
    city: OpenCity,
    number: int,
    level: str | None = None,
    grids: Sequence[int] | None = None,
    *,
    only_changed: bool = False,
    missing_as_gone: bool = False,
    base: bool = False,
) -> bytes:
    """Write grids of a draft as GeoJSON.

    Parameters
    ----------
    grids
        Some by id; with `missing_as_gone` those that are no more are listed as ``gone``.
    base
        Give them as they are on the base instead.

    Raises
    ------
    NotFoundError
        There is no such plan, level or grid.
    """
    plan, draft = city.planning.plan(number)
    if base:
        draft = Draft(draft.base)
    if level is not None:
        draft.base.scheme.level(level)
    gone: list[int] = []
    if grids is not None:
        if missing_as_gone:
            gone = [grid for grid in grids if grid not in draft]
        listed = [draft.grid(grid) for grid in grids if grid not in gone]
    elif only_changed:
        listed = [draft.grid(grid) for grid in sorted(draft.changed) if grid in draft]
    else:
        listed = sorted(draft, key=lambda grid: grid.id)
    if level is not None:
        listed = [grid for grid in listed if grid.level == level]
    areas = area_m2([grid.outline for grid in listed]).tolist()
    return orjson.dumps(
        {
            "type": "FeatureCollection",
            "plan": plan.id,
            "head": plan.head,
            "gone": gone,
            "features": [_feature(draft, grid, area) for grid, area in zip(listed, areas, strict=True)],
        }
    )


def draft_frame(city: OpenCity, number: int, level: str | None = None) -> gpd.GeoDataFrame:
    """Read the grids of a draft as a frame to be edited elsewhere and brought back.

    Returns
    -------
    GeoDataFrame
        id, level, code, name, parent (code or name of the grid above), geometry (MultiPolygon, EPSG:4326).

    Raises
    ------
    NotFoundError
        There is no such plan or level.
    """
    _, draft = city.planning.plan(number)
    if level is not None:
        draft.base.scheme.level(level)
    frame = draft.frame()
    above = [None if pd.isna(each) else draft.grid(int(each)) for each in frame["parent"]]
    frame["parent"] = pd.Series([each and (each.code or each.name) for each in above], dtype=object)
    chosen = frame if level is None else frame[frame["level"] == level].reset_index(drop=True)
    return chosen[["id", "level", "code", "name", "parent", "geometry"]]


def check(city: OpenCity, number: int, *, inherited: bool = False) -> dict[str, Any]:
    """Check a plan; what was so before it is counted, and listed where that is asked for."""
    with city.database.read() as connection:
        plan = store.get(connection, number)
        found = city.planning.findings(connection, plan, city.planning.draft(connection, plan))
    told = [each.to_dict() for each in found if inherited or not each.inherited]
    return {"plan": plan.id, "head": plan.head, "counts": counts(found), "findings": told}


def diff(city: OpenCity, number: int) -> dict[str, Any]:
    """List the grids of a plan that differ from its base."""
    plan, draft = city.planning.plan(number)
    found = draft_differences(draft)
    return {"plan": plan.id, "base": plan.base, "counts": counted(found), "grids": [each.to_dict() for each in found]}


def _feature(draft: Draft, grid: DraftGrid, area: float) -> dict[str, Any]:
    outline = None if grid.outline is None else orjson.Fragment(shapely.to_geojson(grid.outline))
    return {
        "type": "Feature",
        "id": grid.id,
        "geometry": outline,
        "properties": {
            "id": grid.id,
            "level": grid.level,
            "parent": grid.parent,
            "code": grid.code,
            "name": grid.name,
            "area_m2": round(area, 1),
            "leaf": draft.is_leaf(grid.id),
            "changed": grid != draft.base.grids.get(grid.id),
            "new": grid.id not in draft.base.grids,
        },
    }
