"""The cells of the ownership index: how they are built, and how one answers.

All numbers are lattice integers (ten-millionths of a degree). The ground is cut into square cells of one size.
A cell that one polygon fills stores that polygon; any other cell stores an entry for each polygon that reaches
into it, smallest id first. An entry holds the polygon's edges near the cell and one bit, `base`.

How an entry decides a point p of its cell. Think of p moved up by less than anything: p' = (x, y + 0). Let L be
the vertical line half a step left of the cell; no vertex lies on it. p' lies inside when the number of edges
crossed on the way from far below up along L to the height of p', and then right to p', is odd. Edges that cross L
at or below the cell's lowest row are counted once, when the cell is built: that is `base`. The others are among
the entry's edges. Every comparison is of integers:

- an edge that straddles L crosses it at a height h; h <= y exactly when ceil(h) <= y, and ceil(h) is stored;
- an edge crosses the height of p' when exactly one of its ends is above y; it does so left of x when a
  cross product says so, and right of L when it lies right of L, or, straddling it, as ceil(h) and its slope tell.

Points on an edge are found first, by a cross product of zero. Overflow is ruled out: |longitude| <= 1.8e9 and
|latitude| <= 0.9e9, so a difference is at most 3.6e9, a product of two at most 3.6e9 * 1.8e9 < 2**63. Products are
compared, never subtracted. The numerator of h is below 7.2e9 * 1.8e9 < 2**64 and kept unsigned.
"""

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

NO_OWNER = -1
_MIXED = -2  # the first mixed cell; mixed cell m is stored as _MIXED - m
_NO_CROSSING = np.int32(-(2**31))
OUTSIDE, INTERIOR, BORDER = 0, 1, 2
EAST, NORTH = 180.0, 90.0  # the ends of the earth, degrees

kernel = numba.njit(nogil=True, cache=True, error_model="numpy")


