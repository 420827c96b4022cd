"""Handing pieces of ground out, level by level: what a line cut off goes to whom, and what its children do."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.model.errors import Fault, InputError
from gridmap.spatial.drafts import Changes, Draft, DraftGrid, outline_of
from gridmap.spatial.edges import points_of
from gridmap.spatial.lattice import SCALE, Integers
from gridmap.spatial.noding import Drawing, Faces, bent, cut, draw

_LISTED = 8


@dataclass
class Ground:
    """The ground of some grids, cut into faces.

    Attributes
    ----------
    leaf
        Id of the grid that each face is of now; edits change it.
    parent
        Parents that edits gave to grids.
    made
        Grids that edits made, without outline.
    refined
        Those that got nodes.
    """

    draft: Draft
    drawing: Drawing
    faces: Faces
    leaf: Integers
    refined: frozenset[int] = frozenset()
    parent: dict[int, int] = field(default_factory=dict)
    made: dict[int, DraftGrid] = field(default_factory=dict)

    @classmethod
    def of(cls, draft: Draft, grids: Iterable[int], lines: list[Integers], tolerance_m: float) -> "Ground":
        """Cut the ground of grids along lines."""
        leaves = np.array([leaf for grid in grids for leaf in draft.leaves_under(grid)], np.int64)
        areas = draft.units(leaves.tolist())
        drawing = draw(lines, areas, tolerance_m)
        touched = shapely.intersects(areas, _box(drawing))
        nodes = shapely.get_num_coordinates(areas)
        areas[touched] = [bent(area, drawing) for area in areas[touched]]
        refined = frozenset(leaves[shapely.get_num_coordinates(areas) != nodes].tolist())
        faces = cut(areas, drawing)
        return cls(draft, drawing, faces, leaves[faces.owner], refined)

    def of_grid(self, grid: int) -> NDArray[np.bool_]:
        """Tell which faces were a grid's before the edit."""
        return np.isin(self._before, self.draft.leaves_under(grid))

    def __post_init__(self) -> None:
        self._before = self.leaf.copy()

    @property
    def sizes(self) -> NDArray[np.float64]:
        """Areas of the faces, in square steps."""
        return np.asarray(shapely.area(self.faces.areas), dtype=np.float64)

    def border(self, mine: NDArray[np.bool_], others: NDArray[np.bool_]) -> float:
        """Measure the border between two sets of faces, in steps."""
        left, right = self.faces.left, self.faces.right
        shared = (mine[left] & others[right]) | (mine[right] & others[left])
        if not shared.any():
            return 0.0
        ends = points_of(np.array([self.faces.links[k] for k in np.flatnonzero(shared)], np.int64).reshape(-1))
        return float(np.hypot(*(ends[1::2] - ends[::2]).T).sum())

    def changes(self) -> Changes:
        """Put the faces together: what becomes of the grids that held them, and of those that hold them now."""
        found: Changes = {}
        for leaf in np.unique(np.concatenate([self._before, self.leaf])).tolist():
            mine = self.leaf == leaf
            if leaf in self.draft and leaf not in self.refined and np.array_equal(mine, self._before == leaf):
                continue
            grid = self.made.get(leaf) or self.draft.grid(leaf)
            found[leaf] = replace(grid, outline=outline_of(self.faces.areas[mine])) if mine.any() else None
        for grid_id, grid in self.made.items():
            found.setdefault(grid_id, grid)
        for grid_id, parent in self.parent.items():
            now = found[grid_id] if grid_id in found else self.draft.grid(grid_id)
            if now is not None:
                found[grid_id] = replace(now, parent=parent)
        return found


def divide(
    ground: Ground, root: int, group: Integers, taker: Mapping[int, int], ids: Iterator[int], *, cut_children: bool
) -> None:
    """Divide a grid by groups of its faces; what lies below it follows.

    Parameters
    ----------
    group
        A number for each face.
    taker
        Which grid has each group: the root itself, or one of `Ground.made`.

    Raises
    ------
    InputError
        Grids below are cut, and that was not asked for.
    """
    draft = ground.draft
    mine = ground.of_grid(root)
    holder = {root: {each: taker[each] for each in np.unique(group[mine]).tolist()}}
    cut_through = []
    for grid in draft.under(root)[1:]:
        faces = ground.of_grid(grid)
        sizes = {each: float(ground.sizes[faces & (group == each)].sum()) for each in np.unique(group[faces]).tolist()}
        main = max(sizes, key=lambda each: (sizes[each], -each), default=None)
        parent = draft.grid(grid).parent
        above = holder[root if parent is None else parent]
        holder[grid] = {}
        if len(sizes) > 1:
            cut_through.append(grid)
        for number, each in enumerate(sorted(sizes, key=lambda each: (each != main, each))):
            if each == main:
                holder[grid][each] = grid
                ground.parent[grid] = above[each]
            else:
                before = draft.grid(grid)
                new = DraftGrid(next(ids), before.level, above[each], None, f"{before.name}（{number + 1}）", None)
                ground.made[new.id] = new
                holder[grid][each] = new.id
    if cut_through and not cut_children:
        raise InputError([_cut_fault(ground, grid, group) for grid in cut_through[:_LISTED]], "the line")
    for leaf in [each for each in draft.under(root) if draft.is_leaf(each)]:
        own = ground.of_grid(leaf)
        for each, to in holder[leaf].items():
            ground.leaf[own & (group == each)] = to


