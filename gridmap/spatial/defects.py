"""What can be wrong with a set of grids, in words and as data."""

from collections.abc import Hashable
from dataclasses import asdict, dataclass, field
from typing import Any

from geopandas import GeoDataFrame

from gridmap.model.errors import Fault

SLIVER_M = 0.1
"""A part of a grid of less mean width (twice its area by its perimeter), metres, is called a sliver."""

_MOST_FAULTS = 20
_MOST_NAMES = 4
_MENDS = {
    "invalid": "redraw the outline, or import with repair",
    "not_an_area": "give a Polygon or MultiPolygon",
    "duplicate": "leave one of them out",
    "overlap": "import with repair: the ground then goes to the grid that comes first",
    "gap": "import with repair: small gaps go to the neighbour with the longest shared border",
    "unmatched": "import with repair: neighbours then get the same nodes along their border",
}


@dataclass(frozen=True, slots=True)
class Defect:
    """One thing wrong with a set of grids.

    Attributes
    ----------
    kind
        ``invalid``, ``not_an_area``, ``duplicate``, ``overlap``, ``gap``, ``sliver``, ``unmatched``; of
        nesting ``orphan``, ``outside``, ``untiled``.
    grids
        The index labels of the grids concerned; for a gap its neighbours.
    names
        Their names, where the frame has a column ``name``; else their labels.
    area_m2
        How much ground it touches, m²; 0 where that cannot be said.
    lon, lat
        A spot in it, degrees; None where there is none.
    reason
        More in words; may be empty.
    """

    kind: str
    grids: tuple[Hashable, ...]
    names: tuple[str, ...]
    area_m2: float = 0.0
    lon: float | None = None
    lat: float | None = None
    reason: str = ""

    def fault(self) -> Fault:
        """Say it as a fault of an input."""
        told = [
            name if name == str(key) else f"{name} ({key})"
            for name, key in zip(self.names[:_MOST_NAMES], self.grids, strict=False)
        ]
        what = " and ".join([*told, f"{len(self.names) - len(told)} more"] if len(told) < len(self.names) else told)
        message = _SENTENCES[self.kind].format(what=what, area=f"{self.area_m2:,.2f} m²", reason=self.reason)
        place = "" if self.lon is None else f"{self.lon:.7f}, {self.lat:.7f}"
        return Fault(place, message, _MENDS.get(self.kind, ""), self.kind)


_SENTENCES = {
    "invalid": "the outline of {what} is invalid: {reason}",
    "not_an_area": "{what} has {reason} instead of an area",
    "duplicate": "{what} have the same outline",
    "overlap": "{what} overlap by {area}",
    "gap": "a gap of {area} lies between {what}",
    "sliver": "a part of {what} is a sliver of {area}",
    "unmatched": "{what} and its neighbours do not have the same nodes along their border",
    "orphan": "{what} names a parent that does not exist: {reason}",
    "outside": "{area} of {what} lie outside the parent {reason}",
    "untiled": "{area} of {what} lie in none of its children",
}


