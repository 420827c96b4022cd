"""Posts, holders, assignments and absences in the store."""

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd
from psycopg.types.range import TimestamptzRange
from sqlalchemy import Connection, text

from gridmap.model.places import mask_phone
from gridmap.model.posts import Holder, Post, Roster, Span
from gridmap.model.words import Text

_NEW_POST = """
    INSERT INTO post (key, kind, rank, subject_kind, grid_id, place_id, title, exclusive)
    VALUES (:key, :kind, :rank, :subject_kind,
            CASE WHEN :subject_kind = 'grid' THEN CAST(:subject AS bigint) END,
            CASE WHEN :subject_kind <> 'grid' THEN CAST(:subject AS bigint) END,
            jsonb_build_object('zh', CAST(:title_zh AS text), 'en', CAST(:title_en AS text)), :exclusive)
    ON CONFLICT (key) DO NOTHING
"""
_NEW_HOLDER = "INSERT INTO holder (key, kind, name) VALUES (:key, :kind, :name) ON CONFLICT (key) DO NOTHING"
_NEW_CONTACT = """
    INSERT INTO holder_contact (holder_id, phone) SELECT id, :phone FROM holder WHERE key = :key
    ON CONFLICT DO NOTHING
"""
_NEW_ASSIGNMENT = """
    INSERT INTO assignment (post_id, exclusive, holder_id, during)
    SELECT p.id, p.exclusive, h.id, :during FROM post p, holder h WHERE p.key = :post AND h.key = :holder
    ON CONFLICT DO NOTHING
"""
_NEW_ABSENCE = """
    INSERT INTO absence (holder_id, during, reason)
    SELECT id, :during, :reason FROM holder WHERE key = :holder ON CONFLICT DO NOTHING
"""


def roster(connection: Connection) -> Roster:
    """Read all posts with assignments and absences; telephone numbers are masked before they leave the store."""
    posts = [
        Post(row.id, row.kind, row.rank, row.subject_kind, row.grid_id or row.place_id, Text.of(row.title))
        for row in connection.execute(
            text("SELECT id, kind, rank, subject_kind, grid_id, place_id, title FROM post ORDER BY id")
        )
    ]
    holders = [
        Holder(row.id, row.kind, row.name, mask_phone(row.phone))
        for row in connection.execute(
            text("""
                SELECT h.id, h.kind, h.name, c.phone
                FROM holder h LEFT JOIN holder_contact c ON c.holder_id = h.id ORDER BY h.id
            """)
        )
    ]
    assignments = [
        (row.post_id, row.holder_id, Span(row.start, row.finish))
        for row in connection.execute(
            text("""
                SELECT post_id, holder_id, lower(during) AS start, upper(during) AS finish
                FROM assignment ORDER BY id
            """)
        )
    ]
    absences = [
        (row.holder_id, Span(row.start, row.finish), row.reason)
        for row in connection.execute(
            text("""
                SELECT holder_id, lower(during) AS start, upper(during) AS finish, reason
                FROM absence ORDER BY id
            """)
        )
    ]
    return Roster.of(posts, holders, assignments, absences)


def write(
    connection: Connection,
    posts: pd.DataFrame,
    holders: pd.DataFrame,
    assignments: pd.DataFrame,
    absences: pd.DataFrame,
) -> None:
    """Write posts and who holds them; rows that are there already, by key, are left as they are.

    Parameters
    ----------
    posts
        key, kind, rank, subject_kind, subject (the id of a grid or place), title_zh, title_en, exclusive.
    holders
        key, kind, name, phone.
    assignments
        post, holder (keys), start, end (NaT: open).
    absences
        holder (key), start, end, reason.
    """
    people = holders.to_dict("records")
    _insert(connection, _NEW_POST, posts.to_dict("records"))
    _insert(connection, _NEW_HOLDER, people)
    _insert(connection, _NEW_CONTACT, (row for row in people if row["phone"]))
    _insert(connection, _NEW_ASSIGNMENT, ({**row, "during": _range(row)} for row in assignments.to_dict("records")))
    _insert(connection, _NEW_ABSENCE, ({**row, "during": _range(row)} for row in absences.to_dict("records")))


def _range(row: Mapping[Any, Any]) -> TimestamptzRange:
    end = None if pd.isna(row["end"]) else row["end"].to_pydatetime()
    return TimestamptzRange(row["start"].to_pydatetime(), end, "[)")


def _insert(connection: Connection, query: str, rows: Iterable[Mapping[Any, Any]]) -> None:
    if listed := [{str(k): v for k, v in row.items()} for row in rows]:
        connection.execute(text(query), listed)
