"""Parse CSV and Parquet. Runs in the throw-away process only."""

import codecs
import csv
import gzip
import io
import json
import zlib
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from gridmap.model.errors import InputError
from gridmap.spatial._parsed import (
    GEOMETRY,
    Limits,
    Parsed,
    Request,
    codec_of,
    not_text,
    too_large,
)

_CHUNK = 1 << 20
_BATCH = 65_536
_MOST_FIELD = 1 << 20
_CRS84 = "OGC:CRS84"


def parse_csv(request: Request) -> Parsed:
    """Parse a table of text; every column stays text, and an empty field is none."""
    name = f"input{request.suffix}"
    codec = _codec_of_file(request, name)
    parsed = Parsed(encoding=codec)
    csv.field_size_limit(_MOST_FIELD)
    with _opened(request, name) as raw:
        text = io.TextIOWrapper(raw, encoding="utf-8-sig" if codec == "utf-8" else codec, newline="")
        lines = _checked(csv.reader(text, delimiter=_delimiter(request, name, codec), strict=True))
        header = _header(next(lines, (0, []))[1], parsed, request.limits)
        _add_rows(parsed, header, lines, request.limits)
    return parsed


def parse_parquet(request: Request) -> Parsed:
    """Parse Parquet: plain columns, and the geometry where GeoParquet's metadata names one."""
    try:
        file = pq.ParquetFile(request.folder / "input.parquet", memory_map=False, pre_buffer=False)
        if file.metadata.num_rows > request.limits.rows:
            raise too_large(f"has more than {request.limits.rows:,} rows")
        schema = file.schema_arrow
        geometry, crs = _geo_column(schema)
        parsed = Parsed(crs=crs)
        parsed.check_names(schema.names, request.limits)
        plain = [name for name in schema.names if name != geometry and _is_plain(schema.field(name).type)]
        left_out = [name for name in schema.names if name != geometry and name not in plain]
        if left_out:
            parsed.notes.append(f"columns left out, for they are not plain: {', '.join(left_out)}")
        table = _read_columns(file, [*plain, *([geometry] if geometry else [])], request.limits)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError, UnicodeDecodeError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError.of(
            "file", "is not a Parquet file, or a damaged one", "export it again", "unreadable"
        ) from error
    for name in plain:
        _add_column(parsed, name, table[name])
    if geometry:
        parsed.add_geometries(table[geometry].to_pylist(), request.limits)
    return parsed


class _Counted(io.RawIOBase):
    """A stream that counts what it gives, and stops at the limit."""

    def __init__(self, inner: Any, most: int) -> None:  # noqa: ANN401 - any binary file
        self._inner = inner
        self._left = most

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - a writable buffer
        try:
            data = self._inner.read(min(len(buffer), _CHUNK))
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise InputError.of("file", "is damaged: it does not unpack", code="unreadable") from error
        self._left -= len(data)
        if self._left < 0:
            raise too_large("unpacks to more than is allowed")
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._inner.close()
        super().close()


def _opened(request: Request, name: str) -> io.BufferedReader:
    path = request.folder / name
    opener = gzip.open if name.endswith(".gz") else io.open
    return io.BufferedReader(_Counted(opener(path, "rb"), request.limits.unpacked_bytes), _CHUNK)


def _codec_of_file(request: Request, name: str) -> str:
    """Decode the whole file once: as stated, else strict UTF-8, else GB18030."""
    for codec in [codec_of(request.encoding)] if request.encoding else ["utf-8", "gb18030"]:
        decoder = codecs.getincrementaldecoder(codec)()
        try:
            with _opened(request, name) as raw:
                while chunk := raw.read(_CHUNK):
                    decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            continue
        return codec
    raise not_text(request.encoding)


def _delimiter(request: Request, name: str, codec: str) -> str:
    """Return the tab of .tsv, or of comma, semicolon and tab the one most frequent in the first line."""
    if name.startswith("input.tsv"):
        return "\t"
    with _opened(request, name) as raw:
        first = raw.readline(_CHUNK).decode(codec, "replace")
    return max(",;\t", key=first.count)


def _checked(reader: Any) -> Iterator[tuple[int, list[str]]]:  # noqa: ANN401 - csv has no public type for it
    """Give lines with their numbers, blank ones left out."""
    while True:
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            place = f"line {reader.line_num}"
            raise InputError.of(
                place, "is not CSV: a quote is not closed, or stands amid a field", "", "unreadable"
            ) from error
        if fields:
            yield reader.line_num, fields


