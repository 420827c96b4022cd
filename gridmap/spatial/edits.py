"""Edits: each takes a draft to another one in which every level still tiles, or says why it cannot.

Split, merge, reshape, move, draw, assign, create, retire, rename, recode. What an edit makes of the ground is proved
before it is given back: the grids that it touched hold the same ground as before, each spot once, with the same nodes
as their neighbours (`gridmap.spatial.edges` tells how), and each grid above is its children together.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import shapely

from gridmap.model.errors import Fault, InputError
from gridmap.spatial._pieces import Ground, divide, give, place, place_of_face, refuse_uneven
from gridmap.spatial._settle import settled
from gridmap.spatial.drafts import Changes, Draft, DraftGrid, outline_of
from gridmap.spatial.edges import Edges, nodes_of, pieces, points_of, to_units
from gridmap.spatial.lattice import SCALE, Integers
from gridmap.spatial.reshaping import new_sides

TOLERANCE_M = 0.3
"""What is drawn nearer than this to a node or border is drawn through it, m."""

Line = Sequence[Sequence[float]]


def split(
    draft: Draft,
    grid: int,
    line: Line,
    ids: Iterator[int],
    *,
    names: Sequence[str] = (),
    level: str | None = None,
    cut_children: bool = False,
    tolerance_m: float = TOLERANCE_M,
) -> Changes:
    """Split a grid by a line; the largest piece stays the grid.

    Parameters
    ----------
    line
        Longitude and latitude, degrees, point by point; ends beyond the grid are ignored.
    ids
        Permanent ids for what is made.
    names
        Of the other pieces, the largest first; made up where they are missing.
    level
        Divide the grid into children on this level instead, all of them new.
    cut_children
        Let grids below be cut as well where the line runs through them.

    Raises
    ------
    InputError
        The line does not cut the grid, or cuts grids below and was not allowed to.
    NotFoundError
        There is no such grid or level.
    """
    _refuse_groundless(draft, [grid])
    ground = Ground.of(draft, [grid], [lattice_line(line)], tolerance_m)
    group, order = _sides(ground, draft.grid(grid).name)
    before, takers = draft.grid(grid), order[1:]
    if level is not None:
        _refuse_division(draft, grid, level)
        before, takers = replace(before, level=level, parent=grid), order
    taker = {order[0]: grid}
    for number, each in enumerate(takers):
        given = names[number].strip() if number < len(names) else ""
        name = given or f"{before.name}（{number + 1 + len(order) - len(takers)}）"
        made = replace(before, id=next(ids), code=None, name=name, outline=None)
        ground.made[made.id] = made
        taker[each] = made.id
    if level is None:
        divide(ground, grid, group, taker, ids, cut_children=cut_children)
        return settled(draft, ground.changes(), ground.drawing.bends)
    for each in order:
        ground.leaf[group == each] = taker[each]
    changes = ground.changes()
    del changes[grid]  # it has children now, and its ground is theirs
    return settled(draft, changes, ground.drawing.bends)


def _sides(ground: Ground, name: str) -> tuple[Integers, list[int]]:
    """Give each face the number of the piece that a line cuts it into, and the pieces in order, the largest first."""
    faces = ground.faces
    group = faces.groups(faces.drawn)
    drawn = np.unique(group[np.concatenate([faces.left[faces.drawn], faces.right[faces.drawn]])])
    if len(drawn) < 2:  # noqa: PLR2004 - two sides
        raise InputError.of("line", f"does not cut {name}", "draw it from border to border", "does_not_cut")
    sizes = {each: float(ground.sizes[group == each].sum()) for each in drawn.tolist()}
    order = sorted(sizes, key=lambda each: (-sizes[each], each))
    # a part that the line does not reach stays with the largest piece
    return np.where(np.isin(group, drawn), group, order[0]), order


def merge(draft: Draft, grids: Sequence[int], *, name: str | None = None) -> Changes:
    """Merge neighbours on one level; the first of them stays, with the children of all.

    Raises
    ------
    InputError
        They are not of one level, do not hang together by borders, or only some are divided further.
    """
    listed = list(dict.fromkeys(grids))
    if len(listed) < 2:  # noqa: PLR2004 - there is nothing to merge
        raise InputError.of("grids", "are fewer than two", "name at least two neighbours", "too_few")
    _refuse_groundless(draft, listed)
    _refuse_mixed(draft, listed)
    refuse_uneven(draft, listed)
    areas = draft.units(listed)
    edges = Edges.of(areas)
    up, down = edges.twins()
    if len(np.unique(pieces(len(areas), edges.owner[up], edges.owner[down]))) > 1:
        names = "、".join(draft.grid(each).name for each in listed)
        raise InputError.of("grids", f"{names} do not border on each other", "merge neighbours only", "apart")
    kept = draft.grid(listed[0])
    changes: Changes = dict.fromkeys(listed[1:], None)
    changes[kept.id] = replace(kept, name=name or kept.name, outline=outline_of(areas))
    for child in (child for each in listed[1:] for child in draft.children(each)):
        changes[child] = replace(draft.grid(child), parent=kept.id)
    return settled(draft, changes, {})


def reshape(draft: Draft, grids: Sequence[int], line: Line, *, tolerance_m: float = TOLERANCE_M) -> Changes:
    """Give the border between two neighbours a new course along a line; both sides move.

    The line replaces the border from where it first meets it to where it last does; an end on the outer border of the
    two replaces it from there on. Of the ways to read a line the one counts that moves the least ground.

    Raises
    ------
    InputError
        The two do not border on each other, the line does not meet their border, or nothing would be left of one.
    """
    if len(set(grids)) != 2:  # noqa: PLR2004 - a border has two sides
        raise InputError.of("grids", "are not two", "name the two whose border moves", "not_two")
    _refuse_groundless(draft, grids)
    _refuse_mixed(draft, grids)
    first, second = grids
    ground = Ground.of(draft, grids, [lattice_line(line)], tolerance_m)
    side = ground.of_grid(first)
    goes_to_first = new_sides(ground, side)
    names = [draft.grid(each).name for each in grids]
    if goes_to_first is None:
        message = f"does not give the border of {names[0]} and {names[1]} a new course"
        raise InputError.of("line", message, "draw it from their border to their border", "no_new_border")
    for giver, taker, region in ((first, second, side & ~goes_to_first), (second, first, ~side & goes_to_first)):
        if region.any():
            give(ground, giver, taker, region)
    return settled(draft, ground.changes(), ground.drawing.bends)


def move(draft: Draft, steps: Sequence[tuple[Sequence[float], Sequence[float]]]) -> Changes:
    """Move vertices, for all grids that share them.

    Parameters
    ----------
    steps
        From where to where, degrees.

    Raises
    ------
    InputError
        There is no such vertex, or the borders would cross.
    """
    starts = nodes_of(np.array([lattice_line([start])[0] for start, _ in steps], np.int64))
    ends = nodes_of(np.array([lattice_line([end])[0] for _, end in steps], np.int64))
    moved = dict(zip(starts.tolist(), ends.tolist(), strict=True))
    spots = shapely.MultiPoint(points_of(starts) / SCALE)
    changes: Changes = {}
    found: set[int] = set()
    for leaf in draft.leaves_near(spots):
        grid = draft.grid(leaf)
        area = to_units([grid.outline])[0]
        nodes = nodes_of(shapely.get_coordinates(area))
        hit = np.isin(nodes, starts)
        if hit.any():
            found |= set(nodes[hit].tolist())
            after = points_of(np.array([moved.get(node, node) for node in nodes.tolist()], np.int64))
            changes[leaf] = replace(grid, outline=shapely.set_coordinates(grid.outline, after / SCALE))
    if lost := [start for start in moved if start not in found]:
        places = ["{:.7f}, {:.7f}".format(*(points_of(np.array([node]))[0] / SCALE)) for node in lost]
        faults = [Fault(each, "no border has a vertex here", "reload the plan", "no_vertex") for each in places]
        raise InputError(faults, "vertices")
    return settled(draft, changes, {})


def draw(
    draft: Draft,
    level: str,
    polygon: Sequence[Line],
    ids: Iterator[int],
    *,
    name: str,
    parent: int | None = None,
    cut_children: bool = False,
    tolerance_m: float = TOLERANCE_M,
) -> Changes:
    """Draw a grid that takes its ground from those of its level below it.

    Parameters
    ----------
    polygon
        Rings of longitude and latitude, the shell first.
    parent
        The grid above; may be left out where all ground comes from one.

    Raises
    ------
    InputError
        It lies in no grid, in grids of several parents, or would leave nothing of a grid.
    NotFoundError
        There is no such level.
    """
    draft.base.scheme.level(level)
    rings = [lattice_line(ring) for ring in polygon]
    rings = [ring if (ring[0] == ring[-1]).all() else np.vstack([ring, ring[:1]]) for ring in rings]
    shape = _valid_polygon(rings)
    givers = sorted(
        {
            grid
            for leaf in draft.leaves_near(shapely.transform(shape, lambda points: points / SCALE))
            for grid in draft.chain(leaf)
            if draft.grid(grid).level == level
        }
    )
    if not givers:
        raise InputError.of(place(shape), f"no grid of level {level} lies here", "draw inside one", "no_ground")
    ground = Ground.of(draft, givers, rings, tolerance_m)
    inside = _inside(ground, rings)
    givers = [each for each in givers if (inside & ground.of_grid(each)).any()]
    _refuse_taking(ground, givers, inside, shape)
    parents = {draft.grid(each).parent for each in givers}
    if parent is None and len(parents) > 1:
        names = "、".join(draft.grid(each).name for each in sorted(filter(None, parents)))
        raise InputError.of("parent", f"the ground is of several: {names}", "say whose the new grid is", "parents")
    above = parent if parent is not None else next(iter(parents))
    if above is not None and above not in parents:
        raise InputError.of("parent", f"{draft.grid(above).name} holds none of this ground", code="parents")
    new = DraftGrid(next(ids), level, above, None, name, None)
    ground.made[new.id] = new
    group = inside.astype(np.int64)
    for giver in givers:
        divide(ground, giver, group, {0: giver, 1: new.id}, ids, cut_children=cut_children)
    return settled(draft, ground.changes(), ground.drawing.bends)


def assign(draft: Draft, grids: Sequence[int], parent: int) -> Changes:
    """Give grids, with all below them, to another parent.

    Raises
    ------
    InputError
        The parent's level is not above theirs, or it holds ground itself.
    """
    above = draft.grid(parent)
    faults = [
        Fault(draft.grid(each).name, f"is not on a level below {above.name}", code="level")
        for each in grids
        if draft.rank(each) <= draft.base.ranks[above.level]
    ]
    if above.outline is not None and not draft.children(parent):
        mend = "split it into a level below first, or create an empty one"
        faults.append(Fault(above.name, "holds its ground itself, and cannot be a parent", mend, "leaf"))
    if faults:
        raise InputError(faults, "assign")
    moved = [each for each in dict.fromkeys(grids) if draft.grid(each).parent != parent]
    return settled(draft, {each: replace(draft.grid(each), parent=parent) for each in moved}, {})


def create(draft: Draft, level: str, name: str, ids: Iterator[int], *, parent: int | None = None) -> Changes:
    """Create a grid without ground, to be given children or ground later.

    Raises
    ------
    InputError
        The parent's level is not above.
    NotFoundError
        There is no such level or parent.
    """
    rank = draft.base.scheme.level(level).rank
    if parent is not None and draft.is_leaf(parent):
        mend = "split it into this level instead"
        raise InputError.of("parent", f"{draft.grid(parent).name} holds its ground itself", mend, "leaf")
    if parent is not None and draft.rank(parent) >= rank:
        raise InputError.of("parent", f"{draft.grid(parent).name} is not on a level above {level}", code="level")
    if parent is None and rank > min(draft.base.ranks[grid.level] for grid in draft):
        raise InputError.of("parent", "is missing", "name the grid above", "missing")
    new = DraftGrid(next(ids), level, parent, None, name, None)
    return {new.id: new}


def retire(draft: Draft, grid: int) -> Changes:
    """Take a grid out: an empty one, or one whose children then belong to the grid above it.

    Raises
    ------
    InputError
        It holds ground itself, or has children and nobody above.
    """
    gone = draft.grid(grid)
    children = draft.children(grid)
    if gone.outline is not None and not children:
        message, mend = "holds ground", "merge it with a neighbour, which takes the ground"
        raise InputError.of(gone.name, message, mend, "holds_ground")
    if children and gone.parent is None:
        raise InputError.of(gone.name, "is at the top, and its children would have no parent", code="top")
    moved: Changes = {child: replace(draft.grid(child), parent=gone.parent) for child in children}
    return settled(draft, {grid: None, **moved}, {})


def rename(draft: Draft, names: Mapping[int, str]) -> Changes:
    """Give grids other names."""
    return {grid: replace(draft.grid(grid), name=name) for grid, name in names.items()}


def recode(draft: Draft, codes: Mapping[int, str | None]) -> Changes:
    """Give grids other codes; whether they may have them is for the checks to say."""
    return {grid: replace(draft.grid(grid), code=code) for grid, code in codes.items()}


def settle(draft: Draft, changes: Changes) -> Changes:
    """Complete changes that were worked out elsewhere: the grids above follow, and all is proved as for any edit.

    Raises
    ------
    InputError
        The result would be no clean set of grids.
    """
    return settled(draft, changes, {})


def lattice_line(line: Line) -> Integers:
    """Read a line in degrees as lattice points, (n, 2)."""
    points = np.array([[float(each) for each in point[:2]] for point in line], np.float64).reshape(-1, 2)
    bad = ~np.isfinite(points).all(axis=1) | (np.abs(points) > (180.0, 90.0)).any(axis=1)
    if bad.any():
        faults = [Fault(f"point {k + 1}", "is not on earth", code="out_of_range") for k in np.flatnonzero(bad)[:5]]
        raise InputError(faults, "line")
    return np.rint(points * SCALE).astype(np.int64)


def _valid_polygon(rings: Sequence[Integers]) -> shapely.Geometry:
    if any(len(ring) < 4 for ring in rings):  # noqa: PLR2004 - a triangle, closed
        raise InputError.of("polygon", "has fewer than three corners", code="too_short")
    shape = shapely.Polygon(rings[0], list(rings[1:]))
    if not shape.is_valid or shape.area == 0:
        reason = shapely.is_valid_reason(shape).split("[")[0]
        raise InputError.of("polygon", f"is no outline: {reason}", "draw it without crossings", "invalid")
    return shape


def _inside(ground: Ground, rings: Sequence[Integers]) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Tell which faces lie in what was drawn, where its nodes have come to lie."""
    lines = [points_of(np.array(line, np.int64)).astype(np.float64) for line in ground.drawing.lines]
    whole = shapely.make_valid(shapely.Polygon(lines[0], lines[1 : len(rings)]))
    spots = shapely.point_on_surface(ground.faces.areas)
    return np.asarray(shapely.intersects(whole, spots), dtype=bool)


