"""Importing grids of one level: their dirt told, repaired when asked, and published through the gate."""

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gridmap.model.errors import CoverageError, Fault
from gridmap.model.layers import Layer, schemes
from gridmap.model.schemes import Scheme
from gridmap.services.generations import publish
from gridmap.services.import_columns import map_columns, texts
from gridmap.services.import_report import ImportReport, RefusedImportError, Rejected
from gridmap.spatial.coverage import check, check_nesting
from gridmap.spatial.datums import to_wgs84
from gridmap.spatial.files import FileContent
from gridmap.spatial.lattice import snap
from gridmap.spatial.repair import repair as repair_coverage
from gridmap.store import generations
from gridmap.store.database import Database

_AREAS = {"Polygon", "MultiPolygon"}
_COLUMNS = ["key", "level", "parent", "code", "name", "geometry"]


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


def import_grids(
    database: Database,
    layer: Layer,
    content: FileContent,
    datum: str,
    stated: dict[str, str],
    options: GridOptions,
    report: ImportReport,
) -> None:
    """Replace the grids of one level by those of a file and publish the whole as a new generation.

    Raises
    ------
    RefusedImportError
        Rows that are no areas, a dirty coverage without repair, grids that do not fit the levels above or below.
    ConflictError
        Another generation was published meanwhile.
    """
    lines = schemes()[options.scheme]
    lines.level(options.level)
    fresh = _read(layer, content, datum, stated, report)
    fresh = _clean(fresh, options, report)
    with database.read() as connection:
        base = generations.head(connection, options.scheme)
        before = generations.frame(connection, base) if base is not None else None
    whole = _whole(lines, options, fresh, before, report)
    if report.dry_run:
        return
    note = f"{report.file}, {options.level}"
    made = publish(database, options.scheme, whole, base=base, origin="import", note=note)
    report.generation = made.id
    report.written = made.id != base
    known = set() if before is None else set(before.loc[before["level"] == options.level, "key"])
    here = set(fresh["key"])
    report.added = len(here - known)
    if report.written:
        report.changed = len(here & known)
    else:
        report.unchanged = len(here)


def _read(
    layer: Layer, content: FileContent, datum: str, stated: dict[str, str], report: ImportReport
) -> gpd.GeoDataFrame:
    """Read outlines in WGS84 on the lattice with key, code, name and parent, in the order of the file."""
    frame = content.frame
    mapping = map_columns(layer, [c for c in frame.columns if c != "geometry"], stated)
    report.mapping = {name: column for name, column in mapping.items() if name not in {"lon", "lat"}}
    rejected = [Rejected(r + 1, "", "", f.message, f.mend, f.code) for r, f in content.row_faults.items()]
    shapes = (
        frame.geometry.to_numpy() if isinstance(frame, gpd.GeoDataFrame) else np.full(len(frame), None, dtype=object)
    )
    for row, shape in enumerate(shapes):
        if row not in content.row_faults and (shape is None or shape.geom_type not in _AREAS or shape.is_empty):
            kind = "nothing" if shape is None else shape.geom_type
            rejected.append(Rejected(row + 1, "geometry", kind, "is not an area", "give a polygon", "not_an_area"))
    columns = {
        name: texts(frame[mapping[name]] if name in mapping else None, len(frame))
        for name in ("key", "code", "name", "parent")
    }
    rejected += _repeated(columns["code"], "code")
    if "key" in mapping:
        rejected += _repeated(columns["key"], "key")
    report.rejected = sorted(rejected, key=lambda each: each.row)
    if rejected:
        raise RefusedImportError.by_rows(report)
    moved = shapely.transform(shapes, lambda p: np.column_stack(to_wgs84(p[:, 0], p[:, 1], datum)))
    unnamed = [f"未命名 {row + 1}" for row in range(len(frame))]
    named = [name or other for name, other in zip(columns["name"], unnamed, strict=True)]
    if missing := sum(not name for name in columns["name"]):
        report.notes.append(f"{missing} grids have no name: called {unnamed[0].split()[0]} with their row")
    keys = _keys(columns)
    table = {
        "key": keys,
        "parent": [parent or None for parent in columns["parent"]],
        "code": [code or None for code in columns["code"]],
        "name": named,
    }
    return gpd.GeoDataFrame(pd.DataFrame(table, index=pd.Index(keys)), geometry=snap(moved), crs=4326)


def _repeated(column: Any, name: str) -> list[Rejected]:  # noqa: ANN401 - an array of texts
    first: dict[str, int] = {}
    found = []
    for row, value in enumerate(column):
        if value and value in first:
            reason = f"is that of row {first[value]} too"
            found.append(Rejected(row + 1, name, value, reason, "give each grid its own", "duplicate"))
        first.setdefault(value, row + 1)
    return found


def _keys(columns: dict[str, Any]) -> list[str]:
    """Give each grid the key by which it is found again: as stated, its code, else its name with its occurrence."""
    seen: dict[str, int] = {}
    keys = []
    for row, (key, code, name) in enumerate(zip(columns["key"], columns["code"], columns["name"], strict=True)):
        chosen = key or code or name or f"row {row + 1}"
        seen[chosen] = seen.get(chosen, 0) + 1
        keys.append(chosen if seen[chosen] == 1 else f"{chosen} #{seen[chosen]}")
    return keys


