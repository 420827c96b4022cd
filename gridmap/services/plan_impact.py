"""What a plan changes before it does: figures of grids before and after, what moves from whom to whom, how balanced."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import numpy as np
import shapely

from gridmap.model.limits import limits
from gridmap.services.differences import counted, differences, draft_differences
from gridmap.services.facts import FIGURES, KEYS, Facts, Tally, Vector, loads, tally
from gridmap.services.opening import OpenCity
from gridmap.spatial.courses import NOBODY, along_m, borders, near, off_ways
from gridmap.spatial.drafts import Draft
from gridmap.spatial.lattice import Integers
from gridmap.spatial.measures import area_m2, length_m
from gridmap.spatial.outlines import areal_part

_MOST_NAMED = 30
_LEAST_M2 = 1.0
Answer = dict[str, Any]


def impact(city: OpenCity, number: int, level: str | None = None) -> Answer:
    """Weigh a plan against the lines that it is drawn on.

    Parameters
    ----------
    level
        Whose grids are told; by default the uppermost one at which ground changes hands.

    Returns
    -------
    dict
        ``grids`` before and after with figures, load and posts; ``moves`` from whom to whom; ``measures`` of the level
        before and after; ``differences`` counted.

    Raises
    ------
    NotFoundError
        There is no such plan or level.
    """
    plan, draft = city.planning.plan(number)
    facts = city.planning.facts.facts(plan.base)
    chosen = level or _level_of(draft)
    draft.base.scheme.level(chosen)
    before, after = tally(facts, Draft(draft.base)), tally(facts, draft)
    roster = _Posts(city)
    return {
        "plan": plan.id,
        "base": plan.base,
        "level": chosen,
        "figures": list(KEYS),
        "grids": _grids(before, after, chosen, roster),
        "moves": _moves(after, chosen),
        "measures": {"before": measures(facts, before, chosen), "after": measures(facts, after, chosen)},
        "differences": counted(draft_differences(draft)),
    }


def table(city: OpenCity, number: int, level: str) -> Answer:
    """Give the grids of a level in a draft with their figures, loads and how far these are from the mean.

    Raises
    ------
    NotFoundError
        There is no such plan or level.
    """
    plan, draft = city.planning.plan(number)
    draft.base.scheme.level(level)
    told = tally(city.planning.facts.facts(plan.base), draft)
    listed = sorted((grid for grid in draft if grid.level == level), key=lambda grid: grid.id)
    vectors = np.array([told.of(grid.id) for grid in listed]).reshape(-1, len(FIGURES))
    weights = loads(vectors, limits())
    mean = float(weights.mean()) if len(weights) else 0.0
    areas = area_m2([grid.outline for grid in listed]).tolist()
    # a neighbour that only got a node is the same to people
    base, here = draft.base.grids, {grid.id: grid for grid in listed if grid.id in draft.changed}
    unlike = {each.grid for each in differences({grid: base[grid] for grid in here if grid in base}, here)}
    rows = [
        {
            "id": grid.id,
            "name": grid.name,
            "code": grid.code,
            "parent": grid.parent,
            "area_m2": round(area, 1),
            **_figures(vector),
            "load": round(load, 1),
            "deviation": round(load / mean - 1, 4) if mean else 0.0,
            "changed": grid.id in unlike,
        }
        for grid, vector, load, area in zip(listed, vectors, weights.tolist(), areas, strict=True)
    ]
    return {"plan": plan.id, "head": plan.head, "level": level, "figures": list(KEYS), "mean_load": mean, "rows": rows}


def compare(city: OpenCity, numbers: Iterable[int], level: str) -> Answer:
    """Lay plans side by side, and the lines that each is drawn on."""
    columns: list[Answer] = []
    seen: set[int] = set()
    for number in dict.fromkeys(numbers):
        plan, draft = city.planning.plan(number)
        facts = city.planning.facts.facts(plan.base)
        if plan.base not in seen:
            seen.add(plan.base)
            now = tally(facts, Draft(draft.base))
            columns.append({"generation": plan.base, "measures": measures(facts, now, level)})
        told = tally(facts, draft)
        moved = _moves(told, level)
        columns.append(
            {
                "plan": plan.id,
                "title": plan.title,
                "state": plan.state,
                "base": plan.base,
                "measures": measures(facts, told, level),
                "moved": {
                    "area_m2": round(sum(each["area_m2"] for each in moved), 1),
                    **{key: round(sum(each[key] for each in moved), 1) for key in KEYS},
                },
            }
        )
    return {"level": level, "columns": columns}


def measures(facts: Facts, told: Tally, level: str) -> Answer:
    """Measure the lines of a level: how many grids, how even their load, how compact, how much along roads.

    Returns
    -------
    dict
        ``grids``; ``load``: mean, least, most, spread (standard deviation by mean), most_by_mean; ``compactness``: the
        mean of 4π·area/perimeter², 1 for a circle; ``on_roads``: the share of the borders between grids that runs along
        roads and waters, None where none are known.
    """
    draft = told.draft
    listed = [grid for grid in draft if grid.level == level and grid.outline is not None]
    if not listed:
        return {"grids": 0, "load": None, "compactness": None, "on_roads": None, "border_m": 0.0}
    weights = loads(np.array([told.of(grid.id) for grid in listed]), limits())
    mean = float(weights.mean())
    outlines = np.array([grid.outline for grid in listed], dtype=object)
    compact = 4 * np.pi * area_m2(outlines) / length_m(outlines) ** 2
    length, off = _course(facts, draft, [grid.id for grid in listed])
    return {
        "grids": len(listed),
        "load": {
            "mean": round(mean, 1),
            "least": round(float(weights.min()), 1),
            "most": round(float(weights.max()), 1),
            "spread": round(float(weights.std()) / mean, 4) if mean else 0.0,
            "most_by_mean": round(float(weights.max()) / mean, 4) if mean else 0.0,
        },
        "compactness": round(float(compact.mean()), 4),
        "on_roads": round(1 - off / length, 4) if length and len(facts.ground.ways) else None,
        "border_m": round(length, 1),
    }


def _course(facts: Facts, draft: Draft, grids: list[int]) -> tuple[float, float]:
    """Measure the borders between grids, and how much of them follows no road or water, m."""
    if not len(facts.ground.ways):
        inner = [border.line for border in borders(draft.units(grids)) if border.right != NOBODY]
        return float(along_m(inner).sum()), 0.0
    within = limits().road_m
    length = off = 0.0
    for border in borders(draft.units(grids)):
        if border.right == NOBODY:
            continue
        ways = near(facts.ground.trees["way"], border.line, within * 2)
        metres, parts = off_ways(border.line, ways, within)
        length += metres
        off += float(along_m(parts).sum())
    return length, off


class _Posts:
    """Who holds the posts of a grid now."""

    def __init__(self, city: OpenCity) -> None:
        self.roster = city.keeper.snapshot().roster
        self.at: datetime = city.keeper.now()

    def of(self, grid: int) -> list[Answer]:
        return [
            {
                "id": post.id,
                "kind": post.kind,
                "title": post.title.to_dict(),
                "holders": [holder.name for holder in self.roster.holders_of(post, self.at)],
            }
            for post in self.roster.by_subject.get(("grid", grid), ())
        ]


def _grids(before: Tally, after: Tally, level: str, posts: _Posts) -> list[Answer]:
    """List the grids of a level that differ, or whose figures do."""
    old, new = before.draft, after.draft
    rows = []
    for grid in sorted(new.touched | after.fresh):
        was, now = old.find(grid), new.find(grid)
        known = now or was
        if known is None or known.level != level:
            continue
        held = posts.of(grid)
        rows.append(
            {
                "id": grid,
                "name": known.name,
                "code": known.code,
                "before": None if was is None else {**_ground(was.outline), **_figures(before.of(grid))},
                "after": None if now is None else {**_ground(now.outline), **_figures(after.of(grid))},
                "load_before": None if was is None else _load(before.of(grid)),
                "load_after": None if now is None else _load(after.of(grid)),
                "posts": held,
                "posts_change": _posts_change(was is not None, now is not None, bool(held)),
            }
        )
    return [row for row in rows if row["before"] != row["after"] or row["posts_change"] != "kept"]


def _posts_change(was: bool, now: bool, held: bool) -> str:
    if was and not now:
        return "lost" if held else "kept"
    if now and not was:
        return "wanted"
    return "kept"


def _ground(outline: shapely.Geometry | None) -> Answer:
    return {"area_m2": 0.0 if outline is None else round(float(area_m2([outline])[0]), 1)}


def _figures(vector: Vector) -> Answer:
    return {key: int(value) for key, value in zip(KEYS, vector.tolist(), strict=True)}


def _load(vector: Vector) -> float:
    return round(float(loads(vector, limits())[0]), 1)


def _moves(told: Tally, level: str) -> list[Answer]:
    """List what changes hands between grids of a level, the largest move first."""
    draft, base = told.draft, Draft(told.draft.base)
    moved: dict[tuple[int, int], Vector] = defaultdict(lambda: np.zeros(len(FIGURES)))
    named: dict[tuple[int, int], list[Answer]] = defaultdict(list)
    facts = told.facts
    chosen, before, after = _candidates(told)
    was = np.array([_at(base, each, level) for each in before.tolist()], np.int64)
    now = np.array([_at(draft, each, level) for each in after.tolist()], np.int64)
    starts = np.cumsum([0, *(len(each.ids) for each in facts.things)])
    for k in np.flatnonzero(was != now).tolist():
        pair = (int(was[k]), int(now[k]))
        thing = int(chosen[k])
        moved[pair] += facts.values[thing]
        layer = int(np.searchsorted(starts, thing, side="right")) - 1
        things = facts.things[layer]
        row = thing - int(starts[layer])
        if things.layer in {"buildings", "shops", "firms"} and len(named[pair]) < _MOST_NAMED:
            named[pair].append({"layer": things.layer, "id": int(things.ids[row]), "name": things.names[row]})
    areas = _areas_moved(told, level)
    answers = [
        {
            "from": _named(base, pair[0]),
            "to": _named(draft, pair[1]),
            "area_m2": round(areas.get(pair, 0.0), 1),
            **_figures(moved[pair]),
            "load": _load(moved[pair]),
            "things": named[pair],
        }
        for pair in {*moved, *areas}
    ]
    return sorted(answers, key=lambda each: (-each["load"], -each["area_m2"]))


def _candidates(told: Tally) -> tuple[Integers, ...]:
    """List the things that may change hands: those in grids that differ, and those below grids with another parent."""
    draft, base = told.draft, Draft(told.draft.base)
    again = {
        leaf
        for grid, now in draft.changed.items()
        if now is not None and (was := base.find(grid)) is not None and was.parent != now.parent
        for leaf in base.leaves_under(grid)
        if leaf not in told.held and leaf in draft and draft.is_leaf(leaf)
    }
    more = told.things_of(sorted(again))
    where = told.facts.before(more)
    return tuple(np.concatenate(both) for both in zip(told.moved, (more, where, where), strict=True))


def _areas_moved(told: Tally, level: str) -> dict[tuple[int, int], float]:
    """Measure the ground that changes hands between grids of a level, m²."""
    draft, base = told.draft, Draft(told.draft.base)
    old = {grid: base.grid(grid) for grid in _differing(base, draft) if base.is_leaf(grid)}
    new = {grid: draft.grid(grid) for grid in _differing(draft, base) if draft.is_leaf(grid)}
    found: dict[tuple[int, int], float] = defaultdict(float)
    tree = shapely.STRtree([grid.outline for grid in new.values()])
    ids = list(new)
    for grid, known in old.items():
        was = _at(base, grid, level)
        for row in tree.query(known.outline, predicate="intersects").tolist():
            now = _at(draft, ids[row], level)
            if was != now:
                # grids that also share a border give lines beside the ground
                common = areal_part(shapely.intersection(known.outline, new[ids[row]].outline))
                found[was, now] += float(area_m2([common])[0])
    return {pair: area for pair, area in found.items() if area >= _LEAST_M2}


def _differing(state: Draft, other: Draft) -> set[int]:
    """List the leaves of one state that differ in the other, or stand below others there."""
    return {leaf for grid in state.differing(other) if grid in state for leaf in state.leaves_under(grid)}


def _at(draft: Draft, leaf: int, level: str) -> int:
    if leaf < 0:
        return -1
    return next((each for each in draft.chain(leaf) if draft.grid(each).level == level), -1)


def _named(draft: Draft, grid: int) -> Answer | None:
    return None if grid < 0 else {"id": grid, "name": draft.grid(grid).name}


def _level_of(draft: Draft) -> str:
    """Choose the uppermost level on which outlines or parents differ."""
    ranks = draft.base.ranks
    differing = {each.after or each.before for each in draft_differences(draft)} - {None}
    levels = {grid.level for grid in differing if grid is not None}
    present = {grid.level for grid in draft.base.grids.values()}
    return min(levels or present, key=lambda level: ranks[level])
