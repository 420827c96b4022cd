"""Places in the store: merged by their natural key, read as frames, found by name, address or pinyin."""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import geopandas as gpd
import numpy as np
import orjson
import pandas as pd
import shapely
from pypinyin import Style, lazy_pinyin
from sqlalchemy import Connection, text

from gridmap.model.layers import Field, load_layers
from gridmap.store.staging import Counts, content_hash, copy_rows, merged

Box = tuple[float, float, float, float]

_BASIC = ["id", "kind", "key", "name", "address", "parent"]
_DTYPES = {"integer": "Int64", "number": "float64", "boolean": "boolean", "text": "string", "time": "string"}
_NUMBER = re.compile(r"\d+")
_MOST_FOUND = 100


def frame(connection: Connection, kind: str, *, bbox: Box | None = None) -> gpd.GeoDataFrame:
    """Read the places of a kind.

    Parameters
    ----------
    bbox
        West, south, east, north in WGS84 degrees; those that touch the box.

    Returns
    -------
    GeoDataFrame
        id, kind, key, name, address, parent (Int64), the fields that the layer declares, geometry (EPSG:4326); by id.
    """
    query = """
        SELECT id, kind, key, name, address, parent_id, properties, ST_AsBinary(geom) FROM place
        WHERE kind = :kind AND (CAST(:box AS text) IS NULL OR geom && ST_GeomFromText(:box, 4326))
        ORDER BY id
    """
    rows = connection.execute(text(query), {"kind": kind, "box": _wkt(bbox)}).all()
    return _framed(rows, kind)


def get(connection: Connection, place_id: int) -> gpd.GeoDataFrame:
    """Read one place as a frame of one row; of none where there is no such place."""
    query = """
        SELECT id, kind, key, name, address, parent_id, properties, ST_AsBinary(geom) FROM place WHERE id = :id
    """
    rows = connection.execute(text(query), {"id": place_id}).all()
    return _framed(rows, rows[0].kind if rows else "building")


def ids(connection: Connection) -> pd.DataFrame:
    """Read id, kind and key of every place."""
    rows = connection.execute(text("SELECT id, kind, key FROM place ORDER BY id")).all()
    return pd.DataFrame([tuple(row) for row in rows], columns=["id", "kind", "key"])


def search(connection: Connection, q: str, *, kinds: Sequence[str] | None = None, limit: int = 20) -> gpd.GeoDataFrame:
    """Find places by name, address, pinyin or initials, the best first.

    What holds the text whole comes before what resembles it, and a house number is never taken for another: where the
    text has digits, what is found has the same numbers, so 147号 does not find 1347号.

    Parameters
    ----------
    kinds
        Kinds to look among; all but roads' and base map's nameless ones without it.

    Returns
    -------
    GeoDataFrame
        id, kind, key, name, address, parent, score (1 whole, less for likeness), geometry.
    """
    wanted = fold(q)
    if not wanted:
        return _scored([])
    query = """
        SELECT p.id, p.kind, p.key, p.name, p.address, p.parent_id,
               CASE WHEN lower(p.name) = :q THEN 3 WHEN p.search LIKE :whole THEN 2 WHEN a.text IS NOT NULL THEN 2
                    ELSE word_similarity(:q, p.search) END AS score,
               ST_AsBinary(p.geom), concat_ws(' ', p.name, p.address, a.text) AS said
        FROM place p
        LEFT JOIN LATERAL (
            SELECT text FROM address WHERE place_id = p.id AND lower(text) LIKE :whole ORDER BY length(text) LIMIT 1
        ) a ON true
        WHERE p.name <> '' AND (CAST(:kinds AS text[]) IS NULL OR p.kind = ANY(:kinds))
        AND (p.search LIKE :whole OR a.text IS NOT NULL OR :q <% p.search)
        ORDER BY score DESC, length(p.name), p.id LIMIT :most
    """
    values = {
        "q": wanted,
        "whole": f"%{_escaped(wanted)}%",
        "kinds": list(kinds) if kinds else None,
        "most": max(_MOST_FOUND, limit) * 3,
    }
    # A slip in one of six characters still leaves half of the trigrams; PostgreSQL's own bound is 0.6.
    connection.execute(text("SELECT set_config('pg_trgm.word_similarity_threshold', '0.5', true)"))
    numbers = _NUMBER.findall(wanted)
    rows = [
        row
        for row in connection.execute(text(query), values)
        if not numbers or set(numbers) <= set(_NUMBER.findall(fold(row.said)))
    ]
    return _scored(rows[:limit])


