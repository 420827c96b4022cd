"""Polygons that break an index if anything does: every family of trouble, at any size, drawn from a seed.

Families are functions of a generator of random numbers, a centre and a size, both in lattice steps of 1e-7°. They
give lists of polygons, some of them invalid on purpose: then even-odd over all rings says what is inside.
"""

from collections.abc import Callable, Sequence

import geopandas as gpd
import numpy as np
import shapely
from shapely import MultiPolygon, Polygon

EAST, NORTH = 1_800_000_000, 900_000_000
Ring = np.ndarray
Dice = np.random.Generator


def polygon(shell, holes=()) -> Polygon:
    """Make a polygon of lattice points."""
    return Polygon(np.asarray(shell) / 1e7, [np.asarray(hole) / 1e7 for hole in holes])


def star_ring(rng: Dice, centre, size: int, corners: int = 0) -> Ring:
    """Draw a ring around a centre, with corners near and far in turn."""
    corners = corners or int(rng.integers(3, 24))
    angle = np.sort(rng.uniform(0, 2 * np.pi, corners))
    radius = size * rng.uniform(0.15, 1, corners)
    ring = np.rint(np.column_stack([np.cos(angle) * radius, np.sin(angle) * radius])).astype(np.int64) + centre
    return np.clip(ring, (-EAST, -NORTH), (EAST, NORTH))


def box_ring(x0: int, y0: int, x1: int, y1: int) -> Ring:
    """Give the corners of a box."""
    return np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])


def stars(rng: Dice, centre, size: int) -> list[Polygon]:
    """Stars that overlap at random."""
    return [polygon(star_ring(rng, centre + rng.integers(-size, size + 1, 2), size)) for _ in range(6)]


def knots(rng: Dice, centre, size: int) -> list[Polygon]:
    """Rings that cross themselves, or run over a part of themselves twice."""
    corners = rng.integers(-size, size + 1, (12, 2)) + centre
    again = np.vstack([corners[:5], corners[1:4], corners[6:9]])
    return [polygon(corners), polygon(again), polygon(corners[[0, 1, 2, 3, 0, 1, 2]])]


