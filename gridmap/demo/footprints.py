"""Shapes of buildings: strips along the street, rows in a yard, towers and what they stand on.

Everything here is plain geometry in metres; what a building is used for is told in buildings.py.
"""

from typing import cast

import numpy as np
import shapely
from shapely import LineString, MultiLineString, Polygon, affinity

from gridmap.demo.dice import between
from gridmap.demo.parcels import axes
from gridmap.demo.plane import tidy

GAP = 0.8
"""Least distance between two buildings, metres: wide enough that rounding to 1e-7° joins none."""


def polygons(found: shapely.Geometry, least: float) -> list[Polygon]:
    """Keep the polygons of a result that reach an area, tidied, in a stable order."""
    parts = [cast("Polygon", tidy(p)) for p in shapely.get_parts(found) if p.geom_type == "Polygon"]
    kept = [part for part in parts if part.area >= least and part.is_valid]
    return sorted(kept, key=lambda part: part.centroid.coords[0])


def strip(outline: Polygon, block: Polygon, setback: float, depth: float, front: MultiLineString) -> shapely.Geometry:
    """Take the strip of a parcel along its street front, `depth` deep behind the setback."""
    ground = outline.buffer(-GAP, join_style="mitre")
    zone = block.buffer(-setback, join_style="mitre").difference(block.buffer(-setback - depth, join_style="mitre"))
    reach = front.buffer(setback + depth * 1.05, cap_style="flat", join_style="mitre")
    return ground.intersection(zone).intersection(reach)


def party_walls(
    front: MultiLineString, reach: float, low: float, high: float, rng: np.random.Generator
) -> shapely.Geometry:
    """Give the gaps that part a street front into houses `low` to `high` metres wide; none near a corner."""
    cuts: list[shapely.Geometry] = []
    for line in front.geoms:
        at = between(rng, low, high)
        while at < line.length - low * 0.6:
            before, here, after = (
                np.asarray(line.interpolate(max(0.0, at + step)).coords[0]) for step in (-reach, 0, reach)
            )
            one, two = here - before, after - here
            norms = float(np.hypot(*one) * np.hypot(*two))
            straight = norms > 0 and float(np.dot(one, two)) / norms > 0.93
            if straight:
                along = (one + two) / np.hypot(*(one + two))
                across = np.array([-along[1], along[0]]) * (reach + 3)
                gap = 2.6 if rng.random() < 0.16 else GAP
                cut = LineString([here - across, here + across]).buffer(gap / 2, cap_style="flat")
                cuts.append(cut)
            at += between(rng, low, high) if straight else 4.0
    return shapely.union_all(cuts)


