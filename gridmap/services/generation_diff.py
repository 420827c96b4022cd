"""What differs between two generations: grids that are not the same, and ground that changed hands."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import numpy as np
import shapely

from gridmap.model.errors import Fault, InputError
from gridmap.model.generations import Generation
from gridmap.model.schemes import GOVERNANCE
from gridmap.model.times import parse_instant
from gridmap.services.differences import Difference, counted, differences
from gridmap.services.drafts import base_of
from gridmap.services.leaves import named
from gridmap.services.lines import Lines
from gridmap.services.opening import OpenCity
from gridmap.spatial.measures import area_m2

NOBODY = -1
_LEAST_M2 = 1.0
Told = dict[str, Any]


def diff(city: OpenCity, before: str, after: str, level: str | None = None, scheme: str = GOVERNANCE) -> Told:
    """Compare two generations.

    Parameters
    ----------
    before, after
        The id of a generation, or an instant (RFC 3339 with an offset) at which one is in force.
    level
        Between whose grids ground changes hands; by default between those that nobody divided further.

    Returns
    -------
    dict
        ``counts`` by kind, ``grids`` that differ and how, ``moves`` of ground from whom to whom, the largest
        first; null is nobody: a gap, or ground outside.

    Raises
    ------
    InputError
        A text that is neither; generations of different schemes.
    NotFoundError
        There is no such generation or level, or no lines were in force then.
    """
    one, other = (_lines(city, text, place, scheme) for text, place in ((before, "from"), (after, "to")))
    if one.scheme.key != other.scheme.key:
        schemes = f"{one.scheme.key} and {other.scheme.key}"
        raise InputError.of("from, to", f"are of {schemes}", "compare generations of one scheme", "schemes")
    if level is not None:
        one.scheme.level(level)
    found = differences(base_of(one).grids, base_of(other).grids)
    return {
        "from": _generation(one.generation),
        "to": _generation(other.generation),
        "scheme": one.scheme.key,
        "level": level,
        "counts": counted(found),
        "grids": [each.to_dict() for each in found],
        "moves": moves(one, other, found, level),
    }


def _lines(city: OpenCity, given: str, place: str, scheme: str) -> Lines:
    text = given.strip()
    if text.isascii() and text.isdigit():
        return city.keeper.lines_of(int(text))
    try:
        instant = parse_instant(text, place)
    except InputError as error:
        mend = "give the id of a generation, or an instant: 2026-03-01T08:00:00+08:00"
        raise InputError([Fault(place, fault.message, mend, fault.code) for fault in error.faults]) from None
    return city.keeper.snapshot(instant, scheme).lines


def _generation(one: Generation) -> Told:
    return {
        "id": one.id,
        "note": one.note,
        "origin": one.origin,
        "in_force_from": one.in_force_from,
        "in_force_until": one.in_force_until,
    }


def moves(before: Lines, after: Lines, found: list[Difference], level: str | None = None) -> list[Told]:
    """List the ground that changed hands between grids, m², the largest first."""
    areas: dict[tuple[int, int], float] = defaultdict(float)
    unlike = {each.grid for each in found if {"added", "retired", "reshaped"} & set(each.kinds)}
    unlike |= before.chains.keys() ^ after.chains.keys()
    for one, other, area in _parts(before, after, unlike):
        areas[_at(before, one, level), _at(after, other, level)] += area
    if level is not None:  # the ground of a grid that is the same belongs to another where its parent is another
        for leaf in before.chains.keys() & after.chains.keys() - unlike:
            if before.chains[leaf] != after.chains[leaf]:
                areas[_at(before, leaf, level), _at(after, leaf, level)] += before.grids[leaf].area_m2
    told = [
        {"from": _named(before, one), "to": _named(after, other), "area_m2": round(area, 1)}
        for (one, other), area in areas.items()
        if one != other and area >= _LEAST_M2
    ]
    return sorted(told, key=lambda each: -each["area_m2"])


def _parts(before: Lines, after: Lines, unlike: set[int]) -> list[tuple[int, int, float]]:
    """Cut the leaves that differ with each other: from whom, to whom, m²; what only one side holds is nobody's."""
    old = [leaf for leaf in before.chains if leaf in unlike]
    new = [leaf for leaf in after.chains if leaf in unlike]
    old_shapes, new_shapes = _shapes(before, old), _shapes(after, new)
    given, taken = shapely.STRtree(new_shapes).query(old_shapes, predicate="intersects")
    areas = area_m2(shapely.intersection(old_shapes[given], new_shapes[taken])) if len(given) else np.empty(0)
    left_old = (area_m2(old_shapes) if old else np.empty(0)) - np.bincount(given, areas, len(old))
    left_new = (area_m2(new_shapes) if new else np.empty(0)) - np.bincount(taken, areas, len(new))
    return [
        *((old[i], new[j], area) for i, j, area in zip(given.tolist(), taken.tolist(), areas.tolist(), strict=True)),
        *((leaf, NOBODY, area) for leaf, area in zip(old, left_old.tolist(), strict=True)),
        *((NOBODY, leaf, area) for leaf, area in zip(new, left_new.tolist(), strict=True)),
    ]


def _shapes(lines: Lines, leaves: list[int]) -> Any:  # noqa: ANN401 - an array of geometries
    shapes = np.empty(len(leaves), dtype=object)
    shapes[:] = [lines.outlines[leaf] for leaf in leaves]
    return shapes


def _at(lines: Lines, leaf: int, level: str | None) -> int:
    """Find the grid of a level that a leaf lies in, itself included."""
    if level is None or leaf == NOBODY:
        return leaf
    return next((grid for grid in lines.chains[leaf] if lines.grids[grid].level == level), NOBODY)


def _named(lines: Lines, grid: int) -> Mapping[str, Any] | None:
    return None if grid == NOBODY else named(lines.grids[grid])