def merge(connection: Connection, kind: str, rows: gpd.GeoDataFrame) -> Counts:
    """Add places that are new by their key, and change those whose content differs.

    Parameters
    ----------
    rows
        key, name, address, parent (key of another place, or None), properties (dict), geometry (WGS84, lattice).
    """
    wkbs = shapely.to_wkb(rows.geometry.to_numpy(), byte_order=1)
    plain = (
        rows[["key", "name", "address", "parent"]]
        .astype(object)
        .where(rows[["key", "name", "address", "parent"]].notna(), None)
    )
    staged = []
    for number, ((key, *said, parent), properties, wkb) in enumerate(
        zip(plain.itertuples(index=False, name=None), rows["properties"], wkbs, strict=True)
    ):
        name, address = (each or "" for each in said)
        packed = orjson.dumps(properties, option=orjson.OPT_SORT_KEYS | orjson.OPT_SERIALIZE_NUMPY).decode()
        digest = content_hash(name, address, parent, packed, wkb)
        staged.append((number, key, name, address, parent, packed, search_text(name, address), wkb, digest))
    columns = [
        ("number", "int4"),
        ("key", "text"),
        ("name", "text"),
        ("address", "text"),
        ("parent", "text"),
        ("properties", "text"),
        ("search", "text"),
        ("wkb", "bytea"),
        ("hash", "bytea"),
    ]
    copy_rows(connection, "staged", columns, staged)
    statement = """
        INSERT INTO place AS p (kind, key, name, address, parent_id, geom, properties, search, hash)
        SELECT :kind, s.key, s.name, s.address, up.id, ST_GeomFromWKB(s.wkb, 4326), s.properties::jsonb,
               s.search, s.hash
        FROM staged s LEFT JOIN place up ON up.kind = 'building' AND up.key = s.parent
        ORDER BY s.number
        ON CONFLICT (kind, key) DO UPDATE
        SET name = excluded.name, address = excluded.address, parent_id = excluded.parent_id, geom = excluded.geom,
            properties = excluded.properties, search = excluded.search, hash = excluded.hash
        WHERE p.hash <> excluded.hash
        RETURNING xmax = 0 AS added
    """
    return merged(connection, statement, {"kind": kind}, len(staged))


def fold(said: str) -> str:
    """Make texts comparable: full-width forms narrow, lower case, no blanks."""
    return "".join(unicodedata.normalize("NFKC", said).lower().split())


def search_text(name: str, address: str) -> str:
    """Give what a place is found by: its name, address, pinyin and initials, separated by blanks."""
    return " ".join(dict.fromkeys(part for part in (fold(name), fold(address), *_pinyin(fold(name))) if part))


@lru_cache(maxsize=50_000)
def _pinyin(name: str) -> tuple[str, str]:
    if name.isascii():
        return "", ""
    return "".join(lazy_pinyin(name)).lower(), "".join(lazy_pinyin(name, style=Style.FIRST_LETTER)).lower()


def _escaped(wanted: str) -> str:
    return wanted.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")


def _wkt(bbox: Box | None) -> str | None:
    return None if bbox is None else shapely.to_wkt(shapely.box(*bbox), rounding_precision=7)


def _scored(rows: Sequence[Any]) -> gpd.GeoDataFrame:
    names = [*_BASIC, "score", "wkb"]
    table = pd.DataFrame([tuple(row)[: len(names)] for row in rows], columns=names)
    table["parent"] = table["parent"].astype("Int64")
    geometry = shapely.from_wkb(table.pop("wkb").to_numpy(dtype=object))
    return gpd.GeoDataFrame(table, geometry=geometry, crs=4326)


def _framed(rows: Sequence[Any], kind: str) -> gpd.GeoDataFrame:
    fields = next((layer.fields for layer in load_layers().values() if layer.kind == kind), {})
    table = pd.DataFrame([tuple(row)[:6] for row in rows], columns=_BASIC)
    table = table.astype({"id": "int64", "parent": "Int64"})
    for name, declared in fields.items():
        if name not in table:
            table[name] = _column([row.properties.get(name) for row in rows], declared)
    wkbs = np.empty(len(rows), dtype=object)
    wkbs[:] = [row[7] for row in rows]
    return gpd.GeoDataFrame(table, geometry=shapely.from_wkb(wkbs), crs=4326)


def _column(values: list[Any], declared: Field) -> "pd.Series[Any]":
    return pd.Series(values, dtype="object").astype(_DTYPES[declared.type])  # type: ignore[call-overload,no-any-return]
