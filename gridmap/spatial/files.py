"""Read an uploaded file of grids, places or incidents, whoever made it.

Parsing happens in a throw-away process (`gridmap.spatial._parse`) with limits on memory, time and size. The
format is told by the name's ending alone, and each ending has one parser; a file's content cannot choose another.
What comes back is an Arrow table, never a pickle. Nothing is converted: which datum the coordinates are in is for
the importer to be told.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import shapely
from geopandas import GeoDataFrame

from gridmap.model.errors import Fault, InputError
from gridmap.spatial._parsed import GEOMETRY, Limits

__all__ = ["FORMATS", "FileContent", "Limits", "read"]

FORMATS = {
    ".geojson": "GeoJSON",
    ".json": "GeoJSON",
    ".gpkg": "GeoPackage",
    ".shp": "Shapefile",
    ".zip": "Shapefile",
    ".parquet": "Parquet",
    ".csv": "CSV",
    ".csv.gz": "CSV",
    ".tsv": "CSV",
}
"""Endings and what they are read as."""

_SIDECARS = (".shx", ".dbf", ".prj", ".cpg")
_PACKAGE = Path(__file__).resolve().parents[2]
_KILLED_FOR_SIZE = {-signal.SIGXCPU, -signal.SIGKILL, -signal.SIGABRT, -signal.SIGXFSZ}


@dataclass(frozen=True, slots=True)
class FileContent:
    """What a file holds.

    Attributes
    ----------
    frame
        One row for each record, index from 0. A GeoDataFrame without a coordinate system where the file has
        geometries (2-D, ``geometry`` None where a record has none or a faulty one), else a DataFrame. All columns
        of CSV are text; an empty field is missing.
    format
        ``GeoJSON``, ``GeoPackage``, ``Shapefile``, ``Parquet``, ``GeoParquet`` or ``CSV``.
    encoding
        In which its text was read; None where the format leaves no choice or there was no text.
    crs
        The coordinate system that the file declares, in its own words; None if it declares none.
    rows
        How many records.
    notes
        What the reader decided or left out, for the report.
    row_faults
        From a row's position to its fault: records that must not be imported as they are.
    """

    frame: pd.DataFrame
    format: str
    encoding: str | None
    crs: str | None
    rows: int
    notes: tuple[str, ...]
    row_faults: dict[int, Fault]


def read(
    path: str | Path, *, encoding: str | None = None, layer: str | None = None, limits: Limits | None = None
) -> FileContent:
    """Read a file in a process of its own.

    Parameters
    ----------
    path
        A local file with one of the endings of `FORMATS`. Of a shapefile the .shp is enough; .shx, .dbf, .prj and
        .cpg are read where they lie beside it or with it in the zip.
    encoding
        Of the text; where None: that of the .cpg, else UTF-8 if all of the text is, else GB18030; the notes say
        which.
    layer
        Which layer of a GeoPackage with several.
    limits
        What the file may cost.

    Returns
    -------
    FileContent
        The records, with the faults of single records listed.

    Raises
    ------
    InputError
        When there is no such file, its ending is unknown (``unknown_format``), it is not what its ending says
        (``unreadable``), its text is in another encoding (``encoding``), it costs more than the limits allow
        (``too_large``), or is nested too deep (``too_complex``).
    """
    path = Path(path)
    limits = limits or Limits()
    try:
        suffix = _suffix(path)
        with tempfile.TemporaryDirectory(prefix="gridmap-upload-") as name:
            folder = Path(name)
            _bring(path, suffix, folder, limits)
            answer = _run(folder, suffix, encoding, layer, limits)
            table = _load(folder)
    except InputError as error:
        raise InputError(error.faults, path.name) from error.__cause__
    frame = _frame(table)
    form = FORMATS[suffix]
    notes = list(answer["notes"])
    if answer["encoding"] is not None and form in {"CSV", "GeoJSON", "Shapefile"}:
        notes.insert(0, f"text read as {answer['encoding'].upper()}")
    return FileContent(
        frame,
        "GeoParquet" if form == "Parquet" and isinstance(frame, GeoDataFrame) else form,
        answer["encoding"],
        answer["crs"],
        len(frame),
        tuple(notes),
        {int(row): Fault(**fault) for row, fault in answer["row_faults"].items()},
    )


def _suffix(path: Path) -> str:
    name = path.name.lower()
    suffix = max((ending for ending in FORMATS if name.endswith(ending)), key=len, default=None)
    if suffix is None:
        raise InputError.of("file", "has an ending not read here", f"give {', '.join(FORMATS)}", "unknown_format")
    if not path.is_file():
        raise InputError.of("file", "is not there", code="not_found")
    return suffix


def _bring(path: Path, suffix: str, folder: Path, limits: Limits) -> None:
    """Copy the file, and what belongs to it, under names of our own: no parser sees a name from outside."""
    wanted = {suffix: path}
    if suffix == ".shp":
        beside = {other.name.lower(): other for other in path.parent.iterdir() if other.is_file()}
        stem = path.name.lower().removesuffix(suffix)
        wanted |= {ending: beside[stem + ending] for ending in _SIDECARS if stem + ending in beside}
    if sum(source.stat().st_size for source in wanted.values()) > limits.input_bytes:
        raise InputError.of("file", f"is larger than {limits.input_bytes:,} bytes", "split it", "too_large")
    for ending, source in wanted.items():
        shutil.copyfile(source, folder / f"input{_own_ending(ending)}")


def _own_ending(suffix: str) -> str:
    return ".json" if suffix == ".geojson" else suffix


def _run(folder: Path, suffix: str, encoding: str | None, layer: str | None, limits: Limits) -> dict[str, Any]:
    """Run the parser; what it answers, or what its end says, decides."""
    asked = {
        "folder": str(folder),
        "suffix": _own_ending(suffix),
        "encoding": encoding,
        "layer": layer,
        "limits": asdict(limits),
    }
    # Nothing of our environment is handed on: no proxy, no credentials, no settings of GDAL or PROJ.
    environment = {"PYTHONPATH": str(_PACKAGE), "LANG": "C.UTF-8", "TMPDIR": str(folder), "PATH": os.defpath}
    command = [sys.executable, "-P", "-s", "-m", "gridmap.spatial._parse"]
    process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        env=environment,
        start_new_session=True,
    )
    try:
        process.communicate(json.dumps(asked).encode(), timeout=limits.wall_seconds)
    except subprocess.TimeoutExpired:
        raise _refusal("takes longer than is allowed", "too_large") from None
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    if process.returncode in _KILLED_FOR_SIZE:
        raise _refusal("takes more time or memory than is allowed", "too_large")
    if process.returncode != 0 or not (folder / "answer.json").exists():
        raise _refusal("breaks the reader: it is too complex, or made to do so", "too_complex")
    answer: dict[str, Any] = json.loads((folder / "answer.json").read_text(encoding="utf-8"))
    if "faults" in answer:
        raise InputError([Fault(**fault) for fault in answer["faults"]])
    return answer


def _refusal(message: str, code: str) -> InputError:
    return InputError.of("file", message, "split it, or have the limit raised", code)


def _load(folder: Path) -> pa.Table:
    with pa.OSFile(str(folder / "out.arrow"), "rb") as source:
        table: pa.Table = pa.ipc.open_file(source).read_all()
    table.validate(full=True)
    return table


def _frame(table: pa.Table) -> pd.DataFrame:
    """Make a frame; whole numbers stay whole where some are missing."""
    plain = table.drop_columns([GEOMETRY]) if _has_geometry(table) else table
    frame: pd.DataFrame = plain.to_pandas(ignore_metadata=True)
    for name in plain.column_names:
        if pa.types.is_integer(plain.schema.field(name).type) and plain[name].null_count:
            frame[name] = pd.array(plain[name].to_pylist(), dtype="Int64")
    if not _has_geometry(table):
        return frame
    shapes = shapely.from_wkb(table[GEOMETRY].to_numpy(zero_copy_only=False))
    frame.index = pd.RangeIndex(len(shapes))
    located: pd.DataFrame = GeoDataFrame(frame, geometry=shapes)
    return located


def _has_geometry(table: pa.Table) -> bool:
    return GEOMETRY in table.column_names and bool(pa.types.is_binary(table.schema.field(GEOMETRY).type))
