"""Publishing generations: the gate that nothing passes that is not a clean set of grids, and reading them back."""

from datetime import datetime

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gridmap.model.errors import CoverageError, Fault, InputError, NotFoundError
from gridmap.model.generations import Generation
from gridmap.model.layers import schemes
from gridmap.model.schemes import Scheme
from gridmap.spatial.coverage import check, check_nesting, find_gaps
from gridmap.spatial.lattice import snap
from gridmap.spatial.measures import area_m2
from gridmap.store import generations as store
from gridmap.store.database import Database

_LISTED = 50


def publish(
    database: Database,
    scheme: str,
    frame: gpd.GeoDataFrame,
    *,
    base: int | None,
    origin: str,
    note: str,
    in_force_from: datetime | None = None,
) -> Generation:
    """Publish grids as a new generation, whole or not at all.

    Parameters
    ----------
    frame
        key, level, parent (key of the grid on the nearest level above that the frame has, None at the top), code,
        name and geometry (WGS84 degrees). All levels of the scheme that shall be in force.
    base
        The generation that the frame was made from, None for the first.
    in_force_from
        When its lines begin to decide; now by default.

    Returns
    -------
    Generation
        The new one; the base itself when nothing differs from it.

    Raises
    ------
    CoverageError
        The grids are not a clean coverage at every level, or do not nest; every fault is named with its place.
    ConflictError
        Another generation was published meanwhile.
    NotFoundError
        There is no such scheme, or a grid is on a level that it does not have.
    InputError
        `in_force_from` has no offset.
    """
    if in_force_from is not None and in_force_from.tzinfo is None:
        raise InputError.of("in_force_from", "has no offset from UTC", "give an instant with its offset", "time")
    lines = _known(scheme)
    grids = _prepared(lines, frame)
    extent, holes = _gate(lines, grids)
    with database.load() as connection:
        if base is not None and store.head(connection, scheme) == base and _same(store.frame(connection, base), grids):
            return _read(database, scheme, base)
        made = store.publish(
            connection,
            scheme,
            grids,
            base=base,
            origin=origin,
            note=note,
            extent=extent,
            gaps=list(zip(holes, area_m2(holes), strict=True)),
            in_force_from=in_force_from,
        )
    return _read(database, scheme, made)


def listing(database: Database, scheme: str) -> list[Generation]:
    """List the generations of a scheme, the newest first.

    Raises
    ------
    NotFoundError
        There is no such scheme.
    """
    _known(scheme)
    with database.read() as connection:
        return store.listing(connection, scheme)


def _known(scheme: str) -> Scheme:
    if scheme not in schemes():
        raise NotFoundError(f"there is no scheme {scheme!r}; there are {', '.join(schemes())}")
    return schemes()[scheme]


def _read(database: Database, scheme: str, generation: int) -> Generation:
    with database.read() as connection:
        return next(g for g in store.listing(connection, scheme) if g.id == generation)


