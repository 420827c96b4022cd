"""Who answers at a spot, as answers tell it: found once, and kept for as long as nobody comes or goes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gridmap.model.grids import Grid
from gridmap.model.posts import Answerable, Holder, Post, Roster, Span
from gridmap.model.words import Text, words
from gridmap.services.shared import Shared
from gridmap.services.spots import Spot


@dataclass(frozen=True, slots=True)
class _Kept:
    """What is told of a subject, and the range of time in which it is true."""

    during: Span
    told: Shared | None


class Owners:
    """Who answers for the grids and buildings of one snapshot.

    Parameters
    ----------
    grids
        By id.
    chains
        For each leaf, the ids from the top down to it.
    """

    def __init__(self, grids: Mapping[int, Grid], chains: Mapping[int, tuple[int, ...]], roster: Roster) -> None:
        self._grids = grids
        self._chains = chains
        self._roster = roster
        self._kept: dict[tuple[str, int, bool], _Kept] = {}

    def of_ground(self, leaf: int, at: datetime, *, in_gap: bool) -> Shared | None:
        """Tell who answers for a leaf, or for the gap that it is nearest to; None where there is no post at all."""
        kept = self._kept.get(("grid", leaf, in_gap))
        if kept is None or not kept.during.holds(at):
            ladder = [("grid", grid) for grid in reversed(self._chains[leaf])]
            # In a gap nobody's own post is meant: it goes up at once to the level that spans the gap.
            ladder = ladder[1:] or ladder if in_gap else ladder
            kept = self._find(ladder, at, "fallback" if in_gap else "ground")
            self._kept["grid", leaf, in_gap] = kept
        return kept.told

    def of_building(self, spot: Spot, at: datetime, *, in_gap: bool) -> Shared | None:
        """Tell who answers for a building itself; None where it has no post."""
        kept = self._kept.get(("building", spot.id, in_gap))
        if kept is None or not kept.during.holds(at):
            kept = self._find([("building", spot.id)], at, "fallback" if in_gap else "building", spot.name)
            self._kept["building", spot.id, in_gap] = kept
        return kept.told

    def of_ladder(self, grids: Sequence[int], at: datetime) -> dict[str, Any] | None:
        """Tell who answers for a grid: post, holder and masked telephone number.

        Parameters
        ----------
        grids
            Ids from the grid itself up to the top.
        """
        found = self._roster.answerable([("grid", grid) for grid in grids], at)
        if found is None:
            return None
        return {"post": _post(found.post), "holder": _holder(found.holder), "phone": _phone(found.holder)}

    def _find(self, ladder: list[tuple[str, int]], at: datetime, rule: str, building: str = "") -> _Kept:
        found = self._roster.answerable(ladder, at)
        told = None if found is None else Shared.of(self._told(found, rule, building))
        return _Kept(self._roster.settled(ladder, at), told)

    def _told(self, owner: Answerable, rule: str, building: str) -> dict[str, Any]:
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
            "phone": _phone(owner.holder),
            "subject": self._subject(owner.post, building),
            "why": _why(owner, rule, self._subject(owner.stands_in_for or owner.post, building)["name"]),
            "stands_in_for": stands_in,
        }

    def _subject(self, post: Post, building: str) -> dict[str, Any]:
        if post.subject_kind == "grid":
            grid = self._grids[post.subject]
            return {"kind": "grid", "id": grid.id, "level": grid.level, "name": grid.name}
        return {"kind": post.subject_kind, "id": post.subject, "level": None, "name": building}


def _why(owner: Answerable, rule: str, name: str) -> dict[str, Any]:
    if owner.holder is None:
        rule = "ladder_empty"
        told = words("owner.ladder_empty", name=name)
    elif rule != "fallback" and owner.stands_in_for is not None and owner.reason is not None:
        told = words("owner.why_stand_in", name=name, reason=owner.reason, post=owner.stands_in_for.title)
    else:
        told = words(f"owner.why_{rule}", name=name)
    return {"rule": rule, **told.to_dict()}


def _post(post: Post) -> dict[str, Any]:
    return {"id": post.id, "kind": post.kind, "title": post.title.to_dict()}


def _holder(holder: Holder | None) -> dict[str, Any] | None:
    return None if holder is None else {"id": holder.id, "kind": holder.kind, "name": holder.name}


def _phone(holder: Holder | None) -> str | None:
    return None if holder is None else holder.phone
