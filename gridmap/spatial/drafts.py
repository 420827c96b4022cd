"""Drafts: the grids of a plan as they would be, above those of the generation that it is based on.

A draft holds only what differs from its base, and is never changed: an edit gives another one. Ground belongs to the
grids that nobody divided further; the outline of a grid above is that of its children together, to the last node.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from gridmap.model.errors import NotFoundError
from gridmap.model.schemes import Scheme
from gridmap.spatial.edges import to_units
from gridmap.spatial.lattice import Geometries, Integers, as_geometries
from gridmap.spatial.outlines import to_degrees


@dataclass(frozen=True, slots=True)
class DraftGrid:
    """A grid as a draft has it.

    Attributes
    ----------
    parent
        The id of the grid above, None at the top.
    outline
        MultiPolygon in degrees on the lattice; None while it holds no ground.
    """

    id: int
    level: str
    parent: int | None
    code: str | None
    name: str
    outline: shapely.Geometry | None


Changes = dict[int, DraftGrid | None]
"""What becomes of grids by id; None for one that is no more."""


class Base:
    """The grids of a generation, arranged for drafts above it.

    Parameters
    ----------
    grids
        All of them; outlines may be shared with whoever else holds them.
    """

    def __init__(self, scheme: Scheme, grids: Iterable[DraftGrid]) -> None:
        self.scheme = scheme
        self.ranks = {level.key: level.rank for level in scheme.levels}
        self.grids: dict[int, DraftGrid] = {grid.id: grid for grid in grids}
        self.children: dict[int | None, tuple[int, ...]] = {}
        kids: dict[int | None, list[int]] = {}
        for grid in self.grids.values():
            kids.setdefault(grid.parent, []).append(grid.id)
        self.children = {parent: tuple(sorted(each)) for parent, each in kids.items()}
        self.leaves = [grid.id for grid in self.grids.values() if grid.id not in self.children and grid.outline]

    @cached_property
    def titles(self) -> "Titles":
        """Who has which code and name."""
        return Titles(self.grids.values())

    @cached_property
    def rows(self) -> dict[int, int]:
        """The row of each grid among `leaves`."""
        return {leaf: row for row, leaf in enumerate(self.leaves)}

    @cached_property
    def tree(self) -> shapely.STRtree:
        """The outlines of the grids that nobody divided further, in the order of `leaves`."""
        return shapely.STRtree([self.grids[leaf].outline for leaf in self.leaves])


class Titles:
    """Which grids have a code, or a name on a level."""

    def __init__(self, grids: Iterable[DraftGrid]) -> None:
        self._held: dict[tuple[str, ...], set[int]] = {}
        for grid in grids:
            for key in self._keys(grid):
                self._held.setdefault(key, set()).add(grid.id)

    def like(self, grid: DraftGrid) -> set[int]:
        """List the grids that have the code or the name of one."""
        return set().union(*(self._held.get(key, ()) for key in self._keys(grid)))

    @staticmethod
    def _keys(grid: DraftGrid) -> list[tuple[str, ...]]:
        named: list[tuple[str, ...]] = [(grid.level, grid.name)]
        return named if grid.code is None else [(grid.code,), *named]


@dataclass(frozen=True)
class Draft:
    """The grids of a plan.

    Attributes
    ----------
    changed
        What differs from the base.
    kids
        Children by parent, of those parents whose children differ from the base's.
    """

    base: Base
    changed: Mapping[int, DraftGrid | None] = field(default_factory=dict)
    kids: Mapping[int | None, tuple[int, ...]] = field(default_factory=dict)

    def __contains__(self, grid: int) -> bool:
        return self.find(grid) is not None

    def __iter__(self) -> Iterator[DraftGrid]:
        for grid in self.base.grids.values():
            if grid.id not in self.changed:
                yield grid
        for changed in self.changed.values():
            if changed is not None:
                yield changed

    def grid(self, grid: int) -> DraftGrid:
        """Find a grid.

        Raises
        ------
        NotFoundError
            There is none of that id, or it is no more.
        """
        found = self.find(grid)
        if found is None:
            raise NotFoundError(f"the plan has no grid {grid}")
        return found

    def find(self, grid: int) -> DraftGrid | None:
        """Give a grid, or None where it is none of the draft's."""
        return self.changed[grid] if grid in self.changed else self.base.grids.get(grid)

    def rank(self, grid: int) -> int:
        """Give the rank of a grid's level; 1 is the top."""
        return self.base.ranks[self.grid(grid).level]

    def children(self, grid: int | None) -> tuple[int, ...]:
        """List the children of a grid, or the top grids for None, by id."""
        return self.kids[grid] if grid in self.kids else self.base.children.get(grid, ())

    def is_leaf(self, grid: int) -> bool:
        """Tell whether a grid holds ground itself."""
        return not self.children(grid) and self.grid(grid).outline is not None

    def chain(self, grid: int) -> list[int]:
        """List a grid and those above it, the top first."""
        found = [grid]
        while (parent := self.grid(found[-1]).parent) is not None:
            found.append(parent)
        return found[::-1]

    def under(self, grid: int) -> list[int]:
        """List a grid and all below it, each after its parent."""
        found = [grid]
        for each in found:
            found += self.children(each)
        return found

    def leaves_under(self, grid: int) -> list[int]:
        """List the grids that hold the ground of a grid; itself where nobody divided it."""
        return [each for each in self.under(grid) if self.is_leaf(each)]

    def leaves(self) -> list[int]:
        """List all grids that hold ground."""
        return [grid.id for grid in self if self.is_leaf(grid.id)]

    def leaves_near(self, geometry: shapely.Geometry) -> list[int]:
        """List the grids holding ground whose outline meets a geometry in degrees, in order."""
        found: list[int] = self.meeting([geometry])[1].tolist()
        return found

    def meeting(self, geometries: Iterable[shapely.Geometry]) -> tuple[Integers, Integers]:
        """Find which geometries in degrees meet which grids holding ground.

        Returns
        -------
        tuple
            Positions of geometries, and ids of grids, pair by pair; in order of both.
        """
        given = as_geometries(geometries)
        of_base, row = self.base.tree.query(given, predicate="intersects")
        kept = ~self._replaced[row]
        of_own, own = self._own[1].query(given, predicate="intersects")
        position = np.concatenate([of_base[kept], of_own]).astype(np.int64)
        leaf = np.concatenate([np.array(self.base.leaves, np.int64)[row[kept]], self._own[0][own]])
        order = np.lexsort((leaf, position))
        return position[order], leaf[order]

    @cached_property
    def touched(self) -> frozenset[int]:
        """List the grids that differ from the base or have other children, those that are no more among them."""
        return frozenset({*self.changed, *(grid for grid in self.kids if grid is not None)})

    @cached_property
    def _own(self) -> tuple[Integers, shapely.STRtree]:
        """Grids holding ground that the base has not, has otherwise, or has with children; and their outlines."""
        leaves = [grid for grid in sorted(self.touched) if grid in self and self.is_leaf(grid)]
        return np.array(leaves, np.int64), shapely.STRtree([self.grid(leaf).outline for leaf in leaves])

    @cached_property
    def _replaced(self) -> NDArray[np.bool_]:
        """Tell of the leaves of the base which are not what they were."""
        found = np.zeros(len(self.base.leaves), dtype=bool)
        found[[self.base.rows[grid] for grid in self.touched if grid in self.base.rows]] = True
        return found

    def differing(self, other: "Draft") -> frozenset[int]:
        """List the grids that are not the same in another draft on this base, or have other children there."""
        both = self.touched | other.touched
        return frozenset(
            grid
            for grid in both
            if self.find(grid) is not other.find(grid) or self.children(grid) != other.children(grid)
        )

    def namesakes(self, grid: DraftGrid) -> set[int]:
        """List the grids that have the code of a grid, or its name on its level."""
        return (self.base.titles.like(grid) - self.changed.keys()) | self._titles.like(grid)

    @cached_property
    def _titles(self) -> Titles:
        return Titles(each for each in self.changed.values() if each is not None)

    def units(self, grids: Iterable[int]) -> Geometries:
        """Give outlines in lattice units."""
        return to_units([self.grid(grid).outline for grid in grids])

    def after(self, changes: Changes) -> "Draft":
        """Give the draft after changes."""
        changed, kids = dict(self.changed), dict(self.kids)
        parents: set[int | None] = set()
        for grid, after in changes.items():
            before = self.grid(grid) if grid in self else None
            same_parent = before is not None and after is not None and before.parent == after.parent
            if before is not None and not same_parent:
                parents.add(before.parent)
                kids[before.parent] = tuple(
                    k for k in kids.get(before.parent, self.children(before.parent)) if k != grid
                )
            if after is not None and not same_parent:
                parents.add(after.parent)
                listed = kids.get(after.parent, self.children(after.parent))
                kids[after.parent] = tuple(sorted({*listed, grid}))
            changed[grid] = after
        for grid, after in changes.items():
            if after == self.base.grids.get(grid):
                del changed[grid]
        for parent in parents:
            if kids[parent] == self.base.children.get(parent, ()):
                del kids[parent]
        return replace(self, changed=changed, kids=kids)

    def frame(self) -> gpd.GeoDataFrame:
        """Give the grids that hold ground as a frame: id, level, parent, code, name, geometry; top level first."""
        ranks = self.base.ranks
        listed = sorted((grid for grid in self if grid.outline is not None), key=lambda g: (ranks[g.level], g.id))
        columns = {
            "id": np.array([grid.id for grid in listed], np.int64),
            "level": [grid.level for grid in listed],
            "parent": pd.array([grid.parent for grid in listed], dtype="Int64"),
            "code": pd.Series([grid.code for grid in listed], dtype=object),
            "name": [grid.name for grid in listed],
        }
        return gpd.GeoDataFrame(columns, geometry=[grid.outline for grid in listed], crs=4326)


def outline_of(areas: Geometries) -> shapely.Geometry | None:
    """Put areas in lattice units that share edges exactly together: a MultiPolygon in degrees; None of nothing."""
    if len(areas) == 0:
        return None
    whole = areas[0] if len(areas) == 1 else shapely.coverage_union_all(areas)
    return to_degrees(np.array([shapely.multipolygons(shapely.get_parts(whole))], dtype=object))[0]