def _prepared(scheme: Scheme, frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Snap to the lattice, measure, find the level of each parent, and put the top level first."""
    ranks = {level.key: level.rank for level in scheme.levels}
    strange = sorted(set(frame["level"]) - set(ranks))
    if strange:
        raise NotFoundError(f"scheme {scheme.key} has no level {', '.join(strange)}; it has {', '.join(ranks)}")
    grids = frame[["key", "level", "parent", "code", "name", "geometry"]].copy()
    grids["key"] = grids["key"].astype(str)
    outlines = snap(grids.geometry.to_numpy())
    single = shapely.get_type_id(outlines) == shapely.GeometryType.POLYGON
    outlines[single] = [shapely.MultiPolygon([polygon]) for polygon in outlines[single]]
    grids["geometry"] = outlines
    grids["area_m2"] = area_m2(outlines)
    grids["parent_level"] = _parent_levels(scheme, grids)
    return grids.iloc[np.argsort(grids["level"].map(ranks).to_numpy(), kind="stable")].reset_index(drop=True)


def _parent_levels(scheme: Scheme, grids: gpd.GeoDataFrame) -> list[str | None]:
    """Find the level of each grid's parent: the nearest one above that has its key, for a street may lack a level."""
    keys = {level.key: set(grids.loc[grids["level"] == level.key, "key"]) for level in scheme.levels}
    order = [level.key for level in scheme.levels]
    return [
        next((up for up in reversed(order[: order.index(level)]) if parent in keys[up]), None)
        for level, parent in zip(grids["level"], grids["parent"], strict=True)
    ]


def faults_of(scheme: str, frame: gpd.GeoDataFrame) -> list[Fault]:
    """Look at stored grids as the gate would before publishing.

    Parameters
    ----------
    frame
        As `gridmap.store.generations.frame` reads it, with parents by id.
    """
    keys = dict(zip(frame["id"], frame["key"], strict=True))
    by_key = frame.assign(parent=frame["parent"].map(lambda parent: keys[parent], na_action="ignore"))
    return _faults(schemes()[scheme], _prepared(schemes()[scheme], by_key))


def _faults(scheme: Scheme, grids: gpd.GeoDataFrame) -> list[Fault]:
    """Name all that keeps grids from being a clean coverage at every level, nested."""
    if grids.empty:
        return [Fault("grids", "there are none", "give at least one", "missing")]
    faults = [
        Fault(f"{row.level} {row.key}", "the key is given twice on this level", code="duplicate")
        for row in grids[grids.duplicated(["level", "key"])].itertuples()
    ]
    lost = grids["parent"].notna() & grids["parent_level"].isna()
    faults += [
        Fault(f"{row.level} {row.key}", f"the parent {row.parent} is on no level above", code="orphan")
        for row in grids[lost].itertuples()
    ]
    by_level = _by_level(scheme, grids)
    for level, here in by_level.items():
        report = check(here)
        faults += [] if report.tiles else report.faults()
        for up in sorted(set(here["parent_level"].dropna())):
            children = here[here["parent_level"] == up]
            # A grid without children is not untiled: nobody divided it further.
            faults += check_nesting(children, by_level[up].loc[sorted(set(children["parent"]))]).faults()
        if level != next(iter(by_level)):
            faults += [
                Fault(f"{level} {key}", "has no parent", "name the grid above it", "orphan")
                for key in here.index[here["parent"].isna()]
            ]
    return faults


def _gate(scheme: Scheme, grids: gpd.GeoDataFrame) -> tuple[shapely.Geometry, list[shapely.Geometry]]:
    """Let nothing through that is not a clean coverage at every level and nested; give the extent and its gaps."""
    if faults := _faults(scheme, grids):
        raise CoverageError(faults[:_LISTED], f"{len(faults)} faults in the grids of {scheme.key}")
    top = next(iter(_by_level(scheme, grids).values())).geometry.to_numpy()
    shells = [shapely.Polygon(part.exterior) for part in shapely.get_parts(shapely.union_all(top))]
    ground = shapely.get_parts(shapely.union_all(shells))
    return shapely.MultiPolygon(list(ground)), list(find_gaps(top))


def _by_level(scheme: Scheme, grids: gpd.GeoDataFrame) -> dict[str, gpd.GeoDataFrame]:
    return {
        level.key: grids[grids["level"] == level.key].set_index("key", drop=False)
        for level in scheme.levels
        if (grids["level"] == level.key).any()
    }


def _same(before: gpd.GeoDataFrame, after: gpd.GeoDataFrame) -> bool:
    """Tell whether two sets of grids are the same in everything that a generation keeps."""
    keys = dict(zip(before["id"], before["key"], strict=True))
    old = before["parent"].map(lambda parent: keys[parent], na_action="ignore")
    return len(before) == len(after) and _content(before, old) == _content(after, after["parent"])


def _content(grids: gpd.GeoDataFrame, parents: pd.Series) -> set[tuple[object, ...]]:
    hashes = [store.shape_hash(wkb) for wkb in shapely.to_wkb(grids.geometry.to_numpy(), byte_order=1)]
    columns = [grids["level"], grids["key"], grids["name"], grids["code"], parents]
    plain = [column.astype(object).where(column.notna(), None) for column in columns]
    return set(zip(*plain, hashes, strict=True))