def _clean(fresh: gpd.GeoDataFrame, options: GridOptions, report: ImportReport) -> gpd.GeoDataFrame:
    """Tell the dirt; repair it, or refuse."""
    found = check(fresh)
    report.coverage = found.to_dict()
    if found.clean:
        return fresh
    if not options.repair:
        mend = "import with --repair, which lists every change that it makes"
        counts = {name: n for name, n in report.coverage["counts"].items() if n and not name.startswith("overlaps_")}
        told = ", ".join(f"{n} {name}" for name, n in counts.items())
        raise RefusedImportError(
            report, [*found.faults(), Fault("", f"the coverage is not clean: {told}", mend, "dirty")]
        )
    try:
        mended = repair_coverage(fresh, before=found)
    except CoverageError as error:
        raise RefusedImportError(report, error.faults) from error
    report.repair = mended.to_dict()
    report.warnings += [gap.fault().message + " and was left" for gap in mended.gaps_left]
    return mended.frame


def _whole(
    lines: Scheme,
    options: GridOptions,
    fresh: gpd.GeoDataFrame,
    before: gpd.GeoDataFrame | None,
    report: ImportReport,
) -> gpd.GeoDataFrame:
    """Put the new grids between the levels above and below that are in force."""
    fresh = fresh.assign(level=options.level)
    if before is None:
        return fresh.assign(parent=None)[_COLUMNS].reset_index(drop=True)
    keys = dict(zip(before["id"], before["key"], strict=True))
    stand = before.assign(parent=before["parent"].map(lambda each: keys[each], na_action="ignore"))
    rank = {level.key: level.rank for level in lines.levels}
    ranks, here = stand["level"].map(rank), rank[options.level]
    above, below = stand[ranks < here], stand[ranks > here]
    if len(above):
        nearest = above[above["level"].map(rank) == above["level"].map(rank).max()]
        fresh = fresh.assign(parent=_parents(fresh, nearest, report))
    else:
        fresh = fresh.assign(parent=None)
    if len(below):
        below = _below(fresh, below, rank, options, report)
    parts = [part[_COLUMNS] for part in (above, fresh, below) if len(part)]
    return gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), geometry="geometry", crs=4326)


def _parents(fresh: gpd.GeoDataFrame, above: gpd.GeoDataFrame, report: ImportReport) -> list[str]:
    """Find each grid's parent: named by code, key or name, else the one that holds a point inside it."""
    by_name: dict[str, str] = {}
    for column in ("name", "key", "code"):
        by_name.update({value: key for value, key in zip(above[column], above["key"], strict=True) if value})
    spots = shapely.point_on_surface(fresh.geometry.to_numpy())
    tree = shapely.STRtree(above.geometry.to_numpy())
    inside: dict[int, int] = {}
    for spot, row in zip(*tree.query(spots, predicate="intersects"), strict=True):
        inside.setdefault(int(spot), int(row))
    found, faults = [], []
    for position, (key, named) in enumerate(zip(fresh["key"], fresh["parent"], strict=True)):
        if named is not None and named in by_name:
            found.append(by_name[named])
        elif named is not None:
            faults.append(Fault(f"grid {key}", f"names a parent that is not there: {named}", code="orphan"))
        elif position in inside:
            found.append(str(above["key"].iloc[inside[position]]))
        else:
            mend = "import the level above first, or lines that fit it"
            faults.append(Fault(f"grid {key}", "lies in no grid of the level above", mend, "orphan"))
    if faults:
        raise RefusedImportError(report, faults)
    return found


def _below(
    fresh: gpd.GeoDataFrame,
    below: gpd.GeoDataFrame,
    rank: dict[str, int],
    options: GridOptions,
    report: ImportReport,
) -> gpd.GeoDataFrame:
    """Keep the levels below where they fit the new lines; else refuse, or let them go when asked."""
    next_rank = below["level"].map(rank).min()
    children = below[below["level"].map(rank) == next_rank]
    try:
        parents = _parents(children.assign(parent=None), fresh, report)
    except RefusedImportError as error:
        parents, faults = [], error.faults
    else:
        fitted = children.set_index("key", drop=False).assign(parent=parents)
        faults = check_nesting(fitted, fresh.set_index("key", drop=False)).faults()
        if not faults:
            rest = below[below["level"].map(rank) != next_rank]
            return gpd.GeoDataFrame(pd.concat([fitted.reset_index(drop=True), rest]), geometry="geometry", crs=4326)
    if options.retire_below:
        report.warnings.append(f"{len(below)} grids of lower levels do not fit the new lines and leave force")
        return below.iloc[:0]
    level = children["level"].iloc[0]
    mend = f"import the {level} level that fits, with --retire-below on this one first"
    raise RefusedImportError(
        report, [*faults, Fault(level, "the grids in force do not fit the new lines", mend, "below")]
    )
