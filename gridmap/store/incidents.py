"""Incidents in the store: merged by their key, read by period, category and box."""

from datetime import datetime
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from sqlalchemy import Connection, text

from gridmap.store.staging import Counts, content_hash, copy_rows, merged

Box = tuple[float, float, float, float]

_COLUMNS = [
    "id",
    "key",
    "category",
    "reported_at",
    "state",
    "closed_at",
    "accuracy_m",
    "description",
    "address",
    "lon",
    "lat",
]
_CHOSEN = """
    WHERE (CAST(:start AS timestamptz) IS NULL OR reported_at >= :start)
    AND (CAST(:end AS timestamptz) IS NULL OR reported_at < :end)
    AND (CAST(:category AS text) IS NULL OR category LIKE :category || '%')
    AND (CAST(:west AS double precision) IS NULL
         OR ST_Intersects(geom, ST_MakeEnvelope(:west, :south, :east, :north, 4326)))
    AND (CAST(:after AS bigint) IS NULL
         OR (reported_at, id) < (SELECT last.reported_at, last.id FROM incident last WHERE last.id = :after))
"""


def _values(
    start: datetime | None, end: datetime | None, category: str | None, bbox: Box | None, after: int | None = None
) -> dict[str, Any]:
    west, south, east, north = bbox or (None, None, None, None)
    return {
        "start": start,
        "end": end,
        "category": category,
        "west": west,
        "south": south,
        "east": east,
        "north": north,
        "after": after,
    }


def frame(
    connection: Connection,
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    category: str | None = None,
    bbox: Box | None = None,
    limit: int | None = None,
    after: int | None = None,
    only: int | None = None,
) -> gpd.GeoDataFrame:
    """Read incidents, the latest first.

    Parameters
    ----------
    start, end
        Half-open period of reporting; None for no bound.
    category
        Four-digit code or two-digit class.
    bbox
        West, south, east, north in WGS84 degrees.
    after
        Id of an incident; only those that come after it in the order.
    only
        Id of the one incident to read.

    Returns
    -------
    GeoDataFrame
        id, key, category, reported_at, state, closed_at, accuracy_m, description, address, geometry (Point, EPSG:4326).
    """
    query = f"""
        SELECT id, key, category, reported_at, state, closed_at, accuracy_m, description, address,
               ST_X(geom) AS lon, ST_Y(geom) AS lat
        FROM incident {_CHOSEN} AND (CAST(:only AS bigint) IS NULL OR id = :only)
        ORDER BY reported_at DESC, id DESC LIMIT :limit
    """  # noqa: S608 - our own text; what was asked travels as parameters
    values = {**_values(start, end, category, bbox, after), "limit": limit, "only": only}
    rows = connection.execute(text(query), values).all()
    table = pd.DataFrame([tuple(row) for row in rows], columns=_COLUMNS)
    for column in ("reported_at", "closed_at"):
        table[column] = pd.to_datetime(table[column], utc=True)
    table = table.astype({"category": "string", "accuracy_m": "float64", "lon": "float64", "lat": "float64"})
    geometry = shapely.points(table.pop("lon").to_numpy(), table.pop("lat").to_numpy())
    return gpd.GeoDataFrame(table, geometry=geometry, crs=4326)


def coordinates(
    connection: Connection,
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    category: str | None = None,
    bbox: Box | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Read only where incidents were: longitudes and latitudes, WGS84 degrees."""
    query = f"SELECT ST_X(geom), ST_Y(geom) FROM incident {_CHOSEN}"  # noqa: S608 - as above
    rows = connection.execute(text(query), _values(start, end, category, bbox)).all()
    found = np.array([tuple(row) for row in rows], dtype=np.float64).reshape(-1, 2)
    return np.ascontiguousarray(found[:, 0]), np.ascontiguousarray(found[:, 1])


def spots(
    connection: Connection, *, since: datetime | None = None, only_open: bool = False
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Read ids of incidents and where they were: those reported since an instant, or those that are not closed."""
    query = """
        SELECT id, ST_X(geom), ST_Y(geom) FROM incident
        WHERE (CAST(:since AS timestamptz) IS NULL OR reported_at >= :since)
        AND (NOT :only_open OR state <> 'closed') ORDER BY id
    """
    rows = connection.execute(text(query), {"since": since, "only_open": only_open}).all()
    found = np.array([tuple(row)[1:] for row in rows], dtype=np.float64).reshape(-1, 2)
    ids = np.array([row[0] for row in rows], dtype=np.int64)
    return ids, np.ascontiguousarray(found[:, 0]), np.ascontiguousarray(found[:, 1])


def count(connection: Connection) -> int:
    """Count all incidents."""
    return int(connection.execute(text("SELECT count(*) FROM incident")).scalar_one())


def merge(connection: Connection, rows: gpd.GeoDataFrame) -> Counts:
    """Add incidents that are new by their key, and change those whose content differs.

    Parameters
    ----------
    rows
        key, category (None for none), reported_at, state, closed_at (NaT for none), accuracy_m (NaN for none),
        description, address where there is one, geometry (Point, WGS84, lattice).
    """
    where = shapely.get_coordinates(rows.geometry.to_numpy())
    table = pd.DataFrame(rows.drop(columns=rows.geometry.name))
    if "address" not in table:
        table["address"] = ""
    names = ["key", "category", "reported_at", "state", "closed_at", "accuracy_m", "description", "address"]
    plain = table[names].astype(object).where(table[names].notna(), None)
    staged = []
    for number, (row, spot) in enumerate(zip(plain.itertuples(index=False, name=None), where.tolist(), strict=True)):
        key, category, reported_at, state, closed_at, accuracy_m, description, address = row
        values = (
            category,
            reported_at.to_pydatetime(),
            state,
            closed_at.to_pydatetime() if closed_at is not None else None,
            float(accuracy_m) if accuracy_m is not None else None,
            description or "",
            address or "",
            *spot,
        )
        staged.append((number, key, *values, content_hash(*values)))
    columns = [
        ("number", "int4"),
        ("key", "text"),
        ("category", "text"),
        ("reported_at", "timestamptz"),
        ("state", "text"),
        ("closed_at", "timestamptz"),
        ("accuracy_m", "float8"),
        ("description", "text"),
        ("address", "text"),
        ("lon", "float8"),
        ("lat", "float8"),
        ("hash", "bytea"),
    ]
    copy_rows(connection, "staged", columns, staged)
    statement = """
        INSERT INTO incident AS i
            (key, category, reported_at, state, closed_at, accuracy_m, description, address, geom, hash)
        SELECT key, category, reported_at, state, closed_at, accuracy_m, description, address,
               ST_SetSRID(ST_MakePoint(lon, lat), 4326), hash
        FROM staged ORDER BY number
        ON CONFLICT (key) DO UPDATE
        SET category = excluded.category, reported_at = excluded.reported_at, state = excluded.state,
            closed_at = excluded.closed_at, accuracy_m = excluded.accuracy_m, description = excluded.description,
            address = excluded.address, geom = excluded.geom, hash = excluded.hash
        WHERE i.hash <> excluded.hash
        RETURNING xmax = 0 AS added
    """
    return merged(connection, statement, {}, len(staged))
