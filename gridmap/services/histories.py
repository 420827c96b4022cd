"""The life of a grid: spans of time in which nothing changed, what changed between them, and who held its posts."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson
import shapely

from gridmap.services.differences import Difference, differences
from gridmap.services.opening import OpenCity
from gridmap.services.successors import state_of, successors
from gridmap.spatial.drafts import DraftGrid
from gridmap.store import histories
from gridmap.store.histories import Life

Told = dict[str, Any]


def of_grid(city: OpenCity, grid: int, known_at: datetime | None = None, *, shapes: bool = False) -> Told:
    """Tell the life of a grid, the future that is published already included.

    Parameters
    ----------
    known_at
        What was believed then; what is known now by default.
    shapes
        Whether each span comes with its outline.

    Returns
    -------
    dict
        ``spans`` in which nothing changed, each with what changed at its beginning; ``posts`` with their holders;
        ``state`` (``in_force``, ``to_come``, ``retired`` or ``never``), and of one that is retired its ``successors``.

    Raises
    ------
    NotFoundError
        There never was such a grid.
    """
    now = city.keeper.now()
    with city.database.read() as connection:
        scheme = histories.scheme_of(connection, grid)
        lives = histories.lives(connection, grid, known_at)
        outlines = histories.outlines(connection, sorted({life.shape for life in lives}))
    spans = _joined(grid, lives, outlines)
    if shapes:
        for span in spans:
            span["geometry"] = orjson.Fragment(shapely.to_geojson(outlines[span["shape"]]))
    for span in spans:
        del span["shape"]
    state = state_of(lives, now)
    told = {"id": grid, "scheme": scheme, "state": state, "known_at": known_at, "spans": spans}
    told["posts"] = _posts(city, grid)
    if state == "retired":
        last = lives[-1]
        told["successors"] = successors(city.keeper.snapshot(scheme=scheme).lines, last.level, outlines[last.shape])
    return told


def _joined(grid: int, lives: list[Life], outlines: Mapping[int, shapely.Geometry]) -> list[Told]:
    """Join generations that follow each other and in which the grid is the same."""
    spans: list[Told] = []
    before: Life | None = None
    for life in lives:
        if before is None or before.end != life.start:
            spans.append(_span(life, None, ["added"]))
        else:
            change = _change(grid, before, life, outlines)
            kinds = [*(change.kinds if change else ()), *(["children"] if before.children != life.children else [])]
            if kinds:
                spans.append(_span(life, change, kinds))
            else:
                spans[-1]["until"] = life.end
                spans[-1]["generations"].append(life.generation)
        before = life
    return spans


def _change(grid: int, before: Life, after: Life, outlines: Mapping[int, shapely.Geometry]) -> Difference | None:
    found = differences({grid: _drawn(grid, before, outlines)}, {grid: _drawn(grid, after, outlines)})
    return found[0] if found else None


def _drawn(grid: int, life: Life, outlines: Mapping[int, shapely.Geometry]) -> DraftGrid:
    return DraftGrid(grid, life.level, life.parent, life.code, life.name, outlines[life.shape])


def _span(life: Life, change: Difference | None, kinds: list[str]) -> Told:
    return {
        "from": life.start,
        "until": life.end,
        "generations": [life.generation],
        "changes": kinds,
        "gained_m2": round(change.gained_m2, 1) if change else 0.0,
        "lost_m2": round(change.lost_m2, 1) if change else 0.0,
        "level": life.level,
        "name": life.name,
        "code": life.code,
        "parent": None if life.parent is None else {"id": life.parent, "name": life.parent_name},
        "children": len(life.children),
        "area_m2": round(life.area_m2, 1),
        "shape": life.shape,
    }


def _posts(city: OpenCity, grid: int) -> list[Told]:
    """List the posts of a grid with all who held, hold and will hold them."""
    roster = city.keeper.roster()
    return [
        {
            "id": post.id,
            "kind": post.kind,
            "title": post.title.to_dict(),
            "holders": [
                {"id": holder, "name": roster.holders[holder].name, "from": span.start, "until": span.end}
                for holder, span in sorted(roster.assignments.get(post.id, ()), key=lambda each: each[1].start)
            ],
        }
        for post in roster.by_subject.get(("grid", grid), ())
    ]
