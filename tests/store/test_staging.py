"""Rows by the thousand, compared by content."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from gridmap.store.staging import content_hash, copy_rows, merged


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("a", "b"), ("b", "a")),
        (("ab", ""), ("a", "b")),
        ((1,), ("1",)),
        ((None,), ("",)),
        ((b"a",), (b"b",)),
        ((True,), (1,)),
    ],
)
def test_content_that_differs_has_another_name(one, other):
    assert content_hash(*one) != content_hash(*other)
    assert content_hash(*one) == content_hash(*one)
    assert len(content_hash(*one)) == 16


def test_times_of_one_instant_are_told_by_their_text():
    assert content_hash(datetime(2026, 1, 1, tzinfo=UTC)) == content_hash(datetime(2026, 1, 1, tzinfo=UTC))


def test_rows_arrive_as_they_are(database):
    rows = [(1, "甲\t乙\n\\N"), (2, None), (3, "'; DROP TABLE place; --")]
    with database.load() as connection:
        copy_rows(connection, "staged", [("n", "int4"), ("t", "text")], rows)
        assert [tuple(r) for r in connection.execute(text("SELECT n, t FROM staged ORDER BY n"))] == rows


def test_a_merge_counts_what_it_did(database):
    with database.load() as connection:
        connection.execute(text("CREATE TEMP TABLE kept (k text PRIMARY KEY, v text)"))
        connection.execute(text("INSERT INTO kept VALUES ('a', '1'), ('b', '1')"))
        copy_rows(connection, "staged", [("k", "text"), ("v", "text")], [("a", "1"), ("b", "2"), ("c", "1")])
        statement = """
            INSERT INTO kept AS o SELECT k, v FROM staged ON CONFLICT (k) DO UPDATE SET v = excluded.v
            WHERE o.v <> excluded.v RETURNING xmax = 0 AS added
        """
        counts = merged(connection, statement, {}, 3)
        assert (counts.added, counts.changed, counts.unchanged) == (1, 1, 1)
        assert connection.scalar(text("SELECT to_regclass('staged')")) is None
