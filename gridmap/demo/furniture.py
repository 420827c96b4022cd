"""Street furniture: lamps, manholes, hydrants and bins along the roads, and cameras at the crossings."""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import shapely
from shapely import Point, Polygon

from gridmap.demo.dice import dice
from gridmap.demo.streets import Road

_KINDS = (
    ("lamp", "路灯", 140, -1.4),
    ("manhole", "窨井盖", 70, None),
    ("hydrant", "消火栓", 40, -2.2),
    ("bin", "废物箱", 60, -1.8),
)
"""Kind, name, count a sub-district, and distance from the road's edge (None: in the carriageway)."""
CAMERAS = 40


@dataclass(frozen=True)
class Component:
    """A thing on the street; `kind` is lamp, manhole, hydrant, bin or camera."""

    kind: str
    name: str
    road: int
    point: Point


def furnish(seed: int, sub: int, roads: list[Road], names: list[str], outline: Polygon) -> list[Component]:
    """Set the furniture of one sub-district, all of it inside the outline."""
    rng = dice(seed, "furniture", sub)
    inner = outline.buffer(-0.5)
    shapely.prepare(inner)
    own = [i for i, road in enumerate(roads) if road.line.intersects(inner)]
    parts = {i: _longest(roads[i].line.intersection(outline.buffer(1))) for i in own}
    lengths = np.array([parts[i].length * roads[i].width ** 0.4 for i in own])
    made: list[Component] = []
    for kind, title, count, edge in _KINDS:
        done = 0
        while done < count:
            road = own[int(rng.choice(len(own), p=lengths / lengths.sum()))]
            half = roads[road].width / 2
            aside = rng.uniform(-half * 0.5, half * 0.5) if edge is None else half + edge
            aside = aside if edge is None or rng.random() < 0.5 else -aside
            point = _beside(parts[road], float(rng.uniform(0.03, 0.97)), aside)
            if inner.covers(point):
                done += 1
                made.append(Component(kind, f"{names[road]}{title}{done:03d}", road, point))
    return made + _cameras(roads, names, own, inner, rng)


def _longest(found: shapely.Geometry) -> shapely.LineString:
    return max(shapely.get_parts(shapely.line_merge(found)), key=lambda part: part.length)


def _beside(line: shapely.LineString, share: float, aside: float) -> Point:
    """Give the point beside a line, `aside` metres to its left."""
    along = line.length * share
    a, b = line.interpolate(along - 0.5), line.interpolate(along + 0.5)
    step = np.array([b.x - a.x, b.y - a.y])
    step /= np.hypot(*step)
    return Point(np.round([a.x - step[1] * aside, a.y + step[0] * aside], 3))


def _cameras(
    roads: list[Road], names: list[str], own: list[int], inner: Polygon, rng: np.random.Generator
) -> list[Component]:
    """Put cameras at crossings, the wide roads first."""
    crossings = [
        (-(roads[i].width + roads[j].width) * rng.uniform(0.6, 1), i, j, meet)
        for i, j in combinations(own, 2)
        for meet in shapely.get_parts(roads[i].line.intersection(roads[j].line))
        if isinstance(meet, Point) and inner.covers(meet)
    ]
    crossings.sort(key=lambda crossing: crossing[0])
    made: list[Component] = []
    for _, i, j, meet in crossings * 3:
        turn = float(rng.uniform(0, 6.283))
        reach = max(roads[i].width, roads[j].width) * 0.55
        point = Point(round(meet.x + np.cos(turn) * reach, 3), round(meet.y + np.sin(turn) * reach, 3))
        if inner.covers(point) and len(made) < CAMERAS:
            name = f"{names[i]}{names[j]}路口摄像机{len(made) + 1:02d}"
            made.append(Component("camera", name, i, point))
    return made
