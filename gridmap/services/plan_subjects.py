"""What is checked of a plan, and what one check needs to know of another: what differs since the last one."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property

import shapely

from gridmap.model.limits import Limits
from gridmap.model.plans import Finding
from gridmap.model.words import Text
from gridmap.services.facts import Facts, Tally, tally
from gridmap.spatial.drafts import Draft
from gridmap.spatial.lattice import Geometries, as_geometries

Scope = frozenset[int]
_MOST_NAMES = 6
_ORDER = {"error": 0, "warning": 1, "note": 2}


@dataclass(frozen=True)
class Subject:
    """What is checked: a draft, with its figures and the limits.

    Attributes
    ----------
    taken
        Codes ever given, with the grids that had them.
    since
        A draft on the same base that was checked with the same facts: only what differs from it is looked at.
    """

    draft: Draft
    facts: Facts
    limits: Limits
    taken: dict[str, int] = field(default_factory=dict)
    since: "Checked | None" = None

    @cached_property
    def before(self) -> Draft:
        """The draft that was checked before; the base by default."""
        return self.since.draft if self.since else Draft(self.draft.base)

    @cached_property
    def tally(self) -> Tally:
        """Figures of the draft."""
        return tally(self.facts, self.draft, self.since.tally if self.since else None)

    @cached_property
    def touched(self) -> Scope:
        """Grids that differ from the draft before, those that are no more among them."""
        return self.draft.differing(self.before)

    @cached_property
    def handled(self) -> Scope:
        """Those of them that are new, are no more, or have another name, code or parent."""
        pairs = ((grid, self.before.find(grid), self.draft.find(grid)) for grid in self.touched)
        told = {
            grid
            for grid, was, now in pairs
            if was is None or now is None or (was.name, was.code, was.parent) != (now.name, now.code, now.parent)
        }
        return frozenset(told)

    @cached_property
    def ground(self) -> Geometries:
        """Outlines of the grids holding ground that differ, as they were and as they are, or stand below others."""
        below = {leaf for grid in self.handled if grid in self.draft for leaf in self.draft.leaves_under(grid)}
        chosen = ((self.before, self.touched), (self.draft, self.touched | below))
        return as_geometries(
            state.grid(grid).outline
            for state, grids in chosen
            for grid in sorted(grids)
            if grid in state and state.is_leaf(grid)
        )

    def found_before(self, kinds: Iterable[str]) -> list[Finding]:
        """List what was found before."""
        known = self.since.by_kind if self.since else {}
        return [each for kind in sorted(kinds) for each in known.get(kind, ())]

    def finding(self, kind: str, grids: Iterable[int], message: Text, **more: object) -> Finding:
        """Make a finding about grids."""
        listed = tuple(grids)
        names = tuple(self.draft.grid(each).name for each in listed[:_MOST_NAMES] if each in self.draft)
        place = more.pop("place", None)
        lon, lat = place if isinstance(place, tuple) else (None, None)
        severity = self.limits.severity.get(kind, "warning")
        return Finding(kind, severity, listed, names, lon, lat, message, dict(more))


@dataclass(frozen=True)
class Checked:
    """What was found of a draft."""

    draft: Draft
    tally: Tally
    limits: Limits
    taken: dict[str, int]
    found: list[Finding]

    @classmethod
    def of(cls, subject: Subject, found: Iterable[Finding]) -> "Checked":
        """Keep what was found: errors first, then warnings and notes, those of each by kind."""
        return cls(subject.draft, subject.tally, subject.limits, subject.taken, sorted(found, key=_rank))

    @cached_property
    def by_kind(self) -> dict[str, list[Finding]]:
        """What was found, by kind."""
        found: dict[str, list[Finding]] = {}
        for each in self.found:
            found.setdefault(each.kind, []).append(each)
        return found

    @cached_property
    def known(self) -> frozenset[tuple[object, ...]]:
        """What it was that was found."""
        return frozenset(map(sameness, self.found))


@dataclass(frozen=True)
class Check:
    """One of the checks.

    Attributes
    ----------
    kinds
        Of its findings.
    scope
        What it has to look at once more: ids of grids, or of what else its findings are about.
    find
        Finds all about what is in a scope, and may find more; about everything for None.
    about
        The ids of what a finding is about.
    """

    kinds: frozenset[str]
    scope: Callable[[Subject], Scope]
    find: Callable[[Subject, Scope | None], Iterable[Finding]]
    about: Callable[[Finding], Iterable[int]] = lambda finding: finding.grids


def _rank(finding: Finding) -> tuple[object, ...]:
    place = finding.figures.get("place_id", 0), finding.lon or 0.0, finding.lat or 0.0
    return finding.inherited, _ORDER[finding.severity], finding.kind, finding.grids, place


def sameness(finding: Finding) -> tuple[object, ...]:
    """Tell what makes two findings the same thing said twice."""
    figures = finding.figures
    return finding.kind, tuple(sorted(finding.grids)), figures.get("place_id"), figures.get("code")


def place_spot(geometry: shapely.Geometry) -> tuple[float, float]:
    """Choose the place at which something is shown, degrees."""
    spot = shapely.point_on_surface(geometry)
    return round(spot.x, 7), round(spot.y, 7)
