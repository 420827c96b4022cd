"""Importing a file into a layer: read apart, checked whole, written in one transaction or not at all."""

import hashlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import geopandas as gpd
import numpy as np
import shapely

from gridmap.model.errors import Fault, InputError, NotFoundError
from gridmap.model.layers import Layer
from gridmap.model.layers import layer as find_layer
from gridmap.model.schemes import GOVERNANCE
from gridmap.model.words import Text
from gridmap.services.import_grids import GridOptions, clean, publish_grids, read_grids, refuse_unknown
from gridmap.services.import_points import prepare
from gridmap.services.import_report import ImportReport, RefusedImportError
from gridmap.services.import_shapes import refuse_declared
from gridmap.services.lines import build_extent
from gridmap.spatial.datums import ALLOWED, better_datum, from_wgs84, parse_datum
from gridmap.spatial.files import FileContent, read
from gridmap.store import cities, generations, imports, incidents, places
from gridmap.store.database import Connection, Database

Progress = Callable[[str, int, int], None]
PHASES = ("reading", "checking", "writing")

_BLOCK = 1 << 20
_MOST_SPOTS = 20_000
_SIDECARS = (".dbf", ".shx", ".prj", ".cpg")


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """How a file is to be imported.

    Attributes
    ----------
    datum
        What the coordinates are; never guessed.
    mapping
        From field to column, where the file's names are not the layer's.
    partial
        Write the good rows although others are rejected; for places and incidents.
    level, scheme, repair, retire_below
        For grids.
    """

    datum: str
    encoding: str | None = None
    mapping: dict[str, str] = field(default_factory=dict)
    level: str | None = None
    scheme: str = GOVERNANCE
    dry_run: bool = False
    partial: bool = False
    repair: bool = False
    retire_below: bool = False


def import_file(
    database: Database,
    layer: str,
    path: Path,
    options: ImportOptions,
    *,
    on_progress: Progress | None = None,
) -> ImportReport:
    """Import a file into a layer.

    Parameters
    ----------
    on_progress
        Told the phase that begins (`PHASES`), how many are done and how many there are.

    Returns
    -------
    ImportReport
        What was done; after a dry run, what would be.

    Raises
    ------
    RefusedImportError
        Nothing was written; its report tells everything that is wrong. A dry run raises it as well. For grids that are
        dirty or do not fit it is a CoverageError, too.
    InputError
        The datum is missing or contradicts the file, the file cannot be read, options that do not fit the layer, the
        invented demo city.
    NotFoundError
        No such file, layer, scheme or level.
    ConflictError
        Somebody else changed the same rows, or published, meanwhile.
    """
    tell = on_progress or (lambda _phase, _done, _total: None)
    chosen = find_layer(layer)
    datum = _settled(chosen, options)
    with database.read() as connection:
        card = cities.read(connection)
    if card.invented:
        raise InputError.of("city", "is the invented demo", "import into your own city: --city own", "city")
    if not path.is_file():
        raise NotFoundError(f"there is no file {path}")
    tell("reading", 0, len(PHASES))
    digest = _digest(path)
    content = read(path, encoding=options.encoding)
    report = _begun(layer, path, datum, content, options)
    _note_earlier(database, digest, report)
    tell("checking", 1, len(PHASES))
    begin_writing = partial(tell, "writing", 2, len(PHASES))
    if chosen.store == "grid":
        _bring_grids(database, chosen, content, digest, options, report, begin_writing)
    else:
        _bring_rows(database, chosen, content, digest, options, report, begin_writing, ZoneInfo(card.zone))
    tell("writing", len(PHASES), len(PHASES))
    return report


def _bring_grids(
    database: Database,
    layer: Layer,
    content: FileContent,
    digest: bytes,
    options: ImportOptions,
    report: ImportReport,
    begin_writing: Callable[[], None],
) -> None:
    """Check grids, publish them whole through the gate, then log what came of it."""
    grid_options = GridOptions(options.level or "", options.scheme, options.repair, options.retire_below)
    grids = read_grids(layer, content, report.datum, options.mapping, report)
    _warn_of_datum(database, grids, options.scheme, report)
    grids = clean(grids, grid_options, report)
    begin_writing()
    publish_grids(database, grids, grid_options, report)
    if not options.dry_run:
        with database.load() as connection:
            _log(connection, digest, options, report)


def _bring_rows(
    database: Database,
    layer: Layer,
    content: FileContent,
    digest: bytes,
    options: ImportOptions,
    report: ImportReport,
    begin_writing: Callable[[], None],
    zone: ZoneInfo,
) -> None:
    """Check every row, then merge the rows and log it in one transaction."""
    rows = prepare(layer, content, report.datum, options.mapping, zone, report)
    _warn_of_datum(database, rows, options.scheme, report)
    if report.rejected and not options.partial:
        raise RefusedImportError.by_rows(report)
    begin_writing()
    _write(database, layer, rows, digest, options, report)


