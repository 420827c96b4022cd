"""A judge of ownership by exact arithmetic, which shares no code and no method with the index.

It knows no cells and stores no crossings: whether a polygon covers a point is decided over all edges of the polygon,
for each point anew. Coordinates are integers, ten-millionths of a degree. A point is covered when it lies on an edge,
or when a ray from it crosses the edges an odd number of times (even-odd over all rings of all parts). The owner is
the polygon with the smallest id among those that cover.

Everything is compared as fractions, by cross-multiplication; nothing is divided, nothing rounded. The products fit
64 bits for any data on earth: longitudes differ by at most 3.6e9, latitudes by at most 1.8e9, and
3.6e9 * 1.8e9 = 6.48e18 < 2**63 - 1 = 9.22e18. Products are compared, never added. `Judge.owners` still looks at the
data it has, and takes Python's unbounded integers where the argument should not hold.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from itertools import pairwise

import numba
import numpy as np
import shapely

NOBODY = -1
OUTSIDE, INTERIOR, BORDER = 0, 1, 2
BLOCKS = 16  # shares of the points for the threads: several a core, for some points have many candidates
MOST = 2**63 - 1


def integers(degrees: np.ndarray) -> np.ndarray:
    """Read degrees at 1e-7°: the integer nearest to the product that double arithmetic gives."""
    return np.rint(np.asarray(degrees, np.float64) * 1e7).astype(np.int64)


class Judge:
    """Decides who owns points, over polygons of any kind.

    Parameters
    ----------
    geometries
        Polygons and MultiPolygons in degrees, valid or not.
    ids
        Their ids; the smallest wins.
    """

    def __init__(self, geometries, ids) -> None:
        geometries = np.asarray(geometries, object)
        polygons, row = shapely.get_parts(geometries, return_index=True)
        rings, polygon = shapely.get_rings(polygons, return_index=True)
        points, ring = shapely.get_coordinates(rings, return_index=True)
        points = integers(points)
        # an edge without length adds nothing to its neighbours, and a ring that is one point encloses nothing
        edge = (ring[:-1] == ring[1:]) & (points[:-1] != points[1:]).any(axis=1)
        self.edges = np.hstack([points[:-1], points[1:]])[edge]
        self.row_of_edge = row[polygon[ring[:-1][edge]]]
        self.starts = np.searchsorted(self.row_of_edge, np.arange(len(geometries) + 1))
        self.order = np.array(sorted(range(len(geometries)), key=lambda k: int(ids[k])), np.int64)
        self.boxes = np.zeros((len(geometries), 4), np.int64)
        for k, (first, last) in enumerate(pairwise(self.starts)):
            mine = self.edges[first:last]
            both = np.vstack([mine[:, :2], mine[:, 2:]]) if len(mine) else np.array([[1, 1], [0, 0]])
            low, high = (both.min(axis=0), both.max(axis=0)) if len(mine) else both  # an empty box holds no point
            self.boxes[k] = *low, *high

    def owners(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Give the row of each point's owner, -1 for nobody, and whether the point lies on the owner's border."""
        if not self._fits(x, y):
            judged = [self.owner_by_python(int(a), int(b)) for a, b in zip(x, y, strict=True)]
            return np.array([row for row, _ in judged]), np.array([border for _, border in judged])
        place, slabs = _slabs(x, y)
        x, y = x[place], y[place]
        owner = np.full(len(x), NOBODY, np.int64)
        border = np.zeros(len(x), np.bool_)
        shares = np.unique(np.linspace(0, len(slabs) - 1, BLOCKS + 1).astype(int))

        def work(share) -> None:
            mine = slabs[share[0] : share[1] + 1]
            _judge(self.order, self.edges, self.starts, self.boxes, x, y, mine, owner, border)

        with ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(work, pairwise(shares)))
        result = np.empty_like(owner), np.empty_like(border)
        result[0][place], result[1][place] = owner, border
        return result

    def _fits(self, x: np.ndarray, y: np.ndarray) -> bool:
        """Tell whether every product of two differences among these numbers fits 64 bits."""
        spans = [
            max(int(values.max()) for values in axis) - min(int(values.min()) for values in axis)
            for axis in ((x, self.edges[:, 0], self.edges[:, 2]), (y, self.edges[:, 1], self.edges[:, 3]))
            if all(len(values) for values in axis)
        ]
        return len(spans) < 2 or spans[0] * spans[1] <= MOST  # noqa: PLR2004 - two axes

    def covering(self, x: int, y: int) -> list[int]:
        """List the rows of all polygons that cover a point, smallest id first, by Python's integers."""
        return [row for row, _ in self._sides(x, y, side_by_python)]

    def owner_by_python(self, x: int, y: int) -> tuple[int, bool]:
        """Give the owner of a point and whether it lies on its border, by Python's integers."""
        row, side = next(self._sides(x, y, side_by_python), (NOBODY, OUTSIDE))
        return row, side == BORDER

    def owner_by_fractions(self, x: int, y: int) -> tuple[int, bool]:
        """Do the same by fractions, and with a ray that goes up instead of to the right."""
        row, side = next(self._sides(x, y, side_by_fractions), (NOBODY, OUTSIDE))
        return row, side == BORDER

    def _sides(self, x: int, y: int, side):
        boxes = self.boxes[self.order]
        near = (boxes[:, 0] <= x) & (x <= boxes[:, 2]) & (boxes[:, 1] <= y) & (y <= boxes[:, 3])
        for row in self.order[near].tolist():
            found = side(x, y, self.edges[self.starts[row] : self.starts[row + 1]].tolist())
            if found != OUTSIDE:
                yield row, found