def _header(fields: list[str], parsed: Parsed, limits: Limits) -> list[str]:
    if not fields:
        raise InputError.of("file", "is empty: not even column names", code="empty")
    header = [name.strip() for name in fields]
    for position, name in enumerate(header):
        if not name:
            header[position] = f"column_{position + 1}"
            parsed.notes.append(f"column {position + 1} has no name and is now “{header[position]}”")
    parsed.check_names(header, limits)
    return header


def _add_rows(parsed: Parsed, header: list[str], lines: Iterator[tuple[int, list[str]]], limits: Limits) -> None:
    chunks: list[pa.RecordBatch] = []
    batch: list[list[str]] = []
    schema = pa.schema([(name, pa.string()) for name in header])

    def flush() -> None:
        # Texts are handed to Arrow a batch at a time: as Python strings a large file takes ten times the room.
        arrays = [pa.array([value or None for value in column], pa.string()) for column in zip(*batch, strict=True)]
        chunks.append(pa.RecordBatch.from_arrays(arrays, schema=schema))
        batch.clear()

    for row, (number, given) in enumerate(lines):
        if row == limits.rows:
            raise too_large(f"has more than {limits.rows:,} rows")
        fields = given
        if len(fields) != len(header):
            message = f"(line {number}) has {len(fields)} fields, the header has {len(header)}"
            parsed.fault(row, message, "columns", "is a comma unquoted?")
            fields = (fields + [""] * len(header))[: len(header)]
        elif "\0" in "".join(fields):
            parsed.fault(row, f"(line {number}) holds characters that are no text", "not_text")
            fields = [field.replace("\0", "") for field in fields]
        batch.append(fields)
        if len(batch) == _BATCH:
            flush()
    if batch:
        flush()
    table = pa.Table.from_batches(chunks, schema)
    parsed.columns.update({name: table[name] for name in header})


def _geo_column(schema: pa.Schema) -> tuple[str | None, str | None]:
    """Return the geometry's column and its system as GeoParquet's metadata declares them."""
    metadata = (schema.metadata or {}).get(b"geo")
    if metadata is None:
        binary = GEOMETRY in schema.names and _is_binary(schema.field(GEOMETRY).type)
        return (GEOMETRY if binary else None), None
    try:
        geo = json.loads(metadata)
        name = geo["primary_column"]
        column = geo["columns"][name]
        encoding = column["encoding"]
        crs = column.get("crs", _CRS84)
        known = crs.get("id") if isinstance(crs, dict) else None
        told = f"{known['authority']}:{known['code']}" if known else crs.get("name") if isinstance(crs, dict) else crs
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InputError.of("file", "has GeoParquet metadata that cannot be read", code="unreadable") from error
    if encoding != "WKB" or name not in schema.names or not _is_binary(schema.field(name).type):
        raise InputError.of("file", f"keeps its geometry as {encoding}", "write it as WKB", "unreadable")
    return name, told


def _is_binary(kind: pa.DataType) -> bool:
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


def _is_plain(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    tests = (
        "boolean",
        "integer",
        "floating",
        "string",
        "large_string",
        "string_view",
        "date",
        "timestamp",
        "decimal",
        "null",
    )
    return any(getattr(pa.types, f"is_{test}")(kind) for test in tests)


def _read_columns(file: pq.ParquetFile, names: list[str], limits: Limits) -> pa.Table:
    batches, size = [], 0
    for batch in file.iter_batches(batch_size=_BATCH, columns=names, use_threads=False):
        size += batch.nbytes
        if size > limits.unpacked_bytes:
            raise too_large("unpacks to more than is allowed")
        batch.validate(full=True)
        batches.append(batch)
    return pa.Table.from_batches(batches, batches[0].schema if batches else file.schema_arrow)


def _add_column(parsed: Parsed, name: str, column: pa.ChunkedArray) -> None:
    kind = column.type
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
        column = column.cast(kind)
    if pa.types.is_decimal(kind):
        column = column.cast(pa.float64())
    free = name if name != GEOMETRY else f"{GEOMETRY}_1"
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        parsed.add_texts(free, column.to_pylist())
    else:
        parsed.columns[free] = column
