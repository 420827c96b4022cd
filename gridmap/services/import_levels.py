"""Putting grids of one level between those above and below that are in force: parents, keys, and whether they fit."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from gridmap.model.errors import Fault
from gridmap.model.schemes import Scheme
from gridmap.services.import_report import ImportReport, RefusedCoverageError
from gridmap.spatial.coverage import check_nesting
from gridmap.spatial.defects import NestingReport

_COLUMNS = ["key", "level", "parent", "code", "name", "geometry"]
_LISTED = 20


@dataclass(frozen=True, slots=True)
class Placed:
    """All grids of a scheme with the new ones among them.

    Attributes
    ----------
    whole
        key, level, parent (key), code, name, geometry: as `gridmap.services.generations.publish` takes them.
    fresh
        The new ones of them.
    retired
        Names of the grids that leave force.
    """

    whole: gpd.GeoDataFrame
    fresh: gpd.GeoDataFrame
    retired: tuple[str, ...]


def place(
    scheme: Scheme,
    level: str,
    fresh: gpd.GeoDataFrame,
    before: gpd.GeoDataFrame,
    report: ImportReport,
    *,
    retire_below: bool,
) -> Placed:
    """Put the grids of a file in the place of those that they replace.

    A file holds the whole of its level below each grid above that it touches: there the grids that it does not name
    leave force, elsewhere everything stays. Without a level above, it replaces the whole level.

    Parameters
    ----------
    fresh
        key (None where the file gives none), code, name, parent (as the file names it, or None), geometry.
    before
        The generation that it is based on, as the store reads it; empty for the first.

    Raises
    ------
    RefusedCoverageError
        Grids that have no parent or do not fit it; grids of lower levels that no longer fit, unless they may go.
    """
    rank = {each.key: each.rank for each in scheme.levels}
    stand = _standing(before, rank)
    above = [stand[stand["rank"] == r] for r in sorted(stand["rank"].unique(), reverse=True) if r < rank[level]]
    below = stand[stand["rank"] > rank[level]]
    here = stand[stand["level"] == level]
    fresh = fresh.assign(**{name: _objects(fresh[name], fresh.index) for name in ("key", "code", "parent")})
    parents = _parents(fresh, above, report) if above else [None] * len(fresh)
    fresh = fresh.assign(level=level, parent_token=_objects(parents, fresh.index))
    others = here[~here["parent_token"].isin(fresh["parent_token"])] if above else here.iloc[:0]
    replaced = here.drop(index=others.index)
    fresh = fresh.assign(key=_keys(fresh, replaced, others, report))
    fresh = fresh.set_index(pd.Index(_tokens(fresh["level"], fresh["key"])))
    _refuse_misfit(fresh, above, report)
    kept = _below(fresh, below, replaced, report, retire_below=retire_below)
    whole = _together([*above[::-1], others, fresh, kept])
    gone = [*replaced["name"][~replaced.index.isin(fresh.index)], *below["name"][~below.index.isin(kept.index)]]
    return Placed(whole.reset_index(drop=True), whole.loc[fresh.index], tuple(gone))


def _standing(before: gpd.GeoDataFrame, rank: dict[str, int]) -> gpd.GeoDataFrame:
    """Index grids by level and key, and name their parents likewise."""
    tokens = _tokens(before["level"], before["key"])
    by_id = dict(zip(before["id"], tokens, strict=True))
    stand = before.set_index(pd.Index(tokens, dtype=object))
    parents = [None if pd.isna(parent) else by_id[parent] for parent in before["parent"]]
    return stand.assign(
        rank=stand["level"].map(rank).astype("int64"),
        parent_token=_objects(parents, stand.index),
        code=_objects(before["code"], stand.index),
    )


def _objects(values: Iterable[Any], index: pd.Index) -> "pd.Series[Any]":
    """Make a column of texts in which what is missing is None."""
    return pd.Series([None if pd.isna(value) else value for value in values], index=index, dtype=object)


def _tokens(levels: Sequence[str], keys: Sequence[str]) -> list[str]:
    """Name grids over all levels at once: a key is unique on its level only."""
    return [f"{level}/{key}" for level, key in zip(levels, keys, strict=True)]


def _together(parts: Sequence[gpd.GeoDataFrame]) -> gpd.GeoDataFrame:
    listed = [part[["key", "level", "parent_token", "code", "name", "geometry"]] for part in parts if len(part)]
    whole = gpd.GeoDataFrame(pd.concat(listed), geometry="geometry", crs=4326)
    by_token = dict(zip(whole.index, whole["key"], strict=True))
    parents = [None if token is None else by_token[token] for token in whole["parent_token"]]
    return whole.assign(parent=_objects(parents, whole.index))[_COLUMNS]


def _inside(shapes: gpd.GeoDataFrame, among: gpd.GeoDataFrame) -> list[str | None]:
    """Find for each outline the grid that holds a point of its inside."""
    spots = shapely.point_on_surface(shapes.geometry.to_numpy())
    found: list[str | None] = [None] * len(shapes)
    spot, row = shapely.STRtree(among.geometry.to_numpy()).query(spots, predicate="intersects")
    for position, holder in sorted(zip(spot.tolist(), row.tolist(), strict=True), reverse=True):
        found[position] = str(among.index[holder])
    return found


def _parents(fresh: gpd.GeoDataFrame, above: Sequence[gpd.GeoDataFrame], report: ImportReport) -> Sequence[str | None]:
    """Find each grid's parent: named by code, key or name, else the nearest level's grid that holds it."""
    named: dict[str, str] = {}
    for uppers in above:
        for column in ("code", "key", "name"):
            once = uppers[uppers[column].notna() & ~uppers[column].duplicated(keep=False)]
            for said, token in zip(once[column], once.index, strict=True):
                named.setdefault(str(said), str(token))
    inside: list[str | None] = [None] * len(fresh)
    for uppers in above:
        inside = [one or other for one, other in zip(inside, _inside(fresh, uppers), strict=True)]
    found, faults = [], []
    for label, said, held in zip(fresh.index, fresh["parent"], inside, strict=True):
        token = named.get(said) if said else held
        found.append(token)
        if token is None:
            message = f"names a parent that is not there: {said}" if said else "lies in no grid of a level above"
            mend = "import the level above first, or lines that fit it"
            faults.append(Fault(f"grid {label}", message, mend, "orphan"))
    if faults:
        raise RefusedCoverageError(report, _shortened(faults))
    return found


def _keys(
    fresh: gpd.GeoDataFrame, replaced: gpd.GeoDataFrame, others: gpd.GeoDataFrame, report: ImportReport
) -> list[str]:
    """Give each grid the key by which it is found again.

    That is the one stated, else that of the grid with its code, else its code, else that of the grid of its name below
    the same parent, else its name. What carries a key twice, or that of a grid elsewhere, is refused.
    """
    of_code = {code: key for code, key in zip(replaced["code"], replaced["key"], strict=True) if code}
    of_name: dict[tuple[object, str], list[str]] = defaultdict(list)
    for parent, name, key, code in zip(
        replaced["parent_token"], replaced["name"], replaced["key"], replaced["code"], strict=True
    ):
        if not code:
            of_name[parent, name].append(key)
    taken = set(others["key"]) | {key for key in fresh["key"] if key}
    keys: list[str] = []
    for key, code, name, parent in zip(fresh["key"], fresh["code"], fresh["name"], fresh["parent_token"], strict=True):
        known = of_name.get((parent or None, name), [])
        chosen = key or of_code.get(code) or code or (known.pop(0) if known else None)
        if chosen is None:
            street = str(parent).partition("/")[2] + "/" if parent and name in taken else ""
            chosen, count = street + name, 1
            while chosen in taken:
                count += 1
                chosen = f"{street}{name} #{count}"
        taken.add(chosen)
        keys.append(chosen)
    elsewhere = set(others["key"])
    faults = [
        Fault(f"grid {label}", f"key {key} is that of a grid below another parent", "give it its own key", "duplicate")
        for label, key in zip(fresh.index, keys, strict=True)
        if key in elsewhere
    ]
    faults += [
        Fault(f"grid {label}", f"key {key} is given twice", "give each grid its own", "duplicate")
        for label, key, again in zip(fresh.index, keys, pd.Series(keys).duplicated(), strict=True)
        if again
    ]
    if faults:
        raise RefusedCoverageError(report, _shortened(faults))
    return keys


def _refuse_misfit(fresh: gpd.GeoDataFrame, above: Sequence[gpd.GeoDataFrame], report: ImportReport) -> None:
    """Refuse new grids that do not tile their parents."""
    if not above:
        return
    uppers = pd.concat(above)
    found = _nesting(fresh, uppers)
    report.nesting = found.to_dict()
    if not found.clean:
        mend = "draw them so that they tile their parents exactly, or import the level above anew"
        raise RefusedCoverageError(
            report, [*found.faults(), Fault("", f"they do not fit the {uppers['level'].iloc[0]} level", mend, "above")]
        )


def _nesting(children: gpd.GeoDataFrame, parents: gpd.GeoDataFrame) -> NestingReport:
    """Look whether children tile their parents; a grid that nobody divided needs no children."""
    divided = parents[parents.index.isin(children["parent_token"])]
    return check_nesting(children, divided, parent="parent_token")


def _below(
    fresh: gpd.GeoDataFrame,
    below: gpd.GeoDataFrame,
    replaced: gpd.GeoDataFrame,
    report: ImportReport,
    *,
    retire_below: bool,
) -> gpd.GeoDataFrame:
    """Keep the grids of lower levels that fit the new lines; refuse when some do not, or let those go when asked."""
    if not len(below):
        return below
    # Those that hang on the lines replaced, on nothing, or on a grid above that now is divided in between.
    hung = set(replaced.index) | set(fresh["parent_token"]) | {None}
    moves = below["parent_token"].isin(hung) | below["parent_token"].isna()
    moving = below[moves]
    inside = _inside(moving, fresh)
    parents = [
        token if token in fresh.index else held for token, held in zip(moving["parent_token"], inside, strict=True)
    ]
    moving = moving.assign(parent_token=_objects(parents, moving.index))
    lost = moving["parent_token"].isna()
    found = _nesting(moving[~lost], fresh)
    unfit = lost | moving["parent_token"].isin(_unfit(found, moving))
    gone = set(moving.index[unfit])
    while more := set(below.index[below["parent_token"].isin(gone)]) - gone:
        gone |= more
    if gone and not retire_below:
        faults = found.faults(_LISTED)
        faults += [
            Fault(f"grid {name}", "lies in none of the new grids", code="orphan") for name in moving["name"][lost]
        ]
        mend = "import lines that they fit, or let them go with --retire-below"
        end = Fault("", f"{len(gone)} grids of lower levels no longer fit the new lines", mend, "below")
        raise RefusedCoverageError(report, [*_shortened(faults), end])
    if gone:
        report.warn("retired_below", n=len(gone))
    kept = pd.concat([below[~moves], moving]).loc[below.index]
    return gpd.GeoDataFrame(kept[~kept.index.isin(gone)], geometry="geometry", crs=4326)


def _unfit(found: NestingReport, moving: gpd.GeoDataFrame) -> set[object]:
    """Name the new grids whose children do not tile them."""
    outside = {key for defect in found.outside for key in defect.grids}
    holders = set(moving["parent_token"][moving.index.isin(outside)])
    return holders | {key for defect in found.untiled for key in defect.grids}


def _shortened(faults: list[Fault]) -> list[Fault]:
    if len(faults) <= 2 * _LISTED:
        return faults
    return [*faults[: 2 * _LISTED], Fault("", f"and {len(faults) - 2 * _LISTED} more", code="more")]
