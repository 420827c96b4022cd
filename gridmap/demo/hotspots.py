"""Where incidents can happen, and where they gather."""

from itertools import product

import numpy as np
import shapely
from shapely import Polygon

from gridmap.demo.buildings import Building, Yard
from gridmap.demo.dice import dice
from gridmap.demo.furniture import Component
from gridmap.demo.incidents import Anchors
from gridmap.demo.shops import Shop
from gridmap.demo.streets import Streets

_STEP = 7.0
_SPREAD = {
    "road": 1.6, "corner": 5.0, "shop": 1.2, "home": 2.0, "office": 3.0, "green": 4.0, "water": 2.5,
    "lamp": 0.4, "manhole": 0.4, "hydrant": 0.4, "bin": 1.0,
}  # fmt: skip


def find_anchors(
    seed: int,
    sub: int,
    streets: Streets,
    road_names: list[str],
    yard: Yard,
    homes: dict[int, str],
    shops: list[Shop],
    furniture: list[Component],
    outline: Polygon,
) -> Anchors:
    """Gather the places of one sub-district where incidents can happen.

    Parameters
    ----------
    homes
        Names of the compounds by parcel.
    outline
        The sub-district, metres.
    """
    inner = outline.buffer(-1.5)
    shapely.prepare(inner)
    found: dict[str, list[tuple[float, float, str]]] = {kind: [] for kind in _SPREAD}
    rng = dice(seed, "anchors", sub)
    _along_roads(streets, road_names, inner, found)
    for shop in shops:
        step = rng.uniform(-0.6, 0.6, 2)
        name = f"{road_names[shop.slot.road]}“{shop.name}”门前"
        found["shop"].append((shop.slot.point.x + step[0], shop.slot.point.y + step[1], name))
    for building in yard.buildings:
        _round_building(building, homes, inner, rng, found)
    for _, kind, green in yard.greens:
        if kind in ("park", "pocket"):
            for x, y in _scatter(green, max(2, int(green.area // 300)), rng):
                found["green"].append((x, y, "绿地内"))
    for component in furniture:
        if component.kind in found:
            point = component.point
            found[component.kind].append((point.x, point.y, f"{component.name} "))
    xy = {kind: np.round(np.array([row[:2] for row in rows]), 3) for kind, rows in found.items()}
    near = {kind: [row[2] for row in rows] for kind, rows in found.items()}
    return Anchors(xy, _SPREAD, near, _hot(streets, sub, shops, rng), outline)


def _along_roads(
    streets: Streets, names: list[str], inner: Polygon, found: dict[str, list[tuple[float, float, str]]]
) -> None:
    """Places along both edges of every road, at crossings, and on the creek."""

    def add(kind: str, xy: np.ndarray, name: str) -> None:
        inside = xy[shapely.contains_xy(inner, xy[:, 0], xy[:, 1])]
        found[kind] += [(float(x), float(y), name) for x, y in inside]

    near = inner.buffer(25)
    for road, name in zip(streets.roads, names, strict=True):
        parts = shapely.get_parts(road.line.intersection(near))
        lines = [part for part in parts if part.geom_type == "LineString" and part.length > 10]
        for line, side in product(lines, (-1, 1)):
            edge = shapely.offset_curve(line, side * (road.width / 2 - 1.6))
            add("road", shapely.get_coordinates(edge.segmentize(_STEP)), name)
        add("corner", np.array([road.line.coords[0], road.line.coords[-1]]), f"{name}路口")
    add("corner", streets.crossings.reshape(-1, 2), "大路口")
    bank = shapely.offset_curve(streets.creek, -8)
    add("water", shapely.get_coordinates(bank.segmentize(12)), "河面")


def _round_building(
    building: Building,
    homes: dict[int, str],
    inner: Polygon,
    rng: np.random.Generator,
    found: dict[str, list[tuple[float, float, str]]],
) -> None:
    """Places at the foot of a building: homes in compounds, offices elsewhere."""
    kind = "home" if building.use == "residential" else "office"
    if kind == "office" and not (building.tower or building.use == "office"):
        return
    ring = building.outline.exterior
    for _ in range(max(2, int(ring.length // 30))):
        spot = ring.interpolate(float(rng.uniform(0, ring.length)))
        if inner.covers(spot):
            found[kind].append((spot.x, spot.y, homes.get(building.parcel, "楼宇旁")))


def _scatter(ground: Polygon, count: int, rng: np.random.Generator) -> list[tuple[float, float]]:
    """Throw points into a polygon."""
    west, south, east, north = ground.bounds
    tries = rng.uniform((west, south), (east, north), (count * 4, 2))
    inside = tries[shapely.contains_xy(ground, tries[:, 0], tries[:, 1])][:count]
    return [(float(x), float(y)) for x, y in inside]


def _hot(streets: Streets, sub: int, shops: list[Shop], rng: np.random.Generator) -> np.ndarray:
    """Hot spots: two exits of the metro at the main crossing, food streets, and a few odd corners."""
    core = streets.crossings[4 * sub + 2, 2]
    spots = [(core[0] + 32, core[1] + 26, 42.0, 9.0), (core[0] - 46, core[1] - 30, 34.0, 6.0)]
    cooking = [shop.slot.point for shop in shops if shop.trade == "restaurant"]
    busy = [cooking[int(index)] for index in rng.choice(len(cooking), 5, replace=False)]
    spots += [(point.x, point.y, 30.0, float(rng.uniform(3, 7))) for point in busy]
    others = [shops[int(index)].slot.point for index in rng.choice(len(shops), 4, replace=False)]
    spots += [(point.x, point.y, 24.0, float(rng.uniform(2, 5))) for point in others]
    return np.round(np.array(spots), 3)
