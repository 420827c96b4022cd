"""Owners of a table of locations: the same rows in the same order, with status, grid and levels added."""

import io

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from gridmap.model.errors import InputError
from gridmap.services.opening import OpenCity
from gridmap.services.writing import FORMULA
from gridmap.spatial.datums import ALLOWED, parse_datum
from gridmap.spatial.owners import OwnerTable, plain_texts

MOST_ROWS = 1_000_000


def stated_datum(datum: str | None) -> str:
    """Read the datum that goes with a table.

    Raises
    ------
    InputError
        None is given, or an unknown one.
    """
    if not datum:
        raise InputError.of("datum", "is missing", f"say {ALLOWED}; it is never guessed", "missing")
    return parse_datum(datum)


def defused(owners: OwnerTable) -> OwnerTable:
    """Keep names that begin like a formula from being run: for CSV, which people open in spreadsheets."""
    told = dict(owners.told)
    for name, column in told.items():
        if pa.types.is_dictionary(column.type):
            texts = column.dictionary_decode()
            risky = pc.match_substring_regex(texts, f"^[{''.join(FORMULA)}]".replace("-", r"\-"))
            told[name] = pc.if_else(risky, pc.binary_join_element_wise("'", texts, ""), texts)
    return owners.retold(told)


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
    stated = stated_datum(datum)
    is_csv = media == "text/csv"
    try:
        table = _read_csv(body) if is_csv else pa.ipc.open_stream(body).read_all()
    except (pa.ArrowException, OSError, EOFError) as error:
        raise InputError.of("body", f"is not {media}", "see the content type", "format") from error
    if table.num_rows > MOST_ROWS:
        raise InputError.of("body", f"has {table.num_rows:,} rows", f"at most {MOST_ROWS:,} at a time", "too_many")
    owners = city.keeper.snapshot().lines.owners
    batches = table.to_batches() or [pa.RecordBatch.from_pylist([], table.schema)]
    sink = io.BytesIO()
    if is_csv:
        owners = defused(owners)
        owned = [plain_texts(owners.add_to(batch, stated, x, y, "body")) for batch in batches]
        pyarrow.csv.write_csv(pa.Table.from_batches(owned), sink)
    else:
        with pa.ipc.new_stream(sink, owners.schema_after(table.schema)) as stream:
            for batch in batches:
                stream.write_batch(owners.add_to(batch, stated, x, y, "body"))
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
