"""Who owns a location, how sure that is, and why: the answer to a question from one snapshot."""

import math
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import orjson
import shapely

from gridmap.model.grids import Grid
from gridmap.model.words import Text, words
from gridmap.services.leaves import Leaf, candidate
from gridmap.services.lines import Lines
from gridmap.services.questions import Question
from gridmap.services.shared import DATA, JSON, Shared, Way
from gridmap.services.snapshot import Snapshot
from gridmap.services.spots import Spot
from gridmap.spatial.datums import NAMED, to_wgs84
from gridmap.spatial.measures import LocalPlane
from gridmap.spatial.ownership import Explanation

NEAR_M = 20.0
"""Closer to a border than this, an answer names the neighbour: a phone in the street errs by as much."""

_CIRCLE_QUARTER = 16
_LEAST_DEGREE_M = 110_000.0  # no degree of latitude is shorter
_WHOLE = 1 - 1e-9


class Answer(NamedTuple):
    """The answer to one question; `to_dict` and `to_json` are the public form.

    Attributes
    ----------
    status
        ``inside``, ``on_border``, ``gap`` or ``outside``.
    leaf
        The owner; None in a gap and outside.
    owners
        Who answers, as `gridmap.services.answerable` tells it.
    """

    question: Question
    at: datetime
    snapshot: Snapshot
    status: str
    leaf: Leaf | None
    explanation: Explanation
    owners: tuple[Shared, ...]
    candidates: Shared
    certain: bool
    spots: tuple[Spot, ...]
    warnings: tuple[tuple[str, Text], ...]

    @property
    def grid(self) -> Grid | None:
        """The owner; None in a gap and outside."""
        return self.leaf.grid if self.leaf else None

    def to_dict(self) -> dict[str, Any]:
        """Give the answer as the public contract has it; the caller may do with it what he likes."""
        own: dict[str, Any] = _own(self._form(DATA))
        return own

    def to_json(self) -> bytes:
        """Write the answer as the public contract has it."""
        return orjson.dumps(self._form(JSON))

    def _form(self, way: Way) -> dict[str, Any]:
        """Put the answer together; other answers share parts of it, so nobody but we may hold it."""
        basis, leaf, told = self.snapshot.basis, self.leaf, self.explanation
        border = nearest = None
        if told.nearest >= 0:
            other, metres = self.snapshot.lines.by_row[told.nearest], round(told.nearest_m, 1)
            border = {"distance_m": metres, "neighbour": other.neighbour[way]} if leaf else None
            nearest = None if leaf else {**other.neighbour.data, "distance_m": metres}
        return {
            "question": self._question(),
            "status": self.status,
            "city": basis["city"][way],
            "generation": basis["generation"][way],
            "chain": leaf.links[way] if leaf else (),
            "owners": [owner[way] for owner in self.owners],
            "agency": None,
            "candidates": self.candidates[way],
            "certain": self.certain,
            "border": border,
            "nearest": nearest,
            "places": [{"id": s.id, "kind": s.kind, "name": s.name, "address": s.address} for s in self.spots],
            "warnings": [{"code": code, **text.to_dict()} for code, text in self.warnings],
        }

    def _question(self) -> dict[str, Any]:
        q = self.question
        return {
            "lon": q.lon,
            "lat": q.lat,
            "datum": q.datum,
            "given": {"x": q.given[0], "y": q.given[1]},
            "at": self.at,
            "known_at": q.known_at,
            "accuracy_m": q.accuracy_m,
            "category": q.category,
            "floor": q.floor,
            "scheme": q.scheme,
        }


def who_owns(snapshot: Snapshot, question: Question, at: datetime) -> Answer:
    """Answer one question from one snapshot: the state in force at the instant asked about."""
    lines = snapshot.lines
    told = lines.index.explain(question.lon, question.lat)
    leaf = lines.by_row[told.owner] if told.owner >= 0 else None
    status = told.status if leaf else _without_owner(lines, question)
    spots = snapshot.spots.at(question.lon, question.lat)
    candidates = _candidates(lines, question, told)
    return Answer(
        question,
        at,
        snapshot,
        status,
        leaf,
        told,
        () if status == "outside" else _owners(snapshot, leaf, told, spots, at),
        candidates,
        status == "inside" and len(candidates.data) == 1 and candidates.data[0]["share"] >= _WHOLE,
        tuple(spots),
        tuple(_warnings(lines, question, told, status)),
    )