def _refuse_taking(
    ground: Ground, givers: Sequence[int], inside: np.ndarray[tuple[int], np.dtype[np.bool_]], shape: shapely.Geometry
) -> None:
    draft = ground.draft
    if not givers:
        raise InputError.of(place(shape), "nothing lies inside", "draw it larger", "no_ground")
    refuse_uneven(draft, givers)
    whole = [each for each in givers if not (ground.of_grid(each) & ~inside).any()]
    if whole:
        mend = "leave some of it, or merge it with the new one afterwards"
        faults = [
            Fault(
                place_of_face(ground, ground.of_grid(each)),
                f"nothing would be left of {draft.grid(each).name}",
                mend,
                "vanishes",
            )
            for each in whole
        ]
        raise InputError(faults, "polygon")


def _refuse_groundless(draft: Draft, grids: Sequence[int]) -> None:
    if empty := [draft.grid(each).name for each in grids if draft.grid(each).outline is None]:
        raise InputError([Fault(name, "holds no ground yet", code="empty") for name in empty], "grids")


def _refuse_mixed(draft: Draft, grids: Sequence[int]) -> None:
    if len({draft.grid(each).level for each in grids}) > 1:
        told = "、".join(f"{draft.grid(each).name} ({draft.grid(each).level})" for each in grids)
        raise InputError.of("grids", f"are of several levels: {told}", "choose grids of one level", "levels")


def _refuse_division(draft: Draft, grid: int, level: str) -> None:
    rank = draft.base.scheme.level(level).rank
    if rank <= draft.rank(grid):
        raise InputError.of("level", f"{level} is not below the grid's", "name a lower one", "level")
    if not draft.is_leaf(grid):
        raise InputError.of("grid", f"{draft.grid(grid).name} is divided already", "split its children", "divided")
