"""Tell whether a set of grids is a clean coverage: every spot in one grid, no gap, no overlap.

GEOS's own ``coverage_is_valid`` does not say so: it is content with a missing middle cell, a bow-tie,
points and nothing at all; and it objects to some sets without a fault (docs/decisions/0004-coverage-repair.md).
Here each fault has its own test, and each is listed with its place, its area and the grids concerned.
"""

from collections import defaultdict

import numpy as np
import pandas as pd
import shapely
from geopandas import GeoDataFrame
from numpy.typing import NDArray

from gridmap.model.errors import InputError
from gridmap.spatial.defects import SLIVER_M, CoverageReport, Defect, Labels, NestingReport
from gridmap.spatial.lattice import Geometries, Integers
from gridmap.spatial.measures import length_m
from gridmap.spatial.outlines import (
    Outlines,
    area_of,
    areal_part,
    overlapping_pairs,
    place_in_reason,
    place_of,
    read_outlines,
    segments_of,
    to_degrees,
)

__all__ = ["SLIVER_M", "CoverageReport", "Defect", "NestingReport", "check", "check_nesting", "find_gaps"]

_MOST_PAIRS = 200_000
# Of two segments: no end of one lies inside the other.
_NO_END_WITHIN = "*F*F*****"


def check(frame: GeoDataFrame) -> CoverageReport:
    """Look for everything that keeps a set of grids from being a clean coverage.

    Outlines are looked at as they would be stored, snapped to 1e-7°. Invalid ones are listed, and mended
    only to look for overlaps and gaps.

    Parameters
    ----------
    frame
        One grid a row, geometry in degrees (longitude, latitude); a column ``name`` is used where there is
        one.

    Returns
    -------
    CoverageReport
        Everything found. For 12,774 areas with 568,000 vertices it takes about 5 s.

    Raises
    ------
    InputError
        When more than 200,000 pairs overlap (code ``too_large``): then it is no coverage at all.
    """
    label = Labels(frame)
    outlines = read_outlines(frame)
    areas = outlines.areas
    overlaps = _overlaps(areas, label)
    invalid = _invalid(outlines, label)
    known = {key for defect in [*overlaps, *invalid] for key in defect.grids}
    return CoverageReport(
        grids=len(frame),
        invalid=_largest_first(invalid),
        not_areas=[label.defect("not_an_area", [row], reason=what) for row, what in outlines.not_areas.items()],
        duplicates=_largest_first(_duplicates(areas, label)),
        overlaps=_largest_first(overlaps),
        gaps=_largest_first(describe_gaps(find_gaps(areas), areas, label)),
        unmatched=_unmatched(areas, np.array([key not in known for key in label.index], dtype=bool), label),
        slivers=_largest_first(_slivers(areas, label)),
    )


def check_nesting(
    children: GeoDataFrame, parents: GeoDataFrame, *, parent: str = "parent", ignore_below_m2: float = 0.0
) -> NestingReport:
    """Look whether children lie inside their parents and tile them.

    That children do not overlap each other is for `check` to say.

    Parameters
    ----------
    children
        Grids with a column that holds their parent's index label in `parents`.
    parents
        The grids one level up.
    parent
        The column's name.
    ignore_below_m2
        Areas up to this, m², are not reported. At 0, both levels must share every node along their borders.

    Returns
    -------
    NestingReport
        Children without a parent, ground of children outside their parent, ground of parents in no child.
    """
    child_label, parent_label = Labels(children), Labels(parents)
    inner, outer = read_outlines(children).areas, read_outlines(parents).areas
    positions = {key: row for row, key in enumerate(parent_label.index)}
    members: dict[int, list[int]] = defaultdict(list)
    report = NestingReport(len(children), len(parents))
    for row, key in enumerate(children[parent].tolist()):
        if pd.isna(key) or key not in positions:
            report.orphans.append(child_label.defect("orphan", [row], reason="" if pd.isna(key) else str(key)))
        else:
            members[positions[key]].append(row)
    for row in range(len(parents)):
        mine = np.array(members[row], dtype=np.int64)
        for child in mine[~shapely.covers(outer[row], inner[mine])]:
            beyond = areal_part(shapely.difference(inner[child], outer[row]))
            report.outside.extend(
                _ground(beyond, "outside", [int(child)], child_label, parent_label.names[row], ignore_below_m2)
            )
        bare = areal_part(shapely.difference(outer[row], shapely.union_all(inner[mine])))
        report.untiled.extend(_ground(bare, "untiled", [row], parent_label, "", ignore_below_m2))
    report.outside.sort(key=_by_area)
    report.untiled.sort(key=_by_area)
    return report


def find_gaps(areas: Geometries) -> Geometries:
    """Find the holes in the union of valid areas, less what lies inside them.

    Parameters
    ----------
    areas
        Valid Polygons and MultiPolygons in any units.

    Returns
    -------
    ndarray
        Polygons, in the same units.
    """
    union = shapely.get_parts(shapely.union_all(areas))
    rings, owner = shapely.get_rings(union, return_index=True)
    inner = np.diff(owner, prepend=-1) == 0
    holes, shells = shapely.polygons(rings[inner]), shapely.polygons(rings[~inner])
    hole, island = shapely.STRtree(shells).query(holes, predicate="covers")
    for position in np.unique(hole):
        # An island may fill its hole to the last point, or hold holes of its own, which are listed for
        # themselves.
        holes[position] = shapely.difference(holes[position], shapely.union_all(shells[island[hole == position]]))
    parts = shapely.get_parts(np.array([areal_part(hole) for hole in holes], dtype=object))
    return np.asarray(parts[shapely.area(parts) > 0], dtype=object)


