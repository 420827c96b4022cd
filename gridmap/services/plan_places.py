"""What lines do to places: buildings and compounds that they cut, components on them, roads that they leave."""

from collections.abc import Iterable
from functools import partial
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gridmap.model.plans import Finding
from gridmap.model.words import Text, words
from gridmap.services.plan_subjects import Check, Scope, Subject, place_spot
from gridmap.services.plan_titles import level_title, names_text
from gridmap.spatial.courses import NOBODY, along_m, borders, near, off_ways
from gridmap.spatial.drafts import Draft
from gridmap.spatial.lattice import Geometries, as_geometries
from gridmap.spatial.measures import area_m2
from gridmap.spatial.outlines import areal_part

_DEGREE_M = 111_000.0


def _at_places(kind: str, subject: Subject) -> Scope:
    """List the places of a kind that lie in grids that differ, or next to them."""
    reach = subject.limits.on_line_m / _DEGREE_M
    rows = subject.facts.ground.trees[kind].query(subject.ground, predicate="dwithin", distance=reach)[1]
    return frozenset(_places(subject, kind)["id"].to_numpy()[np.unique(rows)].tolist())


def _places(subject: Subject, kind: str) -> gpd.GeoDataFrame:
    ground = subject.facts.ground
    return {"building": ground.buildings, "compound": ground.compounds, "component": ground.components}[kind]


def _chosen(subject: Subject, kind: str, chosen: Scope | None) -> gpd.GeoDataFrame:
    places = _places(subject, kind)
    return places if chosen is None else places[np.isin(places["id"].to_numpy(np.int64), list(chosen))]


def _cut(kind: str, subject: Subject, chosen: Scope | None) -> Iterable[Finding]:
    """Find places that lie in several grids of a level; each is told once, at the uppermost level that cuts it."""
    places, draft, limits = _chosen(subject, kind, chosen), subject.draft, subject.limits
    shapes = places.geometry.to_numpy()
    row, leaf = draft.meeting(shapes)
    several = np.bincount(row, minlength=len(shapes))[row] > 1
    row, leaf = row[several], leaf[several]
    # a place with a wall on the line gives a line beside the ground
    parts = map(areal_part, shapely.intersection(shapes[row], _outlines(draft, leaf.tolist())))
    sizes = area_m2(parts)
    wholes = dict(zip(np.unique(row).tolist(), area_m2(shapes[np.unique(row)]).tolist(), strict=True))
    levels = sorted(limits.cut_levels, key=lambda key: draft.base.ranks[key])
    held: dict[int, dict[int, float]] = {each: {} for each in wholes}
    for each, grid, size in zip(row.tolist(), leaf.tolist(), sizes.tolist(), strict=True):
        for above in draft.chain(grid):
            held[each][above] = held[each].get(above, 0.0) + size
    for each, shares in held.items():
        least = max(limits.cut_share * wholes[each], limits.cut_m2)
        for level in levels:
            there = {grid: size for grid, size in shares.items() if draft.grid(grid).level == level}
            holders = sorted((grid for grid, size in there.items() if size > least), key=lambda grid: -there[grid])
            if len(holders) > 1:
                yield _cut_finding(subject, kind, places.iloc[each], level, {grid: there[grid] for grid in holders})
                break


def _outlines(draft: Draft, leaves: list[int]) -> Geometries:
    """Give outlines that can be cut with, also of grids that are not as they should be."""
    found = as_geometries(draft.grid(leaf).outline for leaf in leaves)
    bad = ~shapely.is_valid(found)
    found[bad] = shapely.make_valid(found[bad])
    return found


def _cut_finding(subject: Subject, kind: str, place: "pd.Series[Any]", level: str, held: dict[int, float]) -> Finding:
    draft = subject.draft
    message = words(
        f"finding.cut_{kind}",
        what=_named(place),
        level=level_title(draft.base.scheme, level),
        names=names_text(draft.grid(grid).name for grid in held),
    )
    whole = sum(held.values())
    figures = {
        "place_id": int(place["id"]),
        "place": place_spot(place["geometry"]),
        "level": level,
        "shares": {str(grid): round(size / whole, 4) for grid, size in held.items()},
    }
    return subject.finding(f"cut_{kind}", held, message, **figures)


def _on_line(subject: Subject, chosen: Scope | None) -> Iterable[Finding]:
    """Find components that stand on a line between grids; the outermost line parts them from nobody."""
    places, draft = _chosen(subject, "component", chosen), subject.draft
    row, leaf = draft.meeting(shapely.buffer(places.geometry.to_numpy(), subject.limits.on_line_m / _DEGREE_M))
    for each in np.flatnonzero(np.bincount(row, minlength=len(places)) > 1).tolist():
        place, leaves = places.iloc[each], leaf[row == each].tolist()
        names = names_text(draft.grid(grid).name for grid in leaves)
        message = words("finding.on_line", what=_named(place), names=names)
        spot = (place["geometry"].x, place["geometry"].y)
        yield subject.finding("on_line", leaves, message, place=spot, place_id=int(place["id"]))


def _off_road(subject: Subject, chosen: Scope | None) -> Iterable[Finding]:
    """Find where lines leave roads and waters; where the outermost line runs is not for this scheme to say."""
    draft, ground, limits = subject.draft, subject.facts.ground, subject.limits
    if not len(ground.ways):
        return  # there is nothing known that lines could follow
    among = [grid.id for grid in draft] if chosen is None else sorted(each for each in chosen if each in draft)
    for level in sorted(limits.road_levels, key=lambda key: draft.base.ranks.get(key, 0)):
        mine = {each for each in among if draft.grid(each).level == level and draft.grid(each).outline is not None}
        listed = sorted(mine if chosen is None else mine | _neighbours(draft, mine, level))
        for border in borders(draft.units(listed)):
            if border.right == NOBODY or not mine & {listed[border.left], listed[border.right]}:
                continue
            sides = [listed[border.left], listed[border.right]]
            ways = near(ground.trees["way"], border.line, limits.road_m * 2)
            _, parts = off_ways(border.line, ways, limits.road_m)
            for part, metres in zip(parts, along_m(parts).tolist(), strict=True):
                if metres < limits.road_least_m:
                    continue
                names = names_text(draft.grid(grid).name for grid in sides)
                message = words("finding.off_road", names=names, metres=f"{metres:,.0f} m")
                spot = shapely.line_interpolate_point(part, 0.5, normalized=True)
                place = (round(spot.x, 7), round(spot.y, 7))
                yield subject.finding("off_road", sides, message, place=place, metres=round(metres, 1), level=level)


def _neighbours(draft: Draft, grids: Iterable[int], level: str) -> set[int]:
    """Find the grids of a level around others."""
    leaves = np.unique(draft.meeting(draft.grid(grid).outline for grid in grids)[1]).tolist()
    return {each for leaf in leaves for each in draft.chain(leaf) if draft.grid(each).level == level}


def _named(place: "pd.Series[Any]") -> Text | str:
    name, address = str(place["name"] or ""), str(place["address"] or "")
    return name or address or words("finding.unnamed")


def _place_of(finding: Finding) -> tuple[int]:
    return (finding.figures["place_id"],)


PLACE_CHECKS: tuple[Check, ...] = (
    *(
        Check(frozenset({f"cut_{kind}"}), partial(_at_places, kind), partial(_cut, kind), _place_of)
        for kind in ("building", "compound")
    ),
    Check(frozenset({"on_line"}), partial(_at_places, "component"), _on_line, _place_of),
    Check(frozenset({"off_road"}), lambda subject: subject.touched, _off_road),
)
"""The checks of lines against places."""
