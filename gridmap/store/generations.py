"""Generations in the store: publishing one, finding the one in force, reading its grids."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from sqlalchemy import Connection, text

from gridmap.model.errors import ConflictError, Fault, InputError, NotFoundError
from gridmap.model.generations import Generation

# The first key of the advisory lock that publishing takes; the second is the scheme.
_PUBLISHING = 0x70756273

_GENERATION = """
    SELECT g.id, s.key AS scheme, g.base_id, g.origin, g.note, g.grids, g.published_at,
           lower(v.in_force) AS in_force_from, upper(v.in_force) AS in_force_until
    FROM generation g JOIN scheme s ON s.id = g.scheme_id
    LEFT JOIN generation_validity v ON v.generation_id = g.id AND v.recorded @> CAST(:known AS timestamptz)
"""
_CLOCK = text("SELECT clock_timestamp()")
_NEW_GENERATION = text("""
    INSERT INTO generation (scheme_id, base_id, origin, note, grids, extent)
    VALUES (:scheme, :base, :origin, :note, :grids, ST_GeomFromWKB(:extent, 4326)) RETURNING id
""")
_NEW_GAP = text("""
    INSERT INTO generation_gap (generation_id, number, geom, area_m2)
    VALUES (:id, :number, ST_Multi(ST_GeomFromWKB(:wkb, 4326)), :area)
""")
_MOVE_POINTER = text("""
    INSERT INTO pointer (scheme_id, generation_id, version) VALUES (:scheme, :id, 1)
    ON CONFLICT (scheme_id) DO UPDATE
    SET generation_id = excluded.generation_id, version = pointer.version + 1, moved_at = clock_timestamp()
""")


def _generation(row: Any) -> Generation:  # noqa: ANN401 - a row of the query above
    return Generation(
        id=row.id,
        scheme=row.scheme,
        base=row.base_id,
        origin=row.origin,
        note=row.note,
        grids=row.grids,
        published_at=row.published_at,
        in_force_from=row.in_force_from,
        in_force_until=row.in_force_until,
    )


def clock(connection: Connection) -> datetime:
    """Return the database's time, which alone decides what is in force."""
    now: datetime = connection.execute(_CLOCK).scalar_one()
    return now


def scheme_id(connection: Connection, scheme: str) -> int:
    """Find a scheme's id.

    Raises
    ------
    NotFoundError
        There is no such scheme.
    """
    found = connection.scalar(text("SELECT id FROM scheme WHERE key = :key"), {"key": scheme})
    if found is None:
        raise NotFoundError(f"there is no scheme {scheme!r}")
    return int(found)


def in_force(
    connection: Connection, scheme: str, at: datetime | None = None, known_at: datetime | None = None
) -> Generation | None:
    """Find the generation in force at an instant, as it was known at another; both default to now."""
    now = clock(connection)
    query = _GENERATION + " WHERE s.key = :scheme AND v.in_force @> CAST(:at AS timestamptz)"
    row = connection.execute(text(query), {"scheme": scheme, "at": at or now, "known": known_at or now}).one_or_none()
    return None if row is None else _generation(row)


def upcoming(connection: Connection, scheme: str) -> list[Generation]:
    """List the generations in force now or later, as known now, in their order."""
    now = clock(connection)
    query = (
        _GENERATION
        + """
        WHERE s.key = :scheme AND v.in_force && tstzrange(CAST(:known AS timestamptz), NULL)
        ORDER BY lower(v.in_force)
    """
    )
    return [_generation(row) for row in connection.execute(text(query), {"scheme": scheme, "known": now})]


def timeline(connection: Connection, scheme: str, known_at: datetime | None = None) -> list[Generation]:
    """List the generations that were, are and will be in force, in their order, as known at an instant, now by default.

    Each decides from its `in_force_from` until its `in_force_until`; none of these ranges overlap.
    """
    query = _GENERATION + " WHERE s.key = :scheme AND v.id IS NOT NULL ORDER BY lower(v.in_force)"
    known = known_at or clock(connection)
    return [_generation(row) for row in connection.execute(text(query), {"scheme": scheme, "known": known})]


def listing(connection: Connection, scheme: str | None = None) -> list[Generation]:
    """List all generations, the newest first; those superseded before they began have no time in force."""
    query = _GENERATION + " WHERE CAST(:scheme AS text) IS NULL OR s.key = :scheme ORDER BY g.id DESC"
    rows = connection.execute(text(query), {"scheme": scheme, "known": clock(connection)})
    return [_generation(row) for row in rows]


