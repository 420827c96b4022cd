"""Settling an edit: neighbours get the nodes that they lack, grids above follow, and all of it is proved."""

from dataclasses import replace

import numpy as np
import shapely

from gridmap.model.errors import Fault, InputError
from gridmap.spatial.drafts import Changes, Draft, outline_of
from gridmap.spatial.edges import Edges, difference, points_of, to_units, with_nodes
from gridmap.spatial.lattice import SCALE
from gridmap.spatial.noding import Bends
from gridmap.spatial.outlines import to_degrees

_LISTED = 5


def settled(draft: Draft, changes: Changes, bends: Bends) -> Changes:
    """Complete the changes of an edit.

    Parameters
    ----------
    changes
        What the edit makes of the grids that it is about; outlines of leaves, and parents.
    bends
        The nodes that edges of leaves got.

    Returns
    -------
    dict
        The same, with all others whose outlines differ.

    Raises
    ------
    InputError
        The result is no clean coverage; the places are named.
    """
    changes = {**changes, **_bent_neighbours(draft, changes, bends)}
    after = draft.after(changes)
    _prove(draft, after, changes)
    return _settled_above(draft, after, changes, bends)


def _bent_neighbours(draft: Draft, changes: Changes, bends: Bends) -> Changes:
    """Give the nodes to the grids on the other side of the edges that got them."""
    if not bends:
        return {}
    ends = points_of(np.array(list(bends), np.int64).reshape(-1)).reshape(-1, 2, 2) / SCALE
    found: Changes = {}
    for leaf in draft.leaves_near(shapely.union_all(shapely.linestrings(ends))):
        if leaf in changes:
            continue
        grid = draft.grid(leaf)
        outline = _with_bends(grid.outline, bends)
        if outline is not grid.outline:
            found[leaf] = replace(grid, outline=outline)
    return found


def _prove(draft: Draft, after: Draft, changes: Changes) -> None:
    """Refuse what does not hold the ground of before, each spot once, with the same nodes on both sides."""
    new = [grid for grid in changes if grid in after and after.is_leaf(grid)]
    # what is divided for the first time hands its ground down, though nothing else of it changes
    givers = {*changes, *(after.grid(grid).parent for grid in new)} - {None}
    old = sorted(grid for grid in givers if grid is not None and grid in draft and draft.is_leaf(grid))
    old = [grid for grid in old if grid in changes or not after.is_leaf(grid)]
    areas = after.units(new)
    faults = [
        Fault(after.grid(grid).name, f"the outline would be invalid: {reason.split('[')[0]}", code="invalid")
        for grid, reason in zip(new, shapely.is_valid_reason(areas).tolist() if new else [], strict=True)
        if reason != "Valid Geometry"
    ]
    if not faults:
        lost, won = difference(Edges.of(draft.units(old)).left_over(), Edges.of(areas).left_over())
        for edges, what in ((lost, "ground would be lost here"), (won, "ground of another would be taken here")):
            spots = (points_of(edges.start) + points_of(edges.end)) / 2 / SCALE
            faults += [
                Fault(f"{x:.7f}, {y:.7f}", what, "draw at a little distance, or along the border", "not_clean")
                for x, y in spots[:_LISTED].tolist()
            ]
    if faults:
        raise InputError(faults[:_LISTED], "the result would be no clean set of grids")


def _settled_above(draft: Draft, after: Draft, changes: Changes, bends: Bends) -> Changes:
    """Give the grids above the outlines of their children together, from the bottom up."""
    ranks = after.base.ranks
    changes = dict(changes)
    waiting = {
        parent
        for grid in changes
        for state in (draft, after)
        if grid in state and (parent := state.grid(grid).parent) is not None and parent in after
    }
    while waiting:
        parent = max(waiting, key=lambda each: (ranks[after.grid(each).level], each))
        waiting.discard(parent)
        grid = after.grid(parent)
        outline = _outline_above(draft, after, parent, changes, bends)
        if outline is not grid.outline:
            changes[parent] = replace(grid, outline=outline)
            after = after.after({parent: changes[parent]})
            if grid.parent is not None:
                waiting.add(grid.parent)
    return changes


def _outline_above(draft: Draft, after: Draft, parent: int, changes: Changes, bends: Bends) -> shapely.Geometry | None:
    """Give the outline of a grid's children together; the very one that it has where it need not change."""
    outline = after.grid(parent).outline
    now = [each for each in after.children(parent) if after.grid(each).outline is not None]
    before = (
        [each for each in draft.children(parent) if draft.grid(each).outline is not None] if parent in draft else []
    )
    if outline is not None and before:
        old, new = (
            draft.units(each for each in before if each in changes),
            after.units(each for each in now if each in changes),
        )
        lost, won = difference(Edges.of(old).left_over(), Edges.of(new).left_over())
        if not len(lost) and not len(won):
            return _with_bends(outline, bends)
    return outline_of(after.units(now))


def _with_bends(outline: shapely.Geometry, bends: Bends) -> shapely.Geometry:
    """Give an outline in degrees the nodes that its edges got; the very one where it has none of these edges."""
    area = to_units([outline])[0]
    more = with_nodes(area, bends) if bends else area
    if shapely.get_num_coordinates(more) == shapely.get_num_coordinates(area):
        return outline
    return to_degrees(np.array([more], dtype=object))[0]