def _own(form: Any) -> Any:  # noqa: ANN401 - whatever an answer is made of
    """Copy all that could be changed."""
    if isinstance(form, dict):
        return {key: _own(each) for key, each in form.items()}
    if isinstance(form, list | tuple):
        return [_own(each) for each in form]
    return form


def _without_owner(lines: Lines, question: Question) -> str:
    row, _ = lines.extent.owner(question.lon, question.lat)
    return "gap" if row >= 0 else "outside"


def _owners(
    snapshot: Snapshot, leaf: Leaf | None, told: Explanation, spots: list[Spot], at: datetime
) -> tuple[Shared, ...]:
    """Find the ground's owner by the ladder, in a gap that of the nearest grid; then those of the building."""
    if leaf is None and told.nearest < 0:
        return ()
    in_gap = leaf is None
    ground = leaf or snapshot.lines.by_row[told.nearest]
    found = [snapshot.owners.of_ground(ground.grid.id, at, in_gap=in_gap)]
    found += [snapshot.owners.of_building(s, at, in_gap=in_gap) for s in spots if s.kind == "building"]
    return tuple([owner for owner in found if owner])


def _candidates(lines: Lines, question: Question, told: Explanation) -> Shared:
    """List the grids within reach, the largest share of the accuracy circle first."""
    if question.accuracy_m:
        reach = lines.index.within(question.lon, question.lat, question.accuracy_m)
        shares = _shares(lines, [row for row, _ in reach], question.lon, question.lat, question.accuracy_m)
    elif len(told.covering) == 1:
        return lines.by_row[told.covering[0]].alone
    else:
        reach = [(row, 0.0) for row in told.covering]
        shares = [1.0 / len(reach) for _ in reach]
    listed = [
        candidate(lines.by_row[row].grid, share, metres) for (row, metres), share in zip(reach, shares, strict=True)
    ]
    return Shared.of(sorted(listed, key=lambda item: (-item["share"], item["id"])))


def _shares(lines: Lines, rows: list[int], lon: float, lat: float, radius: float) -> list[float]:
    """Measure which share of the circle around a point lies in each outline."""
    # Only what lies near is worth carrying to the plane: an outline is long, the circle small.
    north = 2 * radius / _LEAST_DEGREE_M
    east = north / math.cos(math.radians(lat))
    outlines = np.array([lines.outlines[int(lines.leaves[row])] for row in rows], dtype=object)
    near = shapely.clip_by_rect(outlines, lon - east, lat - north, lon + east, lat + north)
    circle = _circle(radius)
    within = shapely.intersection(LocalPlane(lon, lat).project(near), circle)
    shares: list[float] = (shapely.area(within) / circle.area).tolist()
    return shares


@lru_cache(maxsize=64)
def _circle(radius: float) -> shapely.Polygon:
    return shapely.Point(0.0, 0.0).buffer(radius, quad_segs=_CIRCLE_QUARTER)


def _warnings(lines: Lines, question: Question, told: Explanation, status: str) -> list[tuple[str, Text]]:
    found = []
    if status == "on_border":
        names = [lines.by_row[row].grid.name for row in told.covering[1:]]
        if names:
            found.append(("on_border", words("locate.on_border", names="、".join(names))))
    if status == "gap":
        found.append(("gap", words("locate.gap")))
    if status == "outside":
        found.append(("outside", words("locate.outside")))
        found += _better_datum(lines, question)
    if status == "inside" and question.accuracy_m is None and told.nearest_m < NEAR_M:
        metres = f"{told.nearest_m:.0f}" if told.nearest_m >= 1 else "<1"
        name = lines.by_row[told.nearest].grid.name
        found.append(("near_border", words("locate.near_border", metres=metres, name=name)))
    return found


def _better_datum(lines: Lines, question: Question) -> list[tuple[str, Text]]:
    """Tell when a location outside would lie inside if its coordinates were of another datum: asked, not assumed."""
    fits = []
    for datum in NAMED:
        if datum in {question.datum, "cgcs2000"} or question.datum.startswith("EPSG"):
            continue
        lon, lat = to_wgs84(np.array([question.given[0]]), np.array([question.given[1]]), datum)
        if lines.extent.owner(float(lon[0]), float(lat[0]))[0] >= 0:
            fits.append(datum)
    return [("datum", words("locate.datum", given=question.datum, fits=" / ".join(fits)))] if fits else []
