"""Asking a city: the questions of dispatchers, one at a time or by the million."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import ArrayLike

from gridmap.model.errors import InputError
from gridmap.services.locate import Answer, who_owns
from gridmap.services.opening import OpenCity
from gridmap.services.questions import Question, read_question
from gridmap.spatial.datums import parse_datum
from gridmap.spatial.owners import STATUSES, plain_texts
from gridmap.store.gaps import Sighting

MOST_POINTS = 1_000_000
_PANDAS = {pa.int64(): pd.Int64Dtype(), pa.string(): pd.StringDtype()}


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
    at, snapshot = city.keeper.asked(question.at, question.scheme, question.known_at)
    found = who_owns(snapshot, question, at)
    if found.status == "gap":
        lines, told = snapshot.lines, found.explanation
        nearest = int(lines.leaves[told.nearest]) if told.nearest >= 0 else None
        city.sightings.note(Sighting(lines.generation.id, question.lon, question.lat, nearest, float(told.nearest_m)))
    return found


def ask_many(city: OpenCity, x: ArrayLike, y: ArrayLike, datum: str) -> pd.DataFrame:
    """Find the owners of many points now.

    Parameters
    ----------
    x, y
        Coordinates of the stated datum, one dimension, equal length.

    Returns
    -------
    DataFrame
        One row a point, in order: ``status``; ``grid_id`` (Int64, NA for none); and for each level of the scheme that
        the lines have its ``{level}_id``, ``{level}_code`` and ``{level}`` (the name).

    Raises
    ------
    InputError
        Points that cannot be read; the first of them are named.
    """
    found = city.keeper.snapshot().lines.owners.owners(np.asarray(x), np.asarray(y), parse_datum(datum), strict=True)
    status = pd.Categorical.from_codes(found.column("status").indices.to_numpy(), pd.Index(STATUSES[:-1]))
    told: pd.DataFrame = plain_texts(found.drop_columns(["status"])).to_pandas(types_mapper=_PANDAS.get)
    return pd.DataFrame({"status": status} | dict(told.items()))


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
    found = lines.owners.owners(array[:, 0], array[:, 1], parse_datum(datum), strict=True)
    grids = found.column("grid_id")
    chains = {grid: lines.chains[grid] for grid in grids.unique().drop_null().to_pylist()}
    named = [lines.grids[grid] for grid in sorted({grid for chain in chains.values() for grid in chain})]
    return {
        "generation": lines.generation.id,
        "status": found.column("status").to_pylist(),
        "grid": grids.to_pylist(),
        "grids": {str(g.id): {"id": g.id, "level": g.level, "code": g.code, "name": g.name} for g in named},
        "chains": {str(grid): list(chain) for grid, chain in chains.items()},
    }
