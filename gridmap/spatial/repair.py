"""Make a clean coverage of a set of grids.

The rule, in order:

1. An invalid outline is made valid: a shell's ground counts once, holes are cut out, lines and points go.
2. Ground that several grids claim goes to the one that comes first in the frame. 3. A gap enclosed by grids
and smaller than `FILL_BELOW_M2` goes to the neighbour with the longest shared border (the
   first of them if equal). Larger ones stay and are listed.
4. Everything lies on the 1e-7° lattice, and neighbours have the same nodes along their border. 5. The
result is looked at again with `gridmap.spatial.coverage.check`, and refused if anything but the listed gaps
is
   left. A grid of which nothing would be left is an error.

How: all borders are noded together on the integer lattice (snap rounding), cut into faces, and each face is
given to one grid. Faces share their edges to the last bit, so the coverage is exact wherever it is put
together again. docs/decisions/0004-coverage-repair.md tells why.
"""

from collections import defaultdict
from collections.abc import Hashable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import shapely
from geopandas import GeoDataFrame
from numpy.typing import NDArray

from gridmap.model.errors import CoverageError, Fault
from gridmap.spatial.coverage import CoverageReport, check
from gridmap.spatial.defects import Defect, Labels
from gridmap.spatial.faces import Faces, cut_into_faces
from gridmap.spatial.lattice import Geometries
from gridmap.spatial.outlines import Outlines, area_of, place_in_reason, place_of, read_outlines, to_degrees

FILL_BELOW_M2 = 10_000.0
"""Gaps smaller than this, m², are filled: the size of one unit grid in dense areas."""

ENCLAVE_KEEPS = 0.1
"""A grid that would keep a smaller share of its ground than this to larger grids is an enclave in them."""

