"""Merging many rows into a table: staged by COPY, compared by content, written in one statement."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import orjson
from psycopg import sql
from sqlalchemy import Connection, text


@dataclass(frozen=True, slots=True)
class Counts:
    """What a merge did with the rows that it was given."""

    added: int
    changed: int
    unchanged: int


def content_hash(*parts: object) -> bytes:
    """Name a row by its content: 16 bytes over its values in order."""
    packed = orjson.dumps([part.hex() if isinstance(part, bytes) else part for part in parts], default=str)
    return hashlib.blake2b(packed, digest_size=16).digest()


def copy_rows(
    connection: Connection, table: str, columns: Sequence[tuple[str, str]], rows: Iterable[Sequence[object]]
) -> None:
    """Make a temporary table and fill it.

    Parameters
    ----------
    columns
        Name and PostgreSQL type of each.
    rows
        Values in the order of the columns.
    """
    driver = connection.connection.cursor()
    listed = sql.SQL(", ").join(sql.SQL("{} {}").format(sql.Identifier(n), sql.SQL(t)) for n, t in columns)
    name = sql.Identifier(table)
    driver.execute(sql.SQL("CREATE TEMP TABLE {} ({}) ON COMMIT DROP").format(name, listed))
    with driver.copy(sql.SQL("COPY {} FROM STDIN (FORMAT binary)").format(name)) as copy:
        copy.set_types([kind for _, kind in columns])
        for row in rows:
            copy.write_row(row)
    driver.execute(sql.SQL("ANALYZE {}").format(name))


def merged(connection: Connection, statement: str, values: dict[str, object], staged: int) -> Counts:
    """Run an upsert that returns whether each row was new, drop the staged table, and count."""
    rows = connection.execute(text(statement), values).all()
    connection.execute(text("DROP TABLE staged"))
    added = sum(row.added for row in rows)
    return Counts(added, len(rows) - added, staged - len(rows))
