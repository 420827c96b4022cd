"""Grids as people list them: by scheme and level, by place, one by one."""

from datetime import datetime
from typing import Any

import geopandas as gpd
import orjson
import shapely

from gridmap.model import layers
from gridmap.model.errors import NotFoundError
from gridmap.services.geojson import feature_collection
from gridmap.services.lines import Lines
from gridmap.services.opening import OpenCity
from gridmap.services.successors import absent

Box = tuple[float, float, float, float]


def schemes(city: OpenCity) -> list[dict[str, Any]]:
    """List the schemes that have lines in force, with levels, counts and bounds."""
    found = []
    for key, scheme in layers.schemes().items():
        try:
            lines = city.keeper.snapshot(scheme=key).lines
        except NotFoundError:
            continue
        top = [lines.outlines[grid.id] for grid in lines.grids.values() if grid.parent is None]
        levels = [
            {
                "key": level.key,
                "name": level.title.to_dict(),
                "rank": level.rank,
                "count": sum(grid.level == level.key for grid in lines.grids.values()),
                "line_px": level.line_px,
                "dashed": level.dashed,
            }
            for level in scheme.levels
            if level.key in lines.levels()
        ]
        bounds = shapely.total_bounds(top).tolist()
        found.append({"key": key, "name": scheme.title.to_dict(), "levels": levels, "bounds": bounds})
    return found


def frame(lines: Lines, level: str | None = None) -> gpd.GeoDataFrame:
    """Give grids of the lines in memory as a frame: id, scheme, level, code, name, parent, area_m2, geometry."""
    listed = [grid for grid in lines.grids.values() if level is None or grid.level == level]
    columns = {
        "id": [grid.id for grid in listed],
        "scheme": lines.scheme.key,
        "level": [grid.level for grid in listed],
        "code": [grid.code for grid in listed],
        "name": [grid.name for grid in listed],
        "parent": [grid.parent for grid in listed],
        "area_m2": [round(grid.area_m2, 1) for grid in listed],
    }
    table = gpd.GeoDataFrame(columns, geometry=[lines.outlines[grid.id] for grid in listed], crs=4326)
    return table.astype({"id": "int64", "parent": "Int64", "area_m2": "float64"})


def listing(
    city: OpenCity,
    scheme: str,
    level: str | None,
    at: datetime | None,
    bbox: Box | None,
    limit: int,
    after: int | None,
    *,
    known_at: datetime | None = None,
) -> bytes:
    """List grids in the order of their ids as GeoJSON, a page at a time.

    Parameters
    ----------
    at, known_at
        As they were in force at an instant, and as it was believed at another; now by default.
    """
    lines = city.keeper.snapshot(at, scheme, known_at).lines
    if level is not None:
        lines.scheme.level(level)
    grids = frame(lines, level)
    if bbox is not None:
        grids = grids[shapely.intersects(grids.geometry.to_numpy(), shapely.box(*bbox))]
    if after is not None:
        grids = grids[grids["id"] > after]
    grids = grids.sort_values("id")
    page = grids.head(limit)
    more = int(page["id"].iloc[-1]) if len(grids) > len(page) else None
    return feature_collection(page, next_after=more)


def one(
    city: OpenCity, grid_id: int, scheme: str, at: datetime | None, known_at: datetime | None = None
) -> dict[str, Any]:
    """Give one grid with its outline, chain, children and the one who answers for it.

    Raises
    ------
    NotFoundError
        No grid of that id was in force then; a GoneError that names its successors where it had been before.
    """
    instant, snapshot = city.keeper.asked(at, scheme, known_at)
    lines = snapshot.lines
    if grid_id not in lines.grids:
        raise absent(city, grid_id, lines, instant, known_at)
    grid = lines.grids[grid_id]
    chain = [grid]
    while chain[0].parent is not None:
        chain.insert(0, lines.grids[chain[0].parent])
    children = [each for each in lines.grids.values() if each.parent == grid_id]
    return {
        "type": "Feature",
        "id": grid_id,
        "geometry": orjson.Fragment(shapely.to_geojson(lines.outlines[grid_id])),
        "properties": {
            "id": grid_id,
            "scheme": scheme,
            "level": grid.level,
            "code": grid.code,
            "name": grid.name,
            "parent": grid.parent,
            "area_m2": round(grid.area_m2, 1),
            "generation": lines.generation.id,
            "chain": [{"id": each.id, "level": each.level, "code": each.code, "name": each.name} for each in chain],
            "children": [{"id": each.id, "code": each.code, "name": each.name} for each in children],
            "owner": snapshot.owners.of_ladder([each.id for each in reversed(chain)], instant),
        },
    }