def head(connection: Connection, scheme: str) -> int | None:
    """Return the generation published last, on which the next has to be based; None before the first."""
    found = connection.scalar(
        text("SELECT p.generation_id FROM pointer p JOIN scheme s ON s.id = p.scheme_id WHERE s.key = :key"),
        {"key": scheme},
    )
    return None if found is None else int(found)


def versions(connection: Connection) -> dict[str, int]:
    """Return the counters that grow with every change of what a snapshot holds."""
    query = """
        SELECT 'lines:' || s.key AS topic, p.version FROM pointer p JOIN scheme s ON s.id = p.scheme_id
        UNION ALL SELECT topic, version FROM change
    """
    return {row.topic: row.version for row in connection.execute(text(query))}


def frame(
    connection: Connection, generation_id: int, level: str | None = None, *, unlike: int | None = None
) -> gpd.GeoDataFrame:
    """Read the grids of a generation.

    Parameters
    ----------
    unlike
        Another generation: only the grids that are not the same in it.

    Returns
    -------
    GeoDataFrame
        id, scheme, level, key, code, name, parent, area_m2 and geometry (MultiPolygon, EPSG:4326); top level first,
        then by id.
    """
    query = """
        SELECT gg.grid_id AS id, s.key AS scheme, gg.level, g.key, gg.code, gg.name, gg.parent_id AS parent,
               sh.area_m2, ST_AsBinary(sh.geom) AS wkb
        FROM generation_grid gg
        JOIN grid g ON g.id = gg.grid_id
        JOIN grid_shape sh ON sh.id = gg.shape_id
        JOIN scheme s ON s.id = gg.scheme_id
        JOIN level l ON l.scheme_id = gg.scheme_id AND l.key = gg.level
        WHERE gg.generation_id = :generation AND (CAST(:level AS text) IS NULL OR gg.level = :level)
        AND (CAST(:unlike AS bigint) IS NULL OR gg.grid_id = ANY(CAST(:differing AS bigint[])))
        ORDER BY l.rank, gg.grid_id
    """
    columns = ["id", "scheme", "level", "key", "code", "name", "parent", "area_m2", "wkb"]
    differing = [] if unlike is None else _differing(connection, generation_id, unlike)
    values = {"generation": generation_id, "level": level, "unlike": unlike, "differing": differing}
    rows = connection.execute(text(query), values).all()
    table = pd.DataFrame([tuple(row) for row in rows], columns=columns)
    table["id"] = table["id"].astype("int64")
    table["parent"] = table["parent"].astype("Int64")
    table["area_m2"] = table["area_m2"].astype("float64")
    geometry = shapely.from_wkb(table.pop("wkb").to_numpy(dtype=object))
    return gpd.GeoDataFrame(table, geometry=geometry, crs=4326)


def _differing(connection: Connection, generation: int, other: int) -> list[int]:
    """List the grids of a generation that are not the same in another.

    By sets, not by a join: of a generation published just now the planner knows nothing, expects one row, and would
    go through all of the other for each.
    """
    query = """
        SELECT grid_id FROM (
            SELECT grid_id, shape_id, parent_id, code, name FROM generation_grid WHERE generation_id = :generation
            EXCEPT
            SELECT grid_id, shape_id, parent_id, code, name FROM generation_grid WHERE generation_id = :other
        ) AS unlike
    """
    values = {"generation": generation, "other": other}
    return [int(row[0]) for row in connection.execute(text(query), values)]


def gone(connection: Connection, before: int, after: int) -> list[int]:
    """List the grids of one generation that another does not have."""
    query = """
        SELECT grid_id FROM generation_grid WHERE generation_id = :before
        EXCEPT SELECT grid_id FROM generation_grid WHERE generation_id = :after ORDER BY 1
    """
    return [int(row[0]) for row in connection.execute(text(query), {"before": before, "after": after})]


def extent(connection: Connection, generation_id: int) -> shapely.Geometry:
    """Read the ground that a generation answers for, gaps included."""
    wkb = connection.scalar(text("SELECT ST_AsBinary(extent) FROM generation WHERE id = :id"), {"id": generation_id})
    if wkb is None:
        raise NotFoundError(f"there is no generation {generation_id}")
    return shapely.from_wkb(wkb)


