"""What differs between two sets of grids: two generations, or a plan and its base."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from gridmap.spatial.drafts import Draft, DraftGrid
from gridmap.spatial.measures import area_m2

KINDS = ("added", "retired", "reshaped", "moved", "renamed", "recoded")


@dataclass(frozen=True, slots=True)
class Difference:
    """What became of one grid.

    Attributes
    ----------
    kinds
        ``added``, ``retired``, ``reshaped``, ``moved`` (to another parent), ``renamed``, ``recoded``.
    gained_m2, lost_m2
        Ground, m².
    """

    grid: int
    kinds: tuple[str, ...]
    before: DraftGrid | None
    after: DraftGrid | None
    gained_m2: float
    lost_m2: float

    def to_dict(self) -> dict[str, Any]:
        """Give it as answers carry it."""
        known = self.after or self.before
        return {
            "id": self.grid,
            "level": known and known.level,
            "kinds": list(self.kinds),
            "before": _told(self.before),
            "after": _told(self.after),
            "gained_m2": round(self.gained_m2, 1),
            "lost_m2": round(self.lost_m2, 1),
        }


def differences(before: Mapping[int, DraftGrid], after: Mapping[int, DraftGrid]) -> list[Difference]:
    """Compare grids by id; those that are the same are not listed."""
    both = sorted(before.keys() & after.keys())
    same = [before[grid] is after[grid] for grid in both]
    checked = [grid for grid, is_same in zip(both, same, strict=True) if not is_same]
    unlike = _unlike_outlines([before[grid] for grid in checked], [after[grid] for grid in checked])
    found = []
    for grid, reshaped in zip(checked, unlike, strict=True):
        one, other = before[grid], after[grid]
        tests = (
            ("reshaped", reshaped),
            ("moved", one.parent != other.parent),
            ("renamed", one.name != other.name),
            ("recoded", one.code != other.code),
        )
        if kinds := tuple(kind for kind, holds in tests if holds):
            gained, lost = _ground(one, other) if reshaped else (0.0, 0.0)
            found.append(Difference(grid, kinds, one, other, gained, lost))
    new, gone = after.keys() - before.keys(), before.keys() - after.keys()
    found += [Difference(grid, ("added",), None, after[grid], _area(after[grid]), 0.0) for grid in new]
    found += [Difference(grid, ("retired",), before[grid], None, 0.0, _area(before[grid])) for grid in gone]
    return sorted(found, key=lambda each: each.grid)


def draft_differences(draft: Draft) -> list[Difference]:
    """Compare a draft with its base."""
    touched = draft.changed.keys()
    before = {grid: draft.base.grids[grid] for grid in touched if grid in draft.base.grids}
    after = {grid: draft.grid(grid) for grid in touched if grid in draft}
    return differences(before, after)


def counted(found: Iterable[Difference]) -> dict[str, int]:
    """Count differences by kind."""
    told = dict.fromkeys(KINDS, 0)
    for each in found:
        for kind in each.kinds:
            told[kind] += 1
    return told


def _unlike_outlines(before: list[DraftGrid], after: list[DraftGrid]) -> list[bool]:
    """Tell which outlines hold different ground; a further node on a border is no difference."""
    if not before:
        return []
    one = np.array([grid.outline for grid in before], dtype=object)
    other = np.array([grid.outline for grid in after], dtype=object)
    exact = shapely.equals_exact(one, other, 0.0) | (shapely.is_missing(one) & shapely.is_missing(other))
    unlike = ~exact
    for k in np.flatnonzero(unlike).tolist():
        if one[k] is not None and other[k] is not None:
            # what rounding bends an edge by where it gets a node is no ground
            unlike[k] = float(area_m2([shapely.symmetric_difference(one[k], other[k])])[0]) >= _NOTHING_M2
    return [bool(each) for each in unlike]


_NOTHING_M2 = 1.0


def _ground(before: DraftGrid, after: DraftGrid) -> tuple[float, float]:
    if before.outline is None or after.outline is None:
        return _area(after), _area(before)
    won = shapely.difference(after.outline, before.outline)
    lost = shapely.difference(before.outline, after.outline)
    gained, gone = area_m2([won, lost]).tolist()
    return gained, gone


def _area(grid: DraftGrid) -> float:
    return 0.0 if grid.outline is None else float(area_m2([grid.outline])[0])


def _told(grid: DraftGrid | None) -> dict[str, Any] | None:
    if grid is None:
        return None
    return {"name": grid.name, "code": grid.code, "parent": grid.parent, "area_m2": round(_area(grid), 1)}
