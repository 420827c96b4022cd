"""Distances from one point to many polygons, and who covers a point where the cells do not keep everybody.

The edges of each polygon stand in runs of at most sixteen; boxes round the runs, along a curve that keeps neighbours
together, are boxed again by sixteens, up to one level of at most sixteen. A search goes down only into boxes that can
hold something better than what was found.

Distances are those of a plane around the point. Within a few kilometres, which is as far as a dispatcher's doubt
reaches, it errs by less than a ten-thousandth.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gridmap.spatial._cells import BORDER, INTERIOR, NO_OWNER, OUTSIDE
from gridmap.spatial._kernels import kernel

_RADIUS = 6378137.0
_E2 = 0.0066943799901413165
_STEP = np.pi / 180 / 1e7  # radians in a lattice step
_FAN = 16  # edges in a run, boxes in a box
_BITS = 16  # of a place along the curve, for each axis


def build_runs(edges: NDArray[np.int32], starts: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
    """Arrange the edges of polygons for searching.

    Parameters
    ----------
    edges
        (n, 4) lattice integers.
    starts
        Where the edges of each row begin, and where the last ones end.

    Returns
    -------
    dict
        ``runs``: (n, 3) row, first and last edge (one beyond), along the curve; ``boxes``: (m, 4) west, south, east and
        north, level by level, the runs first; ``levels``: where each level of boxes begins, and where the last ends.
    """
    runs, boxes = _runs(edges, starts)
    order = np.argsort(_along_curve(boxes), kind="stable")
    runs, boxes = runs[order], boxes[order]
    levels, parts = [0, len(boxes)], [boxes]
    while len(parts[-1]) > _FAN:
        parts.append(_boxed(parts[-1]))
        levels.append(levels[-1] + len(parts[-1]))
    return {"runs": runs, "boxes": np.concatenate(parts), "levels": np.array(levels, np.int64)}


@kernel
def _runs(edges: NDArray[np.int32], starts: NDArray[np.int64]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    count = 0
    for row in range(len(starts) - 1):
        count += (starts[row + 1] - starts[row] + _FAN - 1) // _FAN
    runs, boxes = np.empty((count, 3), np.int32), np.empty((count, 4), np.int32)
    n = 0
    for row in range(len(starts) - 1):
        for first in range(starts[row], starts[row + 1], _FAN):
            last = min(first + _FAN, starts[row + 1])
            runs[n, 0], runs[n, 1], runs[n, 2] = row, first, last
            west, south, east, north = 2**31 - 1, 2**31 - 1, -(2**31), -(2**31)
            for i in range(first, last):
                west, east = min(west, edges[i, 0], edges[i, 2]), max(east, edges[i, 0], edges[i, 2])
                south, north = min(south, edges[i, 1]), max(north, edges[i, 3])
            boxes[n, 0], boxes[n, 1], boxes[n, 2], boxes[n, 3] = west, south, east, north
            n += 1
    return runs, boxes


@kernel
def _along_curve(boxes: NDArray[np.int32]) -> NDArray[np.int64]:
    """Interleave the bits of the boxes' middles: near on the ground is near along the curve."""
    keys = np.zeros(len(boxes), np.int64)
    for i in range(len(boxes)):
        # halves, not sums: they fit, whatever the place
        x = (np.int64(boxes[i, 0]) + boxes[i, 2] + 2**32) >> (33 - _BITS)
        y = (np.int64(boxes[i, 1]) + boxes[i, 3] + 2**32) >> (33 - _BITS)
        for bit in range(_BITS):
            keys[i] |= ((x >> bit) & 1) << (2 * bit) | ((y >> bit) & 1) << (2 * bit + 1)
    return keys


