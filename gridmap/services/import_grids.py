"""Importing grids of one level: their dirt told, repaired when asked, and published through the gate."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gridmap.model.errors import CoverageError, Fault, InputError, NotFoundError
from gridmap.model.layers import Layer, schemes
from gridmap.services.generations import publish
from gridmap.services.import_columns import BASIC, map_columns
from gridmap.services.import_levels import Placed, place
from gridmap.services.import_report import ImportReport, RefusedCoverageError, RefusedImportError, Rejected, rejection
from gridmap.services.import_shapes import read_shapes
from gridmap.services.import_values import LONGEST_KEY, LONGEST_LINE, text_of
from gridmap.spatial.coverage import check
from gridmap.spatial.files import FileContent
from gridmap.spatial.repair import FILL_BELOW_M2
from gridmap.spatial.repair import repair as repair_coverage
from gridmap.store import generations
from gridmap.store.database import Database

_LONGEST_CODE = 40
_LONGEST = {"key": LONGEST_KEY, "code": _LONGEST_CODE, "name": LONGEST_LINE, "parent": LONGEST_LINE}


@dataclass(frozen=True, slots=True)
class GridOptions:
    """How grids are to be imported.

    Attributes
    ----------
    repair
        Make a clean coverage by the written rule instead of refusing a dirty one.
    retire_below
        Let grids of lower levels go that do not fit the new lines.
    """

    level: str
    scheme: str
    repair: bool = False
    retire_below: bool = False


def refuse_unknown(options: GridOptions) -> None:
    """Refuse a scheme or level that there is not, before anything is read.

    Raises
    ------
    NotFoundError
        The message lists what there is.
    """
    if options.scheme not in schemes():
        raise NotFoundError(f"there is no scheme {options.scheme!r}; there are {', '.join(schemes())}")
    schemes()[options.scheme].level(options.level)


def read_grids(
    layer: Layer, content: FileContent, datum: str, stated: dict[str, str], report: ImportReport
) -> gpd.GeoDataFrame:
    """Read the outlines of a file in WGS84 on the lattice.

    Returns
    -------
    GeoDataFrame
        key, code, name and parent as the file gives them (None where it does not; a name always), geometry; by a label
        for messages, in the order of the file.

    Raises
    ------
    RefusedImportError
        Rows that are no areas, or carry the key or code of another: half a set of grids is none.
    """
    frame = content.frame
    has_shapes = isinstance(frame, gpd.GeoDataFrame)
    columns = [column for column in frame.columns if not (has_shapes and column == "geometry")]
    mapping = report.mapping = map_columns(layer, columns, stated, has_shapes=has_shapes)
    rejected = [rejection(row, "", "", f.message, f.mend, f.code) for row, f in content.row_faults.items()]
    shapes = read_shapes(layer, content, mapping, datum, rejected)
    texts = {
        name: [text_of(value) for value in frame[mapping[name]]] if name in mapping else [""] * len(frame)
        for name in BASIC["grid"]
    }
    for name, values in texts.items():
        rejected += _too_long(values, name)
    rejected += _repeated(texts["code"], "code") + _repeated(texts["key"], "key")
    if "key" in mapping:
        rejected += [
            rejection(row, "key", "", "is missing", "give each grid its own", "missing")
            for row, key in enumerate(texts["key"])
            if not key
        ]
    report.rejected = sorted(rejected, key=lambda each: (each.row, each.field))
    if rejected:
        raise RefusedImportError.by_rows(report)
    if not len(frame):
        raise RefusedImportError(report, [Fault("file", "holds no grids", "give at least one", "empty")])
    if missing := sum(not name for name in texts["name"]):
        report.note("no_name", n=missing)
    named = [name or f"未命名 {row}" for row, name in enumerate(texts["name"], start=1)]
    table = pd.DataFrame({name: [text or None for text in values] for name, values in texts.items()}, dtype=object)
    table["name"] = named
    labels = [
        code or key or f"row {row}" for row, (code, key) in enumerate(zip(table["code"], table["key"], strict=True), 1)
    ]
    polygons = [shapely.MultiPolygon([each]) if each.geom_type == "Polygon" else each for each in shapes]
    return gpd.GeoDataFrame(table.set_index(pd.Index(labels)), geometry=polygons, crs=4326)


def publish_grids(database: Database, fresh: gpd.GeoDataFrame, options: GridOptions, report: ImportReport) -> None:
    """Put clean grids in force, whole or not at all; a dry run stops before.

    Raises
    ------
    RefusedCoverageError
        They do not fit the levels above or below, or their neighbours.
    RefusedImportError
        A code was another grid's.
    ConflictError
        Another generation was published meanwhile.
    """
    with database.read() as connection:
        base = generations.head(connection, options.scheme)
        before = generations.frame(connection, -1 if base is None else base)
    scheme = schemes()[options.scheme]
    placed = place(scheme, options.level, fresh, before, report, retire_below=options.retire_below)
    _count(placed, before[before["level"] == options.level], before, report)
    if report.dry_run:
        return
    note = f"{report.file}, {options.level}"
    try:
        made = publish(database, options.scheme, placed.whole, base=base, origin="import", note=note)
    except CoverageError as error:
        raise RefusedCoverageError(report, error.faults) from error
    except InputError as error:
        raise RefusedImportError(report, error.faults) from error
    report.generation = made.id
    report.written = made.id != base


def _too_long(values: list[str], name: str) -> list[Rejected]:
    most = _LONGEST[name]
    return [
        rejection(row, name, value, f"is longer than {most} characters", "shorten it", "too_long")
        for row, value in enumerate(values)
        if len(value) > most
    ]


def _repeated(values: list[str], name: str) -> list[Rejected]:
    first: dict[str, int] = {}
    found = []
    for row, value in enumerate(values):
        if value and value in first:
            reason = f"is that of row {first[value]} too"
            found.append(rejection(row, name, value, reason, "give each grid its own", "duplicate"))
        first.setdefault(value, row + 1)
    return found


def clean(fresh: gpd.GeoDataFrame, options: GridOptions, report: ImportReport) -> gpd.GeoDataFrame:
    """Tell the dirt of a set of grids; repair it when asked. Large gaps may be meant: they are told and stay.

    Raises
    ------
    RefusedCoverageError
        It is dirty and no repair was asked for, or beyond repair.
    """
    found = check(fresh)
    report.coverage = found.to_dict()
    left = found.gaps
    if not found.tiles or any(gap.area_m2 < FILL_BELOW_M2 for gap in found.gaps):
        if not options.repair:
            mend = "import with --repair, which lists every change that it makes"
            kinds = ("invalid", "not_areas", "duplicates", "overlaps", "gaps", "unmatched")
            told = ", ".join(f"{n} {kind}" for kind in kinds if (n := report.coverage["counts"][kind]))
            end = Fault("", f"the grids are not a clean coverage: {told}", mend, "dirty")
            raise RefusedCoverageError(report, [*found.faults(), end])
        try:
            mended = repair_coverage(fresh, before=found)
        except CoverageError as error:
            raise RefusedCoverageError(report, error.faults) from error
        report.repair, left, fresh = mended.to_dict(), mended.gaps_left, mended.frame
    if left:
        hectares = sum(gap.area_m2 for gap in left) / FILL_BELOW_M2
        report.warn("gaps_left", n=len(left), hectares=f"{hectares:,.1f}")
    return fresh


def _count(placed: Placed, here: gpd.GeoDataFrame, before: gpd.GeoDataFrame, report: ImportReport) -> None:
    """Count what the grids of the file mean for those in force."""
    keys = dict(zip(before["id"], before["key"], strict=True))
    known = _content(here.assign(parent=[None if pd.isna(each) else keys[each] for each in here["parent"]]))
    new = _content(placed.fresh)
    report.added = len(new.keys() - known.keys())
    report.unchanged = sum(known.get(key) == content for key, content in new.items())
    report.changed = len(new) - report.added - report.unchanged
    report.retired = len(placed.retired)
    if placed.retired:
        some = "、".join(placed.retired[:10]) + ("…" if len(placed.retired) > 10 else "")  # noqa: PLR2004
        report.warn("retired", n=len(placed.retired), names=some)


def _content(grids: gpd.GeoDataFrame) -> dict[str, tuple[object, ...]]:
    plain = [np.where(grids[name].isna(), None, grids[name].astype(object)) for name in ("parent", "code", "name")]
    shapes = shapely.to_wkb(grids.geometry.to_numpy(), byte_order=1)
    return dict(zip(grids["key"], zip(*plain, shapes, strict=True), strict=True))
