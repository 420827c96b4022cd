"""Checking a plan: the lines themselves, what they cut, where they run, codes, areas and loads, with their places.

Each check says what a change makes it look at once more. All else is taken over from the draft that was checked before,
so that a check costs the last edit, however long the plan, and says the same as a full one.
"""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import shapely

from gridmap.model.limits import Limits
from gridmap.model.plans import Finding
from gridmap.model.words import words
from gridmap.services.facts import Facts, loads
from gridmap.services.plan_places import PLACE_CHECKS
from gridmap.services.plan_subjects import Check, Checked, Scope, Subject, place_spot, sameness
from gridmap.services.plan_titles import area_text, level_title, names_text
from gridmap.spatial.defects import Defect
from gridmap.spatial.draft_checks import line_defects, part_defects
from gridmap.spatial.drafts import Base, Draft, DraftGrid
from gridmap.spatial.measures import area_m2

_DIGITS = 15
_PREFIX = {"subdistrict": 9, "neighbourhood": 12, "microgrid": 15}
_LINES = frozenset({"gap", "overlap", "invalid", "unmatched", "outside", "untiled"})


def check_plan(draft: Draft, base: Checked, taken: dict[str, int], since: Checked | None = None) -> Checked:
    """Check a draft.

    Parameters
    ----------
    base
        What `check_base` found on its base.
    taken
        Codes ever given, with the grids that had them.
    since
        A draft of the same plan that was checked before.

    Returns
    -------
    Checked
        All findings; those that the base has too say so.
    """
    facts = base.tally.facts
    if since is None or since.tally.facts is not facts or since.taken != taken:
        since = base
    subject = Subject(draft, facts, base.limits, taken, since)
    # where the lines were not clean, only the base is known to be
    clean = None if any(not each.inherited for each in subject.found_before(_LINES)) else subject.before
    fresh = [_of_lines(subject, defect) for defect in line_defects(draft, clean)]
    kept = [*base.by_kind.get("gap", ())]
    for check in CHECKS:
        scope = check.scope(subject)
        fresh += [each for each in check.find(subject, scope) if not scope.isdisjoint(check.about(each))]
        kept += [each for each in subject.found_before(check.kinds) if scope.isdisjoint(check.about(each))]
    found = [*kept, *(replace(each, inherited=sameness(each) in base.known) for each in fresh)]
    return Checked.of(subject, found)


def check_base(base: Base, facts: Facts, limits: Limits, gaps: Iterable[tuple[shapely.Geometry, float]]) -> Checked:
    """Check the lines that plans are drawn on: what is so already is no fault of a plan."""
    subject = Subject(Draft(base), facts, limits)
    found = [each for check in CHECKS for each in check.find(subject, None)]
    for geometry, area in gaps:
        message = words("finding.gap", names="", area=area_text(area))
        found.append(subject.finding("gap", (), message, place=place_spot(geometry), area_m2=round(area, 1)))
    return Checked.of(subject, (replace(each, inherited=True) for each in found))


def counts(findings: Iterable[Finding]) -> dict[str, int]:
    """Count the findings that are the plan's own by severity, and those that were so before."""
    told = {"error": 0, "warning": 0, "note": 0, "inherited": 0}
    for each in findings:
        told["inherited" if each.inherited else each.severity] += 1
    return told


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


def _touched(subject: Subject) -> Scope:
    return subject.touched


def _among(draft: Draft, chosen: Scope | None) -> list[DraftGrid]:
    """List the grids of a scope, by id."""
    if chosen is None:
        return sorted(draft, key=lambda grid: grid.id)
    return [draft.grid(each) for each in sorted(chosen) if each in draft]


def _parts(subject: Subject, chosen: Scope | None) -> list[Finding]:
    among = [grid.id for grid in _among(subject.draft, chosen)]
    return [_of_lines(subject, defect) for defect in part_defects(subject.draft, among)]


def _areas(subject: Subject, chosen: Scope | None) -> list[Finding]:
    """Look whether grids are as large as those of their level should be."""
    limits = subject.limits.area
    listed = [grid for grid in _among(subject.draft, chosen) if grid.level in limits and grid.outline is not None]
    found = []
    for grid, area in zip(listed, area_m2([grid.outline for grid in listed]).tolist(), strict=True):
        bounds = limits[grid.level]
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
        figures = {"area_m2": round(area, 1), "limit_m2": limit}
        found.append(subject.finding("area", (grid.id,), message, place=place_spot(grid.outline), **figures))
    return found