def rows(
    yard: Polygon,
    direction: np.ndarray,
    depth: float,
    pitch: float,
    longest: float,
    spine: float | None,
    rng: np.random.Generator,
) -> tuple[list[Polygon], list[LineString]]:
    """Fill a yard with parallel rows of houses.

    Parameters
    ----------
    direction
        Unit vector along the rows.
    depth, pitch
        A row's depth, and the distance from one row to the next, metres.
    longest
        Rows are parted into houses no longer than this.
    spine
        Where the lane across the rows lies, as a share of the yard's length; None for no lane.

    Returns
    -------
    houses, lanes
        Rectangles, and the lanes between them as lines: the spine first.
    """
    angle = float(np.degrees(np.arctan2(direction[1], direction[0])))
    origin = yard.centroid
    flat = affinity.rotate(yard, -angle, origin)
    west, south, east, north = flat.bounds
    cross = None if spine is None else west + (east - west) * spine
    count = max(1, int((north - south - depth) // pitch) + 1)
    start = south + max(0.0, (north - south - depth - (count - 1) * pitch) / 2)
    boxes: list[Polygon] = []
    lanes: list[LineString] = []
    if cross is not None:
        lanes.append(LineString([(cross, south), (cross, north)]))
    for step in range(count):
        low = start + step * pitch
        for left, right in _spans(flat, low, low + depth):
            pieces = [(left, right)] if cross is None else _around(left, right, cross, 2.4)
            for one, two in pieces:
                boxes.extend(_houses(one, two, low, depth, longest, rng))
            if cross is not None and step and right - left > 30:
                middle = low - (pitch - depth) / 2
                lanes.append(LineString([(left + 1, middle), (right - 1, middle)]))
    turned = [cast("Polygon", tidy(affinity.rotate(box, angle, origin))) for box in boxes]
    walked = [cast("LineString", tidy(affinity.rotate(lane, angle, origin))) for lane in lanes]
    return turned, walked


def _spans(flat: Polygon, low: float, high: float) -> list[tuple[float, float]]:
    """Find where a whole row's depth fits: spans of x in which both edges of the row lie inside."""
    west, _, east, _ = flat.bounds
    spans = []
    middle = LineString([(west - 1, (low + high) / 2), (east + 1, (low + high) / 2)])
    for part in shapely.get_parts(flat.intersection(middle)):
        if part.is_empty:
            continue
        left, right = part.bounds[0], part.bounds[2]
        for y in (low, high):
            cut = flat.intersection(LineString([(left - 40, y), (right + 40, y)]))
            pieces = [p for p in shapely.get_parts(cut) if p.bounds[2] > left and p.bounds[0] < right]
            if not pieces:
                left = right
                break
            widest = max(pieces, key=lambda piece: piece.length)
            left, right = max(left, widest.bounds[0]), min(right, widest.bounds[2])
        if right - left > 11:
            spans.append((left, right))
    return spans


def _around(left: float, right: float, cross: float, half: float) -> list[tuple[float, float]]:
    """Part a span by the lane that crosses it."""
    if cross + half < left or cross - half > right:
        return [(left, right)]
    return [(left, min(right, cross - half)), (max(left, cross + half), right)]


def _houses(
    left: float, right: float, low: float, depth: float, longest: float, rng: np.random.Generator
) -> list[Polygon]:
    """Part one row into houses, with a step in or out here and there."""
    length = right - left
    if length < 9:
        return []
    count = max(1, int(np.ceil(length / longest)))
    gap = 1.6
    each = (length - gap * (count - 1)) / count
    made = []
    for number in range(count):
        x = left + number * (each + gap)
        shave = between(rng, 0, 0.8)
        made.append(shapely.box(x, low + shave / 2, x + each, low + depth - shave / 2))
    return made


def tower_shape(width: float, depth: float, form: str) -> Polygon:
    """Draw a tower's plan round the origin: box, chamfer, round, cross or notch."""
    box = shapely.box(-width / 2, -depth / 2, width / 2, depth / 2)
    if form == "round":
        return affinity.scale(shapely.Point(0, 0).buffer(0.5, quad_segs=6), width, depth)
    if form == "chamfer":
        cut = min(width, depth) * 0.2
        return cast("Polygon", box.buffer(-cut).buffer(cut, quad_segs=1, join_style="bevel"))
    if form == "cross":
        arm = shapely.box(-width / 2, -depth / 3.4, width / 2, depth / 3.4)
        return cast("Polygon", arm.union(shapely.box(-width / 3.4, -depth / 2, width / 3.4, depth / 2)))
    if form == "notch":
        return cast("Polygon", box.difference(shapely.box(width * 0.18, depth * 0.15, width, depth)))
    return box


def tower_and_podium(ground: Polygon, rng: np.random.Generator, form: str) -> tuple[Polygon, Polygon | None]:
    """Stand one tower on a ground: the tower, and the podium round it with the tower cut out.

    A tower that does not fit is drawn smaller; the last resort is a square in the ground's widest place.
    """
    tower = _fit_tower(ground, rng, form)
    if tower is None:
        circle = shapely.maximum_inscribed_circle(ground)
        x, y = circle.coords[0]
        half = circle.length * 0.62
        tower = cast("Polygon", tidy(shapely.box(x - half, y - half, x + half, y + half)))
    parts = polygons(ground.difference(tower), 150)
    return tower, (max(parts, key=lambda part: part.area) if parts else None)


def _fit_tower(ground: Polygon, rng: np.random.Generator, form: str) -> Polygon | None:
    """Find a size and a spot for a tower of a form, along the ground's own axis."""
    direction, length, width = axes(ground)
    angle = float(np.degrees(np.arctan2(direction[1], direction[0])))
    for shrink in (1.0, 0.86, 0.74, 0.62, 0.5):
        long = min(between(rng, 38, 54), length * 0.62) * shrink
        short = min(between(rng, 27, 36), width * 0.68, long) * shrink
        if form in ("round", "cross"):
            long = short * 1.12
        plan = affinity.rotate(tower_shape(long, short, form), angle, (0, 0))
        room = ground.buffer(-short / 2)
        if short < 11 or room.is_empty:
            continue
        for spot in _spots(room, rng):
            placed = cast("Polygon", tidy(affinity.translate(plan, *spot)))
            if ground.covers(placed):
                return placed
    return None


def _spots(room: shapely.Geometry, rng: np.random.Generator) -> list[tuple[float, float]]:
    """Places to try for a tower's middle."""
    west, south, east, north = room.bounds
    tries = [(between(rng, west, east), between(rng, south, north)) for _ in range(10)]
    inside = [spot for spot in tries if room.covers(shapely.Point(spot))]
    middle = shapely.maximum_inscribed_circle(room).coords[0] if room.area > 1 else room.centroid.coords[0]
    return [*inside, (round(middle[0], 3), round(middle[1], 3))]