@kernel
def _boxed(boxes: NDArray[np.int32]) -> NDArray[np.int32]:
    out = np.empty(((len(boxes) + _FAN - 1) // _FAN, 4), np.int32)
    for i in range(len(out)):
        part = boxes[_FAN * i : _FAN * (i + 1)]
        out[i, 0], out[i, 1] = part[:, 0].min(), part[:, 1].min()
        out[i, 2], out[i, 3] = part[:, 2].max(), part[:, 3].max()
    return out


@kernel
def _metres_per_step(y: int) -> tuple[float, float]:
    """Metres east and north in one lattice step at a latitude, on the ellipsoid."""
    latitude = y * _STEP
    w = 1.0 - _E2 * np.sin(latitude) ** 2
    return _RADIUS / np.sqrt(w) * np.cos(latitude) * _STEP, _RADIUS * (1.0 - _E2) / w**1.5 * _STEP


@kernel
def _to_box(x: int, y: int, box: NDArray[np.int32], kx: float, ky: float) -> float:
    """Give the square of the distance to a box, m²."""
    dx = max(box[0] - x, x - box[2], 0) * kx
    dy = max(box[1] - y, y - box[3], 0) * ky
    return dx * dx + dy * dy


@kernel
def _to_run(x: int, y: int, edges: NDArray[np.int32], first: int, last: int, kx: float, ky: float) -> float:
    """Give the square of the distance to the nearest of some edges, m²."""
    best = np.inf
    for i in range(first, last):
        ax, ay = (edges[i, 0] - x) * kx, (edges[i, 1] - y) * ky
        bx, by = (edges[i, 2] - x) * kx, (edges[i, 3] - y) * ky
        dx, dy = (edges[i, 2] - edges[i, 0]) * kx, (edges[i, 3] - edges[i, 1]) * ky
        along, length = -(ax * dx + ay * dy), dx * dx + dy * dy
        # An end is measured as the vertex that it is: all who share it are equally near, to the last bit.
        if along <= 0.0:
            distance = ax * ax + ay * ay
        elif along >= length:
            distance = bx * bx + by * by
        else:
            distance = (ax * dy - ay * dx) ** 2 / length
        best = min(best, distance)
    return best


@kernel
def _open(stack: Any, at: int, x: int, y: int, k: Any, best: float, tree: Any) -> int:  # noqa: ANN401
    """Put the boxes within a box on the stack in its stead, the nearest last; those beyond `best` are left out."""
    boxes, levels = tree[1], tree[2]
    places, depths, far = stack
    level = depths[at]
    first = levels[level] + _FAN * places[at]
    n = at
    for box in range(first, min(first + _FAN, levels[level + 1])):
        distance = _to_box(x, y, boxes[box], k[0], k[1])
        if distance > best:
            continue
        i = n
        while i > at and far[i - 1] < distance:
            places[i], depths[i], far[i] = places[i - 1], depths[i - 1], far[i - 1]
            i -= 1
        places[i], depths[i], far[i] = box - levels[level], level - 1, distance
        n += 1
    return n


@kernel
def _stack(tree: Any) -> Any:  # noqa: ANN401 - numba types the tuples
    """Make a stack with the box of all on it. Depth d names a box whose own boxes are of level d."""
    top = len(tree[2]) - 2
    room = _FAN * (top + 2)
    places, depths, far = np.empty(room, np.int64), np.empty(room, np.int64), np.empty(room, np.float64)
    places[0], depths[0], far[0] = 0, top, 0.0
    return places, depths, far


@kernel
def nearest(x: int, y: int, edges: NDArray[np.int32], tree: Any, but: int) -> tuple[int, float]:  # noqa: ANN401
    """Find the polygon whose border is nearest to a lattice point, leaving out row `but`; metres.

    Of several at the same distance, the one of the lowest row.
    """
    runs = tree[0]
    kx, ky = _metres_per_step(y)
    best, found = np.inf, np.int64(NO_OWNER)
    stack = _stack(tree)
    n = 1 if len(runs) else 0
    while n:
        n -= 1
        place, depth, far = stack[0][n], stack[1][n], stack[2][n]
        if far > best:
            continue
        if depth >= 0:
            n = _open(stack, n, x, y, (kx, ky), best, tree)
            continue
        row = np.int64(runs[place, 0])
        if row == but:
            continue
        distance = _to_run(x, y, edges, runs[place, 1], runs[place, 2], kx, ky)
        if distance < best or (distance == best and row < found):
            best, found = distance, row
    return found, np.sqrt(best) if found != NO_OWNER else np.nan


@kernel
def within(x: int, y: int, edges: NDArray[np.int32], tree: Any, radius: float) -> list[tuple[int, float]]:  # noqa: ANN401
    """List the rows whose border comes within a radius in metres of a lattice point, with that distance.

    A row is listed once for each of its runs within reach.
    """
    runs = tree[0]
    kx, ky = _metres_per_step(y)
    found = [(np.int64(0), 0.0) for _ in range(0)]
    stack = _stack(tree)
    n = 1 if len(runs) else 0
    while n:
        n -= 1
        place, depth = stack[0][n], stack[1][n]
        if depth >= 0:
            n = _open(stack, n, x, y, (kx, ky), radius * radius, tree)
            continue
        distance = np.sqrt(_to_run(x, y, edges, runs[place, 1], runs[place, 2], kx, ky))
        if distance <= radius:
            found.append((np.int64(runs[place, 0]), distance))
    return found


@kernel
def _sides(x: int, y: int, edges: NDArray[np.int32], first: int, last: int) -> tuple[int, bool]:
    """Count the edges left of a point at the height just above it, and tell whether it lies on one."""
    crossed, on = 0, False
    for i in range(first, last):
        ax, ay = np.int64(edges[i, 0]), np.int64(edges[i, 1])
        bx, by = np.int64(edges[i, 2]), np.int64(edges[i, 3])
        rise, run = (bx - ax) * (y - ay), (by - ay) * (x - ax)
        crossed += ay <= y < by and rise < run
        on |= rise == run and ay <= y <= by and min(ax, bx) <= x <= max(ax, bx)
    return crossed, on


@kernel
def covering(x: int, y: int, edges: NDArray[np.int32], tree: Any) -> list[tuple[int, int]]:  # noqa: ANN401
    """List the rows that cover a lattice point, each with INTERIOR or BORDER: by all edges left of it."""
    runs, boxes, levels = tree
    # numba learns the types of a list or dict from what would have been put there
    parity, sides = {np.int64(0): np.int64(0) for _ in range(0)}, {np.int64(0): np.int64(0) for _ in range(0)}
    stack = [(np.int64(0), len(levels) - 2)] if len(runs) else [(np.int64(0), np.int64(0)) for _ in range(0)]
    while len(stack) > 0:
        place, level = stack.pop()
        if level < 0:
            row = np.int64(runs[place, 0])
            crossed, on = _sides(x, y, edges, runs[place, 1], runs[place, 2])
            parity[row] = np.int64(crossed) + (parity[row] if row in parity else 0)  # noqa: SIM401 - see numba
            if on:
                sides[row] = np.int64(BORDER)
            continue
        first = levels[level] + _FAN * place
        for box in range(first, min(first + _FAN, levels[level + 1])):
            if boxes[box, 0] <= x and boxes[box, 1] <= y <= boxes[box, 3]:
                stack.append((box - levels[level], level - 1))  # noqa: PERF401 - see numba
    found = [(np.int64(0), np.int64(0)) for _ in range(0)]
    for row, crossed in parity.items():
        side = sides.get(row, np.int64(INTERIOR if crossed & 1 else OUTSIDE))
        if side != OUTSIDE:
            found.append((row, side))
    return found
