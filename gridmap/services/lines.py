"""The lines of a generation, ready to answer: its grids, their index, and all that answers say of them.

Lines that differ little from others in memory take over what is the same: a plan redraws a few grids of thousands.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from gridmap.model.generations import Generation
from gridmap.model.grids import Grid
from gridmap.model.layers import schemes
from gridmap.model.schemes import Scheme
from gridmap.services.leaves import Leaf, make_leaves
from gridmap.spatial.owners import OwnerTable
from gridmap.spatial.ownership import OwnershipIndex


@dataclass(frozen=True, slots=True)
class Lines:
    """The grids of one generation, ready to answer.

    Attributes
    ----------
    grids
        By permanent id.
    chains
        For each leaf, the ids from the top down to it.
    leaves
        Ids of the grids that nobody divided further, in the row order of `index`.
    by_row
        The same with what answers say of them.
    outlines
        Outlines of all grids by id.
    ground, extent
        The ground that the scheme answers for, gaps included; and an index of that one polygon.
    owners
        The same for columns of points, with what there is to tell: ``grid_id``, and for each level that these lines
        have ``{level}_id``, ``{level}_code`` and ``{level}`` (the name).
    """

    scheme: Scheme
    generation: Generation
    grids: dict[int, Grid]
    chains: dict[int, tuple[int, ...]]
    leaves: NDArray[np.int64]
    by_row: tuple[Leaf, ...]
    outlines: dict[int, shapely.Geometry]
    index: OwnershipIndex
    ground: shapely.Geometry
    extent: OwnershipIndex
    owners: OwnerTable

    def above(self, level: str) -> NDArray[np.int64]:
        """Give for each leaf the id of its grid on a level, itself included; -1 where there is none."""
        ids: NDArray[np.int64] = self.owners.told[f"{level}_id"].fill_null(-1).to_numpy()
        return ids

    def levels(self) -> list[str]:
        """List the levels that these lines have, the top first."""
        present = {grid.level for grid in self.grids.values()}
        return [level.key for level in self.scheme.levels if level.key in present]


def build_lines(generation: Generation, frame: gpd.GeoDataFrame, ground: shapely.Geometry) -> Lines:
    """Make the lines of a generation ready to answer.

    Parameters
    ----------
    frame
        All grids, as `gridmap.store.generations.frame` reads them.
    """
    return _arranged(generation, _grids(frame), dict(zip(frame["id"].tolist(), frame.geometry, strict=True)), ground)


def redraw_lines(
    before: Lines, generation: Generation, changed: gpd.GeoDataFrame, gone: Iterable[int], ground: shapely.Geometry
) -> Lines:
    """Make lines ready that differ from others in some grids.

    Parameters
    ----------
    changed
        Those that differ or are new.
    gone
        Ids of those that are no more.
    """
    fresh = _grids(changed)
    shapes = dict(zip(changed["id"].tolist(), changed.geometry, strict=True))
    left_out = set(gone)
    grids = {grid: fresh.get(grid, known) for grid, known in before.grids.items() if grid not in left_out}
    grids |= fresh
    ranks = {level.key: level.rank for level in before.scheme.levels}
    order = sorted(grids, key=lambda grid: (ranks[grids[grid].level], grid))
    outlines = {grid: shapes[grid] if grid in shapes else before.outlines[grid] for grid in order}
    return _arranged(generation, {grid: grids[grid] for grid in order}, outlines, ground, before)


def dated(lines: Lines, generation: Generation) -> Lines:
    """Give the same lines with other dates."""
    return lines if lines.generation == generation else replace(lines, generation=generation)


def _grids(frame: gpd.GeoDataFrame) -> dict[int, Grid]:
    parents = frame["parent"].astype(object).where(frame["parent"].notna(), None)
    codes = frame["code"].astype(object).where(frame["code"].notna(), None)
    columns = (frame["id"], frame["level"], codes, frame["name"], parents, frame["area_m2"])
    return {
        int(grid_id): Grid(int(grid_id), level, code, name, None if parent is None else int(parent), float(area))
        for grid_id, level, code, name, parent, area in zip(*columns, strict=True)
    }


def _arranged(
    generation: Generation,
    grids: dict[int, Grid],
    outlines: dict[int, shapely.Geometry],
    ground: shapely.Geometry,
    before: Lines | None = None,
) -> Lines:
    divided = {grid.parent for grid in grids.values()}
    leaves = [grid for grid in grids if grid not in divided]
    scheme = schemes()[generation.scheme]
    chains = {leaf: _chain(grids, leaf) for leaf in leaves}
    frame = gpd.GeoDataFrame({"id": leaves}, geometry=[outlines[leaf] for leaf in leaves], crs=4326)
    index = OwnershipIndex.from_frame(frame, id="id")
    same_ground = before is not None and shapely.equals_exact(before.ground, ground, 0.0)
    extent = before.extent if before is not None and same_ground else build_extent(ground)
    return Lines(
        scheme=scheme,
        generation=generation,
        grids=grids,
        chains=chains,
        leaves=np.array(leaves, np.int64),
        by_row=_leaves(scheme, grids, chains, before),
        outlines=outlines,
        index=index,
        ground=ground,
        extent=extent,
        owners=OwnerTable.of(index, extent, _told(scheme, grids, chains)),
    )


def _leaves(
    scheme: Scheme, grids: Mapping[int, Grid], chains: Mapping[int, tuple[int, ...]], before: Lines | None
) -> tuple[Leaf, ...]:
    """Make the leaves, but those of which answers say the same as before."""
    if before is None:
        return make_leaves(scheme, grids, chains, chains)
    known = {leaf.grid.id: leaf for leaf in before.by_row}
    kept = {
        leaf: known[leaf]
        for leaf, chain in chains.items()
        if leaf in known
        and before.chains.get(leaf) == chain
        and all(grids[grid] is before.grids[grid] for grid in chain)
    }
    fresh = [leaf for leaf in chains if leaf not in kept]
    made = dict(zip(fresh, make_leaves(scheme, grids, chains, fresh), strict=True))
    return tuple(kept[leaf] if leaf in kept else made[leaf] for leaf in chains)


def _told(scheme: Scheme, grids: dict[int, Grid], chains: dict[int, tuple[int, ...]]) -> dict[str, pa.Array]:
    """Lay out what there is to tell about each leaf: its id, and id, code and name of its grid on each level."""
    told = {"grid_id": pa.array(chains, pa.int64())}
    above = [{grids[grid].level: grids[grid] for grid in chain} for chain in chains.values()]
    present = {grid.level for grid in grids.values()}
    for level in (each.key for each in scheme.levels if each.key in present):
        on_level = [chain.get(level) for chain in above]
        told[f"{level}_id"] = pa.array([grid and grid.id for grid in on_level], pa.int64())
        told[f"{level}_code"] = pa.array([grid and grid.code for grid in on_level], pa.string())
        told[level] = pa.array([grid and grid.name for grid in on_level], pa.string())
    return told


def build_extent(extent: shapely.Geometry) -> OwnershipIndex:
    """Index the ground that a generation answers for, as one polygon."""
    return OwnershipIndex.from_frame(gpd.GeoDataFrame({"id": [1]}, geometry=[extent], crs=4326), id="id")


def _chain(grids: dict[int, Grid], leaf: int) -> tuple[int, ...]:
    chain = [leaf]
    while (parent := grids[chain[-1]].parent) is not None:
        chain.append(parent)
    return tuple(reversed(chain))
