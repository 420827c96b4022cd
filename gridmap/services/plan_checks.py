"""Checking a plan: the lines themselves, what they cut, where they run, codes, areas and loads, with their places.

Each check looks at chosen grids and says whom its findings concern. What does not concern a grid that the plan
touched is taken over from the base, so that a check costs what was touched and says the same as a full one.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import shapely

from gridmap.model.limits import Limits
from gridmap.model.plans import Finding
from gridmap.model.words import Text, words
from gridmap.services.facts import Facts, Tally, loads, tally
from gridmap.services.plan_places import places_findings
from gridmap.services.plan_titles import area_text, level_title, names_text
from gridmap.spatial.defects import Defect
from gridmap.spatial.draft_checks import line_defects, part_defects
from gridmap.spatial.drafts import Base, Draft
from gridmap.spatial.measures import area_m2

_DIGITS = 15
_PREFIX = {"subdistrict": 9, "neighbourhood": 12, "microgrid": 15}
_MOST_NAMES = 6


@dataclass(frozen=True)
class Subject:
    """What is checked: a draft, with its figures and the limits."""

    draft: Draft
    facts: Facts
    limits: Limits
    taken: dict[str, int] = field(default_factory=dict)  # codes ever given, with the grids that had them

    @cached_property
    def tally(self) -> Tally:
        """Figures of the draft."""
        return tally(self.facts, self.draft)

    @cached_property
    def touched(self) -> frozenset[int]:
        """Grids that differ from the base, those that are no more among them."""
        return frozenset({*self.draft.changed, *(grid for grid in self.draft.kids if grid is not None)})

    def severity(self, kind: str) -> str:
        """How much a finding of this kind weighs."""
        return self.limits.severity.get(kind, "warning")

    def finding(self, kind: str, grids: Iterable[int], message: Text, **more: object) -> Finding:
        """Make a finding about grids."""
        listed = tuple(grids)
        names = tuple(self.draft.grid(each).name for each in listed[:_MOST_NAMES] if each in self.draft)
        place = more.pop("place", None)
        lon, lat = place if isinstance(place, tuple) else (None, None)
        return Finding(kind, self.severity(kind), listed, names, lon, lat, message, dict(more))


Check = Callable[[Subject, frozenset[int]], list[Finding]]


def check_plan(subject: Subject, before: list[Finding]) -> list[Finding]:
    """Check a draft.

    Parameters
    ----------
    before
        What `check_base` found on its base.

    Returns
    -------
    list
        Errors first, then warnings and notes; those of each by kind. What was so before says so.
    """
    touched = subject.touched
    found = [_of_lines(subject, defect) for defect in line_defects(subject.draft)]
    for check in _LOCAL:
        fresh = [each for each in check(subject, touched) if touched & set(each.grids)]
        kinds = _KINDS_OF[check]
        found += fresh
        found += [each for each in before if each.kind in kinds and not touched & set(each.grids)]
    found += [each for each in before if each.kind == "gap"]
    for everywhere in _GLOBAL:
        found += everywhere(subject, frozenset())
    was = {_sameness(each) for each in before}
    told = [replace(each, inherited=True) if _sameness(each) in was else each for each in found]
    order = {"error": 0, "warning": 1, "note": 2}
    return sorted(told, key=lambda each: (each.inherited, order[each.severity], each.kind, each.grids))


def check_base(
    base: Base, facts: Facts, limits: Limits, gaps: Iterable[tuple[shapely.Geometry, float]]
) -> list[Finding]:
    """Check the lines that plans are drawn on: what is so already is no fault of a plan."""
    subject = Subject(Draft(base), facts, limits)
    everything = frozenset(base.grids)
    found = [each for check in (*_LOCAL, *_GLOBAL) for each in check(subject, everything)]
    for geometry, area in gaps:
        spot = shapely.point_on_surface(geometry)
        place = (round(spot.x, 7), round(spot.y, 7))
        message = words("finding.gap", names="", area=area_text(area))
        found.append(subject.finding("gap", (), message, place=place, area_m2=round(area, 1)))
    return found


def counts(findings: Iterable[Finding]) -> dict[str, int]:
    """Count the findings that are the plan's own by severity, and those that were so before."""
    told = {"error": 0, "warning": 0, "note": 0, "inherited": 0}
    for each in findings:
        told["inherited" if each.inherited else each.severity] += 1
    return told


def _sameness(finding: Finding) -> tuple[object, ...]:
    """Tell what makes two findings the same thing said twice."""
    return finding.kind, finding.grids, finding.figures.get("place_id"), finding.figures.get("code")


def _of_lines(subject: Subject, defect: Defect) -> Finding:
    grids = tuple(int(str(each)) for each in defect.grids)
    place = None if defect.lon is None or defect.lat is None else (defect.lon, defect.lat)
    values = {"names": names_text(defect.names), "area": area_text(defect.area_m2)}
    if defect.kind == "mixed_levels":
        values |= {
            "first": defect.names[0],
            "n": len(defect.grids) - 1,
            "level": level_title(subject.draft.base.scheme, defect.reason),
        }
    message = words(f"finding.{defect.kind}", **values)
    return subject.finding(defect.kind, grids, message, place=place, area_m2=round(defect.area_m2, 2))


def _parts(subject: Subject, chosen: frozenset[int]) -> list[Finding]:
    return [_of_lines(subject, defect) for defect in part_defects(subject.draft, sorted(chosen))]