def describe_gaps(gaps: Geometries, areas: Geometries, label: Labels) -> list[Defect]:
    """List gaps with the grids around them; all in lattice units."""
    gap, neighbour = shapely.STRtree(areas).query(gaps, predicate="intersects")
    return [
        label.defect(
            "gap",
            sorted(neighbour[gap == position].tolist()),
            area_m2=float(size),
            place=place_of(gaps[position]),
        )
        for position, size in enumerate(area_of(gaps))
    ]


def _by_area(defect: Defect) -> float:
    return -defect.area_m2


def _largest_first(defects: list[Defect]) -> list[Defect]:
    return sorted(defects, key=_by_area)


def _invalid(outlines: Outlines, label: Labels) -> list[Defect]:
    sizes = area_of(outlines.areas)
    defects = []
    for row, reason in outlines.invalid.items():
        words = reason.split("[")[0] + (", too tangled to be mended" if row in outlines.tangled else "")
        place = place_in_reason(reason)
        defects.append(label.defect("invalid", [row], area_m2=float(sizes[row]), place=place, reason=words))
    return defects


def _duplicates(areas: Geometries, label: Labels) -> list[Defect]:
    same: dict[bytes, list[int]] = defaultdict(list)
    for row, wkb in enumerate(shapely.to_wkb(shapely.normalize(areas))):
        if not areas[row].is_empty:
            same[wkb].append(row)
    groups = [rows for rows in same.values() if len(rows) > 1]
    return [
        label.defect("duplicate", rows, area_m2=float(area_of(areas[rows[:1]])[0]), place=place_of(areas[rows[0]]))
        for rows in groups
    ]


def _overlaps(areas: Geometries, label: Labels) -> list[Defect]:
    defects: list[Defect] = []
    for first, second in overlapping_pairs(areas):
        if len(defects) + len(first) > _MOST_PAIRS:
            message = f"more than {_MOST_PAIRS:,} pairs overlap: this is no set of grids that tile a city"
            raise InputError.of("grids", message, "give one level at a time", "too_large")
        common = np.empty(len(first), dtype=object)
        common[:] = [areal_part(part) for part in shapely.intersection(areas[first], areas[second])]
        for row, (area, size) in enumerate(zip(common, area_of(common), strict=True)):
            place = None if area.is_empty else place_of(area)
            rows = [int(first[row]), int(second[row])]
            defects.append(label.defect("overlap", rows, area_m2=float(size), place=place))
    return defects


def _slivers(areas: Geometries, label: Labels) -> list[Defect]:
    parts, owner = shapely.get_parts(areas, return_index=True)
    if len(parts) == 0:
        return []
    sizes = area_of(parts)
    width = 2 * sizes / length_m(to_degrees(parts))
    return [
        label.defect("sliver", [int(owner[k])], area_m2=float(sizes[k]), place=place_of(parts[k]))
        for k in np.flatnonzero(width < SLIVER_M)
    ]


def _unmatched(areas: Geometries, chosen: NDArray[np.bool_], label: Labels) -> list[Defect]:
    """List those of the chosen areas whose edges are not their neighbours' edges.

    GEOS judges a corner by one ring alone. Where a hole meets its shell at a node, it takes an area that touches
    the node from outside the shell for one that lies within, since outside the hole it is. So each edge that it
    finds is looked at once more.
    """
    found = shapely.coverage_invalid_edges(areas)
    found[~chosen] = None
    lines, of_line = shapely.get_parts(found, return_index=True)
    edges, line = segments_of(lines)
    owner = of_line[line]
    faulty = _meets_between_nodes(edges, owner, areas)
    rows, first = np.unique(owner[faulty], return_index=True)
    spots = to_degrees(shapely.point_on_surface(edges[faulty][first]))
    return [
        label.defect("unmatched", [int(row)], place=(spot.x, spot.y)) for row, spot in zip(rows, spots, strict=True)
    ]


def _meets_between_nodes(edges: Geometries, owner: Integers, areas: Geometries) -> NDArray[np.bool_]:
    """Tell which edges meet one of another area elsewhere than at a node of both.

    Edges that cross are not told: their areas overlap, and `_overlaps` lists that.
    """
    near = np.unique(shapely.STRtree(areas).query(edges)[1])
    parts, of_part = shapely.get_parts(areas[near], return_index=True)
    rings, of_ring = shapely.get_rings(parts, return_index=True)
    others, of_other = segments_of(rings)
    mine, other = shapely.STRtree(others).query(edges, predicate="intersects")
    foreign = owner[mine] != near[of_part[of_ring[of_other[other]]]]
    mine, other = mine[foreign], other[foreign]
    apart = ~shapely.relate_pattern(edges[mine], others[other], _NO_END_WITHIN)
    return np.isin(np.arange(len(edges)), mine[apart])


def _ground(
    area: shapely.Geometry, kind: str, rows: list[int], label: Labels, reason: str, ignore_below_m2: float
) -> list[Defect]:
    size = 0.0 if area.is_empty else float(area_of(np.array([area]))[0])
    if size <= ignore_below_m2:
        return []
    return [label.defect(kind, rows, area_m2=size, place=place_of(area), reason=reason)]
