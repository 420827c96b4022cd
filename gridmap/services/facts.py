"""Facts for planners: what stands and happens where, counted by grid for the base of a plan and for its draft.

Everything is located once on the base. A draft counts anew only what lies in grids that differ from those of the draft
before it.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.model.layers import load_layers
from gridmap.model.limits import COUNT, Limits
from gridmap.services.drafts import Drafts
from gridmap.services.snapshot import Keeper
from gridmap.spatial.drafts import Base, Draft
from gridmap.spatial.joins import spots_of
from gridmap.spatial.lattice import Geometries, Integers
from gridmap.spatial.ownership import OwnershipIndex
from gridmap.store import incidents, places
from gridmap.store.database import Database

Vector = NDArray[np.float64]
_SECONDS = 60.0  # incidents come all day; the figures of a plan that is opened may be a minute old
_MOST_BASES = 3
_YEAR = timedelta(days=365)
_NOTHING = np.empty(0, np.int64)
NOBODY = -1
"""Stands for a grid where there is none."""

FIGURES: tuple[tuple[str, str], ...] = (
    ("buildings", COUNT),
    ("buildings", "residents"),
    ("buildings", "workers"),
    ("shops", COUNT),
    ("firms", COUNT),
    ("incidents", COUNT),
    ("incidents", "open"),
)
"""Layer and measure of each figure; incidents are those of the last year, and those that are open."""


def figure_key(layer: str, measure: str) -> str:
    """Name a figure as answers do: ``residents``, ``shops``, ``open_incidents``."""
    if measure == "open":
        return f"open_{layer}"
    return layer if measure == COUNT else measure


KEYS: tuple[str, ...] = tuple(figure_key(layer, measure) for layer, measure in FIGURES)


@dataclass(frozen=True)
class Things:
    """Things of one layer.

    Attributes
    ----------
    lon, lat
        The point by which each is joined.
    values
        A row each, a column for each of `FIGURES`; 0 for those of other layers.
    """

    layer: str
    ids: Integers
    names: list[str]
    lon: Vector
    lat: Vector
    values: NDArray[np.float64]


@dataclass(frozen=True)
class Ground:
    """What lines should not cut, and what they should follow, in degrees.

    Attributes
    ----------
    buildings, compounds, components
        id, name, geometry.
    ways
        Roads and waters.
    """

    buildings: gpd.GeoDataFrame
    compounds: gpd.GeoDataFrame
    components: gpd.GeoDataFrame
    ways: Geometries

    @cached_property
    def trees(self) -> dict[str, shapely.STRtree]:
        """Find what is near a line."""
        return {
            "building": shapely.STRtree(self.buildings.geometry.to_numpy()),
            "compound": shapely.STRtree(self.compounds.geometry.to_numpy()),
            "component": shapely.STRtree(self.components.geometry.to_numpy()),
            "way": shapely.STRtree(self.ways),
        }


@dataclass(frozen=True)
class Facts:
    """All things of a city, located on the base of a plan.

    Attributes
    ----------
    owner
        For each thing the row of its grid among `Base.leaves`, -1 for none; things of all layers one after the other.
    totals
        The figures of every grid of the base, by id.
    """

    base: Base
    things: tuple[Things, ...]
    ground: Ground
    owner: Integers
    totals: Mapping[int, Vector]

    @cached_property
    def lon(self) -> Vector:
        """Longitudes of all things."""
        return np.concatenate([each.lon for each in self.things])

    @cached_property
    def lat(self) -> Vector:
        """Latitudes of all things."""
        return np.concatenate([each.lat for each in self.things])

    @cached_property
    def values(self) -> NDArray[np.float64]:
        """Figures of all things."""
        return np.concatenate([each.values for each in self.things])

    @cached_property
    def held(self) -> Mapping[int, Integers]:
        """Things by the leaf of the base that holds them; those that none holds by `NOBODY`."""
        order = np.argsort(self.owner, kind="stable")
        starts = np.searchsorted(self.owner[order], np.arange(-1, len(self.base.leaves) + 1))
        leaves = [NOBODY, *self.base.leaves]
        return {leaf: order[start:end] for leaf, start, end in zip(leaves, starts[:-1], starts[1:], strict=True)}

    def before(self, things: Integers) -> Integers:
        """Give the grids that hold things on the base; `NOBODY` for none."""
        return np.array([*self.base.leaves, NOBODY], np.int64)[self.owner[things]]


@dataclass(frozen=True)
class Tally:
    """Figures of the grids of a draft.

    Attributes
    ----------
    held
        Things by leaf, of the leaves that hold others than on the base or are none there; `NOBODY` holds the rest.
    figures
        By grid, of those whose figures may differ from the base's.
    fresh
        Grids that were counted anew, those that are no more among them; all others are as in the tally before.
    """

    draft: Draft
    facts: Facts
    held: Mapping[int, Integers]
    figures: Mapping[int, Vector]
    fresh: frozenset[int] = frozenset()

    def of(self, grid: int) -> Vector:
        """Give the figures of a grid, in the order of `FIGURES`."""
        found = self.figures.get(grid)
        return self.facts.totals.get(grid, np.zeros(len(FIGURES))) if found is None else found

    def things_of(self, leaves: Iterable[int]) -> Integers:
        """List the things in leaves."""
        known = self.facts.held
        return np.concatenate([_NOTHING, *(self.held[leaf] if leaf in self.held else known[leaf] for leaf in leaves)])

    @cached_property
    def moved(self) -> tuple[Integers, Integers, Integers]:
        """Things that may have changed hands, and the grids that hold them on the base and in the draft."""
        things = np.concatenate([_NOTHING, *self.held.values()])
        after = np.repeat(np.array([*self.held], np.int64), [len(each) for each in self.held.values()])
        return things, self.facts.before(things), after


def tally(facts: Facts, draft: Draft, since: Tally | None = None) -> Tally:
    """Count the things of a draft; only those in grids that differ are located anew.

    Parameters
    ----------
    since
        The tally of another draft on the same base, from the same facts; the base's by default.
    """
    since = since or Tally(Draft(facts.base), facts, {}, {})
    state, touched = since.draft, draft.differing(since.draft)
    old = {grid for grid in touched if grid in state and state.is_leaf(grid)}
    new = {grid for grid in touched if grid in draft and draft.is_leaf(grid)}
    # on a border the smallest id decides: the neighbours have a say in that
    reach = shapely.union_all([shapely.envelope(state.grid(grid).outline) for grid in old])
    near = sorted({*new, *draft.leaves_near(reach)})
    held = {leaf: things for leaf, things in since.held.items() if leaf not in old}
    if near:
        chosen = since.things_of([NOBODY, *sorted(old | (set(near) - new))])
        frame = gpd.GeoDataFrame({"id": near}, geometry=[draft.grid(grid).outline for grid in near], crs=4326)
        row = OwnershipIndex.from_frame(frame, id="id").locate(facts.lon[chosen], facts.lat[chosen])
        held |= {
            leaf: chosen[row == place] for place, leaf in zip([*range(len(near)), -1], [*near, NOBODY], strict=True)
        }
    fresh = {*touched, *near}
    for each in (state, draft):
        fresh.update(grid for leaf in [*touched, *near] if leaf in each for grid in each.chain(leaf))
    figures = {grid: vector for grid, vector in since.figures.items() if grid not in fresh}
    found = Tally(draft, facts, held, figures, frozenset(fresh))
    for grid in sorted((each for each in fresh if each in draft), key=lambda each: -draft.rank(each)):
        if draft.is_leaf(grid):
            figures[grid] = facts.values[found.things_of([grid])].sum(axis=0)
        else:
            figures[grid] = sum((found.of(child) for child in draft.children(grid)), np.zeros(len(FIGURES)))
    return found


@dataclass
class FactBook:
    """Keeps the facts of a city by the base of plans. Any thread may ask."""

    database: Database
    keeper: Keeper
    drafts: Drafts
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _read: tuple[tuple[Things, ...], Ground, float, int] | None = None
    _facts: OrderedDict[int, tuple[Facts, float]] = field(default_factory=OrderedDict, repr=False)

    def renew(self) -> None:
        """Read everything anew with the next question, if what there is was read more than a minute ago.

        For when a plan is opened: while it is drawn its figures stand still, and no edit waits for them.
        """
        with self._lock:
            if self._read is not None and time.monotonic() - self._read[2] > _SECONDS:
                self._read = None

    def facts(self, generation: int) -> Facts:
        """Give all things located on the lines of a generation."""
        base = self.drafts.base(generation)
        with self._lock:
            things, ground, read_at, _ = self._things()
            known = self._facts.get(generation)
            if known is None or known[1] != read_at:
                known = (locate(base, things, ground), read_at)
                self._facts[generation] = known
                while len(self._facts) > _MOST_BASES:
                    self._facts.popitem(last=False)
            self._facts.move_to_end(generation)
            return known[0]

    def _things(self) -> tuple[tuple[Things, ...], Ground, float, int]:
        places_now = self.keeper.version("places")
        if self._read is None or self._read[3] != places_now:
            things, ground = _read_things(self.database, self.keeper)
            self._read = (things, ground, time.monotonic(), places_now)
        return self._read


def locate(base: Base, things: tuple[Things, ...], ground: Ground) -> Facts:
    """Locate things on a base."""
    outlines = [base.grids[leaf].outline for leaf in base.leaves]
    index = OwnershipIndex.from_frame(gpd.GeoDataFrame({"id": base.leaves}, geometry=outlines, crs=4326), id="id")
    lon = np.concatenate([each.lon for each in things])
    lat = np.concatenate([each.lat for each in things])
    owner = index.locate(lon, lat)
    values = np.concatenate([each.values for each in things])
    inside = owner >= 0
    sums = np.column_stack(
        [np.bincount(owner[inside], column[inside], minlength=len(base.leaves)) for column in values.T]
    )
    totals: dict[int, Vector] = dict(zip(base.leaves, sums, strict=True))
    for grid in sorted(base.grids.values(), key=lambda each: -base.ranks[each.level]):
        own = totals.setdefault(grid.id, np.zeros(len(FIGURES)))
        if grid.parent is not None:
            totals[grid.parent] = totals.get(grid.parent, np.zeros(len(FIGURES))) + own
    return Facts(base, things, ground, owner, totals)


def loads(vectors: NDArray[np.float64], limits: Limits) -> Vector:
    """Weigh figures into loads, as the limits say what load is made of."""
    weights = np.zeros(len(FIGURES))
    for each in limits.load:
        if (each.layer, each.measure) in FIGURES:
            weights[FIGURES.index((each.layer, each.measure))] += each.weight
    found: Vector = np.asarray(vectors, dtype=np.float64).reshape(-1, len(FIGURES)) @ weights
    return found


def _read_things(database: Database, keeper: Keeper) -> tuple[tuple[Things, ...], Ground]:
    layers = load_layers()
    now = keeper.now()
    with database.read() as connection:
        frames = {
            key: places.frame(connection, layers[key].kind)
            for key in ("buildings", "shops", "firms", "compounds", "components", "roads", "waters")
        }
        year = incidents.spots(connection, since=now - _YEAR)
        still = incidents.spots(connection, only_open=True)
    found = [_counted(key, frames[key]) for key in ("buildings", "shops", "firms")]
    found += [_incidents(*year, COUNT), _incidents(*still, "open")]
    ways = np.concatenate([frames["roads"].geometry.to_numpy(), frames["waters"].geometry.to_numpy()])
    return tuple(found), Ground(frames["buildings"], frames["compounds"], frames["components"], ways)


def _counted(key: str, frame: gpd.GeoDataFrame) -> Things:
    lon, lat = spots_of(frame.geometry.to_numpy())
    values = np.zeros((len(frame), len(FIGURES)))
    for column, (layer, measure) in enumerate(FIGURES):
        if layer == key:
            values[:, column] = 1.0 if measure == COUNT else frame[measure].fillna(0).to_numpy(np.float64)
    return Things(key, frame["id"].to_numpy(np.int64), frame["name"].tolist(), lon, lat, values)


def _incidents(ids: Integers, lon: Vector, lat: Vector, measure: str) -> Things:
    values = np.zeros((len(ids), len(FIGURES)))
    values[:, FIGURES.index(("incidents", measure))] = 1.0
    return Things(figure_key("incidents", measure), ids, [""] * len(ids), lon, lat, values)
