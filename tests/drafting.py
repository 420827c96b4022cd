"""Drafts to try edits on: the demo city and Tainan, edits made up from a seed, and what has to hold after each."""

import functools
import itertools
import math
import random
from collections import Counter

import geopandas as gpd
import numpy as np
import shapely

from gridmap.demo import build
from gridmap.model.errors import InputError
from gridmap.model.layers import schemes
from gridmap.services.facts import FIGURES, Ground, Things, locate
from gridmap.spatial import edits
from gridmap.spatial.coverage import check, check_nesting
from gridmap.spatial.drafts import Base, Draft, DraftGrid, outline_of
from gridmap.spatial.edges import to_units
from gridmap.spatial.joins import spots_of
from gridmap.spatial.repair import repair
from tests.realdata import real

FIRST_NEW = 1_000_000
LEVELS = {"COUNTY_ID": "district", "TOWN_ID": "subdistrict", "CODE2": "block", "CODE1": "neighbourhood"}


@functools.cache
def demo_city():
    """Invent the demo city once."""
    return build(1, 1)


@functools.cache
def demo_base():
    """Arrange the grids of the demo city for drafts; ids are 1, 2, … in the order of the frame."""
    made = demo_city().grids
    ids = {key: number for number, key in enumerate(made.key, start=1)}
    grids = [
        DraftGrid(ids[row.key], row.level, ids.get(row.parent), row.code, row.name, row.geometry)
        for row in made.itertuples()
    ]
    return Base(schemes()["governance"], grids)


@functools.cache
def tainan_base():
    """Arrange the 12,774 areas of Tainan for drafts, with four levels above them."""
    areas = gpd.read_parquet(real("tainan/base.parquet"))
    areas = areas.set_geometry(shapely.force_2d(areas.geometry.array))
    return _nested(areas.assign(geometry=repair(areas).frame.geometry))


def _nested(areas):
    units = to_units(areas.geometry.array)
    grids, known, ids = [], {}, itertools.count(1)
    above = {None: None}
    for column, level in LEVELS.items():
        for name, rows in areas.reset_index(drop=True).groupby(column, sort=True).groups.items():
            known[level, name] = next(ids)
            parent = above.get(level) and areas[above[level]].iloc[rows[0]]
            outline = outline_of(units[np.asarray(rows)])
            upper = known.get((LEVELS[above[level]], parent)) if level in above else None
            grids.append(DraftGrid(known[level, name], level, upper, None, str(name), outline))
        above[_below(level)] = column
    for code, hood, outline in zip(areas["CODEBASE"], areas["CODE1"], areas.geometry.array, strict=True):
        whole = shapely.multipolygons(shapely.get_parts(outline))
        grids.append(DraftGrid(next(ids), "microgrid", known["neighbourhood", hood], None, code, whole))
    return Base(schemes()["governance"], grids)


def _below(level):
    listed = [*LEVELS.values(), "microgrid"]
    return listed[listed.index(level) + 1]


