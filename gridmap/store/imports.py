"""The log of imports: which file, how it was read, what came of it."""

from typing import Any

import orjson
from sqlalchemy import Connection, text

_COLUMNS = "id, layer, file_name, options, report, finished_at"


def record(
    connection: Connection,
    layer: str,
    file_name: str,
    file_hash: bytes,
    options: dict[str, Any],
    report: dict[str, Any],
) -> None:
    """Put an import on record, in the same transaction as its rows.

    Parameters
    ----------
    file_hash
        32 bytes over the file's content.
    """
    connection.execute(
        text("""
            INSERT INTO import_run (layer, file_name, file_hash, options, report)
            VALUES (:layer, :name, :hash, CAST(:options AS jsonb), CAST(:report AS jsonb))
        """),
        {
            "layer": layer,
            "name": file_name,
            "hash": file_hash,
            "options": orjson.dumps(options).decode(),
            "report": orjson.dumps(report, option=orjson.OPT_SERIALIZE_NUMPY).decode(),
        },
    )


def find(connection: Connection, layer: str, file_hash: bytes) -> dict[str, Any] | None:
    """Find the latest import of a file into a layer: id, layer, file_name, options, report, finished_at."""
    query = f"""
        SELECT {_COLUMNS} FROM import_run WHERE layer = :layer AND file_hash = :hash ORDER BY id DESC LIMIT 1
    """  # noqa: S608 - our own text
    row = connection.execute(text(query), {"layer": layer, "hash": file_hash}).mappings().one_or_none()
    return None if row is None else dict(row)


def recent(connection: Connection, limit: int = 50) -> list[dict[str, Any]]:
    """List the latest imports, the newest first, as `find` gives them."""
    query = f"SELECT {_COLUMNS} FROM import_run ORDER BY id DESC LIMIT :limit"  # noqa: S608 - our own text
    return [dict(row) for row in connection.execute(text(query), {"limit": limit}).mappings()]
