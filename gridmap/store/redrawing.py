"""Publishing what a plan makes of its base: what differs is written, the database takes the rest over itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import shapely
from sqlalchemy import Connection, text

from gridmap.model.errors import ConflictError, Fault, InputError
from gridmap.spatial.drafts import Changes, DraftGrid
from gridmap.spatial.measures import area_m2
from gridmap.store.generations import begin_publishing, put_in_force, shape_hash
from gridmap.store.staging import copy_rows

_COLUMNS = [
    ("grid_id", "int8"),
    ("level", "text"),
    ("parent_id", "int8"),
    ("code", "text"),
    ("name", "text"),
    ("area_m2", "float8"),
    ("wkb", "bytea"),
    ("hash", "bytea"),
]
_TAKEN = text("""
    SELECT st.name, st.code, c.grid_id FROM staged st
    JOIN grid_code c ON (c.scheme_id, c.code) = (:scheme, st.code) WHERE c.grid_id <> st.grid_id ORDER BY st.grid_id
""")
_STATEMENTS = (
    """
    INSERT INTO grid (id, scheme_id, level, key) OVERRIDING SYSTEM VALUE
    SELECT st.grid_id, :scheme, st.level, 'g' || st.grid_id FROM staged st
    WHERE NOT EXISTS (SELECT 1 FROM grid g WHERE g.id = st.grid_id)
    """,
    """
    INSERT INTO grid_code (scheme_id, code, grid_id) SELECT :scheme, st.code, st.grid_id FROM staged st
    WHERE st.code IS NOT NULL ON CONFLICT DO NOTHING
    """,
    """
    INSERT INTO grid_shape (grid_id, geom, area_m2, hash)
    SELECT st.grid_id, ST_GeomFromWKB(st.wkb, 4326), st.area_m2, st.hash FROM staged st ON CONFLICT DO NOTHING
    """,
)
_NEW_GENERATION = text("""
    INSERT INTO generation (scheme_id, base_id, origin, note, grids, extent)
    SELECT :scheme, id, 'plan', :note, :grids, coalesce(ST_GeomFromWKB(CAST(:extent AS bytea), 4326), extent)
    FROM generation WHERE id = :base RETURNING id
""")
# One statement: nothing may join a generation once it is in force.
_MEMBERS = text("""
    INSERT INTO generation_grid (generation_id, grid_id, scheme_id, level, shape_id, parent_id, code, name)
    SELECT :id, m.grid_id, m.scheme_id, m.level, m.shape_id, m.parent_id, m.code, m.name FROM generation_grid m
    WHERE m.generation_id = :base AND NOT m.grid_id = ANY(:changed)
    UNION ALL
    SELECT :id, st.grid_id, :scheme, st.level, sh.id, st.parent_id, st.code, st.name
    FROM staged st JOIN grid_shape sh ON sh.grid_id = st.grid_id AND sh.hash = st.hash
""")
_SAME_GAPS = text("""
    INSERT INTO generation_gap (generation_id, number, geom, area_m2)
    SELECT :id, number, geom, area_m2 FROM generation_gap WHERE generation_id = :base
""")
_NEW_GAP = text("""
    INSERT INTO generation_gap (generation_id, number, geom, area_m2)
    VALUES (:id, :number, ST_Multi(ST_GeomFromWKB(:wkb, 4326)), :area)
