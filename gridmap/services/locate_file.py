"""Owners of a file of locations: CSV or Parquet in, the same rows with owners added out, in chunks.

Memory is bounded by the chunk, whatever the file's size. The output appears whole or not at all.
"""

import csv
import gzip
import os
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from gridmap.model.errors import Fault, InputError, NotFoundError
from gridmap.services.locate import locate_points
from gridmap.services.opening import OpenCity
from gridmap.services.snapshot import Lines
from gridmap.spatial.datums import ALLOWED, parse_datum

CHUNK_ROWS = 262_144
_BLOCK_BYTES = 32 << 20
_LISTED = 20
STATUSES = ("inside", "on_border", "gap", "outside", "unreadable")


def locate_file(
    city: OpenCity,
    source: Path,
    target: Path,
    *,
    datum: str,
    x: str = "lon",
    y: str = "lat",
    on_progress: Callable[[int, int], None] | None = None,
) -> dict[str, int]:
    """Add owners to a file of locations.

    Parameters
    ----------
    source, target
        ``.csv``, ``.csv.gz`` or ``.parquet``; the formats need not be the same. CSV is read as UTF-8.
    x, y
        Columns of the coordinates.
    on_progress
        Told bytes (CSV) or rows (Parquet) done and in all.

    Returns
    -------
    dict
        Rows by status; ``unreadable`` where a coordinate is missing or not a number on earth: such rows keep their
        place in the output, with no owner.

    Raises
    ------
    InputError
        The datum or a column is missing; the file cannot be read; an unknown ending.
    NotFoundError
        There is no such file.
    """
    if not datum:
        raise InputError.of("datum", "is missing", f"say {ALLOWED}; it is never guessed", "missing")
    stated = parse_datum(datum)
    if not source.is_file():
        raise NotFoundError(f"there is no file {source}")
    lines = city.keeper.snapshot().lines
    counts: Counter[str] = Counter()
    with tempfile.NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}.", delete=False) as scratch:
        try:
            with _writer(target, scratch) as write:
                for chunk in _chunks(source, on_progress):
                    _refuse_missing(chunk, x, y, source)
                    found = _owned(lines, chunk, stated, x, y, counts)
                    write(_with(chunk, found))
            scratch.flush()
            os.fsync(scratch.fileno())
            Path(scratch.name).chmod(0o644)
            Path(scratch.name).replace(target)
        except BaseException:
            Path(scratch.name).unlink(missing_ok=True)
            raise
    return {status: counts[status] for status in STATUSES if counts[status]}


def _owned(lines: Lines, chunk: pa.Table, datum: str, x: str, y: str, counts: "Counter[str]") -> pd.DataFrame:
    xs, ys = _numbers(chunk[x]), _numbers(chunk[y])
    good = np.isfinite(xs) & np.isfinite(ys)
    if not datum.startswith("EPSG"):
        with np.errstate(invalid="ignore"):
            good &= (np.abs(xs) <= 180) & (np.abs(ys) <= 90)  # noqa: PLR2004 - the earth
    found = locate_points(lines, xs[good], ys[good], datum)
    if not good.all():
        found["status"] = found["status"].cat.add_categories(["unreadable"])
        found = found.set_index(np.flatnonzero(good)).reindex(np.arange(len(xs)))
        found["status"] = found["status"].fillna("unreadable")
    counts.update(found["status"].astype(str).tolist())
    return found


def _with(chunk: pa.Table, found: pd.DataFrame) -> pa.Table:
    added = pa.Table.from_pandas(found, preserve_index=False)
    for name in added.column_names:
        column = added[name]
        if pa.types.is_dictionary(column.type):
            column = column.cast(pa.string())
        if name in chunk.column_names:
            chunk = chunk.drop_columns([name])
        chunk = chunk.append_column(name, column)
    return chunk


def _numbers(column: pa.ChunkedArray) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        texts = pd.Series(column.to_pandas(), dtype="object")
        return pd.to_numeric(texts, errors="coerce").to_numpy(np.float64)
    return np.asarray(column.cast(pa.float64()).to_pandas(), np.float64)


def _refuse_missing(chunk: pa.Table, x: str, y: str, source: Path) -> None:
    faults = [
        Fault(
            f"column {name}",
            "is missing",
            f"name it with --{option}; there are {', '.join(chunk.column_names[:_LISTED])}",
        )
        for option, name in (("x", x), ("y", y))
        if name not in chunk.column_names
    ]
    if faults:
        raise InputError(faults, source.name)


def _chunks(source: Path, tell: Callable[[int, int], None] | None) -> Iterator[pa.Table]:
    """Read a file in chunks, telling how far it is."""
    name = source.name.lower()
    try:
        if name.endswith(".parquet"):
            with pq.ParquetFile(source) as file:
                done, total = 0, file.metadata.num_rows
                for batch in file.iter_batches(CHUNK_ROWS):
                    yield pa.Table.from_batches([batch])
                    done += batch.num_rows
                    if tell:
                        tell(done, total)
        elif name.endswith((".csv", ".csv.gz")):
            yield from _csv_chunks(source, tell)
        else:
            raise InputError.of(source.name, "is neither .csv, .csv.gz nor .parquet", code="format")
    except pa.ArrowInvalid as error:
        raise InputError.of(
            source.name, f"cannot be read: {str(error).splitlines()[0][:200]}", code="format"
        ) from error


def _csv_chunks(source: Path, tell: Callable[[int, int], None] | None) -> Iterator[pa.Table]:
    total = source.stat().st_size
    with ExitStack() as stack:
        raw = stack.enter_context(source.open("rb"))
        packed = source.name.lower().endswith(".gz")
        stream: Any = stack.enter_context(gzip.open(raw)) if packed else raw
        # All columns are texts and nothing is guessed: a house number 0012 has to come out as it went in.
        names = next(csv.reader([stream.readline().decode("utf-8-sig")]), [])
        reader = pyarrow.csv.open_csv(
            stream,
            read_options=pyarrow.csv.ReadOptions(column_names=names, block_size=_BLOCK_BYTES),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=True, null_values=[""]
            ),
            parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True),
        )
        for batch in reader:
            yield pa.Table.from_batches([batch])
            if tell:
                tell(raw.tell(), total)


@contextmanager
def _writer(target: Path, scratch: IO[bytes]) -> Iterator[Callable[[pa.Table], None]]:
    """Write tables to CSV or Parquet by the ending of the target's name."""
    name = target.name.lower()
    if not name.endswith((".csv", ".csv.gz", ".parquet")):
        raise InputError.of(target.name, "is neither .csv, .csv.gz nor .parquet", code="format")
    make = pq.ParquetWriter if name.endswith(".parquet") else pyarrow.csv.CSVWriter
    with ExitStack() as stack:
        stream: Any = stack.enter_context(gzip.open(scratch, "wb")) if name.endswith(".gz") else scratch
        inner: Any = None

        def write(table: pa.Table) -> None:
            nonlocal inner
            if inner is None:
                inner = stack.enter_context(make(stream, table.schema))
            inner.write_table(table)

        yield write