_NOBODY = -1
# One has been enough wherever it was counted; the bound is there because nothing proves that for doubles.
_MOST_ROUNDS = 4


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that `repair` did.

    Attributes
    ----------
    kind
        ``mended`` (an invalid outline), ``overlap`` (ground that went to the first claimant), ``filled`` (a
        gap).
    grid
        Index label of the grid that was mended, or got the ground.
    name
        Its name.
    others
        Labels of the grids that gave the ground up.
    area_m2
        How much ground, m²; for a mended outline, its area afterwards.
    lon, lat
        A spot in it, degrees.
    reason
        More in words.
    """

    kind: str
    grid: Hashable
    name: str
    others: tuple[Hashable, ...]
    area_m2: float
    lon: float
    lat: float
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RepairResult:
    """A clean coverage, and how it came about.

    Attributes
    ----------
    frame
        The frame given, index and columns unchanged, geometry MultiPolygons on the lattice.
    changes
        What was done: mended outlines, then overlaps, then gaps, each largest first.
    before
        What was wrong.
    after
        The check of the result: nothing but gaps of at least the size given, and perhaps slivers.
    """

    frame: GeoDataFrame
    changes: list[Change]
    before: CoverageReport
    after: CoverageReport

    @property
    def gaps_left(self) -> list[Defect]:
        """Gaps that were too large to be filled."""
        return self.after.gaps

    def to_dict(self) -> dict[str, Any]:
        """Give changes, counts and remaining gaps as plain data for JSON."""
        kinds = [change.kind for change in self.changes]
        return {
            "counts": {kind: kinds.count(kind) for kind in ("mended", "overlap", "enclave", "filled")},
            "changes": [asdict(change) for change in self.changes],
            "before": self.before.to_dict(),
            "after": self.after.to_dict(),
        }


def repair(
    frame: GeoDataFrame, *, fill_below_m2: float = FILL_BELOW_M2, before: CoverageReport | None = None
) -> RepairResult:
    """Make a clean coverage by the rule at the head of this module.

    Parameters
    ----------
    frame
        One grid a row in the order of precedence, geometry in degrees (longitude, latitude); a column
        ``name`` is used in messages.
    fill_below_m2
        Enclosed gaps below this, m², are filled; 0 fills none.
    before
        The report of `check` on the same frame, if it was made already.

    Returns
    -------
    RepairResult
        For 12,774 areas with 568,000 vertices it takes about 15 s.

    Raises
    ------
    CoverageError
        When a row has no area (``not_an_area``), is too tangled to be mended (``too_complex``), or would
        vanish because others claim all its ground (``vanishes``): every such row is named. When four rounds of
        noding leave faults, with those.
    """
    before = before or check(frame)
    label = Labels(frame)
    outlines = read_outlines(frame)
    _refuse(_unusable(outlines, label))
    if _is_done(before, fill_below_m2):
        result = frame.set_geometry(to_degrees(_as_multipolygons(outlines.areas)), crs=frame.crs)
        return RepairResult(result, [], before, before)
    changes = _mended(outlines, label)
    areas = outlines.areas
    for _ in range(_MOST_ROUNDS):
        faces = cut_into_faces(areas)
        owner, overlaps = _give_overlaps(faces, len(frame), label)
        owner, filled = _fill_gaps(faces, owner, fill_below_m2, label)
        _refuse(_vanished(owner, areas, faces, label))
        changes += overlaps + filled
        result = frame.set_geometry(to_degrees(_assemble(faces, owner, len(frame))), crs=frame.crs)
        after = check(result)
        if _is_done(after, fill_below_m2):
            return RepairResult(result, changes, before, after)
        # Crossings are computed in doubles before they are rounded: should one have come to lie on the wrong
        # lattice point, an edge may pass over a node; what came out is noded once more.
        areas = read_outlines(result).areas
    raise CoverageError(after.faults(), "the repaired grids")


def _is_done(report: CoverageReport, fill_below_m2: float) -> bool:
    return report.tiles and all(gap.area_m2 >= fill_below_m2 for gap in report.gaps)


def _as_multipolygons(areas: Geometries) -> Geometries:
    result = np.empty(len(areas), dtype=object)
    result[:] = [shapely.multipolygons(shapely.get_parts(area)) for area in areas]
    return result


def _refuse(faults: list[Fault]) -> None:
    if faults:
        raise CoverageError(faults, "repair")


def _unusable(outlines: Outlines, label: Labels) -> list[Fault]:
    faults = [label.defect("not_an_area", [row], reason=what).fault() for row, what in outlines.not_areas.items()]
    for row in outlines.tangled:
        place = "{:.7f}, {:.7f}".format(*(place_in_reason(outlines.invalid[row]) or (0.0, 0.0)))
        message = f"the outline of {label.names[row]} crosses itself too often to be mended"
        faults.append(Fault(place, message, "redraw it", "too_complex"))
    return faults


def _mended(outlines: Outlines, label: Labels) -> list[Change]:
    sizes = area_of(outlines.areas)
    changes = []
    for row, reason in outlines.invalid.items():
        lon, lat = place_in_reason(reason) or place_of(outlines.areas[row])
        words = reason.split("[")[0]
        changes.append(Change("mended", label.index[row], label.names[row], (), float(sizes[row]), lon, lat, words))
    return sorted(changes, key=_by_area)


def _precedence(faces: Faces, count: int) -> NDArray[np.int64]:
    """Rank the grids, 0 first: enclaves by size, then all others as they come."""
    sizes = area_of(faces.polygons)
    claimed = np.bincount(faces.covering, weights=sizes[faces.covered], minlength=count)
    first = _first_claimants(faces, np.arange(count))
    taken = first[faces.covered] != faces.covering
    kept = np.bincount(faces.covering[~taken], weights=sizes[faces.covered[~taken]], minlength=count)
    largest_loser = claimed[faces.covering[taken]] >= claimed[first[faces.covered[taken]]]
    overruled = np.bincount(faces.covering[taken], weights=largest_loser, minlength=count) > 0
    enclave = (kept < ENCLAVE_KEEPS * claimed) & ~overruled
    order = np.lexsort((np.arange(count), np.where(enclave, claimed, 0.0), ~enclave))
    rank = np.empty(count, dtype=np.int64)
    rank[order] = np.arange(count)
    return rank


def _first_claimants(faces: Faces, rank: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return for each face the covering grid of the smallest rank, or nobody."""
    count = len(rank)
    best = np.full(len(faces.polygons), count, dtype=np.int64)
    np.minimum.at(best, faces.covered, rank[faces.covering])
    by_rank = np.append(np.argsort(rank), _NOBODY)
    return np.asarray(by_rank[best], dtype=np.int64)


