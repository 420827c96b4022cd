"""Who owns a location, how sure that is, and why: the answer to a question from one snapshot."""

import math
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import shapely

from gridmap.model.grids import Grid
from gridmap.model.posts import Answerable, Holder, Post
from gridmap.model.words import Text, words
from gridmap.services.questions import Question
from gridmap.services.snapshot import Lines, Snapshot
from gridmap.spatial.datums import NAMED, from_wgs84, to_wgs84
from gridmap.spatial.measures import LocalPlane
from gridmap.spatial.ownership import Explanation

NEAR_M = 20.0
"""Closer to a border than this, an answer names the neighbour: a phone in the street errs by as much."""

_CIRCLE_QUARTER = 16
_WHOLE = 1 - 1e-9


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one question; `to_dict` is the public form.

    Attributes
    ----------
    status
        ``inside``, ``on_border``, ``gap`` or ``outside``.
    grid
        The owner; None in a gap and outside.
    """

    question: Question
    at: datetime
    snapshot: Snapshot
    status: str
    grid: Grid | None
    explanation: Explanation
    owners: tuple[Answerable, ...]
    candidates: tuple[dict[str, Any], ...]
    certain: bool
    warnings: tuple[tuple[str, Text], ...]

    def to_dict(self) -> dict[str, Any]:
        """Give the answer as the public contract has it."""
        lines, spots = self.snapshot.lines, self.snapshot.spots.at(self.question.lon, self.question.lat)
        chain = lines.chains[self.grid.id] if self.grid else ()
        other = self._other()
        return {
            "question": self._question(),
            "status": self.status,
            "city": self.snapshot.city.to_dict(),
            "generation": {
                "id": lines.generation.id,
                "scheme": lines.scheme.key,
                "in_force_from": lines.generation.in_force_from,
            },
            "chain": [_link(lines, lines.grids[grid]) for grid in chain],
            "owners": [self._owner(owner) for owner in self.owners],
            "agency": None,
            "candidates": list(self.candidates),
            "certain": self.certain,
            "border": other if self.grid else None,
            "nearest": None
            if self.grid or other is None
            else {**other["neighbour"], "distance_m": other["distance_m"]},
            "places": [{"id": s.id, "kind": s.kind, "name": s.name, "address": s.address} for s in spots],
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

    def _other(self) -> dict[str, Any] | None:
        """Name the nearest other grid and how far it is."""
        if self.explanation.nearest < 0:
            return None
        lines = self.snapshot.lines
        grid = lines.grids[int(lines.leaves[self.explanation.nearest])]
        return {
            "distance_m": round(self.explanation.nearest_m, 1),
            "neighbour": {"id": grid.id, "code": grid.code, "name": grid.name, "level": grid.level},
        }

    def _owner(self, owner: Answerable) -> dict[str, Any]:
        stands_in = None
        if owner.stands_in_for is not None:
            stands_in = {
                "post": _post(owner.stands_in_for),
                "holder": _holder(owner.absent),
                "reason": (owner.reason or Text("", "")).to_dict(),
            }
        return {
            "post": _post(owner.post),
            "holder": _holder(owner.holder),
            "phone": owner.holder.phone if owner.holder else None,
            "subject": self._subject(owner.post),
            "why": self._why(owner),
            "stands_in_for": stands_in,
        }

    def _subject(self, post: Post) -> dict[str, Any]:
        if post.subject_kind == "grid":
            grid = self.snapshot.lines.grids[post.subject]
            return {"kind": "grid", "id": grid.id, "level": grid.level, "name": grid.name}
        spots = self.snapshot.spots.at(self.question.lon, self.question.lat)
        name = next((spot.name for spot in spots if spot.id == post.subject), "")
        return {"kind": post.subject_kind, "id": post.subject, "level": None, "name": name}

    def _why(self, owner: Answerable) -> dict[str, Any]:
        rule = "ground" if owner.post.subject_kind == "grid" else "building"
        name = self._subject(owner.stands_in_for or owner.post)["name"]
        if owner.holder is None:
            told = words("owner.ladder_empty", name=name)
            rule = "ladder_empty"
        elif self.grid is None:
            rule = "fallback"
            told = words("owner.why_fallback", name=name)
        elif owner.stands_in_for is not None and owner.reason is not None:
            told = words("owner.why_stand_in", name=name, reason=owner.reason, post=owner.stands_in_for.title)
        else:
            told = words(f"owner.why_{rule}", name=name)
        return {"rule": rule, **told.to_dict()}


def who_owns(snapshot: Snapshot, question: Question, now: datetime) -> Answer:
    """Answer one question from one snapshot.

    Parameters
    ----------
    snapshot
        The state in force at the instant asked about.
    now
        The database's time; the instant asked about where the question names none.
    """
    lines, at = snapshot.lines, question.at or now
    told = lines.index.explain(question.lon, question.lat)
    grid = lines.grids[int(lines.leaves[told.owner])] if told.owner >= 0 else None
    status = told.status if grid else _without_owner(lines, question)
    candidates = _candidates(lines, question, told)
    certain = grid is not None and status == "inside" and len(candidates) == 1 and candidates[0]["share"] >= _WHOLE
    return Answer(
        question,
        at,
        snapshot,
        status,
        grid,
        told,
        _owners(snapshot, question, grid, told, at),
        tuple(candidates),
        certain,
        tuple(_warnings(lines, question, told, status)),
    )


def owner_of_grid(snapshot: Snapshot, ladder: list[int], at: datetime) -> dict[str, Any] | None:
    """Tell who answers for a grid: post, holder and masked telephone number.

    Parameters
    ----------
    ladder
        Ids from the grid itself up to the top.
    """
    found = snapshot.roster.answerable([("grid", grid) for grid in ladder], at)
    if found is None:
        return None
    phone = found.holder.phone if found.holder else None
    return {"post": _post(found.post), "holder": _holder(found.holder), "phone": phone}


def _without_owner(lines: Lines, question: Question) -> str:
    row, _ = lines.extent.owner(question.lon, question.lat)
    return "gap" if row >= 0 else "outside"


def _owners(
    snapshot: Snapshot, question: Question, grid: Grid | None, told: Explanation, at: datetime
) -> tuple[Answerable, ...]:
    """Find the ground's owner by the ladder, in a gap that of the nearest grid; then those of the building."""
    lines: Lines = snapshot.lines
    found: list[Answerable] = []
    if grid is None and (told.nearest < 0 or _without_owner(lines, question) == "outside"):
        return ()
    leaf = grid.id if grid else int(lines.leaves[told.nearest])
    ladder = [("grid", each) for each in reversed(lines.chains[leaf])]
    # In a gap nobody's own post is meant: it goes up at once to the level that spans the gap.
    ground = snapshot.roster.answerable(ladder if grid else ladder[1:] or ladder, at)
    found += [ground] if ground else []
    for spot in snapshot.spots.at(question.lon, question.lat):
        if spot.kind == "building" and (kept := snapshot.roster.answerable([("building", spot.id)], at)):
            found.append(kept)
    return tuple(found)


