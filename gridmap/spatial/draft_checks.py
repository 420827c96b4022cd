"""What is wrong with the lines of a draft: only what differs from the base is looked at, and that is enough.

The base is a clean set of grids. Where the grids that differ hold the same ground as those that they replace, to the
last edge, so is the draft (`gridmap.spatial.edges`); where they do not, those at the odd edges are looked at closely.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import geopandas as gpd
import numpy as np
import shapely

from gridmap.spatial.coverage import check, check_nesting, find_gaps
from gridmap.spatial.defects import SLIVER_M, Defect
from gridmap.spatial.drafts import Draft
from gridmap.spatial.edges import Edges, difference, joined, reversed_edges
from gridmap.spatial.lattice import SCALE, Geometries
from gridmap.spatial.measures import area_m2, length_m
from gridmap.spatial.outlines import area_of, place_of

_KINDS = ("invalid", "not_areas", "duplicates", "overlaps", "unmatched")


def line_defects(draft: Draft) -> list[Defect]:
    """Find what keeps the draft from being a clean set of grids at every level.

    Returns
    -------
    list
        ``overlap``, ``gap``, ``invalid``, ``unmatched``, ``outside``, ``untiled``, ``empty`` (a grid without ground),
        ``mixed_levels`` (children on several levels); those that the base has are not among them. Grids are named by
        id.
    """
    return [*_sheet_defects(draft), *_nesting_defects(draft), *_tree_defects(draft)]


def full_defects(draft: Draft) -> list[Defect]:
    """Find the same by looking at every grid, as an import does: slow, and independent of the base.

    Gaps of the base are among them.
    """
    frame = draft.frame().set_index("id", drop=False)
    leaves = frame.loc[draft.leaves()]
    report = check(leaves)
    found = [defect for kind in (*_KINDS, "gaps") for defect in getattr(report, kind)]
    for grid in draft:
        if draft.children(grid.id):
            found += _nesting(draft, grid.id)
    return [*found, *_tree_defects(draft, everything=True)]


def part_defects(draft: Draft, grids: Iterable[int]) -> list[Defect]:
    """Find ``exclave`` (a grid in several parts) and ``sliver`` (a part of hardly any width) among grids.

    The largest part of a grid is no exclave; a part that only touches it at a corner is one.
    """
    found: list[Defect] = []
    listed = [draft.grid(grid) for grid in grids if grid in draft and draft.grid(grid).outline is not None]
    if not listed:
        return found
    parts, owner = shapely.get_parts(np.array([grid.outline for grid in listed], dtype=object), return_index=True)
    several = np.bincount(owner, minlength=len(listed)) > 1
    leaf = np.array([draft.is_leaf(grid.id) for grid in listed], dtype=bool)
    chosen = np.flatnonzero(several[owner] | leaf[owner])
    sizes = dict(zip(chosen.tolist(), area_m2(parts[chosen]).tolist(), strict=True))
    width = dict(zip(chosen.tolist(), (2 * area_m2(parts[chosen]) / length_m(parts[chosen])).tolist(), strict=True))
    largest: dict[int, int] = {}
    for k in chosen.tolist():
        best = largest.get(int(owner[k]))
        largest[int(owner[k])] = k if best is None or sizes[k] > sizes[best] else best
    for k in chosen.tolist():
        grid = listed[int(owner[k])]
        spot = shapely.point_on_surface(parts[k])
        place = (round(spot.x, 7), round(spot.y, 7))
        if several[owner[k]] and largest[int(owner[k])] != k:
            found.append(Defect("exclave", (grid.id,), (grid.name,), sizes[k], *place))
        if leaf[owner[k]] and width[k] < SLIVER_M:
            found.append(Defect("sliver", (grid.id,), (grid.name,), sizes[k], *place))
    return found


def _sheet_defects(draft: Draft) -> list[Defect]:
    """Look at the grids that hold ground themselves."""
    old, new = _differing(draft)
    areas = draft.units(new)
    bad = [grid for grid, valid in zip(new, shapely.is_valid(areas), strict=True) if not valid]
    base = Draft(draft.base)
    lost, won = difference(Edges.of(base.units(old)).left_over(), Edges.of(areas).left_over())
    if not bad and not len(lost) and not len(won):
        return []
    odd = joined(lost, won)
    reach = shapely.transform(shapely.multilinestrings(odd.lines()), lambda points: points / SCALE)
    near = sorted({*bad, *draft.leaves_near(reach)})
    # their neighbours, too: what an outline lacks is told by comparing it with those around
    ring = shapely.union_all([shapely.envelope(draft.grid(grid).outline) for grid in near]) if near else reach
    around = draft.leaves_near(shapely.union_all([ring, reach]))
    frame = _frame(draft, around)
    report = check(frame)
    found = [defect for kind in _KINDS for defect in getattr(report, kind) if set(defect.grids) & set(near)]
    return [*found, *_new_gaps(draft, around)]


def _differing(draft: Draft) -> tuple[list[int], list[int]]:
    """List the grids holding ground that differ: those of the base, and those of the draft."""
    touched = {*draft.changed, *(grid for grid in draft.kids if grid is not None)}
    base = Draft(draft.base)
    old = sorted(grid for grid in touched if grid in base and base.is_leaf(grid))
    new = sorted(grid for grid in touched if grid in draft and draft.is_leaf(grid))
    return old, new


def _new_gaps(draft: Draft, around: Sequence[int]) -> list[Defect]:
    """Find holes that were none: enclosed by the grids around, in no grid, at a border that was lost or won."""
    holes = find_gaps(draft.units(around))
    found = []
    before = Draft(draft.base).units(_differing(draft)[0])
    for hole, size in zip(holes, area_of(holes), strict=True):
        spot = shapely.point_on_surface(hole)
        in_degrees = shapely.transform(spot, lambda points: points / SCALE)
        if draft.leaves_near(in_degrees) or not shapely.intersects(before, spot).any():
            continue  # somebody holds it, or nobody ever did
        borders = [g for g in around if shapely.intersects(draft.units([g])[0], hole)]
        lon, lat = place_of(hole)
        names = tuple(draft.grid(g).name for g in borders)
        found.append(Defect("gap", tuple(borders), names, float(size), lon, lat))
    return sorted(found, key=lambda defect: -defect.area_m2)


def _nesting_defects(draft: Draft) -> list[Defect]:
    """Look whether the children of what differs still are their parents' ground."""
    base = Draft(draft.base)
    parents = {grid for grid in draft.kids if grid is not None}
    for grid in draft.changed:
        for state in (base, draft):
            if grid in state:
                parents |= {grid, state.grid(grid).parent} - {None}  # type: ignore[arg-type]
    found = []
    for parent in sorted(each for each in parents if each in draft and draft.children(each)):
        if not _nests_as_before(base, draft, parent):
            found += _nesting(draft, parent)
    return found


