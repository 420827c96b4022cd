"""Points that are hard to place: vertices, lattice points on edges, their neighbours, and points just beside an edge.

All are lattice integers, ten-millionths of a degree.
"""

import numpy as np

EAST, NORTH = 1_800_000_000, 900_000_000
Dice = np.random.Generator
Points = tuple[np.ndarray, np.ndarray]


def on_edges(rng: Dice, edges: np.ndarray, count: int) -> Points:
    """Draw vertices, and lattice points within those edges that have any (axis-parallel or with a common divisor)."""
    a, b = edges[:, :2], edges[:, 2:]
    divisor = np.gcd(*np.abs(b - a).T)
    chosen = rng.integers(0, len(edges), count)
    with_inner = np.flatnonzero(divisor > 1)
    if len(with_inner):
        half = count // 2
        chosen[:half] = with_inner[rng.integers(0, len(with_inner), half)]
    share = rng.integers(0, divisor[chosen] + 1)  # either end, or a lattice point between them
    if len(with_inner):
        share[:half] = rng.integers(1, divisor[chosen[:half]])
    points = a[chosen] + (b - a)[chosen] // divisor[chosen, None] * share[:, None]
    return points[:, 0], points[:, 1]


def beside(rng: Dice, x: np.ndarray, y: np.ndarray) -> Points:
    """Move points by a step in one of eight directions."""
    turn = rng.integers(0, 8, len(x))
    turn += turn >= 4  # noqa: PLR2004 - of nine moves the middle one is none
    return _on_earth(x + turn // 3 - 1, y + turn % 3 - 1)


def near_edges(rng: Dice, edges: np.ndarray, count: int) -> Points:
    """Draw the lattice points just below and just above edges.

    A half of them has longitudes that are multiples of a power of two, counted from the equator of longitudes or from
    the western end of all edges: there a cell of an index may begin.
    """
    ax, ay, bx, by = edges[rng.integers(0, len(edges), count)].T
    swap = ax > bx
    ax, bx, ay, by = np.where(swap, bx, ax), np.where(swap, ax, bx), np.where(swap, by, ay), np.where(swap, ay, by)
    x = rng.integers(ax, bx + 1)
    power = np.int64(1) << rng.integers(0, 25, count)
    origin = np.where(rng.random(count) < 0.5, 0, min(edges[:, 0].min(), edges[:, 2].min()))  # noqa: PLR2004 - a coin
    lined = origin + (x - origin) // power * power + rng.integers(-1, 2, count)
    x = np.where((rng.random(count) < 0.5) & (lined >= ax) & (lined <= bx), lined, x)  # noqa: PLR2004 - a coin
    # 3.6e9 * 1.8e9 fits 64 bits, as the oracle says
    height = ay + (x - ax) * (by - ay) // np.maximum(bx - ax, 1)
    upright = ax == bx
    height = np.where(upright, rng.integers(np.minimum(ay, by), np.maximum(ay, by) + 1), height)
    return _on_earth(x + np.where(upright, rng.integers(-1, 2, count), 0), height + rng.integers(0, 2, count))


def around(rng: Dice, edges: np.ndarray, count: int) -> Points:
    """Draw points at random over the ground that edges cover, and a little beyond."""
    low = np.minimum(edges[:, :2].min(axis=0), edges[:, 2:].min(axis=0))
    high = np.maximum(edges[:, :2].max(axis=0), edges[:, 2:].max(axis=0))
    beyond = (high - low) // 50 + 2
    return _on_earth(*rng.integers(low - beyond, high + beyond + 1, (count, 2)).T)


def mixed(rng: Dice, edges: np.ndarray, count: int, on: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw points of every kind in no order, and say which lie on an edge for certain: so many."""
    aside, near = on // 2, on
    x, y = on_edges(rng, edges, on)
    kinds = [(x, y), beside(rng, x[:aside], y[:aside]), near_edges(rng, edges, near)]
    kinds.append(around(rng, edges, max(0, count - on - aside - near)))
    x, y = (np.concatenate(axis) for axis in zip(*kinds, strict=True))
    order = rng.permutation(len(x))
    return x[order], y[order], order < on


def degrees(rng: Dice, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give the degrees of lattice points; a half of them by up to 0.49 of a step off, which reading has to undo."""
    moved = []
    for values, end in ((x, EAST), (y, NORTH)):
        off = np.where(rng.random(len(values)) < 0.5, rng.uniform(-0.49, 0.49, len(values)), 0.0)  # noqa: PLR2004
        moved.append(np.clip(values + off, -end, end) / 1e7)
    return moved[0], moved[1]


def _on_earth(x: np.ndarray, y: np.ndarray) -> Points:
    return np.clip(x, -EAST, EAST), np.clip(y, -NORTH, NORTH)