def _give_overlaps(faces: Faces, count: int, label: Labels) -> tuple[NDArray[np.int64], list[Change]]:
    """Give each face to one of the grids that cover it; faces that none covers stay nobody's."""
    owner = _first_claimants(faces, _precedence(faces, count))
    lost = owner[faces.covered] != faces.covering
    losers: dict[int, list[int]] = defaultdict(list)
    for face, grid in zip(faces.covered[lost].tolist(), faces.covering[lost].tolist(), strict=True):
        losers[face].append(grid)
    disputed: dict[tuple[int, tuple[int, ...]], list[int]] = defaultdict(list)
    for face, grids in losers.items():
        disputed[int(owner[face]), tuple(sorted(grids))].append(face)
    changes = [
        _transfer("overlap" if winner < grids[0] else "enclave", winner, grids, faces.polygons[members], label)
        for (winner, grids), members in disputed.items()
    ]
    return owner, sorted(changes, key=_by_area)


def _fill_gaps(
    faces: Faces, owner: NDArray[np.int64], fill_below_m2: float, label: Labels
) -> tuple[NDArray[np.int64], list[Change]]:
    """Give small gaps to the neighbour with the longest shared border."""
    owner = owner.copy()
    changes = []
    for gap in faces.groups(owner == _NOBODY):
        if area_of(faces.polygons[gap]).sum() >= fill_below_m2:
            continue
        shared = faces.shared_border(gap, owner)
        shared.pop(_NOBODY, None)
        if not shared:
            continue
        heir = min(shared, key=lambda grid: (-shared[grid], grid))
        owner[gap] = heir
        changes.append(_transfer("filled", heir, (), faces.polygons[gap], label))
    return owner, sorted(changes, key=_by_area)


def _transfer(kind: str, winner: int, losers: tuple[int, ...], ground: Geometries, label: Labels) -> Change:
    sizes = area_of(ground)
    lon, lat = place_of(ground[int(np.argmax(sizes))])
    others = tuple(label.index[row] for row in losers)
    return Change(kind, label.index[winner], label.names[winner], others, float(sizes.sum()), lon, lat)


def _vanished(owner: NDArray[np.int64], areas: Geometries, faces: Faces, label: Labels) -> list[Fault]:
    faults = []
    for row in np.setdiff1d(np.arange(len(areas)), owner).tolist():
        on_it = np.unique(owner[faces.covered[faces.covering == row]])
        takers = ", ".join(label.names[taker] for taker in on_it[on_it != _NOBODY][:3])
        why = f"all its ground goes to {takers}" if takers else "it is thinner than the lattice"
        place = "" if areas[row].is_empty else "{:.7f}, {:.7f}".format(*place_of(areas[row]))
        faults.append(Fault(place, f"nothing would be left of {label.names[row]}: {why}", "correct it", "vanishes"))
    return faults


def _assemble(faces: Faces, owner: NDArray[np.int64], count: int) -> Geometries:
    """Put the faces of each grid together; their shared edges go, all nodes stay."""
    held = np.flatnonzero(owner != _NOBODY)
    order = held[np.argsort(owner[held], kind="stable")]
    starts = np.searchsorted(owner[order], np.arange(count + 1))
    result = np.empty(count, dtype=object)
    for row in range(count):
        parts = faces.polygons[order[starts[row] : starts[row + 1]]]
        whole = parts if len(parts) == 1 else shapely.get_parts(shapely.coverage_union_all(parts))
        result[row] = shapely.multipolygons(whole)
    return result


def _by_area(change: Change) -> float:
    return -change.area_m2