def _settled(layer: Layer, options: ImportOptions) -> str:
    """Read the datum, and refuse options that do not fit the layer, all at once."""
    faults = []
    if not options.datum:
        faults.append(Fault("--datum", "is missing", f"say {ALLOWED}; it is never guessed", "missing"))
    if layer.store == "grid":
        if not options.level:
            faults.append(Fault("--level", "is missing", "say which level the grids are of", "missing"))
        if options.partial:
            faults.append(
                Fault("--partial", "is not for grids", "half a set of grids is none: leave it out", "not_for_grids")
            )
    else:
        given = (("level", options.level), ("repair", options.repair), ("retire-below", options.retire_below))
        faults += [
            Fault(f"--{name}", "is for grids only", "leave it out", "only_grids")
            for name, is_given in given
            if is_given
        ]
    if faults:
        raise InputError(faults, "options")
    if layer.store == "grid":
        refuse_unknown(GridOptions(options.level or "", options.scheme))
    return parse_datum(options.datum)


def _begun(layer: str, path: Path, datum: str, content: FileContent, options: ImportOptions) -> ImportReport:
    """Begin the report with what reading the file told.

    Raises
    ------
    InputError
        The file says of itself that it is in another datum than stated.
    """
    name = path.name.encode("utf-8", "replace").decode()
    notes = [note for note in content.notes if not note.startswith("text read as ")]
    report = ImportReport(
        layer,
        name,
        datum,
        encoding=content.encoding,
        format=content.format,
        level=options.level,
        read=content.rows,
        dry_run=options.dry_run,
        notes=[Text(note, note) for note in notes],
    )
    if len(notes) < len(content.notes):
        report.note("text_read_as", encoding=(content.encoding or "").upper())
    if remark := refuse_declared(content, datum):
        report.warnings.append(Text(remark, remark))
    return report


def _note_earlier(database: Database, digest: bytes, report: ImportReport) -> None:
    with database.read() as connection:
        earlier = imports.find(connection, report.layer, digest)
    if earlier is not None:
        report.note("seen", day=f"{earlier['finished_at']:%Y-%m-%d}")


def _write(
    database: Database,
    layer: Layer,
    rows: gpd.GeoDataFrame,
    digest: bytes,
    options: ImportOptions,
    report: ImportReport,
) -> None:
    """Merge the rows and log the import in one transaction; a dry run is undone at its end."""
    with suppress(_UndoneError), database.load() as connection:
        if layer.store == "incident":
            counts = incidents.merge(connection, rows)
        else:
            counts = places.merge(connection, layer.kind, _with_parents(connection, rows, report))
        report.added, report.changed, report.unchanged = counts.added, counts.changed, counts.unchanged
        if options.dry_run:
            raise _UndoneError
        report.written = counts.added + counts.changed > 0
        _log(connection, digest, options, report)


class _UndoneError(Exception):
    """A dry run has seen enough."""


def _with_parents(connection: Connection, rows: gpd.GeoDataFrame, report: ImportReport) -> gpd.GeoDataFrame:
    """Leave out parents that are no building here, and say so: once they are there, the file can come again."""
    named = rows["parent"].notna()
    if not named.any():
        return rows
    placed = places.ids(connection)
    known = rows["parent"].isin(placed.loc[placed["kind"] == "building", "key"])
    if lost := int((named & ~known).sum()):
        report.warn("unknown_parents", n=lost)
    parents = rows["parent"].astype(object).where(known, None)
    return rows.assign(parent=parents)


def _log(connection: Connection, digest: bytes, options: ImportOptions, report: ImportReport) -> None:
    said: dict[str, Any] = asdict(options)
    imports.record(connection, report.layer, report.file, digest, said, report.summary())


def _digest(path: Path) -> bytes:
    """Name a file by its content: 32 bytes. What lies beside a shapefile is part of it."""
    digest = hashlib.blake2b(digest_size=32)
    parts = [path]
    if path.suffix.lower() == ".shp":
        parts += sorted(other for other in path.parent.glob(f"{path.stem}.*") if other.suffix.lower() in _SIDECARS)
    for part in parts:
        with part.open("rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
    return digest.digest()


def _warn_of_datum(database: Database, rows: gpd.GeoDataFrame, scheme: str, report: ImportReport) -> None:
    """Warn when the rows fit the city much better under another datum; nothing is converted."""
    with database.read() as connection:
        current = generations.in_force(connection, scheme)
        if current is None or not len(rows):
            return
        extent = build_extent(generations.extent(connection, current.id))
    shapes = rows.geometry.to_numpy()[:: -(-len(rows) // _MOST_SPOTS)]
    spots = shapely.get_coordinates(shapely.centroid(shapes))
    x, y = from_wgs84(spots[:, 0], spots[:, 1], report.datum)
    fit = better_datum(x, y, report.datum, lambda lon, lat: np.asarray(extent.locate(lon, lat) >= 0))
    if fit is not None:
        shares = {"stated": f"{fit.stated_share:.1%}", "share": f"{fit.share:.1%}"}
        report.warn("better_datum", datum=report.datum, fits=fit.datum, **shares)