def holes_and_plugs(rng: Dice, centre, size: int) -> list[Polygon]:
    """A box with holes: plugged, open, touching the shell in a vertex, overlapping each other, on the shell's edge."""
    x, y = centre
    s = max(size, 20)
    plugged = box_ring(x - s // 2, y - s // 2, x - s // 4, y - s // 4)
    touching = np.array([(x - s, y - s), (x - s + s // 5, y - s + s // 7), (x - s + s // 7, y - s + s // 5)])
    twin = [star_ring(rng, (x + s // 3, y + s // 3), s // 4), star_ring(rng, (x + s // 3, y + s // 4), s // 4)]
    along = box_ring(x - s // 8, y - s, x + s // 8, y - s // 2)
    holed = polygon(box_ring(x - s, y - s, x + s, y + s), [plugged, touching, *twin, along])
    island = polygon(box_ring(x - s // 2 + 2, y - s // 2 + 2, x - s // 4 - 2, y - s // 4 - 2))
    return [holed, polygon(plugged), island, polygon(twin[0])]


def exclaves(rng: Dice, centre, size: int) -> list[MultiPolygon]:
    """Many parts far apart; parts that overlap or are the same, so that even-odd empties them; parts that touch."""
    x, y = centre
    parts = [polygon(star_ring(rng, centre + rng.integers(-size, size + 1, 2), max(4, size // 3))) for _ in range(5)]
    s = max(2, size // 2)
    touching = [polygon(box_ring(x, y, x + s, y + s)), polygon(box_ring(x + s, y, x + 2 * s, y + s))]
    return [MultiPolygon(parts), MultiPolygon([parts[0], parts[0]]), MultiPolygon(touching)]


def nested(rng: Dice, centre, size: int) -> list[Polygon]:
    """Polygons within polygons, the innermost a few steps wide, and the largest without a part of it."""
    ring = star_ring(rng, (0, 0), size) * 1.0
    rings = [np.rint(ring / 2**k).astype(np.int64) + centre for k in range(8)]
    return [polygon(each) for each in rings] + [polygon(rings[0], [rings[1]])]


def duplicates(rng: Dice, centre, size: int) -> list[Polygon]:
    """One outline again: the other way round, begun elsewhere, with a point repeated, with a node on an edge."""
    ring = star_ring(rng, centre, size, 7)
    (ax, ay), (bx, by) = ring[0], ring[1]
    doubled = np.vstack([ring[:1], [(2 * bx - ax, 2 * by - ay)], ring[2:]])
    noded = np.vstack([ring[:1], [(bx, by), (2 * bx - ax, 2 * by - ay)], ring[2:]])
    variants = [ring, ring[::-1], np.roll(ring, 3, axis=0), np.repeat(ring, 2, axis=0), doubled, noded]
    return [polygon(np.clip(each, (-EAST, -NORTH), (EAST, NORTH))) for each in variants]


def slivers(rng: Dice, centre, size: int) -> list[Polygon]:
    """Strips one step wide, upright, flat and leaning, side by side; triangles of half a square step."""
    found = []
    for dx, dy in ((0, size), (size, 0), (size, size), tuple(rng.integers(1, size + 1, 2))):
        along, aside = np.array((dx, dy)), np.array((0, 1) if dx > dy else (1, 0))
        base = np.asarray(centre)
        found += [polygon([base + k * aside, base + along + k * aside, base + along + (k + 1) * aside,
                           base + (k + 1) * aside]) for k in (0, 1)]  # fmt: skip
        # of all points beside an edge, one step away at either end, none lies within the triangle
        found.append(polygon([base, base + along, base + along + aside]))
    return found


def fan(rng: Dice, centre, size: int, blades: int = 200) -> list[Polygon]:
    """Triangles that all meet in one vertex and share their sides."""
    angle = np.linspace(0, 2 * np.pi, blades, endpoint=False) + rng.uniform(0, 1)
    rim = np.rint(np.column_stack([np.cos(angle), np.sin(angle)]) * size).astype(np.int64) + centre
    return [polygon([centre, a, b]) for a, b in zip(rim, np.roll(rim, -1, axis=0), strict=True)]


def stack(rng: Dice, centre, size: int, high: int = 100) -> list[Polygon]:
    """Polygons on top of each other: half of them the very same, the others a step aside."""
    ring = star_ring(rng, centre, size, 9)
    shifted = np.clip(ring + np.array((1, 0)), (-EAST, -NORTH), (EAST, NORTH))
    return [polygon(ring if k % 2 else shifted) for k in range(high)]


def combs(_rng: Dice, centre, size: int) -> list[Polygon]:
    """Two combs of long teeth that fit into each other, and stairs along them."""
    x, y = centre
    teeth = 12
    width = max(1, size // teeth)
    ring, steps = [(x, y - width)], [(x, y + size)]
    for k in range(teeth):
        left = x + 2 * k * width
        ring += [(left, y), (left, y + size), (left + width, y + size), (left + width, y)]
        steps += [(left, y + size + k * width), (left + 2 * width, y + size + k * width)]
    ring += [(x + 2 * teeth * width, y), (x + 2 * teeth * width, y - width)]
    steps += [(x + 2 * teeth * width, y + size), (x + teeth * width, y + size)]
    gaps = [box_ring(x + (2 * k + 1) * width, y, x + (2 * k + 2) * width, y + size) for k in range(teeth - 1)]
    return [polygon(ring), MultiPolygon([polygon(gap) for gap in gaps]), polygon(steps)]


def spikes(rng: Dice, centre, size: int) -> list[Polygon]:
    """Outlines that run out along a line and back, and a ring that is nothing but such a line."""
    ring = star_ring(rng, centre, size, 6)
    tip = ring[2] + rng.integers(-size, size + 1, 2)
    out = np.clip(np.vstack([ring[:3], [tip], ring[2:]]), (-EAST, -NORTH), (EAST, NORTH))
    flat = np.vstack([ring[0], ring[3], ring[0]])
    return [polygon(out), MultiPolygon([polygon(ring), polygon(flat)])]


def mosaic(rng: Dice, centre, size: int, side: int = 6) -> list[Polygon]:
    """Quadrilaterals that tile a square and share their corners."""
    step = max(1, size // side)
    corner = np.stack(np.meshgrid(np.arange(side + 1), np.arange(side + 1), indexing="ij"), axis=-1) * step
    corner = corner + np.asarray(centre) + rng.integers(-(step // 4), step // 4 + 1, corner.shape)
    return [
        polygon([corner[i, j], corner[i + 1, j], corner[i + 1, j + 1], corner[i, j + 1]])
        for i in range(side)
        for j in range(side)
    ]


FAMILIES: tuple[Callable[..., list], ...] = (
    stars, knots, holes_and_plugs, exclaves, nested, duplicates, slivers, combs, spikes, mosaic,
)  # fmt: skip


def crowd(
    rng: Dice, size: int, copies: int, *, blades: int = 200, high: int = 100, centre=(1_214_000_000, 312_000_000)
):
    """Draw every family some times, near enough to each other to overlap."""
    reach = 4 * size
    found = [*fan(rng, centre, size, blades), *stack(rng, np.asarray(centre) + size // 2, size, high)]
    for _ in range(copies):
        for family in FAMILIES:
            found += family(rng, np.asarray(centre) + rng.integers(-reach, reach + 1, 2), size)
    return found


def whole_earth() -> list[Polygon]:
    """Give the earth as one box and as two triangles."""
    e, n = EAST, NORTH
    halves = [(-e, -n), (e, -n), (e, n)], [(-e, -n), (e, n), (-e, n)]
    return [polygon(box_ring(-e, -n, e, n)), *map(polygon, halves)]


def earth(rng: Dice, copies: int) -> list:
    """Draw polygons at the ends of the earth, edges that span all of it, and a dense town far from anything."""
    e, n = EAST, NORTH
    found = [
        polygon([(-e, n), (e, n), (0, n - 1)]), polygon(box_ring(-e, -n, 1 - e, n)),
        polygon(box_ring(e - 1, -n, e, n)), polygon(box_ring(-e, n - 1, e, n)), polygon(box_ring(-e, -n, e, 1 - n)),
        polygon([(-e, -n), (e, n - 1), (e, n)]), polygon([(-e, n), (e, 1 - n), (e, -n)]),
        polygon([(-e, -1), (e, 0), (e, 1)]), polygon([(-1, -n), (0, n), (1, n)]),
    ]  # fmt: skip
    for _ in range(copies):
        found += [polygon(star_ring(rng, rng.integers((-e, -n), (e, n)), e // 2)) for _ in range(4)]
        found += [polygon(rng.integers((-e, -n), (e + 1, n + 1), (9, 2)))]
        corner = np.array((rng.choice([-e, e]), rng.choice([-n, n])))
        found += [polygon(star_ring(rng, corner, 10**7)), polygon(star_ring(rng, corner, 10))]
        found += slivers(rng, rng.integers((-e, -n), (0, 0)), n - 1)
    found += mosaic(rng, rng.integers((-e // 2, -n // 2), (e // 2, n // 2)), 10**4, 4 * copies)
    return found


def frame(rng: Dice, geometries: Sequence, behind: Sequence = (), *, wide: bool = False) -> gpd.GeoDataFrame:
    """Give polygons ids in no order: all numbers from 1, or such as double precision and 32 bits cannot hold.

    Those that are to lie behind all others come first in the frame and get the largest ids.
    """
    ids = rng.permutation(len(geometries)).astype(np.int64) + 1
    if wide:
        ids = np.where(ids % 2, ids + 2**60, -ids)
    ids = np.concatenate([np.arange(len(behind)) + 2**61, ids])
    geometries = [*behind, *geometries]
    return gpd.GeoDataFrame({"id": ids}, geometry=shapely.force_2d(np.array(geometries, object)), crs=4326)
