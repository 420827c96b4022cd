"""What grids, codes and places went through, generation by generation, as the store has it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import shapely
from numpy.typing import NDArray
from sqlalchemy import Connection, text

from gridmap.model.errors import NotFoundError
from gridmap.model.grids import Grid

_LIVES = """
    SELECT m.generation_id, lower(v.in_force) AS start, upper(v.in_force) AS finish, m.level, m.code, m.name,
           m.parent_id, m.shape_id, sh.area_m2, up.name AS parent_name,
           ARRAY(SELECT c.grid_id FROM generation_grid c
                 WHERE c.generation_id = m.generation_id AND c.parent_id = m.grid_id ORDER BY 1) AS children
    FROM generation_validity v
    JOIN generation_grid m ON m.generation_id = v.generation_id AND m.grid_id = :grid
    JOIN grid_shape sh ON sh.id = m.shape_id
    LEFT JOIN generation_grid up ON up.generation_id = m.generation_id AND up.grid_id = m.parent_id
    WHERE v.recorded @> coalesce(CAST(:known AS timestamptz), clock_timestamp()) ORDER BY start
"""
_LAST = """
    SELECT m.grid_id, m.level, m.code, m.name, m.parent_id, sh.area_m2
    FROM unnest(CAST(:grids AS bigint[])) AS wanted (id) JOIN grid g ON g.id = wanted.id
    CROSS JOIN LATERAL (
        SELECT one.* FROM generation x
        JOIN generation_grid one ON (one.generation_id, one.grid_id) = (x.id, g.id)
        WHERE x.scheme_id = g.scheme_id ORDER BY x.id DESC LIMIT 1
    ) m JOIN grid_shape sh ON sh.id = m.shape_id ORDER BY m.grid_id
"""
_COVERING = """
    SELECT m.generation_id, m.grid_id, m.parent_id, m.shape_id FROM grid_shape sh
    JOIN generation_grid m ON m.grid_id = sh.grid_id AND m.shape_id = sh.id AND m.generation_id = ANY(:generations)
    WHERE sh.geom && ST_Expand(ST_SetSRID(ST_MakePoint(:lon, :lat), 4326), 1e-6)
"""
_CHAINS = """
    WITH RECURSIVE up AS (
        SELECT m.*, m.grid_id AS leaf, 0 AS height FROM generation_grid m
        JOIN unnest(CAST(:generations AS bigint[]), CAST(:leaves AS bigint[])) AS asked (generation, grid)
            ON (asked.generation, asked.grid) = (m.generation_id, m.grid_id)
        UNION ALL
        SELECT m.*, up.leaf, up.height + 1 FROM generation_grid m
        JOIN up ON (up.generation_id, up.parent_id) = (m.generation_id, m.grid_id)
    )
    SELECT up.generation_id, up.grid_id, up.level, up.code, up.name, up.parent_id, sh.area_m2 FROM up
    JOIN grid_shape sh ON sh.id = up.shape_id ORDER BY up.generation_id, up.height DESC
"""


@dataclass(frozen=True, slots=True)
class Life:
    """A grid in one generation, and when that was or will be in force; None as the end means open.

    Attributes
    ----------
    children
        Ids of the grids right below, in their order.
    shape
        Names the outline: the same outline has the same name.
    """

    generation: int
    start: datetime
    end: datetime | None
    level: str
    code: str | None
    name: str
    parent: int | None
    parent_name: str | None
    area_m2: float
    children: tuple[int, ...]
    shape: int


@dataclass(frozen=True, slots=True)
class Near:
    """Outlines about a point in some generations.

    Attributes
    ----------
    members
        By generation: id of the grid, of its parent or -1, and name of its outline.
    outlines
        MultiPolygons by name.
    """

    members: dict[int, list[tuple[int, int, int]]]
    outlines: dict[int, shapely.Geometry]


def scheme_of(connection: Connection, grid: int) -> str:
    """Find the scheme of a grid that is, was or will be.

    Raises
    ------
    NotFoundError
        There never was such a grid.
    """
    query = "SELECT s.key FROM grid g JOIN scheme s ON s.id = g.scheme_id WHERE g.id = :id"
    found = connection.scalar(text(query), {"id": grid}) if grid < 2**63 else None
    if found is None:
        raise NotFoundError(f"there is no grid {grid}, and there was none")
    return str(found)


def lives(connection: Connection, grid: int, known_at: datetime | None = None) -> list[Life]:
    """Read a grid in every generation in force at some time, as known at an instant, now by default; in their order."""
    rows = connection.execute(text(_LIVES), {"grid": grid, "known": known_at}).all()
    return [
        Life(
            generation=row.generation_id,
            start=row.start,
            end=row.finish,
            level=row.level,
            code=row.code,
            name=row.name,
            parent=row.parent_id,
            parent_name=row.parent_name,
            area_m2=row.area_m2,
            children=tuple(row.children),
            shape=row.shape_id,
        )
        for row in rows
    ]


def outlines(connection: Connection, shapes: Sequence[int]) -> dict[int, shapely.Geometry]:
    """Read outlines by name: MultiPolygons, EPSG:4326."""
    query = "SELECT id, ST_AsBinary(geom) AS wkb FROM grid_shape WHERE id = ANY(:ids)"
    rows = connection.execute(text(query), {"ids": list(shapes)}).all()
    return {row.id: shapely.from_wkb(row.wkb) for row in rows}


def last_known(connection: Connection, grids: Sequence[int]) -> list[Grid]:
    """Read grids as the last generation that has each knows it."""
    rows = connection.execute(text(_LAST), {"grids": list(grids)}).all()
    return [Grid(row.grid_id, row.level, row.code, row.name, row.parent_id, row.area_m2) for row in rows]


def about(connection: Connection, generations: Sequence[int], lon: float, lat: float) -> Near:
    """Read the outlines, of all levels, whose boxes hold a point, WGS84 degrees."""
    values = {"generations": list(generations), "lon": lon, "lat": lat}
    members: dict[int, list[tuple[int, int, int]]] = {generation: [] for generation in generations}
    shapes = set()
    for row in connection.execute(text(_COVERING), values):
        members[row.generation_id].append((row.grid_id, -1 if row.parent_id is None else row.parent_id, row.shape_id))
        shapes.add(row.shape_id)
    return Near(members, outlines(connection, sorted(shapes)))


def chains(
    connection: Connection, generations: NDArray[np.int64], leaves: NDArray[np.int64]
) -> dict[int, tuple[Grid, ...]]:
    """Read the grids from the top down to a grid, by generation."""
    found: dict[int, list[Grid]] = {}
    values = {"generations": generations.tolist(), "leaves": leaves.tolist()}
    for row in connection.execute(text(_CHAINS), values):
        grid = Grid(row.grid_id, row.level, row.code, row.name, row.parent_id, row.area_m2)
        found.setdefault(row.generation_id, []).append(grid)
    return {generation: tuple(chain) for generation, chain in found.items()}


def grid_of_code(connection: Connection, scheme: str, code: str) -> int | None:
    """Find the grid that has or had a code; a code is never given twice."""
    query = """
        SELECT c.grid_id FROM grid_code c JOIN scheme s ON s.id = c.scheme_id WHERE s.key = :scheme AND c.code = :code
    """
    found = connection.scalar(text(query), {"scheme": scheme, "code": code})
    return None if found is None else int(found)