@dataclass(frozen=True, slots=True)
class CoverageReport:
    """What `check` found; every list is ordered by area, largest first.

    Attributes
    ----------
    grids
        How many rows were looked at.
    invalid, not_areas, duplicates, overlaps, gaps
        What makes a coverage unclean. An overlap is a pair of grids; a gap is a hole in the union of all.
    unmatched
        Grids with an edge that is no edge of the neighbour: nodes missing along a common border, or an
        overlap.
    slivers
        Parts of grids thinner than `SLIVER_M`; they are told and do no harm.
    """

    grids: int
    invalid: list[Defect] = field(default_factory=list)
    not_areas: list[Defect] = field(default_factory=list)
    duplicates: list[Defect] = field(default_factory=list)
    overlaps: list[Defect] = field(default_factory=list)
    gaps: list[Defect] = field(default_factory=list)
    unmatched: list[Defect] = field(default_factory=list)
    slivers: list[Defect] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Whether the grids are a clean coverage without gaps."""
        return not self.gaps and self.tiles

    @property
    def tiles(self) -> bool:
        """Whether the grids are a clean coverage but for gaps that may be meant, such as a lake."""
        return not (self.invalid or self.not_areas or self.duplicates or self.overlaps or self.unmatched)

    def overlaps_over(self, area_m2: float) -> int:
        """Count the pairs that overlap by more than an area, m²."""
        return sum(defect.area_m2 > area_m2 for defect in self.overlaps)

    def faults(self, most: int = _MOST_FAULTS) -> list[Fault]:
        """Say what makes the coverage unclean as faults: the largest of each kind, the rest counted."""
        kinds = [self.invalid, self.not_areas, self.duplicates, self.overlaps, self.gaps, self.unmatched]
        return _listed(kinds, most)

    def to_dict(self) -> dict[str, Any]:
        """Give the report as plain data for JSON, counts first."""
        return {
            "grids": self.grids,
            "clean": self.clean,
            "counts": {
                "invalid": len(self.invalid),
                "not_areas": len(self.not_areas),
                "duplicates": len(self.duplicates),
                "overlaps": len(self.overlaps),
                "overlaps_over_1_m2": self.overlaps_over(1.0),
                "overlaps_over_1_ha": self.overlaps_over(10_000.0),
                "gaps": len(self.gaps),
                "unmatched": len(self.unmatched),
                "slivers": len(self.slivers),
            },
            **{
                name: [asdict(defect) for defect in getattr(self, name)]
                for name in ("invalid", "not_areas", "duplicates", "overlaps", "gaps", "unmatched", "slivers")
            },
        }


@dataclass(frozen=True, slots=True)
class NestingReport:
    """What `check_nesting` found; lists are ordered by area, largest first.

    Attributes
    ----------
    children, parents
        How many of each were looked at.
    orphans
        Children whose parent is missing or not named.
    outside
        Children with ground outside their parent.
    untiled
        Parents with ground in none of their children.
    """

    children: int
    parents: int
    orphans: list[Defect] = field(default_factory=list)
    outside: list[Defect] = field(default_factory=list)
    untiled: list[Defect] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Whether every child lies in its parent and every parent is tiled."""
        return not (self.orphans or self.outside or self.untiled)

    def faults(self, most: int = _MOST_FAULTS) -> list[Fault]:
        """Say it as faults of an input: the largest of each kind, the rest counted."""
        return _listed([self.orphans, self.outside, self.untiled], most)

    def to_dict(self) -> dict[str, Any]:
        """Give the report as plain data for JSON."""
        return {**asdict(self), "clean": self.clean}


class Labels:
    """Turns row positions into the labels and names of a frame.

    Parameters
    ----------
    frame
        The grids.
    """

    def __init__(self, frame: GeoDataFrame) -> None:
        self.index: list[Hashable] = frame.index.tolist()
        named = frame["name"].tolist() if "name" in frame.columns else [None] * len(frame)
        self.names = [
            name if isinstance(name, str) and name else str(key) for name, key in zip(named, self.index, strict=True)
        ]

    def defect(
        self,
        kind: str,
        rows: list[int],
        *,
        area_m2: float = 0.0,
        place: tuple[float, float] | None = None,
        reason: str = "",
    ) -> Defect:
        """Make a defect of the grids in these positions."""
        lon, lat = place or (None, None)
        return Defect(
            kind,
            tuple(self.index[row] for row in rows),
            tuple(self.names[row] for row in rows),
            area_m2,
            lon,
            lat,
            reason,
        )


def _listed(kinds: list[list[Defect]], most: int) -> list[Fault]:
    faults: list[Fault] = []
    for defects in kinds:
        faults += [defect.fault() for defect in defects[:most]]
        if len(defects) > most:
            kind = defects[0].kind
            faults.append(Fault("", f"and {len(defects) - most} more: {kind}", _MENDS.get(kind, ""), "more"))
    return faults
