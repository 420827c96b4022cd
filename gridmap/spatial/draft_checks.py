"""What is wrong with the lines of a draft: only what differs from a clean one is looked at, and that is enough.

Where the grids that differ hold the same ground as those that they replace, to the last edge, the draft is as clean as
that one (`gridmap.spatial.edges`); where they do not, those at the odd edges are looked at closely.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import geopandas as gpd
import numpy as np
import shapely

from gridmap.spatial.coverage import check, check_nesting, find_gaps
from gridmap.spatial.defects import SLIVER_M, Defect
from gridmap.spatial.drafts import Draft
from gridmap.spatial.edges import Edges, joined, reversed_edges, unlike, without_refined
from gridmap.spatial.lattice import SCALE, Geometries
from gridmap.spatial.measures import area_m2, length_m
from gridmap.spatial.outlines import area_of, place_of, read_outlines

_KINDS = ("invalid", "not_areas", "duplicates", "overlaps", "unmatched")


def line_defects(draft: Draft, clean: Draft | None = None) -> list[Defect]:
    """Find what keeps the draft from being a clean set of grids at every level.

    Parameters
    ----------
    clean
        A draft on the same base whose lines have no defect: the draft before the last edit, say. By default the base.

    Returns
    -------
    list
        ``overlap``, ``gap``, ``invalid``, ``unmatched``, ``outside``, ``untiled``, ``empty`` (a grid without ground),
        ``mixed_levels`` (children on several levels); those that the base has are not among them. Grids are named by
        id.
    """
    clean = clean or Draft(draft.base)
    return [*_sheet_defects(draft, clean), *_nesting_defects(draft, clean), *_tree_defects(draft)]


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


def _sheet_defects(draft: Draft, clean: Draft) -> list[Defect]:
    """Look at the grids that hold ground themselves."""
    touched = sorted(draft.differing(clean))
    old, new = ([each for each in touched if each in state and state.is_leaf(each)] for state in (clean, draft))
    areas = draft.units(new)
    bad = [grid for grid, valid in zip(new, shapely.is_valid(areas), strict=True) if not valid]
    odd = _odd_edges(draft, new, Edges.of(clean.units(old)).left_over(), Edges.of(areas).left_over())
    if not bad and not len(odd):
        return []
    reach = _in_degrees(odd)
    near = sorted({*bad, *draft.leaves_near(reach)})
    # their neighbours, too: what an outline lacks is told by comparing it with those around
    ring = [shapely.envelope(draft.grid(grid).outline) for grid in near]
    around = draft.leaves_near(shapely.union_all([*ring, reach]))
    frame = _frame(draft, around)
    report = check(frame)
    found = [defect for kind in _KINDS for defect in getattr(report, kind) if set(defect.grids) & set(near)]
    return [*found, *_new_gaps(draft, clean.units(old), frame)]


def _odd_edges(draft: Draft, new: Sequence[int], before: Edges, after: Edges) -> Edges:
    """Find the edges at which ground was lost or won, or a neighbour that stayed lacks a node or has one too many."""
    lost, won = unlike(before, after)
    odd = [*without_refined(lost, won)]
    if len(lost) + len(won) > sum(map(len, odd)):
        stayed = sorted(set(draft.leaves_near(_in_degrees(lost))) - set(new))
        walked = Edges.of(draft.units(stayed)).keys()
        alone = [(end, start) in walked for start, end in zip(lost.start.tolist(), lost.end.tolist(), strict=True)]
        odd.append(lost.take(np.array(alone, dtype=bool)))
    return joined(*odd)


def _in_degrees(edges: Edges) -> shapely.Geometry:
    return shapely.transform(shapely.multilinestrings(edges.lines()), lambda points: points / SCALE)


def _new_gaps(draft: Draft, before: Geometries, around: gpd.GeoDataFrame) -> list[Defect]:
    """Find holes that were none: enclosed by the grids around, in no grid, where there was ground before."""
    areas = read_outlines(around).areas
    holes = find_gaps(areas)
    found = []
    for hole, size in zip(holes, area_of(holes), strict=True):
        spot = shapely.point_on_surface(hole)
        others = set(draft.leaves_near(shapely.transform(hole, lambda points: points / SCALE))) - set(around.index)
        if shapely.intersects(draft.units(sorted(others)), spot).any() or not shapely.intersects(before, spot).any():
            continue  # somebody holds it, or nobody ever did
        borders = [each for each, meets in zip(around.index, shapely.intersects(areas, hole), strict=True) if meets]
        names = tuple(draft.grid(each).name for each in borders)
        found.append(Defect("gap", tuple(borders), names, float(size), *place_of(hole)))
    return sorted(found, key=lambda defect: -defect.area_m2)


def _nesting_defects(draft: Draft, clean: Draft) -> list[Defect]:
    """Look whether the children of what differs still are their parents' ground."""
    parents: set[int | None] = set()
    for grid in draft.differing(clean):
        parents |= {grid, *(state.grid(grid).parent for state in (clean, draft) if grid in state)}
    listed = sorted(each for each in parents if each is not None and each in draft and draft.children(each))
    return [found for each in listed if not _nests_as_before(clean, draft, each) for found in _nesting(draft, each)]


def _nests_as_before(clean: Draft, draft: Draft, parent: int) -> bool:
    """Tell whether parent and children changed by the same edges."""
    now, before = _holding(draft, parent), _holding(clean, parent)
    if draft.grid(parent).outline is None:
        return not now
    was = clean.find(parent)
    if was is None or was.outline is None or not before:
        sides = [Edges.of(draft.units(now)), reversed_edges(Edges.of(draft.units([parent])))]
    else:
        same = {each for each in now if each in before and draft.grid(each).outline is clean.grid(each).outline}
        sides = [
            Edges.of(draft.units(each for each in now if each not in same)),
            reversed_edges(Edges.of(clean.units(each for each in before if each not in same))),
        ]
        if draft.grid(parent).outline is not was.outline:
            sides += [Edges.of(clean.units([parent])), reversed_edges(Edges.of(draft.units([parent])))]
    return not len(joined(*sides).left_over())


def _holding(draft: Draft, parent: int) -> list[int]:
    """List the children that hold ground."""
    return [each for each in draft.children(parent) if draft.grid(each).outline is not None]


def _nesting(draft: Draft, parent: int) -> list[Defect]:
    children = _holding(draft, parent)
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
        children = [draft.grid(each) for each in _holding(draft, parent)]
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