def give(ground: Ground, giver: int, taker: int, region: NDArray[np.bool_]) -> None:
    """Give ground of one grid to a neighbour; whole grids below go along, of others the neighbours below take a part.

    Raises
    ------
    InputError
        A part has no neighbour on the other side, or nothing would be left of a grid below.
    """
    draft = ground.draft
    if draft.is_leaf(giver) and draft.is_leaf(taker):
        ground.leaf[region] = taker
        return
    for child in [giver] if draft.is_leaf(giver) else draft.children(giver):
        own = ground.of_grid(child)
        part = own & region
        if not part.any():
            continue
        if child != giver and (part == own).all():
            if draft.is_leaf(taker):
                names = draft.grid(child).name, draft.grid(taker).name
                message = f"nothing would be left of {names[0]}, and {names[1]} has no grids below"
                raise InputError.of(place_of_face(ground, part), message, "leave some of it", "vanishes")
            ground.parent[child] = taker
            continue
        group = ground.faces.groups(~(part[ground.faces.left] & part[ground.faces.right]))
        for number in np.unique(group[part]).tolist():
            piece = part & (group == number)
            give(ground, child, taker if draft.is_leaf(taker) else _heir(ground, child, taker, piece, region), piece)


def _heir(ground: Ground, giver: int, taker: int, piece: NDArray[np.bool_], region: NDArray[np.bool_]) -> int:
    """Choose the grid below the taker that borders on a piece the longest."""
    draft = ground.draft
    heirs = {to: ground.border(piece, ground.of_grid(to) & ~region) for to in draft.children(taker)}
    heir = max(heirs, key=lambda to: (heirs[to], -to))
    if not heirs[heir]:
        name, other = draft.grid(giver).name, draft.grid(taker).name
        message = f"a part of {name} would go to {other} and borders on none of its grids"
        raise InputError.of(place_of_face(ground, piece), message, "move the border in steps", "no_neighbour")
    return heir


def refuse_uneven(draft: Draft, grids: Iterable[int]) -> None:
    """Refuse to mix ground that is divided further with ground that is not."""
    divided = [draft.grid(each).name for each in grids if not draft.is_leaf(each)]
    whole = [draft.grid(each).name for each in grids if draft.is_leaf(each)]
    if divided and whole:
        message = f"{'、'.join(divided[:3])} is divided further and {'、'.join(whole[:3])} is not"
        raise InputError.of("grids", message, "divide the other one first, or edit the level below", "uneven")


def place_of_face(ground: Ground, chosen: NDArray[np.bool_]) -> str:
    """Say where a face lies."""
    return place(ground.faces.areas[np.flatnonzero(chosen)[0]])


def place(area: shapely.Geometry) -> str:
    """Say where an area in lattice units lies."""
    spot = shapely.point_on_surface(area)
    return f"{spot.x / SCALE:.7f}, {spot.y / SCALE:.7f}"


def _cut_fault(ground: Ground, grid: int, group: Integers) -> Fault:
    faces = ground.of_grid(grid)
    sizes = [float(ground.sizes[faces & (group == each)].sum()) for each in np.unique(group[faces])]
    smallest = np.unique(group[faces])[int(np.argmin(sizes))]
    name = ground.draft.grid(grid).name
    mend = "draw along its border, or ask for grids below to be cut as well (cut_children)"
    return Fault(place_of_face(ground, faces & (group == smallest)), f"the line cuts {name}", mend, "cuts_children")


def _box(drawing: Drawing) -> shapely.Geometry:
    nodes = [node for edge in drawing.bends for node in edge] + [node for line in drawing.lines for node in line]
    points = points_of(np.array(nodes, np.int64))
    return shapely.box(*points.min(axis=0), *points.max(axis=0))
