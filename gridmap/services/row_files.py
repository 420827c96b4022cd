"""Files of rows, read and written a chunk at a time: CSV, Parquet and Arrow."""

import csv
import gzip
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from gridmap.model.errors import InputError
from gridmap.spatial.owners import plain_texts

CSV_ENDINGS = (".csv", ".csv.gz")
ARROW_ENDINGS = (".arrow", ".feather")
ENDINGS = (*CSV_ENDINGS, ".parquet", *ARROW_ENDINGS)
CHUNK_ROWS = 1 << 17

_CHUNK_BYTES = 16 << 20
_SAMPLE_ROWS = 1024
_CSV_BLOCK_BYTES = 8 << 20
_READ_BYTES = 1 << 20  # of a column at a time; without it a row group is read whole
_GROUP_ROWS, _GROUP_BYTES = 1 << 20, 128 << 20
_DICTIONARY_BYTES = 16 << 20  # names of some hundred thousand grids
_GZIP_LEVEL = 6

Chunk = tuple[pa.RecordBatch, int, int]


def refuse_ending(path: Path) -> None:
    """Refuse a name whose ending tells of no format that is read and written here.

    Raises
    ------
    InputError
        The ending is none of `ENDINGS`.
    """
    if not path.name.lower().endswith(ENDINGS):
        listed = ", ".join(ENDINGS[:-1])
        raise InputError.of(path.name, f"is neither {listed} nor {ENDINGS[-1]}", code="format")


def is_csv(path: Path) -> bool:
    """Tell whether a file is CSV, packed or not."""
    return path.name.lower().endswith(CSV_ENDINGS)


def chunks(source: Path) -> Iterator[Chunk]:
    """Read a file in chunks of at most `CHUNK_ROWS` rows (CSV: of some megabytes), the first of them perhaps empty.

    Yields
    ------
    tuple
        The rows; how far the file is read then, and how far it goes: in rows (Parquet), bytes (CSV) or batches (Arrow).

    Raises
    ------
    InputError
        The file cannot be read, or not as what its name says.
    """
    refuse_ending(source)
    name = source.name.lower()
    read = _parquet_chunks if name.endswith(".parquet") else _csv_chunks if is_csv(source) else _arrow_chunks
    try:
        yield from read(source)
    except UnicodeDecodeError as error:
        raise InputError.of(source.name, "is not UTF-8", "save it as UTF-8", "encoding") from error
    except (pa.ArrowException, OSError, EOFError, zlib.error) as error:
        reason = (str(error).splitlines() or ["it is damaged"])[0][:200]
        raise InputError.of(source.name, f"cannot be read: {reason}", code="format") from error


def _parquet_chunks(source: Path) -> Iterator[Chunk]:
    # Read ahead by Arrow, what was read stays in memory until the file is closed.
    with pq.ParquetFile(source, buffer_size=_READ_BYTES, pre_buffer=False) as file:
        done, total = 0, file.metadata.num_rows
        if not total:
            yield pa.RecordBatch.from_pylist([], file.schema_arrow), 0, 0
            return
        # Columns are decoded on one thread: the other cores have enough to do.
        sample = next(file.iter_batches(_SAMPLE_ROWS, row_groups=[0], use_threads=False))
        for batch in file.iter_batches(_rows_in(_CHUNK_BYTES, sample, CHUNK_ROWS), use_threads=False):
            done += batch.num_rows
            yield batch, done, total


def _rows_in(size: int, like: pa.RecordBatch, most: int) -> int:
    """Say how many rows like these fit a number of bytes."""
    return int(min(most, max(_SAMPLE_ROWS, size * like.num_rows // max(1, like.nbytes))))


def _csv_chunks(source: Path) -> Iterator[Chunk]:
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
            yield pa.RecordBatch.from_pylist([], pa.schema([(name, pa.string()) for name in names])), total, total
            return
        reader = pyarrow.csv.open_csv(
            stream,
            read_options=pyarrow.csv.ReadOptions(column_names=names, block_size=_CSV_BLOCK_BYTES),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=True, null_values=[""]
            ),
            parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True),
        )
        for batch in reader:
            yield batch, raw.tell(), total


def _arrow_chunks(source: Path) -> Iterator[Chunk]:
    with pa.OSFile(str(source)) as raw, pa.ipc.open_file(raw) as file:
        total = file.num_record_batches
        if not total:
            yield pa.RecordBatch.from_pylist([], file.schema), 0, 0
        for number in range(total):
            batch = file.get_batch(number)
            for start in range(0, batch.num_rows, CHUNK_ROWS) or (0,):
                yield batch.slice(start, CHUNK_ROWS), number + 1, total


@contextmanager
def writer(target: Path, scratch: Path, added: set[str]) -> Iterator[Callable[[pa.RecordBatch], None]]:
    """Write batches into a file, in the format that the ending of the target's name tells.

    Parameters
    ----------
    target
        The name that the file will have.
    scratch
        The file to write.
    added
        Columns that are worth no statistics in Parquet: to gather those of our texts takes longer than to write them.
    """
    name = target.name.lower()
    with ExitStack() as stack:
        sink: Any = stack.enter_context(pa.OSFile(str(scratch), "wb"))
        if name.endswith(".gz"):
            sink = stack.enter_context(gzip.open(sink, "wb", _GZIP_LEVEL))
        open_writer: Any = None
        group = _GROUP_ROWS

        def write(batch: pa.RecordBatch) -> None:
            nonlocal open_writer, group
            if name.endswith(".parquet"):
                if open_writer is None:
                    open_writer = stack.enter_context(pq.ParquetWriter(sink, batch.schema, **_encoding(batch, added)))
                    group = _rows_in(_GROUP_BYTES, batch, _GROUP_ROWS)
                open_writer.write_batch(batch, group)
                return
            batch = plain_texts(batch) if is_csv(target) else _arrow_texts(batch, added)
            if open_writer is None:
                open_writer = stack.enter_context(_plain_writer(target, sink, batch.schema))
            open_writer.write_batch(batch)

        yield write


def _plain_writer(target: Path, sink: Any, schema: pa.Schema) -> Any:  # noqa: ANN401 - Arrow has no types
    if is_csv(target):
        return pyarrow.csv.CSVWriter(sink, schema)
    packing = "lz4" if target.name.lower().endswith(".feather") else None
    return pa.ipc.new_file(sink, schema, options=pa.ipc.IpcWriteOptions(compression=packing))


def _arrow_texts(batch: pa.RecordBatch, added: set[str]) -> pa.RecordBatch:
    """Keep our dictionaries, which never change; those of others may from batch to batch, which the format forbids."""
    plain = plain_texts(batch)
    for i, name in enumerate(batch.schema.names):
        if name in added:
            plain = plain.set_column(i, batch.schema.field(i), batch.column(i))
    return plain


def _encoding(batch: pa.RecordBatch, added: set[str]) -> dict[str, Any]:
    """Choose how Parquet is to encode: dictionaries for all but fractions, which hardly ever come twice."""
    sink = pa.BufferOutputStream()
    pq.write_table(batch.schema.empty_table(), sink)
    columns = pq.ParquetFile(pa.BufferReader(sink.getvalue())).schema
    return {
        "use_dictionary": [each.path for each in columns if each.physical_type not in {"FLOAT", "DOUBLE"}],
        "write_statistics": [each.path for each in columns if each.path not in added],
        "dictionary_pagesize_limit": _DICTIONARY_BYTES,
    }