class Clerk:
    """Draws in a draft as the seed says: edits of all kinds, many of which cannot be done."""

    def __init__(self, base, seed, *, roots=()):
        self.dice = random.Random(seed)
        self.base = base
        self.draft = Draft(base)
        self.ids = itertools.count(FIRST_NEW)
        self.roots = roots  # where it draws; anywhere when empty
        self.done, self.refused = Counter(), Counter()
        self.log = []
        self.way = []  # what each edit made, and what was there before it

    def grids(self):
        """List the grids that may be edited."""
        if not self.roots:
            return list(self.draft)
        there = [root for root in self.roots if root in self.draft]
        return [self.draft.grid(each) for root in there for each in self.draft.under(root)]

    def step(self):
        """Try one edit; tell its kind where it was done, else None."""
        if not self.grids():
            return None
        kind, attempt = self.invent()
        self.log.append(kind)
        try:
            changes = attempt()
        except InputError as error:
            self.refused[kind, error.faults[0].code] += 1
            return None
        self.way.append({grid: self.draft.find(grid) for grid in changes})
        self.draft = self.draft.after(changes)
        self.done[kind] += 1
        return kind

    def undone(self):
        """Give the draft with everything taken back."""
        draft = self.draft
        for before in reversed(self.way):
            draft = draft.after(before)
        return draft

    def invent(self):
        """Make up an edit."""
        kinds = [name.removeprefix("_do_") for name in dir(self) if name.startswith("_do_")]
        kind = self.dice.choice(kinds)
        self.held = [grid for grid in self.grids() if grid.outline is not None]
        self.leaves = [grid for grid in self.held if self.draft.is_leaf(grid.id)]
        return kind, getattr(self, f"_do_{kind}")(self.dice)

    def chord(self, outline, bend=0.0):
        """Draw across an outline, now and then from node to node, or a hair beside one."""
        dice = self.dice
        west, south, east, north = outline.bounds
        length, turn = max(east - west, north - south) * 1.5, dice.random() * 2 * math.pi
        x, y = dice.uniform(west, east), dice.uniform(south, north)
        points = [
            (x + math.cos(turn) * t * length, y + math.sin(turn) * t * length) for t in (-1.0, -0.3, 0.0, 0.3, 1.0)
        ]
        points = [(a + dice.uniform(-1, 1) * length * bend, b + dice.uniform(-1, 1) * length * bend) for a, b in points]
        how = dice.random()
        if how < 0.3:
            nodes = shapely.get_coordinates(outline)
            ends = [nodes[dice.randrange(len(nodes))] for _ in "ab"]
            hair = 10 ** dice.uniform(-8, -5) if how < 0.15 else 0.0
            points[0], points[-1] = ((end[0] + dice.uniform(-1, 1) * hair, end[1]) for end in ends)
            points = [points[0], points[-1]] if how < 0.2 else points
        return points

    def neighbour(self, grid):
        """Choose a grid of the same level that meets one, or the grid itself where there is none."""
        met = [
            each.id
            for each in self.held
            if each.level == grid.level and each.id != grid.id and each.outline.intersects(grid.outline)
        ]
        return self.dice.choice(met) if met else grid.id

    def _do_split(self, dice):
        grid = dice.choice(self.leaves)
        line = self.chord(grid.outline, 0.05)
        return lambda: edits.split(self.draft, grid.id, line, self.ids)

    def _do_split_above(self, dice):
        grid = dice.choice(self.held)
        line = self.chord(grid.outline, 0.02)
        return lambda: edits.split(self.draft, grid.id, line, self.ids, cut_children=dice.random() < 0.9)

    def _do_divide(self, dice):
        grid = dice.choice(self.leaves)
        line = self.chord(grid.outline, 0.02)
        below = [each.key for each in self.base.scheme.levels if each.rank > self.draft.rank(grid.id)]
        return lambda: edits.split(self.draft, grid.id, line, self.ids, level=below[0] if below else None)

    def _do_merge(self, dice):
        grid = dice.choice(self.leaves if dice.random() < 0.7 else self.held)
        return lambda: edits.merge(self.draft, [grid.id, self.neighbour(grid)])

    def _do_reshape(self, dice, *, above=False):
        grid = dice.choice(self.held if above else self.leaves)
        other = self.draft.grid(self.neighbour(grid))
        nodes = shapely.get_coordinates(grid.outline.intersection(other.outline))
        nodes = nodes if len(nodes) > 1 else shapely.get_coordinates(grid.outline)
        start, end = nodes[dice.randrange(len(nodes))], nodes[dice.randrange(len(nodes))]
        west, south, east, north = grid.outline.bounds
        middle = (start + end) / 2 + [
            dice.uniform(-0.3, 0.3) * (east - west),
            dice.uniform(-0.3, 0.3) * (north - south),
        ]
        line = [start, middle, end] if dice.random() < 0.8 else self.chord(grid.outline, 0.02)
        return lambda: edits.reshape(self.draft, [grid.id, other.id], line)

    def _do_reshape_above(self, dice):
        return self._do_reshape(dice, above=True)

    def _do_draw(self, dice):
        grid = dice.choice(self.held)
        west, south, east, north = grid.outline.bounds
        x, y = dice.uniform(west, east), dice.uniform(south, north)
        w, h = (east - west) * dice.uniform(0.1, 0.5), (north - south) * dice.uniform(0.1, 0.5)
        rings = [[(x - w, y - h), (x + w, y - h * 0.9), (x + w * 0.9, y + h), (x - w * 0.8, y + h)]]
        if dice.random() < 0.3:
            rings.append([(x + a * w / 3, y + b * h / 3) for a, b in ((-1, -1), (-1, 1), (1, 1))])
        options = {"cut_children": dice.random() < 0.8}
        if dice.random() < 0.5:
            options["parent"] = grid.parent
        return lambda: edits.draw(self.draft, grid.level, rings, self.ids, name="新", **options)

    def _do_assign(self, dice):
        grid = dice.choice(self.grids())
        above = [each.id for each in self.grids() if self.base.ranks[each.level] < self.base.ranks[grid.level]]
        parent = dice.choice(above) if above else grid.id
        return lambda: edits.assign(self.draft, [grid.id], parent)

    def _do_move(self, dice):
        grid = dice.choice(self.leaves)
        nodes = shapely.get_coordinates(grid.outline)
        west, south, east, north = grid.outline.bounds
        reach = 10 ** dice.uniform(-4, -1)
        steps = [
            (
                node,
                node + reach * np.array([dice.uniform(-1, 1) * (east - west), dice.uniform(-1, 1) * (north - south)]),
            )
            for node in (nodes[dice.randrange(len(nodes))] for _ in range(dice.choice((1, 1, 2))))
        ]
        return lambda: edits.move(self.draft, steps)

    def _do_retire(self, dice):
        grid = dice.choice(self.grids())
        return lambda: edits.retire(self.draft, grid.id)

    def _do_create(self, dice):
        grid = dice.choice(self.held)
        below = [each.key for each in self.base.scheme.levels if each.rank > self.draft.rank(grid.id)]
        level = dice.choice(below or ["microgrid"])
        return lambda: edits.create(self.draft, level, "空", self.ids, parent=grid.id)

    def _do_title(self, dice):
        grid = dice.choice(self.grids())
        if dice.random() < 0.5:
            return lambda: edits.rename(self.draft, {grid.id: f"改{dice.randrange(9)}"})
        return lambda: edits.recode(
            self.draft, {grid.id: dice.choice([None, f"31010{dice.randrange(9)}".ljust(15, "0")])}
        )


