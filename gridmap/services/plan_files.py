"""An edited file as an edit of a plan: what differs from the draft is worked out, grid by grid.

People who draw in a desktop GIS bring back a level of grids. A grid of the file is the one of the same id, code or
name in the plan; others are new, and those that the file leaves out below the same parents are no more. What the
file gets wrong, such as a gap, stays as it is for the checks to name, and keeps the plan from being handed in.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gridmap.model.errors import Fault, InputError, NotFoundError
from gridmap.model.layers import layer as find_layer
from gridmap.services.import_grids import GridOptions, clean, read_grids
from gridmap.services.import_report import ImportReport
from gridmap.services.opening import OpenCity
from gridmap.services.plan_drawing import FROM_FILE, record
from gridmap.services.plan_requests import Answer
from gridmap.spatial.datums import ALLOWED, parse_datum
from gridmap.spatial.drafts import Changes, Draft, DraftGrid
from gridmap.spatial.edges import to_units
from gridmap.spatial.edits import settle
from gridmap.spatial.files import read
from gridmap.spatial.matching import matched
from gridmap.spatial.measures import area_m2
from gridmap.spatial.outlines import to_degrees
from gridmap.store import plans as store

_WHOLE = 0.999  # of a grid's ground lies in its parent, the rest is what drawing by hand leaves
_LISTED = 20


@dataclass(frozen=True, slots=True)
class FileOptions:
    """How an edited file is to be read.

    Attributes
    ----------
    mapping
        From field to column, where the file's names are not gridmap's.
    repair
        Make a clean set of grids of the file by the written rule, instead of leaving its faults to the checks.
    """

    level: str
    datum: str
    mapping: dict[str, str] = field(default_factory=dict)
    encoding: str | None = None
    repair: bool = False


def edit_from_file(city: OpenCity, number: int, path: Path, options: FileOptions, actor: str) -> Answer:
    """Bring an edited file into a plan as one edit.

    Raises
    ------
    InputError
        The file cannot be read, rows are no areas, grids of a level above are cut; every fault is named.
    NotFoundError
        There is no such file, plan or level.
    ConflictError
        The plan is no draft.
    """
    rows = read_rows(path, options)
    told = {"file": path.name, "level": options.level, "grids": len(rows), "ids": []}

    def changes(draft: Draft) -> Changes:
        with city.database.write() as connection:
            ids = store.new_ids(connection)
            return file_changes(draft, options.level, rows, ids)

    return record(city, number, FROM_FILE, told, changes, actor)


def read_rows(path: Path, options: FileOptions) -> gpd.GeoDataFrame:
    """Read the grids of a file: id (where it has one), key, code, name, parent, geometry on the lattice."""
    if not options.datum:
        raise InputError.of("--datum", "is missing", f"say {ALLOWED}; it is never guessed", "missing")
    if not path.is_file():
        raise NotFoundError(f"there is no file {path}")
    datum = parse_datum(options.datum)
    content = read(path, encoding=options.encoding)
    report = ImportReport("grids", path.name, datum, level=options.level, read=content.rows)
    rows = read_grids(find_layer("grids"), content, datum, options.mapping, report)
    ids = _ids(content.frame)
    if not options.repair:
        _refuse_invalid(rows)
    else:
        rows = clean(rows, GridOptions(options.level, "", repair=True), report)
    return rows.assign(id=pd.array(ids, dtype="Int64"))


def _refuse_invalid(rows: gpd.GeoDataFrame) -> None:
    """Refuse outlines that are none: nobody could say whose ground is whose."""
    reasons = shapely.is_valid_reason(rows.geometry.to_numpy())
    faults = []
    for label, name, reason in zip(rows.index, rows["name"], reasons, strict=True):
        if reason != "Valid Geometry":
            why, _, place = reason.partition("[")
            mend = "redraw it there, or bring the file with --repair"
            faults.append(Fault(f"{label}, {place.rstrip(']')}", f"the outline of {name} is invalid: {why}", mend))
    if faults:
        raise InputError(faults[:_LISTED], f"{len(faults)} outlines of the file")


def file_changes(draft: Draft, level: str, rows: gpd.GeoDataFrame, ids: Iterator[int]) -> Changes:
    """Work out what a file changes of a draft.

    Parameters
    ----------
    rows
        As `read_rows` gives them.
    ids
        Permanent ids for grids that are new.
    """
    draft.base.scheme.level(level)
    here = {grid.id: grid for grid in draft if grid.level == level}
    if not here:
        raise NotFoundError(f"the plan has no grids of level {level}; `gridmap import grids` brings the first")
    found = _identified(here, rows)
    new_rows = [k for k, grid in enumerate(found) if grid is None]
    for k in new_rows:
        found[k] = next(ids)
    named = dict(zip([int(grid) for grid in found if grid is not None], rows.itertuples(), strict=True))
    parents = _parents(draft, level, here, named)
    scope = {parents[grid] for grid in named} | {here[grid].parent for grid in named if grid in here}
    gone = [grid.id for grid in here.values() if grid.parent in scope and grid.id not in named]
    changes: Changes = dict.fromkeys(gone, None)
    for grid, row in named.items():
        before = here.get(grid)
        outline = row.geometry
        if before is not None and before.outline is not None and shapely.equals(before.outline, outline):
            outline = before.outline
        code = row.code if row.code is not None or before is None else before.code
        after = DraftGrid(grid, level, parents[grid], code, _name(row.name, before), outline)
        if after != before:
            changes[grid] = after
    divided = [grid for grid in changes if grid in draft and draft.children(grid)]
    if divided:
        return _with_children(draft, changes, level)
    return _settled(draft, changes)


def _settled(draft: Draft, changes: Changes) -> Changes:
    """Give neighbours the file's nodes and let the grids above follow, where the file is clean; else leave it be."""
    reach = [each.outline for each in changes.values() if each is not None]
    reach += [draft.grid(grid).outline for grid in changes if grid in draft]
    around = [grid for grid in draft.leaves_near(shapely.union_all(shapely.envelope(reach))) if grid not in changes]
    listed = [grid for grid, after in changes.items() if after is not None and after.outline is not None]
    outlines = [each.outline for each in map(changes.get, listed) if each is not None]
    # the nodes of before stay where a border stays: the grids above have them, too
    old = [draft.grid(grid).outline for grid in changes if grid in draft and draft.grid(grid).outline is not None]
    before = to_units([*outlines, *(draft.grid(grid).outline for grid in around), *old])
    fitted = matched(before)
    together = dict(changes)
    for grid, area, was in zip([*listed, *around], fitted, before, strict=False):
        if area is not was:
            known = together.get(grid) or draft.grid(grid)
            together[grid] = replace(known, outline=to_degrees(np.array([area], dtype=object))[0])
    try:
        return settle(draft, together)
    except InputError:
        return changes