def gaps(connection: Connection, generation_id: int) -> gpd.GeoDataFrame:
    """Read the gaps known when a generation was published: number, area_m2 and geometry."""
    query = """
        SELECT number, area_m2, ST_AsBinary(geom) AS wkb FROM generation_gap
        WHERE generation_id = :id ORDER BY number
    """
    rows = connection.execute(text(query), {"id": generation_id}).all()
    table = pd.DataFrame([tuple(row) for row in rows], columns=["number", "area_m2", "wkb"])
    geometry = shapely.from_wkb(table.pop("wkb").to_numpy(dtype=object))
    return gpd.GeoDataFrame(table, geometry=geometry, crs=4326)


def codes(connection: Connection, scheme: str) -> dict[str, int]:
    """Read all codes that were ever given in a scheme, with the ids of the grids that had them."""
    query = "SELECT c.code, c.grid_id FROM grid_code c JOIN scheme s ON s.id = c.scheme_id WHERE s.key = :key"
    return {row.code: row.grid_id for row in connection.execute(text(query), {"key": scheme})}


def shape_hash(wkb: bytes) -> bytes:
    """Name an outline by its content: 16 bytes."""
    return hashlib.blake2b(wkb, digest_size=16).digest()


def publish(
    connection: Connection,
    scheme: str,
    grids: pd.DataFrame,
    *,
    base: int | None,
    origin: str,
    note: str,
    extent: shapely.Geometry,
    gaps: Sequence[tuple[shapely.Geometry, float]] = (),
    in_force_from: datetime | None = None,
) -> int:
    """Publish a generation in the transaction of the connection. It checks nothing of the geometry.

    Parameters
    ----------
    grids
        key, level, parent_level and parent (level and key of the grid above, None at the top), code, name, area_m2
        and geometry (MultiPolygons on the lattice). Grids known by (level, key) keep their permanent ids, others
        get new ones in the order of the frame.
    base
        The generation that was read before; compared with the pointer under a lock.
    in_force_from
        From when its lines decide; now by default. What was in force later than that ends.

    Returns
    -------
    The new generation's id.

    Raises
    ------
    ConflictError
        Another generation was published meanwhile.
    InputError
        A code belongs to another grid.
    """
    owner, now = begin_publishing(connection, scheme, base)
    _stage(connection, grids)
    _write_grids(connection, owner)
    values = {"scheme": owner, "base": base, "origin": origin, "note": note, "grids": len(grids)}
    made = connection.execute(_NEW_GENERATION, {**values, "extent": shapely.to_wkb(extent)}).scalar_one()
    _write_members(connection, owner, made)
    for number, (geometry, area) in enumerate(gaps, start=1):
        gap = {"id": made, "number": number, "wkb": shapely.to_wkb(geometry), "area": area}
        connection.execute(_NEW_GAP, gap)
    put_in_force(connection, owner, made, in_force_from or now, now)
    return int(made)


def begin_publishing(connection: Connection, scheme: str, base: int | None) -> tuple[int, datetime]:
    """Let nobody else publish in this scheme until the transaction ends; give the scheme's id and the instant.

    Raises
    ------
    ConflictError
        Another generation than the base is the one published last.
    """
    owner = scheme_id(connection, scheme)
    connection.execute(text("SELECT pg_advisory_xact_lock(:work, :scheme)"), {"work": _PUBLISHING, "scheme": owner})
    if (current := head(connection, scheme)) != base:
        raise ConflictError(
            f"generation {current} of {scheme} was published meanwhile (this one is based on {base}); "
            "read it and repeat"
        )
    return owner, clock(connection)


def _stage(connection: Connection, grids: pd.DataFrame) -> None:
    connection.execute(
        text("""
            CREATE TEMP TABLE staged_grid (
                number integer, level text, key text, parent_level text, parent text, code text, name text,
                area_m2 double precision, wkb bytea, hash bytea
            ) ON COMMIT DROP
        """)
    )
    wkbs = shapely.to_wkb(grids["geometry"].to_numpy(), byte_order=1)
    names = ["level", "key", "parent_level", "parent", "code", "name"]
    texts = grids[names].astype(object).where(grids[names].notna(), None)
    cursor = connection.connection.cursor()
    with cursor.copy("COPY staged_grid FROM STDIN (FORMAT binary)") as copy:
        copy.set_types(["int4", "text", "text", "text", "text", "text", "text", "float8", "bytea", "bytea"])
        rows = zip(texts.itertuples(index=False, name=None), grids["area_m2"].tolist(), wkbs, strict=True)
        for number, (row, area, wkb) in enumerate(rows):
            copy.write_row((number, *row, float(np.float64(area)), wkb, shape_hash(wkb)))
    connection.execute(text("ANALYZE staged_grid"))