def faults(draft, leaves=None):
    """List what is wrong with a draft by looks of our own: geometry by geometry, without the base and without edges.

    Parameters
    ----------
    leaves
        Those to look at, and the grids above them; all by default.
    """
    everything = leaves is None
    leaves = sorted(
        draft.leaves() if everything else [each for each in leaves if each in draft and draft.is_leaf(each)]
    )
    frame = draft.frame().set_index("id", drop=False) if everything else _frame(draft, leaves)
    report = check(frame.loc[leaves])
    found = [str(fault) for fault in report.faults() if everything or fault.code != "gap"]
    parents = [grid.id for grid in draft if draft.children(grid.id)] if everything else _parents(draft, leaves)
    for parent in parents:
        below = [each for each in draft.children(parent) if draft.grid(each).outline is not None]
        known = draft.grid(parent).outline
        if known is None:
            found += [f"{parent} has no outline, its children do"] if below else []
            continue
        nested = check_nesting(_frame(draft, below).assign(parent=parent), _frame(draft, [parent]))
        found += [str(fault) for fault in nested.faults()]
        if sum(twice(draft, below)) != sum(twice(draft, [parent])):
            found.append(f"{parent} is not as large as its children")
    return found


def structure_faults(draft):
    """List what is wrong with the tree: who is whose child, and whether levels go down."""
    found = []
    for grid in draft:
        if grid.parent is not None:
            if grid.id not in draft.children(grid.parent):
                found.append(f"{grid.id} is no child of its parent {grid.parent}")
            if draft.rank(grid.parent) >= draft.rank(grid.id):
                found.append(f"{grid.id} is not below {grid.parent}")
        if any(draft.grid(child).parent != grid.id for child in draft.children(grid.id)):
            found.append(f"{grid.id} lists children of others")
    return found


def twice(draft, grids):
    """Measure grids, twice the area in square steps: whole numbers, so nothing is rounded."""
    return [sum(map(_twice, shapely.get_parts(area))) for area in draft.units(grids)]


def _twice(polygon):
    shell, *holes = (abs(_shoelace(ring)) for ring in shapely.get_rings(polygon))
    return shell - sum(holes)


def _shoelace(ring):
    points = shapely.get_coordinates(ring).astype(np.int64)
    a, b = points[:-1] - points[0], points[1:] - points[0]
    return int((a[:, 0] * b[:, 1] - b[:, 0] * a[:, 1]).sum())


def _parents(draft, leaves):
    return sorted({above for leaf in leaves for above in draft.chain(leaf)[-2:-1]})


def _frame(draft, grids):
    shapes = [draft.grid(grid).outline for grid in grids]
    names = [draft.grid(grid).name for grid in grids]
    return gpd.GeoDataFrame({"name": names, "id": grids}, geometry=shapes, index=list(grids), crs=4326)


@functools.cache
def demo_facts():
    """Locate what stands and happens in the demo city."""
    city = demo_city()
    places = city.places.reset_index(drop=True).assign(id=lambda frame: frame.index + 1)
    kinds = {kind: places[places["kind"] == kind] for kind in places["kind"].unique()}
    ways = np.concatenate([kinds[kind].geometry.to_numpy() for kind in ("road", "water")])
    ground = Ground(kinds["building"], kinds["compound"], kinds["component"], ways)
    buildings, shops, incidents = kinds["building"], kinds["shop"], city.incidents
    told = [Counter(each) for each in buildings["properties"]]
    things = (
        things_of(
            "buildings",
            buildings,
            residents=[each["residents"] for each in told],
            workers=[each["workers"] for each in told],
        ),
        things_of("shops", shops),
        things_of("incidents", incidents.reset_index(drop=True).assign(id=lambda frame: frame.index + 1)),
    )
    return locate(demo_base(), things, ground)


def things_of(layer, frame, **measures):
    """Count a thing for each row, where a spot of it lies."""
    lon, lat = spots_of(frame.geometry.to_numpy())
    values = np.zeros((len(frame), len(FIGURES)))
    values[:, FIGURES.index((layer, "count"))] = 1
    for measure, column in measures.items():
        values[:, FIGURES.index((layer, measure))] = column
    names = frame["name"].tolist() if "name" in frame else [""] * len(frame)
    return Things(layer, frame["id"].to_numpy(np.int64), names, lon, lat, values)


def no_ground():
    """Give a city without buildings and roads."""
    empty = gpd.GeoDataFrame({"id": [], "name": [], "address": []}, geometry=[], crs=4326)
    return Ground(empty, empty, empty, np.empty(0, dtype=object))
