"""What goes to the parser and what comes back."""

import codecs
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from gridmap.model.errors import Fault, InputError
from gridmap.spatial._wkb import Limited, scan_wkb

GEOMETRY = "geometry"

_MEBIBYTE = 1 << 20
_INT64 = 1 << 63
_MOST_ROW_FAULTS = 100_000
# By what Python calls them. An open list would let an upload name `zip` or `rot13`, which are codecs too.
_ENCODINGS = {
    "utf-8": "utf-8",
    "utf-8-sig": "utf-8",
    "gb18030": "gb18030",
    "gbk": "gb18030",
    "gb2312": "gb18030",
    "big5": "big5",
    "big5hkscs": "big5hkscs",
    "utf-16": "utf-16",
    "iso8859-1": "iso8859-1",
    "cp1252": "cp1252",
}


@dataclass(frozen=True, slots=True)
class Limits:
    """What an upload may cost; beyond, it is refused as ``too_large``.

    Attributes
    ----------
    input_bytes
        Size of the file given, with what lies beside a shapefile.
    unpacked_bytes
        Size after decompression.
    memory_bytes
        Address space of the parser.
    cpu_seconds, wall_seconds
        Time of the parser.
    rows, columns, vertices
        How many the file may hold.
    """

    input_bytes: int = 512 * _MEBIBYTE
    unpacked_bytes: int = 1024 * _MEBIBYTE
    memory_bytes: int = 3072 * _MEBIBYTE
    cpu_seconds: int = 120
    wall_seconds: int = 180
    rows: int = 5_000_000
    columns: int = 400
    vertices: int = 20_000_000


@dataclass(frozen=True, slots=True)
class Request:
    """A file to parse: ``input.<suffix>`` in a folder of its own."""

    folder: Path
    suffix: str
    encoding: str | None
    layer: str | None
    limits: Limits


@dataclass(slots=True)
class Parsed:
    """What was found; ``row_faults`` goes from a row's position to what is wrong with it."""

    columns: dict[str, Any] = field(default_factory=dict)
    encoding: str | None = None
    crs: str | None = None
    notes: list[str] = field(default_factory=list)
    row_faults: dict[int, Fault] = field(default_factory=dict)

    def fault(self, row: int, message: str, code: str, mend: str = "") -> None:
        """Put a fault of a row on record; the first one of a row stays."""
        self.row_faults.setdefault(row, Fault(f"row {row + 1}", message, mend, code))
        if len(self.row_faults) > _MOST_ROW_FAULTS:
            raise InputError.of("file", f"more than {_MOST_ROW_FAULTS:,} rows are faulty", code="unreadable")

    def add_values(self, name: str, values: list[Any]) -> None:
        """Add a column of Python values: all of one kind, or text."""
        kinds = {type(value) for value in values} - {type(None)}
        if kinds <= {bytes} and kinds:
            self.notes.append(f"column “{name}” holds binary data and was left out")
        elif kinds == {bool}:
            self.columns[name] = pa.array(values, pa.bool_())
        elif kinds == {int} and all(value is None or -_INT64 <= value < _INT64 for value in values):
            self.columns[name] = pa.array(values, pa.int64())
        elif kinds and kinds <= {int, float}:
            self.columns[name] = pa.array([None if value is None else float(value) for value in values], pa.float64())
        else:
            self.add_texts(name, [_as_text(value) for value in values])

    def add_texts(self, name: str, values: list[str | None]) -> None:
        """Add a column of text; what a database cannot hold is a fault of its row."""
        for row, value in enumerate(values):
            if value is not None and ("\0" in value or not value.isascii() and _has_surrogate(value)):  # noqa: RUF021
                self.fault(row, f"column “{name}” holds characters that are no text", "not_text")
                values[row] = None
        self.columns[name] = pa.array(values, pa.string())

    def add_geometries(self, wkb: list[bytes | None], limits: Limits) -> None:
        """Add the geometries, scanned for depth and size before GEOS sees them, flat and in two dimensions."""
        left = limits.vertices
        for row, blob in enumerate(wkb):
            if blob is None:
                continue
            try:
                left -= scan_wkb(blob, left)
            except Limited as error:
                raise InputError.of("file", f"has more than {limits.vertices:,} vertices", code="too_large") from error
            except ValueError as error:
                self.fault(row, str(error), "unreadable_geometry")
                wkb[row] = None
        shapes = shapely.from_wkb(np.array(wkb, dtype=object), on_invalid="ignore")
        self.add_shapes(shapes, [blob is not None for blob in wkb])

    def add_shapes(self, shapes: NDArray[np.object_], given: list[bool]) -> None:
        """Add Shapely geometries; those that could not be built, or are not finite, become faults of their rows."""
        for row in np.flatnonzero(shapely.is_missing(shapes) & np.array(given, dtype=bool)):
            self.fault(
                int(row), "its outline cannot be read: a ring is not closed, or too short", "unreadable_geometry"
            )
        points, owner = shapely.get_coordinates(shapes, return_index=True)
        for row in np.unique(owner[~np.isfinite(points).all(axis=1)]):
            self.fault(int(row), "has coordinates that are not finite", "not_finite")
            shapes[row] = None
        if shapely.has_z(shapes).any():
            self.notes.append("heights were left out")
        self.columns[GEOMETRY] = pa.array(shapely.to_wkb(shapely.force_2d(shapes)).tolist(), pa.binary())

    def check_names(self, names: list[str], limits: Limits) -> None:
        """Refuse columns that are too many, named twice or not by text."""
        if len(names) > limits.columns:
            raise InputError.of("file", f"has more than {limits.columns} columns", code="too_large")
        faults = [Fault(f"column {name!r}", "is there twice", code="columns") for name in twice(names)]
        faults += [Fault(f"column {name!r}", "has no readable name", code="columns") for name in names if "\0" in name]
        if faults:
            raise InputError(faults)