def _nests_as_before(base: Draft, draft: Draft, parent: int) -> bool:
    """Tell whether parent and children changed by the same edges."""
    outline = draft.grid(parent).outline
    now = [each for each in draft.children(parent) if draft.grid(each).outline is not None]
    if parent not in base or outline is None or not base.children(parent):
        if outline is None:
            return not now
        lost, won = difference(Edges.of(draft.units([parent])), Edges.of(draft.units(now)).left_over())
        return not len(lost) and not len(won)
    before = base.children(parent)
    old = [each for each in before if each in draft.changed or each not in now]
    new = [each for each in now if each in draft.changed or each not in before]
    sides = [Edges.of(draft.units(new)), reversed_edges(Edges.of(base.units(old)))]
    if parent in draft.changed:
        sides += [Edges.of(base.units([parent])), reversed_edges(Edges.of(draft.units([parent])))]
    left = joined(*sides).left_over()
    if not len(left):
        return True
    lost, won = difference(Edges.of(draft.units([parent])), Edges.of(draft.units(now)).left_over())
    return not len(lost) and not len(won)


def _nesting(draft: Draft, parent: int) -> list[Defect]:
    children = [each for each in draft.children(parent) if draft.grid(each).outline is not None]
    if draft.grid(parent).outline is None:
        return []
    frame = _frame(draft, children).assign(parent=parent)
    report = check_nesting(frame, _frame(draft, [parent]))
    return [
        defect if parent in defect.grids else replace(defect, grids=(*defect.grids, parent))
        for defect in [*report.outside, *report.untiled]
    ]


def _tree_defects(draft: Draft, *, everything: bool = False) -> list[Defect]:
    """Look for grids without ground, and for parents whose children are on several levels."""
    chosen = [grid.id for grid in draft] if everything else [grid for grid in draft.changed if grid in draft]
    found = [
        Defect("empty", (grid,), (draft.grid(grid).name,))
        for grid in sorted(chosen)
        if draft.grid(grid).outline is None
    ]
    parents = [grid.id for grid in draft] if everything else [g for g in draft.kids if g is not None and g in draft]
    for parent in sorted(parents):
        children = [draft.grid(each) for each in draft.children(parent) if draft.grid(each).outline is not None]
        levels = sorted({each.level for each in children}, key=lambda level: draft.base.ranks[level])
        if len(levels) > 1:
            lower = [each for each in children if each.level != levels[0]]
            spot = shapely.point_on_surface(lower[0].outline)
            found.append(
                Defect(
                    "mixed_levels",
                    (parent, *(each.id for each in lower)),
                    (draft.grid(parent).name, *(each.name for each in lower)),
                    float(area_m2([each.outline for each in lower]).sum()),
                    round(spot.x, 7),
                    round(spot.y, 7),
                    levels[0],
                )
            )
    return found


def _frame(draft: Draft, grids: Sequence[int]) -> gpd.GeoDataFrame:
    names = [draft.grid(grid).name for grid in grids]
    outlines: Geometries = np.array([draft.grid(grid).outline for grid in grids], dtype=object)
    return gpd.GeoDataFrame({"name": names}, geometry=outlines, index=list(grids), crs=4326)