def _with_children(draft: Draft, changes: Changes, level: str) -> Changes:
    """Let the grids below follow outlines that were drawn above them: each goes to the grid that holds it."""
    holders = {grid: after for grid, after in changes.items() if after is not None}
    moved: dict[int, int] = {}
    faults: list[Fault] = []
    below = sorted({child for grid in changes if grid in draft for child in draft.children(grid)})
    tree = shapely.STRtree([after.outline for after in holders.values()])
    ids = list(holders)
    for child in below:
        outline = draft.grid(child).outline
        if outline is None:
            continue
        rows = tree.query(outline, predicate="intersects").tolist()
        sizes = area_m2(shapely.intersection(outline, np.array([holders[ids[r]].outline for r in rows], dtype=object)))
        best = int(np.argmax(sizes)) if len(sizes) else -1
        whole = float(area_m2([outline])[0])
        if best < 0 or sizes[best] < _WHOLE * whole:
            spot = shapely.point_on_surface(outline)
            share = 0.0 if best < 0 else sizes[best] / whole
            message = f"{draft.grid(child).name} would be cut: {share:.0%} of it lie in one grid of level {level}"
            mend = "edit the level below, or draw along its borders"
            faults.append(Fault(f"{spot.x:.7f}, {spot.y:.7f}", message, mend, "cuts_children"))
        else:
            moved[child] = ids[rows[best]]
    if faults:
        raise InputError(faults[:_LISTED], "the file")
    together: Changes = {
        # the outline of a grid that is divided is that of its children
        grid: after and replace(after, outline=draft.grid(grid).outline if grid in draft else None)
        for grid, after in changes.items()
    }
    together |= {child: replace(draft.grid(child), parent=parent) for child, parent in moved.items()}
    return settle(draft, together)


def _identified(here: dict[int, DraftGrid], rows: gpd.GeoDataFrame) -> list[int | None]:
    """Find which grid each row is: by id, else by code, else by a name that only one has."""
    by_code = {grid.code: grid.id for grid in here.values() if grid.code}
    names: dict[str, list[int]] = {}
    for grid in here.values():
        names.setdefault(grid.name, []).append(grid.id)
    found: list[int | None] = []
    taken: set[int] = set()
    for row in rows.itertuples():
        named = names.get(row.name, [])
        options = [
            int(row.id) if not pd.isna(row.id) and int(row.id) in here else None,
            by_code.get(row.code) if row.code else None,
            named[0] if len(named) == 1 and pd.isna(row.id) and not row.code else None,
        ]
        chosen = next((each for each in options if each is not None and each not in taken), None)
        if chosen is not None:
            taken.add(chosen)
        found.append(chosen)
    return found


def _parents(draft: Draft, level: str, here: dict[int, DraftGrid], named: dict[int, Any]) -> dict[int, int | None]:
    """Find the parent of each row: the one that it names, else its own, else the one that holds it."""
    rank = draft.base.ranks[level]
    above = [grid for grid in draft if draft.base.ranks[grid.level] < rank]
    by_name: dict[str, int] = {}
    for upper in sorted(above, key=lambda each: -draft.base.ranks[each.level]):
        for said in (upper.code, upper.name):
            if said:
                by_name.setdefault(said, upper.id)
    found: dict[int, int | None] = {}
    faults = []
    for grid, row in named.items():
        if row.parent and str(row.parent) in by_name:
            found[grid] = by_name[str(row.parent)]
        elif row.parent:
            faults.append(Fault(str(row.Index), f"the parent {row.parent} is none of the plan", code="orphan"))
        elif grid in here:
            found[grid] = here[grid].parent
        else:
            found[grid] = _holder(draft, level, row.geometry)
    if faults:
        raise InputError(faults[:_LISTED], "the file")
    return found


def _holder(draft: Draft, level: str, outline: shapely.Geometry) -> int | None:
    spot = shapely.point_on_surface(outline)
    for leaf in draft.leaves_near(spot):
        above = [each for each in draft.chain(leaf) if draft.rank(each) < draft.base.ranks[level]]
        if above:
            return above[-1]
    return None


def _name(said: str, before: DraftGrid | None) -> str:
    return before.name if before is not None and said.startswith("未命名 ") else said


def _ids(frame: pd.DataFrame) -> list[int | None]:
    """Read the column of ids that an export has; nothing where there is none or it holds something else."""
    column = next((each for each in frame.columns if str(each).strip().lower() == "id"), None)
    if column is None:
        return [None] * len(frame)
    numbers = pd.to_numeric(frame[column], errors="coerce")
    return [int(each) if pd.notna(each) and each > 0 and each == int(each) else None for each in numbers]
