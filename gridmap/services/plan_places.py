"""What lines do to places: buildings and compounds that they cut, components on them, roads that they leave."""

from collections.abc import Callable, Iterable

import geopandas as gpd
import numpy as np
import shapely

from gridmap.model.limits import Limits
from gridmap.model.plans import Finding
from gridmap.model.words import Text, words
from gridmap.services.facts import Ground
from gridmap.services.plan_titles import level_title, names_text
from gridmap.spatial.courses import NOBODY, along_m, borders, near, off_ways
from gridmap.spatial.drafts import Draft
from gridmap.spatial.measures import area_m2

Maker = Callable[..., Finding]
_DEGREE_M = 111_000.0


def places_findings(draft: Draft, ground: Ground, limits: Limits, chosen: frozenset[int], make: Maker) -> list[Finding]:
    """Look at the places near the lines of chosen grids."""
    leaves = sorted({leaf for grid in chosen if grid in draft for leaf in draft.leaves_under(grid)})
    if not leaves:
        return []
    lines = shapely.boundary(np.array([draft.grid(leaf).outline for leaf in leaves], dtype=object))
    found = [
        *_cut(draft, "building", ground.buildings, ground.trees["building"], lines, limits, make),
        *_cut(draft, "compound", ground.compounds, ground.trees["compound"], lines, limits, make),
        *_on_line(draft, ground, lines, limits, make),
    ]
    for level in sorted(limits.road_levels, key=lambda key: draft.base.ranks.get(key, 0)):
        found += _off_road(draft, ground, level, chosen, limits, make)
    return found


def _cut(
    draft: Draft,
    kind: str,
    places: gpd.GeoDataFrame,
    tree: shapely.STRtree,
    lines: np.ndarray[tuple[int], np.dtype[np.object_]],
    limits: Limits,
    make: Maker,
) -> Iterable[Finding]:
    """Find places that lie in several grids of a level; each is told once, at the uppermost level that cuts it."""
    rows = np.unique(tree.query(lines, predicate="intersects")[1])
    levels = sorted(limits.cut_levels, key=lambda key: draft.base.ranks[key])
    for row in rows.tolist():
        shape = places.geometry.iloc[row]
        leaves = draft.leaves_near(shape)
        parts = shapely.intersection(shape, np.array([draft.grid(leaf).outline for leaf in leaves], dtype=object))
        sizes = dict(zip(leaves, area_m2(parts).tolist(), strict=True))
        whole = float(area_m2([shape])[0])
        least = max(limits.cut_share * whole, limits.cut_m2)
        for level in levels:
            held: dict[int, float] = {}
            for leaf, size in sizes.items():
                for grid in draft.chain(leaf):
                    if draft.grid(grid).level == level:
                        held[grid] = held.get(grid, 0.0) + size
            holders = sorted((grid for grid, size in held.items() if size > least), key=lambda grid: -held[grid])
            if len(holders) > 1:
                yield _cut_finding(draft, kind, places, row, level, holders, held, make)
                break


def _cut_finding(
    draft: Draft,
    kind: str,
    places: gpd.GeoDataFrame,
    row: int,
    level: str,
    holders: list[int],
    held: dict[int, float],
    make: Maker,
) -> Finding:
    spot = shapely.point_on_surface(places.geometry.iloc[row])
    message = words(
        f"finding.cut_{kind}",
        what=_named(places, row),
        level=level_title(draft.base.scheme, level),
        names=names_text(draft.grid(grid).name for grid in holders),
    )
    figures = {
        "place_id": int(places["id"].iloc[row]),
        "place": (round(spot.x, 7), round(spot.y, 7)),
        "level": level,
        "shares": {str(grid): round(held[grid] / sum(held.values()), 4) for grid in holders},
    }
    return make(f"cut_{kind}", holders, message, **figures)


def _on_line(
    draft: Draft,
    ground: Ground,
    lines: np.ndarray[tuple[int], np.dtype[np.object_]],
    limits: Limits,
    make: Maker,
) -> Iterable[Finding]:
    places = ground.components
    reach = limits.on_line_m / _DEGREE_M
    rows = np.unique(ground.trees["component"].query(lines, predicate="dwithin", distance=reach)[1])
    for row in rows.tolist():
        point = places.geometry.iloc[row]
        leaves = draft.leaves_near(point.buffer(reach))
        if len(leaves) < 2:  # noqa: PLR2004 - the outer border parts it from nobody
            continue
        names = names_text(draft.grid(leaf).name for leaf in leaves)
        message = words("finding.on_line", what=_named(places, row), names=names)
        yield make("on_line", leaves, message, place=(point.x, point.y), place_id=int(places["id"].iloc[row]))


def _off_road(
    draft: Draft, ground: Ground, level: str, chosen: frozenset[int], limits: Limits, make: Maker
) -> Iterable[Finding]:
    """Find where the lines of a level leave roads and waters."""
    if not len(ground.ways):
        return  # there is nothing known that lines could follow
    on_level = {grid.id for grid in draft if grid.level == level and grid.outline is not None}
    mine = on_level & chosen
    if not mine:
        return
    listed = sorted(mine | _neighbours(draft, mine, level))
    for border in borders(draft.units(listed)):
        sides = [listed[border.left]] if border.right == NOBODY else [listed[border.left], listed[border.right]]
        if not mine & set(sides) or border.right == NOBODY:
            continue  # where the outermost line runs is not for this scheme to say
        ways = near(ground.trees["way"], border.line, limits.road_m * 2)
        _, parts = off_ways(border.line, ways, limits.road_m)
        for part, metres in zip(parts, along_m(parts).tolist(), strict=True):
            if metres < limits.road_least_m:
                continue
            names = names_text(draft.grid(grid).name for grid in sides)
            message = words("finding.off_road", names=names, metres=f"{metres:,.0f} m")
            spot = shapely.line_interpolate_point(part, 0.5, normalized=True)
            place = (round(spot.x, 7), round(spot.y, 7))
            yield make("off_road", sides, message, place=place, metres=round(metres, 1), level=level)


def _neighbours(draft: Draft, grids: Iterable[int], level: str) -> set[int]:
    """Find the grids of a level around others."""
    found: set[int] = set()
    for grid in grids:
        for leaf in draft.leaves_near(draft.grid(grid).outline):
            found.update(each for each in draft.chain(leaf) if draft.grid(each).level == level)
    return found


def _named(places: gpd.GeoDataFrame, row: int) -> Text | str:
    name, address = str(places["name"].iloc[row] or ""), str(places["address"].iloc[row] or "")
    return name or address or words("finding.unnamed")