@kernel
def _crossing_height(ax: int, ay: int, bx: int, by: int, column_x: int) -> int:
    """Give ceil(h), h the height at which the edge crosses x = column_x - 1/2; ax and bx lie on either side."""
    if ax > bx:
        ax, ay, bx, by = bx, by, ax, ay
    along = np.uint64(2 * (column_x - ax) - 1)
    width = np.uint64(2 * (bx - ax))
    if by >= ay:
        whole = along * np.uint64(by - ay)
        return ay + np.int64((whole + width - np.uint64(1)) // width)
    return ay - np.int64((along * np.uint64(ay - by)) // width)


@kernel
def _rows_touched(
    ax: int, ay: int, bx: int, by: int, left: int, right: int, y0: int, shift: int, rows: int
) -> tuple[int, int]:
    """Give the first and last row that the edge may touch between two heights of x; rather one too many.

    In floating point: two steps of margin are far more than its error, and an edge too many does no harm.
    """
    low, high = min(ay, by), max(ay, by)
    if ax != bx:
        slope = float(by - ay) / float(bx - ax)
        start = ay + (max(min(ax, bx), left) - ax) * slope
        end = ay + (min(max(ax, bx), right) - ax) * slope
        low = max(low, int(np.floor(min(start, end))))
        high = min(high, int(np.ceil(max(start, end))))
    return max(0, (low - 2 - y0) >> shift), min(rows - 1, (high + 2 - y0) >> shift)


@kernel
def _mark_polygon(
    edges: NDArray[np.int32],
    first: int,
    last: int,
    frame: NDArray[np.int64],
    touched: NDArray[np.int32],
    toggles: NDArray[np.uint8],
) -> tuple[int, int, int, int]:
    """Count the polygon's edges a cell and mark where its crossings of the cells' left lines change its parity.

    Returns the box of cells concerned: first and last column, first and last row.
    """
    x0, y0, shift, columns, rows = frame[0], frame[1], frame[2], frame[3], frame[4]
    size = 1 << shift
    west, east, south, north = columns, -1, rows, -1
    for i in range(first, last):
        ax, ay = np.int64(edges[i, 0]), np.int64(edges[i, 1])
        bx, by = np.int64(edges[i, 2]), np.int64(edges[i, 3])
        c0 = max(0, (min(ax, bx) - 1 - x0) >> shift)
        c1 = min(columns - 1, (max(ax, bx) + 1 - x0) >> shift)
        for c in range(c0, c1 + 1):
            cell_x = x0 + (c << shift)
            r0, r1 = _rows_touched(ax, ay, bx, by, cell_x - 1, cell_x + size, y0, shift, rows)
            for r in range(r0, r1 + 1):
                touched[r * columns + c] += 1
            if (ax < cell_x) != (bx < cell_x):
                above = (_crossing_height(ax, ay, bx, by, cell_x) - y0 + size - 1) >> shift
                if above < rows:
                    toggles[above * columns + c] ^= 1
                    north = max(north, above)
            south, north = min(south, r0), max(north, r1)
        west, east = min(west, c0), max(east, c1)
    return west, east, south, north


@kernel
def count_cells(
    edges: NDArray[np.int32], starts: NDArray[np.int64], order: NDArray[np.int64], frame: NDArray[np.int64]
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]:
    """First pass: how many entries and edges each cell will hold, and the last polygon to reach into it."""
    columns = frame[3]
    cells = columns * frame[4]
    touched = np.zeros(cells, np.int32)
    toggles = np.zeros(cells, np.uint8)
    entries = np.zeros(cells, np.int32)
    edge_counts = np.zeros(cells, np.int32)
    owner = np.full(cells, NO_OWNER, np.int32)
    for row in order:
        west, east, south, north = _mark_polygon(edges, starts[row], starts[row + 1], frame, touched, toggles)
        for c in range(west, east + 1):
            inside = np.uint8(0)
            for r in range(south, north + 1):
                cell = r * columns + c
                inside ^= toggles[cell]
                if touched[cell] or inside:
                    entries[cell] += 1
                    edge_counts[cell] += touched[cell]
                    owner[cell] = row
                touched[cell] = 0
                toggles[cell] = 0
    return entries, edge_counts, owner


@kernel
def fill_cells(
    edges: NDArray[np.int32],
    starts: NDArray[np.int64],
    order: NDArray[np.int64],
    frame: NDArray[np.int64],
    cells: NDArray[np.int32],
    entry_next: NDArray[np.int64],
    edge_next: NDArray[np.int64],
    out: Any,  # noqa: ANN401 - a tuple of arrays, which numba types by itself
) -> None:
    """Second pass: write entries and their edges into the places that the first pass counted."""
    entry_row, entry_base, entry_edge, cell_edges = out
    columns, shift = frame[3], frame[2]
    x0, y0, rows = frame[0], frame[1], frame[4]
    size = 1 << shift
    touched = np.zeros(len(cells), np.int32)
    toggles = np.zeros(len(cells), np.uint8)
    for row in order:
        first, last = starts[row], starts[row + 1]
        west, east, south, north = _mark_polygon(edges, first, last, frame, touched, toggles)
        for c in range(west, east + 1):
            inside = np.uint8(0)
            for r in range(south, north + 1):
                cell = r * columns + c
                inside ^= toggles[cell]
                if (touched[cell] or inside) and cells[cell] <= _MIXED:
                    mixed = _MIXED - cells[cell]
                    entry = entry_next[mixed]
                    entry_next[mixed] += 1
                    entry_row[entry] = row
                    entry_base[entry] = inside
                    entry_edge[entry] = edge_next[mixed]
                touched[cell] = 0
                toggles[cell] = 0
        for i in range(first, last):
            ax, ay = np.int64(edges[i, 0]), np.int64(edges[i, 1])
            bx, by = np.int64(edges[i, 2]), np.int64(edges[i, 3])
            c0 = max(0, (min(ax, bx) - 1 - x0) >> shift)
            c1 = min(columns - 1, (max(ax, bx) + 1 - x0) >> shift)
            for c in range(c0, c1 + 1):
                cell_x = x0 + (c << shift)
                height = np.int64(_NO_CROSSING)
                if (ax < cell_x) != (bx < cell_x):
                    height = _crossing_height(ax, ay, bx, by, cell_x)
                r0, r1 = _rows_touched(ax, ay, bx, by, cell_x - 1, cell_x + size, y0, shift, rows)
                for r in range(r0, r1 + 1):
                    mixed = _MIXED - cells[r * columns + c]
                    place = edge_next[mixed]
                    edge_next[mixed] += 1
                    cell_edges[place, 0], cell_edges[place, 1] = ax, ay
                    cell_edges[place, 2], cell_edges[place, 3] = bx, by
                    cell_edges[place, 4] = height


@kernel
def _side(edges: NDArray[np.int32], first: int, last: int, base: int, x: int, y: int, cell_x: int, cell_y: int) -> int:
    """Tell where a point of the cell lies for one entry: OUTSIDE, INTERIOR or BORDER."""
    odd = base
    for i in range(first, last):
        ax, ay = np.int64(edges[i, 0]), np.int64(edges[i, 1])
        bx, by = np.int64(edges[i, 2]), np.int64(edges[i, 3])
        rise = (bx - ax) * (y - ay)
        run = (by - ay) * (x - ax)
        if rise == run and min(ax, bx) <= x <= max(ax, bx) and min(ay, by) <= y <= max(ay, by):
            return BORDER
        height = edges[i, 4]
        if height != _NO_CROSSING and cell_y < height <= y:
            odd ^= 1
        if (ay <= y) != (by <= y) and (rise < run if by > ay else rise > run):
            if height == _NO_CROSSING:
                odd ^= int(ax >= cell_x)
            elif (bx > ax) == (by > ay):
                odd ^= int(y >= height)
            else:
                odd ^= int(y < height)
    return INTERIOR if odd else OUTSIDE


@kernel
def locate_lattice(x: int, y: int, index: Any) -> tuple[int, bool]:  # noqa: ANN401 - numba types the tuple
    """Find the owner's row of one lattice point, and whether the point lies on a border of the owner."""
    frame, cells, entry_start, entry_row, entry_base, entry_edge, cell_edges = index
    shift, columns = frame[2], frame[3]
    c, r = (x - frame[0]) >> shift, (y - frame[1]) >> shift
    if c < 0 or r < 0 or c >= columns or r >= frame[4]:
        return NO_OWNER, False
    cell = cells[r * columns + c]
    if cell > _MIXED:
        return cell, False
    mixed = _MIXED - cell
    cell_x, cell_y = frame[0] + (c << shift), frame[1] + (r << shift)
    for e in range(entry_start[mixed], entry_start[mixed + 1]):
        side = _side(cell_edges, entry_edge[e], entry_edge[e + 1], entry_base[e], x, y, cell_x, cell_y)
        if side != OUTSIDE:
            return entry_row[e], side == BORDER
    return NO_OWNER, False


@kernel
def covering(x: int, y: int, index: Any) -> list[tuple[int, int]]:  # noqa: ANN401 - numba types the tuple
    """List every row that covers a lattice point, smallest id first, each with INTERIOR or BORDER."""
    frame, cells, entry_start, entry_row, entry_base, entry_edge, cell_edges = index
    shift, columns = frame[2], frame[3]
    c, r = (x - frame[0]) >> shift, (y - frame[1]) >> shift
    found = [(0, 0) for _ in range(0)]
    if c < 0 or r < 0 or c >= columns or r >= frame[4]:
        return found
    cell = cells[r * columns + c]
    if cell > _MIXED:
        if cell != NO_OWNER:
            found.append((int(cell), INTERIOR))
        return found
    mixed = _MIXED - cell
    cell_x, cell_y = frame[0] + (c << shift), frame[1] + (r << shift)
    for e in range(entry_start[mixed], entry_start[mixed + 1]):
        side = _side(cell_edges, entry_edge[e], entry_edge[e + 1], entry_base[e], x, y, cell_x, cell_y)
        if side != OUTSIDE:
            found.append((int(entry_row[e]), side))
    return found


@kernel
def locate_many(
    lon: NDArray[np.float64],
    lat: NDArray[np.float64],
    index: Any,  # noqa: ANN401 - numba types the tuple
    owners: NDArray[np.int64],
    on_border: NDArray[np.bool_],
) -> int:
    """Find the owners' rows of degrees, and which lie on a border where `on_border` is as long as they are.

    Returns how many coordinates are not on earth.
    """
    bad = 0
    for i in range(len(lon)):
        # Written so that NaN fails it.
        if not (-EAST <= lon[i] <= EAST and -NORTH <= lat[i] <= NORTH):
            owners[i] = NO_OWNER
            bad += 1
            continue
        x, y = np.int64(np.rint(lon[i] * 1e7)), np.int64(np.rint(lat[i] * 1e7))
        owners[i], border = locate_lattice(x, y, index)
        if len(on_border):
            on_border[i] = border
    return bad
