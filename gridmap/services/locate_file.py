"""Owners of a file of locations: CSV or Parquet in, the same rows with owners added out, in chunks.

Memory is bounded by the chunk, whatever the file's size. The output appears whole or not at all.
"""

import csv
import gzip
import os
import tempfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from gridmap.model.errors import InputError, NotFoundError
from gridmap.services.locate_table import UNREADABLE, add_owners
from gridmap.services.opening import OpenCity
from gridmap.spatial.datums import ALLOWED, parse_datum

CHUNK_ROWS = 262_144
_BLOCK_BYTES = 32 << 20
STATUSES = ("inside", "on_border", "gap", "outside", UNREADABLE)


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
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}.", delete=False) as scratch:
        try:
            with _writer(target, scratch) as write:
                for chunk in _chunks(source, on_progress):
                    owned = add_owners(
                        lines, chunk, stated, x, y, source=source.name, defused=".csv" in target.suffixes
                    )
                    counts.update(owned["status"].to_pylist())
                    write(owned)
            scratch.flush()
            os.fsync(scratch.fileno())
            Path(scratch.name).chmod(0o644)
            Path(scratch.name).replace(target)
        except BaseException:
            Path(scratch.name).unlink(missing_ok=True)
            raise
    return {status: counts[status] for status in STATUSES if counts[status]}


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
                if not total:
                    yield file.schema_arrow.empty_table()
        elif name.endswith((".csv", ".csv.gz")):
            yield from _csv_chunks(source, tell)
        else:
            raise InputError.of(source.name, "is neither .csv, .csv.gz nor .parquet", code="format")
    except UnicodeDecodeError as error:
        raise InputError.of(source.name, "is not UTF-8", "save it as UTF-8", "encoding") from error
    except (pa.ArrowException, OSError, EOFError, zlib.error) as error:
        reason = (str(error).splitlines() or ["it is damaged"])[0][:200]
        raise InputError.of(source.name, f"cannot be read: {reason}", code="format") from error


def _csv_chunks(source: Path, tell: Callable[[int, int], None] | None) -> Iterator[pa.Table]:
    total = source.stat().st_size
    with ExitStack() as stack:
        raw = stack.enter_context(source.open("rb"))
        packed = source.name.lower().endswith(".gz")
        stream: Any = stack.enter_context(gzip.open(raw)) if packed else raw
        # All columns are texts and nothing is guessed: a house number 0012 has to come out as it went in.
        names = next(csv.reader([stream.readline().decode("utf-8-sig")]), [])
        if twice := [name for name, times in Counter(names).items() if times > 1]:
            raise InputError.of(
                f"column {twice[0][:40]}", "is there twice", "give each column a name of its own", "twice"
            )
        if not stream.peek(1):
            yield pa.table({name: pa.array([], pa.string()) for name in names})
            return
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