def _candidates(lines: Lines, question: Question, told: Explanation) -> list[dict[str, Any]]:
    """List the grids within reach, the largest share of the accuracy circle first."""
    radius = question.accuracy_m or 0.0
    if radius == 0.0:
        share = 1.0 if len(told.covering) == 1 and told.status == "inside" else math.nan
        reach = [(row, 0.0) for row in told.covering]
        shares = dict.fromkeys(told.covering, share if not math.isnan(share) else 1.0 / max(len(reach), 1))
    else:
        reach = lines.index.within(question.lon, question.lat, radius)
        shares = _shares(lines, [row for row, _ in reach], question.lon, question.lat, radius)
    listed = []
    for row, distance in reach:
        grid = lines.grids[int(lines.leaves[row])]
        listed.append(
            {
                "id": grid.id,
                "code": grid.code,
                "name": grid.name,
                "level": grid.level,
                "share": round(shares[row], 4),
                "distance_m": round(distance, 1),
            }
        )
    return sorted(listed, key=lambda item: (-item["share"], item["id"]))


def _shares(lines: Lines, rows: list[int], lon: float, lat: float, radius: float) -> dict[int, float]:
    """Measure which share of the circle around a point lies in each outline."""
    plane = LocalPlane(lon, lat)
    circle = shapely.Point(0.0, 0.0).buffer(radius, quad_segs=_CIRCLE_QUARTER)
    shares = {}
    for row in rows:
        outline = lines.outlines[int(lines.leaves[row])]
        flat = shapely.transform(outline, lambda p: np.column_stack(plane.to_metres(p[:, 0], p[:, 1])))
        near = shapely.clip_by_rect(flat, -radius, -radius, radius, radius)
        shares[row] = float(shapely.intersection(near, circle).area / circle.area)
    return shares


def _warnings(lines: Lines, question: Question, told: Explanation, status: str) -> list[tuple[str, Text]]:
    found = []
    if status == "on_border":
        names = [lines.grids[int(lines.leaves[row])].name for row in told.covering[1:]]
        if names:
            found.append(("on_border", words("locate.on_border", names="、".join(names))))
    if status == "gap":
        found.append(("gap", words("locate.gap")))
    if status == "outside":
        found.append(("outside", words("locate.outside")))
        found += _better_datum(lines, question)
    if status == "inside" and question.accuracy_m is None and told.nearest_m < NEAR_M:
        neighbour = lines.grids[int(lines.leaves[told.nearest])].name
        metres = f"{told.nearest_m:.0f}" if told.nearest_m >= 1 else "<1"
        found.append(("near_border", words("locate.near_border", metres=metres, name=neighbour)))
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


def _link(lines: Lines, grid: Grid) -> dict[str, Any]:
    title = lines.scheme.level(grid.level).title
    return {
        "level": grid.level,
        "level_name": title.to_dict(),
        "id": grid.id,
        "code": grid.code,
        "name": grid.name,
    }


def _post(post: Post) -> dict[str, Any]:
    return {"id": post.id, "kind": post.kind, "title": post.title.to_dict()}


def _holder(holder: Holder | None) -> dict[str, Any] | None:
    return None if holder is None else {"id": holder.id, "kind": holder.kind, "name": holder.name}


def as_given(lon: float, lat: float, datum: str) -> tuple[float, float]:
    """Turn WGS84 degrees back into the datum of a question, to show a place as the asker's map shows it."""
    x, y = from_wgs84(np.array([lon]), np.array([lat]), datum)
    return float(x[0]), float(y[0])
