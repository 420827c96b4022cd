"""Asking a city: the questions of dispatchers, one at a time or by the million."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from gridmap.model.errors import InputError
from gridmap.services.locate import Answer, locate_points, who_owns
from gridmap.services.opening import OpenCity
from gridmap.services.questions import Question, read_question
from gridmap.spatial.datums import parse_datum
from gridmap.store.gaps import Sighting

MOST_POINTS = 1_000_000


def ask(city: OpenCity, raw: Mapping[str, str | float | int | None]) -> Answer:
    """Answer one question given by the names of the public contract; a gap is put on record.

    Raises
    ------
    InputError
        Every fault of the question.
    NotFoundError
        No lines were in force then.
    """
    return answer(city, read_question(raw))


def answer(city: OpenCity, question: Question) -> Answer:
    """Answer one question; a gap is put on record."""
    now = city.keeper.now()
    snapshot = city.keeper.snapshot(question.at or now, question.scheme, question.known_at)
    found = who_owns(snapshot, question, now)
    if found.status == "gap":
        lines, told = snapshot.lines, found.explanation
        nearest = int(lines.leaves[told.nearest]) if told.nearest >= 0 else None
        city.sightings.note(Sighting(lines.generation.id, question.lon, question.lat, nearest, float(told.nearest_m)))
    return found


def ask_many(city: OpenCity, x: ArrayLike, y: ArrayLike, datum: str) -> pd.DataFrame:
    """Find the owners of many points now; see `gridmap.services.locate.locate_points` for the columns."""
    return locate_points(city.keeper.snapshot().lines, x, y, parse_datum(datum))


def ask_list(city: OpenCity, points: list[list[float]], datum: str) -> dict[str, Any]:
    """Answer a list of coordinate pairs as plain data: statuses and permanent ids in the order given.

    Raises
    ------
    InputError
        More than a million points, or pairs that are not two numbers.
    """
    if len(points) > MOST_POINTS:
        raise InputError.of("points", f"are {len(points):,}", f"at most {MOST_POINTS:,} at a time", "too_many")
    array = np.array(points, dtype=np.float64).reshape(len(points), 2)
    lines = city.keeper.snapshot().lines
    found = locate_points(lines, array[:, 0], array[:, 1], parse_datum(datum))
    rows = found["grid_id"].fillna(-1).to_numpy(np.int64)
    ids = [None if grid < 0 else grid for grid in rows.tolist()]
    chains = {grid: lines.chains[grid] for grid in np.unique(rows[rows >= 0]).tolist()}
    named = [lines.grids[grid] for grid in sorted({grid for chain in chains.values() for grid in chain})]
    return {
        "generation": lines.generation.id,
        "status": found["status"].tolist(),
        "grid": ids,
        "grids": {str(g.id): {"id": g.id, "level": g.level, "code": g.code, "name": g.name} for g in named},
        "chains": {str(grid): list(chain) for grid, chain in chains.items()},
    }
