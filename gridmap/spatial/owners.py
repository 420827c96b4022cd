"""Owners by the batch: columns of points in, Arrow columns of owners out, all levels in one pass.

What there is to tell about an owner (ids, codes and names, level by level) is kept once for each row of the index. A
batch of points takes from it by row, so nothing is made for each point but integers: texts stay in their dictionaries.
"""

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import ArrayLike, NDArray

from gridmap.model.errors import Fault, InputError
from gridmap.spatial.datums import read_points, to_wgs84
from gridmap.spatial.ownership import OwnershipIndex

STATUSES = ("inside", "on_border", "gap", "outside", "unreadable")
UNREADABLE = STATUSES[4]

_INSIDE, _ON_BORDER, _GAP, _OUTSIDE, _UNREADABLE = range(5)
_LISTED = 20
_FILES = ("owners.index", "owners.extent", "owners.arrow")
_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"


@dataclass(frozen=True, slots=True)
class OwnerTable:
    """Lines of one generation, ready to answer for columns of points.

    Attributes
    ----------
    index
        The grids that nobody divided further.
    extent
        The ground that the lines answer for, gaps included, as one polygon or more.
    told
        What to tell about an owner: columns by name, each as long as the index, in the order of its rows. Texts are
        dictionary-encoded by `OwnerTable.of`.
    """

    index: OwnershipIndex
    extent: OwnershipIndex
    told: dict[str, pa.Array]
    _lookups: tuple["_Lookup", ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_lookups", tuple(map(_Lookup.of, self.told.values())))

    @classmethod
    def of(cls, index: OwnershipIndex, extent: OwnershipIndex, told: dict[str, pa.Array]) -> "OwnerTable":
        """Make a table of plain columns."""
        return cls(index, extent, {name: _encoded(column) for name, column in told.items()})

    def retold(self, told: dict[str, pa.Array]) -> "OwnerTable":
        """Make the same table with other things to tell."""
        return replace(self, told={name: _encoded(column) for name, column in told.items()})

    def save(self, folder: Path) -> list[Path]:
        """Write the table into a folder, as files that `load` maps into memory; return them."""
        files = [folder / name for name in _FILES]
        self.index.save(files[0])
        self.extent.save(files[1])
        told = pa.RecordBatch.from_pydict(self.told)
        with pa.ipc.new_file(str(files[2]), told.schema) as file:
            file.write_batch(told)
        return files

    @classmethod
    def load(cls, folder: Path) -> "OwnerTable":
        """Map a saved table into memory.

        Raises
        ------
        InputError
            A file is not what it should be, of another version, or damaged.
        """
        index, extent, told = (folder / name for name in _FILES)
        with pa.ipc.open_file(pa.memory_map(str(told))) as file:
            batch = file.get_batch(0)
        return cls(
            OwnershipIndex.load(index),
            OwnershipIndex.load(extent),
            dict(zip(batch.schema.names, batch.columns, strict=True)),
        )

    def owners(self, x: ArrayLike, y: ArrayLike, datum: str, *, strict: bool = False) -> pa.RecordBatch:
        """Find the owners of many points.

        Parameters
        ----------
        x, y
            Coordinates of the stated datum, one dimension, equal length.
        datum
            One of the names that `gridmap.spatial.datums.parse_datum` reads.
        strict
            Whether a point that cannot be read is an error, and not a row of status ``unreadable``.

        Returns
        -------
        RecordBatch
            One row a point, in order: ``status`` (dictionary of `STATUSES`), then the columns of `told`, null where
            there is no owner.

        Raises
        ------
        InputError
            An unknown datum; columns of different lengths; where `strict`, points that cannot be read.
        """
        lon, lat = to_wgs84(x, y, datum) if strict else read_points(x, y, datum)
        bad = np.isnan(lon)
        some_bad = bool(bad.any())
        if some_bad:
            lon[bad] = lat[bad] = 0.0
        rows, on_border = self.index.locate_with_borders(lon, lat)
        if some_bad:
            rows[bad] = -1
        none = rows < 0
        lost = np.flatnonzero(none)
        status = np.where(on_border, np.int8(_ON_BORDER), np.int8(_INSIDE))
        if len(lost):
            status[lost] = np.where(self.extent.locate(lon[lost], lat[lost]) >= 0, _GAP, _OUTSIDE)
            status[bad] = _UNREADABLE
        columns = {"status": pa.DictionaryArray.from_arrays(pa.array(status), pa.array(STATUSES))}
        owned = _bits(~none)
        columns |= {name: found.take(rows, owned) for name, found in zip(self.told, self._lookups, strict=True)}
        return pa.RecordBatch.from_pydict(columns)

    def add_to(self, batch: pa.RecordBatch, datum: str, x: str, y: str, source: str = "") -> pa.RecordBatch:
        """Add the owners to a batch of rows.

        Parameters
        ----------
        x, y
            Columns of the coordinates: numbers, or texts that are numbers.
        source
            What to call the rows in an error.

        Returns
        -------
        RecordBatch
            The columns given, then those of `owners`. Columns of these names that were there already are left out.

        Raises
        ------
        InputError
            A column of coordinates is missing, is there twice, or holds something else.
        """
        refuse_columns(batch.schema, x, y, source)
        found = self.owners(_numbers(batch.column(x)), _numbers(batch.column(y)), datum)
        schema = self.schema_after(batch.schema)
        kept = [batch.column(i) for i, name in enumerate(batch.schema.names) if name not in found.schema.names]
        return pa.RecordBatch.from_arrays([*kept, *found.columns], schema=schema)

    def schema_after(self, schema: pa.Schema) -> pa.Schema:
        """Give the schema that rows of a schema have once owners are added."""
        added = [pa.field("status", pa.dictionary(pa.int8(), pa.string()))]
        added += [pa.field(name, column.type) for name, column in self.told.items()]
        names = {field.name for field in added}
        return pa.schema([*(field for field in schema if field.name not in names), *added], schema.metadata)


@dataclass(frozen=True, slots=True)
class _Lookup:
    """One column of what is told, laid out for taking from it by row of the index, -1 for none.

    Arrow's own `take` does the same five times slower where many rows are -1.

    Attributes
    ----------
    values
        The numbers of the column, or the places of its texts in `dictionary`; and a last one for row -1.
    there
        Which of them are values at all; None where only the last is not.
    """

    values: NDArray[np.int32] | NDArray[np.int64]
    there: NDArray[np.bool_] | None
    dictionary: pa.Array | None

    @classmethod
    def of(cls, column: pa.Array) -> "_Lookup":
        is_text = pa.types.is_dictionary(column.type)
        numbers = (column.indices if is_text else column).fill_null(0).to_numpy()
        there = np.append(column.is_valid().to_numpy(zero_copy_only=False), [False]).astype(np.bool_)
        return cls(
            np.append(numbers, numbers.dtype.type(0)),
            there if column.null_count else None,
            column.dictionary if is_text else None,
        )

    def take(self, rows: NDArray[np.int64], owned: pa.Buffer) -> pa.Array:
        values = np.take(self.values, rows, mode="wrap")
        there = owned if self.there is None else _bits(np.take(self.there, rows, mode="wrap"))
        kind = pa.from_numpy_dtype(values.dtype)
        taken = pa.Array.from_buffers(kind, len(rows), [there, pa.py_buffer(values)])
        if self.dictionary is None:
            return taken
        return pa.DictionaryArray.from_arrays(taken, self.dictionary, safe=False)


def _bits(there: NDArray[np.bool_]) -> pa.Buffer:
    """Pack which values are there as Arrow has it."""
    return pa.py_buffer(np.packbits(there, bitorder="little"))


def count_statuses(owned: pa.RecordBatch) -> NDArray[np.int64]:
    """Count the rows of each of `STATUSES` in what `OwnerTable` returned."""
    codes = owned.column("status").indices.to_numpy()
    return np.bincount(codes, minlength=len(STATUSES)).astype(np.int64)


def refuse_columns(schema: pa.Schema, x: str, y: str, source: str = "") -> None:
    """Refuse rows that lack a column of coordinates.

    Raises
    ------
    InputError
        A column is missing, is there twice, or holds neither numbers nor texts.
    """
    faults = []
    for option, name in (("x", x), ("y", y)):
        place, times = f"column {name[:40]}", schema.names.count(name)
        if times == 0:
            there = ", ".join(schema.names[:_LISTED])
            faults.append(Fault(place, "is missing", f"name it with {option}; there are {there}", "missing"))
        elif times > 1:
            faults.append(Fault(place, "is there twice", "give each column a name of its own", "twice"))
        elif not _is_readable(schema.field(name).type):
            faults.append(Fault(place, f"holds {schema.field(name).type}, not numbers", code="not_a_number"))
    if faults:
        raise InputError(faults, source)


def plain_texts(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Turn columns of dictionaries into plain ones, for formats that have none."""
    columns = [
        column.dictionary_decode() if pa.types.is_dictionary(column.type) else column for column in batch.columns
    ]
    fields = [field.with_type(column.type) for field, column in zip(batch.schema, columns, strict=True)]
    return pa.RecordBatch.from_arrays(columns, schema=pa.schema(fields, batch.schema.metadata))


def _encoded(column: pa.Array) -> pa.Array:
    return column.cast(pa.string()).dictionary_encode() if _is_text(column.type) else column


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _is_readable(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        return _is_readable(kind.value_type)
    numeric = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    return bool(numeric or _is_text(kind) or pa.types.is_null(kind))


def _numbers(column: pa.Array) -> NDArray[np.float64]:
    """Read numbers, NaN where there are none."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if not _is_text(column.type):
        numbers = column.cast(pa.float64(), safe=False)
    else:
        texts = column.cast(pa.string()) if pa.types.is_string_view(column.type) else column
        try:
            numbers = texts.cast(pa.float64())
        except pa.ArrowInvalid:
            trimmed = pc.utf8_trim_whitespace(texts)
            numbers = pc.if_else(pc.match_substring_regex(trimmed, _NUMBER), trimmed, None).cast(pa.float64())
    return np.asarray(numbers.to_numpy(zero_copy_only=False), np.float64)