""")


@dataclass(frozen=True, slots=True)
class Redrawn:
    """What is to be published.

    Attributes
    ----------
    grids
        How many grids there will be.
    extent, gaps
        The ground of the scheme, and what of it no grid holds; None where both are the base's.
    """

    changes: Changes
    grids: int
    note: str
    extent: shapely.Geometry | None = None
    gaps: Sequence[shapely.Geometry] | None = None


def redraw(connection: Connection, scheme: str, base: int, redrawn: Redrawn, in_force_from: datetime | None) -> int:
    """Publish the changes to a generation as the next one, in the transaction of the connection.

    Returns
    -------
    The new generation's id.

    Raises
    ------
    ConflictError
        The base is no longer the generation published last, or begins later than this one shall.
    InputError
        A code belongs to another grid; the date lies in the past.
    """
    owner, now = begin_publishing(connection, scheme, base)
    start = in_force_from or now
    if start < now:
        raise InputError.of("in_force_from", f"{start.isoformat()} is past", "name a later instant, or none", "past")
    begins = connection.scalar(
        text("SELECT lower(in_force) FROM generation_validity WHERE generation_id = :id AND upper_inf(recorded)"),
        {"id": base},
    )
    if begins is not None and begins > start:
        raise ConflictError(
            f"generation {base}, which the plan is drawn on, begins at {begins.isoformat()}: let the plan begin later"
        )
    _stage(connection, [grid for grid in redrawn.changes.values() if grid is not None])
    _refuse_taken(connection, owner)
    for statement in _STATEMENTS:
        connection.execute(text(statement), {"scheme": owner})
    values = {"scheme": owner, "base": base, "note": redrawn.note, "grids": redrawn.grids}
    extent = None if redrawn.extent is None else shapely.to_wkb(redrawn.extent)
    made = int(connection.execute(_NEW_GENERATION, {**values, "extent": extent}).scalar_one())
    changed = sorted(redrawn.changes)
    connection.execute(_MEMBERS, {"id": made, "base": base, "scheme": owner, "changed": changed})
    if redrawn.gaps is None:
        connection.execute(_SAME_GAPS, {"id": made, "base": base})
    else:
        gaps = np.array(list(redrawn.gaps), dtype=object)
        for number, (gap, area) in enumerate(zip(gaps, area_m2(gaps), strict=True), start=1):
            connection.execute(
                _NEW_GAP, {"id": made, "number": number, "wkb": shapely.to_wkb(gap), "area": float(area)}
            )
    connection.execute(text("DROP TABLE staged"))
    put_in_force(connection, owner, made, start, now)
    return made


def _stage(connection: Connection, grids: Sequence[DraftGrid]) -> None:
    outlines = np.array([grid.outline for grid in grids], dtype=object)
    wkbs = shapely.to_wkb(outlines, byte_order=1)
    rows = [
        (grid.id, grid.level, grid.parent, grid.code, grid.name, float(area), wkb, shape_hash(wkb))
        for grid, area, wkb in zip(grids, area_m2(outlines), wkbs, strict=True)
    ]
    copy_rows(connection, "staged", _COLUMNS, rows)


def _refuse_taken(connection: Connection, scheme: int) -> None:
    faults = [
        Fault(
            row.name,
            f"code {row.code} was given to grid {row.grid_id} and is never used again",
            "give it a new code",
            "code_reused",
        )
        for row in connection.execute(_TAKEN, {"scheme": scheme})
    ]
    if faults:
        raise InputError(faults, "codes")


def cancel(connection: Connection, scheme: str, generation: int, base: int) -> None:
    """Take back a generation that is not in force yet: its base rules on, and is the one published last again.

    What was believed meanwhile stays on record.

    Raises
    ------
    ConflictError
        It is in force already, or another was published on it.
    """
    owner, now = begin_publishing(connection, scheme, generation)
    begins = connection.scalar(
        text("SELECT lower(in_force) FROM generation_validity WHERE generation_id = :id AND upper_inf(recorded)"),
        {"id": generation},
    )
    if begins is None or begins <= now:
        since = "already" if begins is None else f"since {begins.isoformat()}"
        raise ConflictError(f"generation {generation} is in force {since}; draw a plan that takes it back")
    start = connection.execute(
        text("SELECT lower(in_force) FROM generation_validity WHERE generation_id = :id ORDER BY id DESC LIMIT 1"),
        {"id": base},
    ).scalar_one()
    # this closes what was believed of the cancelled one, too
    put_in_force(connection, owner, base, start, now)