def _areas(subject: Subject, chosen: frozenset[int]) -> list[Finding]:
    """Look whether grids are as large as those of their level should be."""
    draft = subject.draft
    bounded = [each for each in sorted(chosen) if each in draft and draft.grid(each).level in subject.limits.area]
    listed = [draft.grid(each) for each in bounded if draft.grid(each).outline is not None]
    found = []
    for grid, area in zip(listed, area_m2([grid.outline for grid in listed]).tolist(), strict=True):
        bounds = subject.limits.area[grid.level]
        if bounds.hold(area):
            continue
        small = bounds.least is not None and area < bounds.least
        limit = bounds.least if small else bounds.most
        message = words(
            "finding.area_small" if small else "finding.area_large",
            names=grid.name,
            area=area_text(area),
            limit=area_text(limit or 0.0),
        )
        spot = shapely.point_on_surface(grid.outline)
        figures = {"area_m2": round(area, 1), "limit_m2": limit}
        found.append(subject.finding("area", (grid.id,), message, place=(spot.x, spot.y), **figures))
    return found


def _codes(subject: Subject, chosen: frozenset[int]) -> list[Finding]:
    """Look whether codes are by the rule, fit those above, and were nobody else's."""
    draft = subject.draft
    found = []
    for grid in (draft.grid(each) for each in sorted(chosen) if each in draft):
        code, wanted = grid.code, _PREFIX.get(grid.level)
        if code is None:
            siblings = [draft.grid(each).code for each in draft.children(grid.parent) if each != grid.id]
            if wanted and any(siblings):
                message = words("finding.code_missing", names=grid.name)
                found.append(subject.finding("code_missing", (grid.id,), message))
            continue
        holder = subject.taken.get(code)
        if holder is not None and holder != grid.id:
            message = words("finding.code_reused", names=grid.name, code=code)
            found.append(subject.finding("code_reused", (grid.id,), message, code=code, holder=holder))
        if wanted is None:
            continue
        if len(code) != _DIGITS or not (code.isascii() and code.isdigit()):
            message = words("finding.code_form", names=grid.name, code=code)
            found.append(subject.finding("code_form", (grid.id,), message, code=code))
            continue
        above = next((draft.grid(each) for each in reversed(draft.chain(grid.id)[:-1]) if draft.grid(each).code), None)
        share = _PREFIX.get(above.level, 6) if above else 0
        if above and above.code and above.code[:share] != code[:share]:
            message = words("finding.code_parent", names=grid.name, code=code, above=above.code)
            found.append(subject.finding("code_parent", (grid.id, above.id), message, code=code))
    return found


def _places(subject: Subject, chosen: frozenset[int]) -> list[Finding]:
    return places_findings(subject.draft, subject.facts.ground, subject.limits, chosen, subject.finding)


def _twice(subject: Subject, _chosen: frozenset[int]) -> list[Finding]:
    """Look for codes and names that two grids have."""
    draft = subject.draft
    codes: dict[str, list[int]] = {}
    names: dict[tuple[str, str], list[int]] = {}
    for grid in draft:
        if grid.code is not None:
            codes.setdefault(grid.code, []).append(grid.id)
        names.setdefault((grid.level, grid.name), []).append(grid.id)
    found = []
    for code, grids in codes.items():
        if len(grids) > 1:
            both = names_text(draft.grid(each).name for each in grids)
            message = words("finding.code_twice", names=both, code=code)
            found.append(subject.finding("code_twice", sorted(grids), message, code=code))
    for (_, name), grids in names.items():
        if len(grids) > 1:
            said = f"{name} × {len(grids)}"
            found.append(subject.finding("name_twice", sorted(grids), words("finding.name_twice", names=said)))
    return found


def _spread(subject: Subject, _chosen: frozenset[int]) -> list[Finding]:
    """Look how far the load of grids is from the mean of those that have the same parent on the level above."""
    draft, most = subject.draft, subject.limits.spread
    families: dict[tuple[str, int | None], list[int]] = {}
    for grid in draft:
        if grid.level in subject.limits.spread_levels and grid.outline is not None:
            families.setdefault((grid.level, grid.parent), []).append(grid.id)
    found = []
    for family in families.values():
        weights = loads(np.array([subject.tally.of(each) for each in family]), subject.limits)
        mean = float(weights.mean())
        if len(family) < 2 or mean <= 0:  # noqa: PLR2004 - one alone is the mean
            continue
        for each, load in zip(family, weights.tolist(), strict=True):
            off = load / mean - 1
            if abs(off) <= most:
                continue
            kind = "finding.load_high" if off > 0 else "finding.load_low"
            message = words(kind, names=draft.grid(each).name, percent=f"{abs(off):.0%}")
            spot = shapely.point_on_surface(draft.grid(each).outline)
            figures = {"load": round(load, 1), "mean": round(mean, 1), "deviation": round(off, 4)}
            found.append(subject.finding("load", (each,), message, place=(spot.x, spot.y), **figures))
    return found


_LOCAL: tuple[Check, ...] = (_parts, _areas, _codes, _places)
_GLOBAL: tuple[Check, ...] = (_twice, _spread)
_KINDS_OF: dict[Check, frozenset[str]] = {
    _parts: frozenset({"exclave", "sliver"}),
    _areas: frozenset({"area"}),
    _codes: frozenset({"code_missing", "code_reused", "code_form", "code_parent"}),
    _places: frozenset({"cut_building", "cut_compound", "on_line", "off_road"}),
}
