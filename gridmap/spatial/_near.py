"""Distances from one point to many polygons, in a plane around the point.

Within a few kilometres, which is as far as a dispatcher's doubt reaches, the plane errs by less than a
ten-thousandth. Polygons whose box is farther than what was found already are passed over.
"""

import numpy as np
from numpy.typing import NDArray

from gridmap.spatial._cells import NO_OWNER, kernel

_RADIUS = 6378137.0
_E2 = 0.0066943799901413165
_STEP = np.pi / 180 / 1e7  # radians in a lattice step


@kernel
def _metres_per_step(y: int) -> tuple[float, float]:
    """Metres east and north in one lattice step at a latitude, on the ellipsoid."""
    latitude = y * _STEP
    w = 1.0 - _E2 * np.sin(latitude) ** 2
    return _RADIUS / np.sqrt(w) * np.cos(latitude) * _STEP, _RADIUS * (1.0 - _E2) / w**1.5 * _STEP


@kernel
def boxes(edges: NDArray[np.int32], starts: NDArray[np.int64]) -> NDArray[np.int32]:
    """West, south, east and north of each polygon; a polygon without edges gets an empty box."""
    out = np.empty((len(starts) - 1, 4), np.int32)
    for row in range(len(starts) - 1):
        west, south, east, north = 2**31 - 1, 2**31 - 1, -(2**31), -(2**31)
        for i in range(starts[row], starts[row + 1]):
            west, east = min(west, edges[i, 0]), max(east, edges[i, 0])
            south, north = min(south, edges[i, 1]), max(north, edges[i, 1])
        out[row, 0], out[row, 1], out[row, 2], out[row, 3] = west, south, east, north
    return out


@kernel
def _to_box(x: int, y: int, box: NDArray[np.int32], kx: float, ky: float) -> float:
    dx = max(box[0] - x, x - box[2], 0) * kx
    dy = max(box[1] - y, y - box[3], 0) * ky
    return float(np.hypot(dx, dy))


@kernel
def _to_border(x: int, y: int, edges: NDArray[np.int32], first: int, last: int, kx: float, ky: float) -> float:
    """Distance in metres to the nearest of some edges."""
    best = np.inf
    for i in range(first, last):
        ax, ay = (edges[i, 0] - x) * kx, (edges[i, 1] - y) * ky
        dx, dy = (edges[i, 2] - edges[i, 0]) * kx, (edges[i, 3] - edges[i, 1]) * ky
        along = -(ax * dx + ay * dy) / (dx * dx + dy * dy)
        along = min(max(along, 0.0), 1.0)
        best = min(best, (ax + along * dx) ** 2 + (ay + along * dy) ** 2)
    return float(np.sqrt(best))


@kernel
def nearest(
    x: int, y: int, edges: NDArray[np.int32], starts: NDArray[np.int64], bounds: NDArray[np.int32], but: int
) -> tuple[int, float]:
    """Find the polygon whose border is nearest to a lattice point, leaving out row `but`; metres."""
    kx, ky = _metres_per_step(y)
    best, found = np.inf, NO_OWNER
    for row in range(len(bounds)):
        if row == but or starts[row] == starts[row + 1] or _to_box(x, y, bounds[row], kx, ky) >= best:
            continue
        distance = _to_border(x, y, edges, starts[row], starts[row + 1], kx, ky)
        if distance < best:
            best, found = distance, row
    return found, best if found != NO_OWNER else np.nan


@kernel
def within(
    x: int, y: int, edges: NDArray[np.int32], starts: NDArray[np.int64], bounds: NDArray[np.int32], radius: float
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """List the rows whose border comes within a radius in metres of a lattice point, with that distance."""
    kx, ky = _metres_per_step(y)
    rows = np.empty(len(bounds), np.int64)
    metres = np.empty(len(bounds), np.float64)
    n = 0
    for row in range(len(bounds)):
        if starts[row] == starts[row + 1] or _to_box(x, y, bounds[row], kx, ky) > radius:
            continue
        distance = _to_border(x, y, edges, starts[row], starts[row + 1], kx, ky)
        if distance <= radius:
            rows[n], metres[n] = row, distance
            n += 1
    return rows[:n].copy(), metres[:n].copy()
