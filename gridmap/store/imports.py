"""The log of imports: which file, how it was read, what came of it."""

from typing import Any

import orjson
from sqlalchemy import Connection, text


def record(
    connection: Connection,
    layer: str,
    file_name: str,
    file_hash: bytes,
    options: dict[str, Any],
    report: dict[str, Any],
) -> None:
    """Put an import on record, in the same transaction as its rows."""
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


def recent(connection: Connection, limit: int = 50) -> list[dict[str, Any]]:
    """List the latest imports, the newest first."""
    query = """
        SELECT id, layer, file_name, options, report, finished_at FROM import_run ORDER BY id DESC LIMIT :limit
    """
    return [dict(row) for row in connection.execute(text(query), {"limit": limit}).mappings()]
