"""Codes by the fifteen-digit rule: six of the county, three of the street, three of the community, three in sequence.

The sequence runs like reading, rows from north to south and each from west to east. A code once given to a grid is
never another's, so a number that was used before is passed over.
"""

from collections.abc import Sequence

import numpy as np
import shapely

from gridmap.model.errors import InputError
from gridmap.spatial.drafts import Draft
from gridmap.spatial.measures import LocalPlane

_SHARE = {"subdistrict": 6, "neighbourhood": 9, "microgrid": 12}  # how many digits are the parent's
_DIGITS = 15
_MOST = 999
_ROWS = 4  # of about this many grids in a column is one row made, so that numbers read like lines of a page


def codes_under(draft: Draft, root: int, taken: dict[str, int]) -> dict[int, str | None]:
    """Give codes to all grids below one that the rule has a place for, from the top down.

    Raises
    ------
    InputError
        The grid has no code itself that others could begin with, or there are too many.
    """
    found: dict[int, str | None] = {}
    given = dict(taken)
    for grid in draft:
        if grid.code is not None:
            given.setdefault(grid.code, grid.id)
    codes = {each: draft.grid(each).code for each in draft.chain(root)}
    waiting = [root]
    while waiting:
        parent = waiting.pop(0)
        below = [each for each in draft.children(parent) if draft.grid(each).outline is not None]
        waiting += below
        for level in sorted({draft.grid(each).level for each in below}):
            if level not in _SHARE:
                for each in below:
                    codes.setdefault(each, None)
                continue
            above = next((codes[each] for each in reversed(draft.chain(parent)) if codes.get(each)), None)
            if above is None or len(above) != _DIGITS:
                name = draft.grid(parent).name
                raise InputError.of(name, "has no code of 15 digits to begin with", "give it one first", "code_parent")
            listed = reading_order(draft, [each for each in below if draft.grid(each).level == level])
            for each, code in zip(listed, _numbers(above, level, listed, given), strict=True):
                codes[each] = found[each] = code
                given[code] = each
    return found


def reading_order(draft: Draft, grids: Sequence[int]) -> list[int]:
    """Order grids like reading: rows from north to south, each from west to east."""
    if not grids:
        return []
    # centres, not points inside: those lie where the vertices are, and neighbours in a row would seem not to be
    spots = shapely.centroid(np.array([draft.grid(each).outline for each in grids], dtype=object))
    lon, lat = shapely.get_x(spots), shapely.get_y(spots)
    x, y = LocalPlane(float(lon.mean()), float(lat.mean())).to_metres(lon, lat)
    height = max(float(np.ptp(y)) / max(1.0, np.sqrt(len(grids)) * _ROWS / 4), 1.0)
    left = sorted(range(len(grids)), key=lambda k: (-y[k], x[k]))
    order: list[int] = []
    while left:
        top = y[left[0]]
        row = [k for k in left if y[k] > top - height]
        order += sorted(row, key=lambda k: (x[k], -y[k]))
        left = [k for k in left if k not in row]
    return [grids[k] for k in order]


def _numbers(above: str, level: str, grids: Sequence[int], given: dict[str, int]) -> list[str]:
    """Choose numbers in sequence that no other grid has had; a grid may get its own one again."""
    share = _SHARE[level]
    found: list[str] = []
    for number in range(1, _MOST + 1):
        if len(found) == len(grids):
            break
        code = f"{above[:share]}{number:03d}".ljust(_DIGITS, "0")
        if given.get(code, grids[len(found)]) == grids[len(found)]:
            found.append(code)
    if len(found) < len(grids):
        raise InputError.of("codes", f"there are not {len(grids)} numbers left below {above}", code="codes_used_up")
    return found