def codec_of(name: str) -> str:
    """Return Python's name for an allowed encoding; InputError for others."""
    try:
        found = codecs.lookup(name.strip()).name
    except (LookupError, ValueError):
        found = ""
    if found not in _ENCODINGS:
        mend = "give one of " + ", ".join(_ENCODINGS)
        raise InputError.of("encoding", f"“{name[:40]}” is not an encoding read here", mend, "unknown_encoding")
    return _ENCODINGS[found]


def decode(data: bytes, encoding: str | None) -> tuple[str, str]:
    """Decode text: by the encoding stated, else strict UTF-8, else GB18030; return text and encoding.

    Detectors are not asked: they take GBK for Big5.
    """
    for codec in [codec_of(encoding)] if encoding else ["utf-8", "gb18030"]:
        try:
            return data.decode("utf-8-sig" if codec == "utf-8" else codec), codec
        except UnicodeDecodeError:
            continue
    raise not_text(encoding)


def not_text(encoding: str | None) -> InputError:
    """Make the error for text in neither of the encodings tried, or not in the one stated."""
    if encoding:
        return InputError.of("file", f"is not text in {encoding}", "state its encoding", "encoding")
    return InputError.of("file", "is text in neither UTF-8 nor GB18030", "state its encoding", "encoding")


def twice(names: list[str]) -> list[str]:
    """Return the names that occur more than once."""
    return sorted({name for name in names if names.count(name) > 1})


def too_large(what: str) -> InputError:
    """Make the error for an upload beyond a limit."""
    return InputError.of("file", what, "split it, or have the limit raised", "too_large")


def _as_text(value: Any) -> str | None:  # noqa: ANN401 - whatever a file holds
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return None
    return orjson.dumps(value).decode() if not isinstance(value, int) else str(value).lower()


def _has_surrogate(text: str) -> bool:
    return any("\ud800" <= letter <= "\udfff" for letter in text)
