"""Which side of a border each face comes to lie on when a line gives the border a new course."""

from collections import defaultdict
from collections.abc import Iterator
from itertools import product

import numpy as np
from numpy.typing import NDArray

from gridmap.spatial._pieces import Ground
from gridmap.spatial.edges import Edges
from gridmap.spatial.noding import Link

Sides = NDArray[np.bool_]
_MOST_UNDECIDED = 6


def new_sides(ground: Ground, side: Sides) -> Sides | None:
    """Find the faces that are the first grid's once the border follows the line.

    Parameters
    ----------
    side
        Whether each face is the first grid's now.

    Returns
    -------
    ndarray
        The reading of the line that moves the least ground and leaves some to both; None where there is none.
    """
    faces = ground.faces
    border = side[faces.left] != side[faces.right]
    links = [link for link, is_border in zip(faces.links, border, strict=True) if is_border]
    best: tuple[float, Sides] | None = None
    for removed in _readings(ground, links):
        gone = np.array([link in removed for link in faces.links], dtype=bool)
        walls = (border & ~gone) | faces.drawn
        group = faces.groups(walls)
        for after in _decisions(ground, group, side):
            moved = float(ground.sizes[after != side].sum())
            if moved > 0 and after.any() and not after.all() and (best is None or moved < best[0]):
                best = moved, after
    return None if best is None else best[1]


def _decisions(ground: Ground, group: NDArray[np.int64], side: Sides) -> Iterator[Sides]:
    """Give each group of faces to one of the two, in every way that can be meant."""
    mixed = [each for each in np.unique(group).tolist() if len(np.unique(side[group == each])) > 1]
    if len(mixed) > _MOST_UNDECIDED:
        sizes = {each: float(ground.sizes[group == each].sum()) for each in mixed}
        mixed = sorted(mixed, key=lambda each: -sizes[each])[:_MOST_UNDECIDED]
    for choice in product((True, False), repeat=len(mixed)):
        after = side.copy()
        for each, first in zip(mixed, choice, strict=True):
            after[group == each] = first
        yield after


def _readings(ground: Ground, links: list[Link]) -> Iterator[set[Link]]:
    """Give the parts of the border that the line may replace."""
    near: dict[int, set[int]] = defaultdict(set)
    for a, b in links:
        near[a].add(b)
        near[b].add(a)
    line = ground.drawing.lines[0]
    met = [node for node in line if node in near]
    outer = _outer_nodes(ground)
    # A line that does not end on the border but on the outer border of the two replaces the border up to its end.
    ends_outside = [node for node in (line[0], line[-1]) if node in outer and node not in near]
    if len(met) > 1:
        yield from _paths(near, met[0], met[-1])
    for node in {met[0], met[-1]} if met else ():
        yield from _tails(near, node)
    if ends_outside or not met:
        yield from _wholes(near)
    if len(met) > 1:
        # both tails: the line's ends lie on the border of others, beyond both ends of this one
        yield from _wholes(near)


def _outer_nodes(ground: Ground) -> set[int]:
    rim = Edges.of(ground.faces.areas).left_over()
    return set(rim.start.tolist())


def _paths(near: dict[int, set[int]], start: int, goal: int) -> Iterator[set[Link]]:
    """Give the ways along the border between two of its nodes: one, or two where it is a ring."""
    for first in sorted(near[start]):
        path, before, node = {_link(start, first)}, start, first
        while node != goal and len(near[node]) == 2:  # noqa: PLR2004 - the border goes on
            before, node = node, next(each for each in near[node] if each != before)
            path.add(_link(before, node))
            if node == start:
                break
        if node == goal:
            yield path


def _tails(near: dict[int, set[int]], start: int) -> Iterator[set[Link]]:
    """Give the ways along the border from a node to its ends."""
    for first in sorted(near[start]):
        path, before, node = {_link(start, first)}, start, first
        while len(near[node]) == 2 and node != start:  # noqa: PLR2004 - as above
            before, node = node, next(each for each in near[node] if each != before)
            path.add(_link(before, node))
        yield path


def _wholes(near: dict[int, set[int]]) -> Iterator[set[Link]]:
    """Give each connected part of the border, and all of it."""
    left = set(near)
    parts: list[set[Link]] = []
    while left:
        reached, edge = {next(iter(left))}, [next(iter(left))]
        while edge:
            for other in near[edge.pop()]:
                if other not in reached:
                    reached.add(other)
                    edge.append(other)
        left -= reached
        parts.append({_link(a, b) for a in reached for b in near[a]})
    yield from parts
    if len(parts) > 1:
        yield set().union(*parts)


def _link(a: int, b: int) -> Link:
    return (a, b) if a < b else (b, a)
