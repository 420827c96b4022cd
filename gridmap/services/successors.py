"""What became of a grid that is not in force at an instant: to come, or no more, and then who holds its ground."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

import numpy as np
import shapely

from gridmap.model.errors import GoneError, NotFoundError
from gridmap.services.leaves import named
from gridmap.services.lines import Lines
from gridmap.services.opening import OpenCity
from gridmap.spatial.measures import area_m2
from gridmap.store import histories
from gridmap.store.histories import Life

State = Literal["in_force", "to_come", "retired", "never"]
_LEAST_M2 = 1.0


def state_of(lives: Sequence[Life], at: datetime) -> State:
    """Tell whether a grid is in force at an instant, will be, was, or never is."""
    if not lives:
        return "never"
    if any(life.start <= at and (life.end is None or at < life.end) for life in lives):
        return "in_force"
    return "retired" if lives[0].start <= at else "to_come"


def successors(lines: Lines, level: str, ground: shapely.Geometry) -> list[dict[str, Any]]:
    """Tell which grids of some lines hold the ground that a grid had, the largest share first.

    They are of its level; where the lines have none of that level, of the next below, or else those above that nobody
    divided.

    Parameters
    ----------
    ground
        The grid's outline, MultiPolygon, EPSG:4326.
    """
    ranks = {each.key: each.rank for each in lines.scheme.levels}
    ids = np.array(sorted({_heir(lines, chain, ranks, ranks[level]) for chain in lines.chains.values()}), np.int64)
    shapes = np.array([lines.outlines[grid] for grid in ids.tolist()], dtype=object)
    near = shapely.STRtree(shapes).query(ground, predicate="intersects")
    whole = float(area_m2([ground])[0])
    areas = area_m2(shapely.intersection(shapes[near], ground)) if len(near) else np.empty(0)
    found = [
        {**named(lines.grids[int(grid)]), "share": round(area / whole, 4), "area_m2": round(area, 1)}
        for grid, area in zip(ids[near], areas.tolist(), strict=True)
        if area >= _LEAST_M2
    ]
    return sorted(found, key=lambda each: (-each["share"], each["id"]))


def _heir(lines: Lines, chain: tuple[int, ...], ranks: Mapping[str, int], rank: int) -> int:
    return next((grid for grid in chain if ranks[lines.grids[grid].level] >= rank), chain[-1])


def absent(city: OpenCity, grid: int, lines: Lines, at: datetime, known_at: datetime | None) -> NotFoundError:
    """Say why a grid is not in the lines of an instant.

    Returns
    -------
    NotFoundError
        There never was such a grid in this scheme, or it is to come; a GoneError with its last state and its
        successors where it is no more.
    """
    scheme = lines.scheme.key
    with city.database.read() as connection:
        try:
            of = histories.scheme_of(connection, grid)
        except NotFoundError:
            return NotFoundError(f"no grid {grid} is in force in {scheme}, and there never was one")
        lives = histories.lives(connection, grid, known_at)
        if of != scheme or not lives:
            return NotFoundError(
                f"no grid {grid} is in force in {scheme}" + (f"; it is of {of}" if of != scheme else "")
            )
        if state_of(lives, at) == "to_come":
            return NotFoundError(f"grid {grid} ({lives[0].name}) is to come: it begins at {lives[0].start.isoformat()}")
        last = [life for life in lives if life.start <= at][-1]
        ground = histories.outlines(connection, [last.shape])[last.shape]
    heirs = successors(lines, last.level, ground)
    until = last.end.isoformat() if last.end else ""
    return GoneError(
        f"grid {grid} ({last.name}) is no more since {until}; its ground is now that of "
        + (", ".join(f"{each['name']} ({each['id']})" for each in heirs) or "nobody"),
        {
            "retired": {"id": grid, "level": last.level, "code": last.code, "name": last.name, "until": last.end},
            "successors": heirs,
            "history": f"/api/v1/grids/{grid}/history",
        },
    )
