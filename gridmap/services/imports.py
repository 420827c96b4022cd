"""Importing a file into a layer: read apart, checked whole, written in one transaction or not at all."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import shapely

from gridmap.model.errors import Fault, InputError, NotFoundError
from gridmap.model.layers import Layer
from gridmap.model.layers import layer as find_layer
from gridmap.model.schemes import GOVERNANCE
from gridmap.services.import_grids import GridOptions, import_grids
from gridmap.services.import_points import Prepared, prepare
from gridmap.services.import_report import ImportReport, RefusedImportError
from gridmap.services.snapshot import build_extent
from gridmap.spatial.datums import ALLOWED, NAMED, better_datum, from_wgs84, parse_datum
from gridmap.spatial.files import FileContent, read
from gridmap.store import cities, generations, imports, incidents, places
from gridmap.store.database import Connection, Database

Tell = Callable[[str], None]
_BLOCK = 1 << 20
_DECLARED = {
    "EPSG:4326": "wgs84",
    "OGC:CRS84": "wgs84",
    "URN:OGC:DEF:CRS:OGC:1.3:CRS84": "wgs84",
    "EPSG:4490": "cgcs2000",
}


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
        Write the good rows although others are rejected.
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
    database: Database, layer: str, path: Path, options: ImportOptions, tell: Tell | None = None
) -> ImportReport:
    """Import a file into a layer.

    Parameters
    ----------
    tell
        Told the phase that begins: reading, checking, writing.

    Raises
    ------
    RefusedImportError
        Nothing was written; its report tells everything that is wrong.
    InputError
        The datum is missing, the file cannot be read, options that do not fit the layer.
    NotFoundError
        No such file, layer or level.
    """
    chosen, datum = find_layer(layer), _stated(options)
    _refuse_options(chosen, options)
    with database.read() as connection:
        card = cities.read(connection)
    if card.invented:
        raise InputError.of("city", "is the invented demo", "import into your own city: --city own", "city")
    if not path.is_file():
        raise NotFoundError(f"there is no file {path}")
    say = tell or (lambda _phase: None)
    say("reading")
    content = read(path, encoding=options.encoding)
    report = ImportReport(layer, path.name, datum, content.encoding, content.format, content.rows)
    report.dry_run = options.dry_run
    report.notes += content.notes
    _refuse_declared(content, datum)
    say("checking")
    if chosen.store == "grid":
        grid_options = GridOptions(options.level or "", options.scheme, options.repair, options.retire_below)
        say("writing")
        import_grids(database, chosen, content, datum, options.mapping, grid_options, report)
        if not options.dry_run:
            with database.load() as connection:
                _log(connection, path, options, report)
        return report
    prepared = prepare(chosen, content, datum, options.mapping, ZoneInfo(card.zone), report)
    _warn_of_datum(database, prepared, datum, options.scheme, report)
    if report.rejected and not (options.partial or options.dry_run):
        raise RefusedImportError.by_rows(report)
    say("writing")
    _write(database, chosen, prepared, path, options, report)
    return report


def _write(
    database: Database, layer: Layer, prepared: Prepared, path: Path, options: ImportOptions, report: ImportReport
) -> None:
    """Merge the rows and log the import in one transaction; a dry run is undone at its end."""
    with database.load() as connection:
        if layer.store == "incident":
            counts = incidents.merge(connection, prepared.frame)
        else:
            counts = places.merge(connection, layer.kind, prepared.frame)
        report.added, report.changed, report.unchanged = counts.added, counts.changed, counts.unchanged
        if options.dry_run:
            connection.rollback()
            return
        report.written = counts.added + counts.changed > 0
        _log(connection, path, options, report)


def _log(connection: Connection, path: Path, options: ImportOptions, report: ImportReport) -> None:
    digest = hashlib.blake2b(digest_size=32)
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    said = {"datum": report.datum, "mapping": options.mapping, "partial": options.partial, "repair": options.repair}
    imports.record(connection, report.layer, path.name, digest.digest(), said, report.summary())


def _stated(options: ImportOptions) -> str:
    if not options.datum:
        raise InputError.of("--datum", "is missing", f"say {ALLOWED}; it is never guessed", "missing")
    return parse_datum(options.datum)


def _refuse_options(layer: Layer, options: ImportOptions) -> None:
    faults = []
    if layer.store == "grid" and not options.level:
        faults.append(Fault("--level", "is missing", "say which level the grids are of", "missing"))
    if layer.store == "grid" and options.partial:
        mend = "half a set of grids is none: leave it out"
        faults.append(Fault("--partial", "is not for grids", mend, "not_for_grids"))
    if layer.store != "grid":
        faults += [
            Fault(f"--{name}", "is for grids only", "leave it out", "only_grids")
            for name, given in (("level", options.level), ("repair", options.repair))
            if given
        ]
    if faults:
        raise InputError(faults, "options")


def _refuse_declared(content: FileContent, datum: str) -> None:
    """Refuse a file that says of itself that it is in another system than stated.

    GCJ-02 and BD-09 have no names of their own in files: what is drawn on such a map is saved as WGS84, so a file
    that says WGS84 may well be one of them, and the word of the one who imports it counts.
    """
    if content.crs is None:
        return
    declared = _DECLARED.get(content.crs.upper(), content.crs)
    if datum in {"gcj02", "bd09"} and declared in {"wgs84", "cgcs2000"}:
        return
    same = {"wgs84", "cgcs2000"}
    if declared != datum and not {declared, datum} <= same and (declared in NAMED or declared.startswith("EPSG:")):
        mend = f"import with --datum {declared}, or mend the file"
        raise InputError.of("--datum", f"{datum} is stated, but the file says {declared}", mend, "contradiction")


def _warn_of_datum(database: Database, prepared: Prepared, datum: str, scheme: str, report: ImportReport) -> None:
    """Warn when the points fit the city much better under another datum; nothing is converted."""
    with database.read() as connection:
        current = generations.in_force(connection, scheme)
        if current is None or not len(prepared.frame):
            return
        extent = build_extent(generations.extent(connection, current.id))
    spots = shapely.point_on_surface(prepared.frame.geometry.to_numpy())
    lon, lat = from_wgs84(shapely.get_x(spots), shapely.get_y(spots), datum)
    fit = better_datum(lon, lat, datum, lambda x, y: np.asarray(extent.locate(x, y) >= 0))
    if fit is not None:
        report.warnings.append(
            f"{fit.stated_share:.1%} of the rows lie in the city as {datum}, but {fit.share:.1%} would as {fit.datum}: "
            "please check the datum"
        )
