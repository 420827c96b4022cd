"""The town of squares as a draft: places are told in columns and rows of its drawing (tests/services/squares.py)."""

import itertools

import shapely

from gridmap.model.layers import schemes
from gridmap.spatial.drafts import Base, Draft, DraftGrid
from tests.drafting import faults, structure_faults
from tests.services.squares import SOUTH, STEP, TOWN, WEST, at, box

IDS = {key: number for number, key in enumerate(TOWN, start=1)}
D, A, B, A1, A2, A1a, A1b = IDS.values()
NEW = 100


def town_base(changes=None, codes=None):
    """Arrange the town for drafts; a shape of `changes` takes the place of the outline of a key."""
    outlines = {key: (changes or {}).get(key) or box(*shape) for key, (_, _, shape) in TOWN.items()}
    return Base(
        schemes()["governance"],
        [
            DraftGrid(
                IDS[key],
                level,
                IDS.get(parent),
                (codes or {}).get(key),
                f"{key}格",
                shapely.multipolygons(shapely.get_parts(outlines[key])),
            )
            for key, (level, parent, _) in TOWN.items()
        ],
    )


def town_draft():
    """Give a draft that differs in nothing from the town."""
    return Draft(town_base())


def ids():
    """Number new grids from 100 on."""
    return itertools.count(NEW)


def line(*spots):
    """Draw from spot to spot."""
    return [at(*spot) for spot in spots]


def squares_of(draft, grid):
    """Measure a grid in squares of the drawing."""
    return round(draft.grid(grid).outline.area / STEP**2, 3)


def corners(draft, grid):
    """List the vertices of a grid in columns and rows."""
    points = shapely.get_coordinates(draft.grid(grid).outline)
    return {(round((x - WEST) / STEP, 4), round((y - SOUTH) / STEP, 4)) for x, y in points.tolist()}


def done(draft, changes):
    """Carry changes out, and see that all still tiles."""
    after = draft.after(changes)
    assert faults(after) + structure_faults(after) == []
    return after
