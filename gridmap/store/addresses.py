"""Addresses of places in the store."""

import pandas as pd
from sqlalchemy import Connection, text

from gridmap.store.staging import copy_rows

_PARTS = ["text", "road", "lane", "number", "floor"]


def write(connection: Connection, rows: pd.DataFrame) -> None:
    """Add addresses: place_id, text, road, lane, number, floor; those that are there already stay as they are."""
    plain = rows[_PARTS].astype(object).where(rows[_PARTS].notna(), "")
    columns = [("place_id", "int8"), *((name, "text") for name in _PARTS)]
    listed = zip(rows["place_id"].tolist(), plain.itertuples(index=False, name=None), strict=True)
    copy_rows(connection, "staged", columns, ((place, *parts) for place, parts in listed))
    connection.execute(
        text("""
            INSERT INTO address (place_id, text, road, lane, number, floor)
            SELECT place_id, text, road, lane, number, floor FROM staged ON CONFLICT DO NOTHING
        """)
    )
    connection.execute(text("DROP TABLE staged"))
