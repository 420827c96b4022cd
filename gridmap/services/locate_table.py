"""Owners of a table of locations: the same rows in the same order, with status, grid and levels added."""

import io
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv

from gridmap.model.errors import Fault, InputError
from gridmap.services.locate import locate_points
from gridmap.services.opening import OpenCity
from gridmap.services.snapshot import Lines
from gridmap.services.writing import FORMULA
from gridmap.spatial.datums import ALLOWED, parse_datum, point_faults

MOST_ROWS = 1_000_000
UNREADABLE = "unreadable"
_LISTED = 20


def add_owners(lines: Lines, table: pa.Table, datum: str, x: str, y: str, *, source: str, defused: bool) -> pa.Table:
    """Add owners to a table.

    Parameters
    ----------
    x, y
        Columns of the coordinates; numbers, or texts that are numbers.
    source
        What to call the table in an error.
    defused
        Whether names are to be kept from being taken for formulas: for CSV, which people open in spreadsheets.

    Returns
    -------
    Table
        The columns given, then ``status``, ``grid_id`` and those of each level. A row whose coordinates cannot be read
        has the status ``unreadable`` and no owner. Columns of these names that were there already are replaced.

    Raises
    ------
    InputError
        A column of coordinates is missing.
    """
    _refuse_missing(table, x, y, source)
    found = _owned(lines, _numbers(table[x]), _numbers(table[y]), datum)
    return _with(table, _defused(found) if defused else found)


def answer_bytes(city: OpenCity, body: bytes, media: str, datum: str | None, x: str, y: str) -> bytes:
    """Add owners to a table sent as CSV or as an Arrow stream; it comes back as it came.

    Parameters
    ----------
    media
        ``text/csv`` (UTF-8) or ``application/vnd.apache.arrow.stream``.

    Raises
    ------
    InputError
        The datum or a column is missing, the body cannot be read, or has more than a million rows.
    """
    if not datum:
        raise InputError.of("datum", "is missing", f"say {ALLOWED}; it is never guessed", "missing")
    stated = parse_datum(datum)
    is_csv = media == "text/csv"
    try:
        table = _read_csv(body) if is_csv else pa.ipc.open_stream(body).read_all()
    except (pa.ArrowException, OSError, EOFError) as error:
        raise InputError.of("body", f"is not {media}", "see the content type", "format") from error
    if table.num_rows > MOST_ROWS:
        raise InputError.of("body", f"has {table.num_rows:,} rows", f"at most {MOST_ROWS:,} at a time", "too_many")
    owned = add_owners(city.keeper.snapshot().lines, table, stated, x, y, source="body", defused=is_csv)
    sink = io.BytesIO()
    if is_csv:
        pyarrow.csv.write_csv(owned, sink)
    else:
        with pa.ipc.new_stream(sink, owned.schema) as stream:
            stream.write_table(owned)
    return sink.getvalue()


def _read_csv(body: bytes) -> pa.Table:
    # Texts stay texts: a house number 0012 has to come out as it went in.
    names = pyarrow.csv.read_csv(io.BytesIO(body.partition(b"\n")[0] + b"\n")).column_names
    options = pyarrow.csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), null_values=[""])
    options.strings_can_be_null = True
    return pyarrow.csv.read_csv(
        io.BytesIO(body),
        convert_options=options,
        parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True),
    )


def _owned(lines: Lines, xs: Any, ys: Any, datum: str) -> pd.DataFrame:  # noqa: ANN401 - arrays of numbers
    good = np.isfinite(xs) & np.isfinite(ys)
    good[list(point_faults(np.where(good, xs, 0.0), np.where(good, ys, 0.0), datum))] = False
    found = locate_points(lines, xs[good], ys[good], datum)
    if not good.all():
        found["status"] = found["status"].cat.add_categories([UNREADABLE])
        found = found.set_index(np.flatnonzero(good)).reindex(np.arange(len(xs)))
        found["status"] = found["status"].fillna(UNREADABLE)
    return found


def _defused(found: pd.DataFrame) -> pd.DataFrame:
    """Keep names that begin like a formula from being run by a spreadsheet."""
    safe = found.copy()
    for name in safe.columns[safe.dtypes == "string"]:
        risky = safe[name].str.startswith(FORMULA).fillna(value=False).astype(bool)
        safe[name] = safe[name].where(~risky, "'" + safe[name])
    return safe


def _with(table: pa.Table, found: pd.DataFrame) -> pa.Table:
    added = pa.Table.from_pandas(found, preserve_index=False)
    for name in added.column_names:
        column = added[name]
        if pa.types.is_dictionary(column.type):
            column = column.cast(pa.string())
        if name in table.column_names:
            table = table.drop_columns([name])
        table = table.append_column(name, column)
    return table


def _numbers(column: pa.ChunkedArray) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        texts = pd.Series(column.to_pandas(), dtype="object")
        return pd.to_numeric(texts, errors="coerce").to_numpy(np.float64)
    return np.asarray(column.cast(pa.float64()).to_pandas(), np.float64)


def _refuse_missing(table: pa.Table, x: str, y: str, source: str) -> None:
    faults = [
        Fault(
            f"column {name}",
            "is missing",
            f"name it with {option}; there are {', '.join(table.column_names[:_LISTED])}",
        )
        for option, name in (("x", x), ("y", y))
        if name not in table.column_names
    ]
    if faults:
        raise InputError(faults, source)