def side_by_python(x: int, y: int, edges: list) -> int:
    """Place a point by cross-multiplication of integers without bound, along a ray to the right."""
    odd = False
    for ax, ay, bx, by in edges:
        left, right = (x - ax) * (by - ay), (y - ay) * (bx - ax)
        if left == right and min(ax, bx) <= x <= max(ax, bx) and min(ay, by) <= y <= max(ay, by):
            return BORDER
        if (ay > y) != (by > y):
            odd ^= left < right if by > ay else left > right
    return INTERIOR if odd else OUTSIDE


def side_by_fractions(x: int, y: int, edges: list) -> int:
    """Place a point by the heights, as fractions, at which a ray upwards meets the edges."""
    odd = False
    for ax, ay, bx, by in edges:
        if ax == bx:
            if x == ax and min(ay, by) <= y <= max(ay, by):
                return BORDER
        elif min(ax, bx) <= x <= max(ax, bx):
            height = ay + Fraction(by - ay, bx - ax) * (x - ax)
            if height == y:
                return BORDER
            odd ^= height > y and (ax > x) != (bx > x)
    return INTERIOR if odd else OUTSIDE


def _slabs(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sort points into slabs of x of about equal number, by y within each; give the order and where slabs begin."""
    place = np.argsort(x, kind="stable")
    slabs = np.linspace(0, len(x), max(1, int(len(x) ** 0.5 / 4)) + 1).astype(np.int64)
    for first, last in pairwise(slabs):
        part = place[first:last]
        place[first:last] = part[np.argsort(y[part], kind="stable")]
    return place, slabs


# compiled anew each time: a cache remembers whether the module was imported with its folder's name or without
kernel = numba.njit(nogil=True)


@kernel
def _judge(order, edges, starts, boxes, x, y, slabs, owner, border):
    """Offer each polygon, smallest id first, the points within its box that nobody owns yet."""
    west = np.empty(len(slabs) - 1, np.int64)
    east = np.empty(len(slabs) - 1, np.int64)
    for s in range(len(west)):
        mine = x[slabs[s] : slabs[s + 1]]
        west[s], east[s] = (mine.min(), mine.max()) if len(mine) else (1, 0)
    for row in order:
        x0, y0, x1, y1 = boxes[row]
        for s in range(len(west)):
            if west[s] > x1 or east[s] < x0 or west[s] > east[s]:
                continue
            first = slabs[s] + np.searchsorted(y[slabs[s] : slabs[s + 1]], y0)
            for i in range(first, slabs[s + 1]):
                if y[i] > y1:
                    break
                if owner[i] == NOBODY and x0 <= x[i] <= x1:
                    side = _side(x[i], y[i], edges, starts[row], starts[row + 1])
                    if side != OUTSIDE:
                        owner[i] = row
                        border[i] = side == BORDER


@kernel
def _side(x, y, edges, first, last):
    """Place a point as `side_by_python` does; why 64 bits are enough is said at the head of this file."""
    odd = False
    for e in range(first, last):
        ax, ay, bx, by = edges[e, 0], edges[e, 1], edges[e, 2], edges[e, 3]
        if (ay > y and by > y) or (ay < y and by < y):
            continue
        left, right = (x - ax) * (by - ay), (y - ay) * (bx - ax)
        if left == right and min(ax, bx) <= x <= max(ax, bx):
            return BORDER  # its y lies between the ends', or the edge would have been passed over
        if (ay > y) != (by > y):
            odd ^= left < right if by > ay else left > right
    return INTERIOR if odd else OUTSIDE