def _codes_scope(subject: Subject) -> Scope:
    """List grids with another code, siblings or code above than before, and who is named with one of them."""
    draft = subject.draft
    found = set(subject.touched)
    for finding in subject.found_before(_CODES):
        if not found.isdisjoint(finding.grids):
            found.update(finding.grids)
    waiting: list[int] = []
    for grid in subject.handled:
        for state in (subject.before, draft):
            if grid in state:
                found.update(draft.children(state.grid(grid).parent))
        waiting += draft.children(grid)
    # a grid without a code hands those above it down
    for grid in waiting:
        found.add(grid)
        if draft.grid(grid).code is None:
            waiting += draft.children(grid)
    return frozenset(found)


def _codes(subject: Subject, chosen: Scope | None) -> list[Finding]:
    """Look whether codes are by the rule, fit those above, and were nobody else's."""
    draft = subject.draft
    found = []
    for grid in _among(draft, chosen):
        code, wanted = grid.code, _PREFIX.get(grid.level)
        if code is None:
            if wanted and any(draft.grid(each).code for each in draft.children(grid.parent) if each != grid.id):
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


def _twins_scope(subject: Subject) -> Scope:
    """List the grids that share a code or name with one that differs, now or before."""
    touched = subject.touched
    states = (subject.before, subject.draft)
    grids = [state.grid(grid) for state in states for grid in touched if grid in state]
    return touched.union(*(state.namesakes(grid) for grid in grids for state in states))


def _twins(subject: Subject, chosen: Scope | None) -> list[Finding]:
    """Look for codes and names that two grids have."""
    draft = subject.draft
    codes: dict[str, list[int]] = {}
    names: dict[tuple[str, str], list[int]] = {}
    for grid in _among(draft, chosen):
        if grid.code is not None:
            codes.setdefault(grid.code, []).append(grid.id)
        names.setdefault((grid.level, grid.name), []).append(grid.id)
    found = []
    for code, grids in codes.items():
        if len(grids) > 1:
            both = names_text(draft.grid(each).name for each in grids)
            message = words("finding.code_twice", names=both, code=code)
            found.append(subject.finding("code_twice", grids, message, code=code))
    for (_, name), grids in names.items():
        if len(grids) > 1:
            said = f"{name} × {len(grids)}"
            found.append(subject.finding("name_twice", grids, words("finding.name_twice", names=said)))
    return found


def _spread_scope(subject: Subject) -> Scope:
    """List the grids whose load differs, and their siblings."""
    draft, differing = subject.draft, subject.touched | subject.tally.fresh
    parents = {draft.grid(grid).parent for grid in differing if grid in draft} | differing
    return differing.union(*(draft.children(parent) for parent in parents))


def _spread(subject: Subject, chosen: Scope | None) -> list[Finding]:
    """Look how far the load of grids is from the mean of those that have the same parent on the level above."""
    draft, most = subject.draft, subject.limits.spread
    families: dict[tuple[str, int | None], list[DraftGrid]] = {}
    for grid in _among(draft, chosen):
        if grid.level in subject.limits.spread_levels and grid.outline is not None:
            families.setdefault((grid.level, grid.parent), []).append(grid)
    found = []
    for family in families.values():
        weights = loads(np.array([subject.tally.of(grid.id) for grid in family]), subject.limits)
        mean = float(weights.mean())
        if len(family) < 2 or mean <= 0:  # noqa: PLR2004 - one alone is the mean
            continue
        for grid, load in zip(family, weights.tolist(), strict=True):
            off = load / mean - 1
            if abs(off) <= most:
                continue
            kind = "finding.load_high" if off > 0 else "finding.load_low"
            message = words(kind, names=grid.name, percent=f"{abs(off):.0%}")
            figures = {"load": round(load, 1), "mean": round(mean, 1), "deviation": round(off, 4)}
            found.append(subject.finding("load", (grid.id,), message, place=place_spot(grid.outline), **figures))
    return found


_CODES = frozenset({"code_missing", "code_reused", "code_form", "code_parent"})
CHECKS: tuple[Check, ...] = (
    Check(frozenset({"exclave", "sliver"}), _touched, _parts),
    Check(frozenset({"area"}), _touched, _areas),
    Check(_CODES, _codes_scope, _codes, lambda finding: finding.grids[:1]),
    Check(frozenset({"code_twice", "name_twice"}), _twins_scope, _twins),
    Check(frozenset({"load"}), _spread_scope, _spread),
    *PLACE_CHECKS,
)
"""All checks but that of the lines themselves, which looks at what differs from the base."""