def _write_grids(connection: Connection, scheme: int) -> None:
    """Write identities, codes and outlines that are new."""
    values = {"scheme": scheme}
    connection.execute(
        text("""
            INSERT INTO grid (scheme_id, level, key)
            SELECT :scheme, st.level, st.key
            FROM staged_grid st JOIN level l ON l.scheme_id = :scheme AND l.key = st.level
            WHERE NOT EXISTS (SELECT 1 FROM grid g WHERE (g.scheme_id, g.level, g.key) = (:scheme, st.level, st.key))
            ORDER BY l.rank, st.number
        """),
        values,
    )
    taken = connection.execute(
        text("""
            SELECT st.key, st.code, holder.key AS holder
            FROM staged_grid st
            JOIN grid g ON (g.scheme_id, g.level, g.key) = (:scheme, st.level, st.key)
            JOIN grid_code c ON (c.scheme_id, c.code) = (:scheme, st.code)
            JOIN grid holder ON holder.id = c.grid_id
            WHERE c.grid_id <> g.id ORDER BY st.number LIMIT 50
        """),
        values,
    ).all()
    if taken:
        raise InputError(
            [
                Fault(
                    f"grid {row.key}",
                    f"code {row.code} was given to grid {row.holder} and is never used again",
                    "give it a new code",
                    "code_reused",
                )
                for row in taken
            ],
            "codes",
        )
    connection.execute(
        text("""
            INSERT INTO grid_code (scheme_id, code, grid_id)
            SELECT :scheme, st.code, g.id
            FROM staged_grid st JOIN grid g ON (g.scheme_id, g.level, g.key) = (:scheme, st.level, st.key)
            WHERE st.code IS NOT NULL
            ON CONFLICT DO NOTHING
        """),
        values,
    )
    connection.execute(
        text("""
            INSERT INTO grid_shape (grid_id, geom, area_m2, hash)
            SELECT g.id, ST_GeomFromWKB(st.wkb, 4326), st.area_m2, st.hash
            FROM staged_grid st JOIN grid g ON (g.scheme_id, g.level, g.key) = (:scheme, st.level, st.key)
            ON CONFLICT DO NOTHING
        """),
        values,
    )


def _write_members(connection: Connection, scheme: int, generation: int) -> None:
    connection.execute(
        text("""
            INSERT INTO generation_grid
                (generation_id, grid_id, scheme_id, level, shape_id, parent_id, code, name)
            SELECT :generation, g.id, :scheme, st.level, sh.id, up.id, st.code, st.name
            FROM staged_grid st
            JOIN grid g ON (g.scheme_id, g.level, g.key) = (:scheme, st.level, st.key)
            JOIN grid_shape sh ON sh.grid_id = g.id AND sh.hash = st.hash
            LEFT JOIN grid up ON (up.scheme_id, up.level, up.key) = (:scheme, st.parent_level, st.parent)
            ORDER BY g.id
        """),
        {"scheme": scheme, "generation": generation},
    )
    connection.execute(text("DROP TABLE staged_grid"))


def put_in_force(connection: Connection, scheme: int, generation: int, start: datetime, now: datetime) -> None:
    """Let a generation rule from `start` on, and the pointer name it.

    What was believed of that time until now is closed, not changed.
    """
    superseded = connection.execute(
        text("""
            UPDATE generation_validity SET recorded = tstzrange(lower(recorded), :now)
            WHERE scheme_id = :scheme AND upper_inf(recorded) AND in_force && tstzrange(:start, NULL)
            RETURNING generation_id, lower(in_force) AS begin
        """),
        {"scheme": scheme, "start": start, "now": now},
    ).all()
    rows = [(row.generation_id, row.begin, start) for row in superseded if row.begin < start]
    for generation_id, begin, end in [*rows, (generation, start, None)]:
        connection.execute(
            text("""
                INSERT INTO generation_validity (scheme_id, generation_id, in_force, recorded)
                VALUES (:scheme, :generation, tstzrange(:begin, :end), tstzrange(:now, NULL))
            """),
            {"scheme": scheme, "generation": generation_id, "begin": begin, "end": end, "now": now},
        )
    connection.execute(_MOVE_POINTER, {"scheme": scheme, "id": generation})
