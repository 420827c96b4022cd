"""Cutting a square of ground into cells: which polygons and edges reach into each, by exact arithmetic.

A square comes with the polygons that reach into it, smallest id first (its slots), for each whether it holds the
square's south-west corner, half a step to the left of it (`base`), and its edges there. For each of its cells the same
is found out: along the row of corners by the edges crossed on the way, and up each column by the edges that cross it.

Where one polygon fills a cell, larger ids can never own a point of it and are left out; that they lie beneath is kept.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gridmap.spatial._kernels import kernel


@kernel
def grown(array: NDArray[Any], needed: int) -> NDArray[Any]:
    """Give the array, or a longer copy where more is needed than it has room for."""
    if needed <= len(array):
        return array
    longer = np.empty(max(2 * len(array), needed), array.dtype)
    longer[: len(array)] = array
    return longer


@kernel
def edges_of_rings(
    points: NDArray[np.float64], rings: NDArray[np.int64], first_rings: NDArray[np.int64]
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Give all edges as (n, 4) lattice integers, the lower end first, and where each polygon's begin.

    An edge that two polygons share is the same for both. Edges that shrank to a point are left out.

    Parameters
    ----------
    points
        (n, 2) degrees of all rings, one after the other.
    rings, first_rings
        Where each ring begins among the points, where each polygon begins among the rings; and where the last end.
    """
    edges = np.empty((max(len(points) - (len(rings) - 1), 0), 4), np.int32)
    starts = np.zeros(len(first_rings), np.int64)
    n = 0
    for row in range(len(first_rings) - 1):
        for ring in range(first_rings[row], first_rings[row + 1]):
            x, y = np.int64(0), np.int64(0)
            for i in range(rings[ring], rings[ring + 1]):
                before_x, before_y = x, y
                x, y = np.int64(np.rint(points[i, 0] * 1e7)), np.int64(np.rint(points[i, 1] * 1e7))
                if i == rings[ring] or (x == before_x and y == before_y):
                    continue
                upward = before_y < y or (before_y == y and before_x < x)
                edges[n, 0], edges[n, 1] = (before_x, before_y) if upward else (x, y)
                edges[n, 2], edges[n, 3] = (x, y) if upward else (before_x, before_y)
                n += 1
        starts[row + 1] = n
    return edges[:n].copy(), starts


@kernel
def crossing_height(ax: int, ay: int, bx: int, by: int, column_x: int) -> int:
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
    """Give the first and last row that the edge may touch between two x; rather one too many.

    In floating point: a step of margin is far more than its error, and an edge too many does no harm.
    """
    low, high = min(ay, by), max(ay, by)
    if ax != bx:
        slope = float(by - ay) / float(bx - ax)
        start = ay + (max(min(ax, bx), left) - ax) * slope
        end = ay + (min(max(ax, bx), right) - ax) * slope
        low = max(low, int(np.floor(min(start, end))) - 1)
        high = min(high, int(np.ceil(max(start, end))) + 1)
    return max(0, (low - y0) >> shift), min(rows - 1, (high - y0) >> shift)


@kernel
def _turning_column(ax: int, ay: int, bx: int, by: int, square: Any) -> int:  # noqa: ANN401 - numba types the tuple
    """Give the first column whose left line lies right of where the edge crosses the height of the square's corners."""
    x0, y0, shift, columns, _ = square
    left, right = min(ax, bx), max(ax, bx)
    c = max(0, ((left - x0) >> shift) + 1)
    while c < columns:
        cell_x = x0 + (c << shift)
        if cell_x > right:
            return c
        if cell_x > left and (crossing_height(ax, ay, bx, by, cell_x) > y0) == (ax <= bx):
            return c
        c += 1
    return c


@kernel
def _mark(edges: NDArray[np.int32], ids: NDArray[np.int32], square: Any, grid: Any, pairs: Any, n: int) -> Any:  # noqa: ANN401
    """Note the cells that a polygon's edges touch, and where its crossings of the columns' left lines turn its parity.

    Returns the box of cells concerned (first and last column, first and last row), the pairs, and how many.
    """
    x0, y0, shift, columns, rows = square
    touched, toggles, turns = grid
    cell_of, edge_of = pairs
    size = 1 << shift
    west, east, south, north = columns, -1, rows, -1
    for e in ids:
        ax, ay = np.int64(edges[e, 0]), np.int64(edges[e, 1])
        bx, by = np.int64(edges[e, 2]), np.int64(edges[e, 3])
        c0, c1 = max(0, (min(ax, bx) - x0) >> shift), min(columns - 1, (max(ax, bx) - x0) >> shift)
        for c in range(c0, c1 + 1):
            cell_x = x0 + (c << shift)
            r0, r1 = _rows_touched(ax, ay, bx, by, cell_x - 1, cell_x + size, y0, shift, rows)
            cell_of, edge_of = grown(cell_of, n + rows), grown(edge_of, n + rows)
            for r in range(r0, r1 + 1):
                touched[r * columns + c] += 1
                cell_of[n], edge_of[n] = r * columns + c, e
                n += 1
            if r0 <= r1:
                south, north = min(south, r0), max(north, r1)
            if (ax < cell_x) != (bx < cell_x):
                above = (crossing_height(ax, ay, bx, by, cell_x) - y0 + size - 1) >> shift
                if 0 < above < rows:
                    toggles[above * columns + c] ^= 1
                    south, north = min(south, above), max(north, above)
        if ay <= y0 < by:
            c = _turning_column(ax, ay, bx, by, square)
            turns[c] ^= c > 0  # what lies left of the first column is not on the way
            south = 0
        west, east = min(west, c0), max(east, c1)
    return west, east, south, north, (cell_of, edge_of), n


@kernel
def _enter(row: int, base: int, box: Any, columns: int, grid: Any, state: Any, entries: Any, n: int) -> Any:  # noqa: ANN401
    """Enter a polygon into the cells of a box that it reaches into, unless they are filled; clear the marks."""
    west, east, south, north = box
    touched, toggles, turns = grid
    full, beneath = state
    cell_of, row_of, base_of, edges_of = entries
    room = n + (east - west + 1) * max(0, north - south + 1)
    if room > len(cell_of):
        cell_of, row_of = grown(cell_of, room), grown(row_of, room)
        base_of, edges_of = grown(base_of, room), grown(edges_of, room)
    corner = np.uint8(base)
    for c in range(west, east + 1):
        corner ^= turns[c]
        inside = corner
        for r in range(south, north + 1):
            cell = r * columns + c
            inside ^= toggles[cell]
            toggles[cell] = 0
            if not (touched[cell] or inside):
                continue
            if full[cell]:
                beneath[cell] = 1
                touched[cell] = -touched[cell]  # its edges there are not kept
                continue
            cell_of[n], row_of[n], base_of[n], edges_of[n] = cell, row, inside, touched[cell]
            n += 1
            if not touched[cell]:
                full[cell] = 1
    turns[west : east + 2] = 0
    return (cell_of, row_of, base_of, edges_of), n


@kernel
def _keep_touched(pairs: Any, first: int, last: int, touched: NDArray[np.int32]) -> int:  # noqa: ANN401
    """Drop the pairs of cells that did not take the polygon, and clear the counts; return where they end."""
    cell_of, edge_of = pairs
    for i in range(first, last):
        if touched[cell_of[i]] < 0:
            cell_of[i] = -1 - cell_of[i]
    n = first
    for i in range(first, last):
        cell = cell_of[i]
        touched[max(cell, -1 - cell)] = 0
        if cell >= 0:
            cell_of[n], edge_of[n] = cell, edge_of[i]
            n += 1
    return n


@kernel
def _by_cell(cell_of: NDArray[np.int32], n: int, starts: NDArray[np.int64], order: NDArray[np.int64]) -> None:
    """Sort stably by cell: where each cell begins, and the positions in order."""
    starts[:] = 0
    for i in range(n):
        starts[cell_of[i] + 1] += 1
    for cell in range(len(starts) - 1):
        starts[cell + 1] += starts[cell]
    for i in range(n):
        order[starts[cell_of[i]]] = i
        starts[cell_of[i]] += 1
    for cell in range(len(starts) - 1, 0, -1):  # each has moved to where the next begins
        starts[cell] = starts[cell - 1]
    starts[0] = 0


@kernel
def workroom(cells: int, slots: int, edges: int) -> Any:  # noqa: ANN401 - numba types the tuple
    """Make room for cutting squares of at most so many cells, to be used for one after the other.

    Threads that allocate for every square would wait for each other.
    """
    pairs = edges + edges // 2 + 16
    entries = slots + cells
    return (
        (np.zeros(cells, np.int32), np.zeros(cells, np.uint8), np.zeros(cells + 1, np.uint8)),
        (np.zeros(cells, np.uint8), np.zeros(cells, np.uint8)),
        (np.empty(pairs, np.int32), np.empty(pairs, np.int32)),
        (
            np.empty(entries, np.int32),
            np.empty(entries, np.int32),
            np.empty(entries, np.uint8),
            np.empty(entries, np.int32),
        ),
        (np.zeros(cells + 1, np.int64), np.zeros(cells + 1, np.int64), np.empty(pairs + entries, np.int64)),
        (
            np.empty(entries, np.int32),
            np.empty(entries, np.uint8),
            np.empty(entries, np.int32),
            np.empty(pairs, np.int32),
        ),
    )


@kernel
def _arranged(cells: int, entries: Any, n_entries: int, pairs: Any, n_pairs: int, sorting: Any, out: Any) -> Any:  # noqa: ANN401
    """Bring entries and pairs into the order of the cells."""
    rows, bases, counts, ids = out
    rows, bases = grown(rows, n_entries), grown(bases, n_entries)
    counts, ids = grown(counts, n_entries), grown(ids, n_pairs)
    entry_starts, pair_starts, order = sorting
    order = grown(order, max(n_entries, n_pairs))
    _by_cell(entries[0], n_entries, entry_starts[: cells + 1], order)
    for i in range(n_entries):
        rows[i], bases[i], counts[i] = entries[1][order[i]], entries[2][order[i]], entries[3][order[i]]
    _by_cell(pairs[0], n_pairs, pair_starts[: cells + 1], order)
    for i in range(n_pairs):
        ids[i] = pairs[1][order[i]]
    return (entry_starts, pair_starts, order), (rows, bases, counts, ids)


@kernel
def cut(edges: NDArray[np.int32], square: Any, slots: Any, beneath_all: int, boxed: bool, room: Any) -> Any:  # noqa: ANN401
    """Cut one square.

    Parameters
    ----------
    edges
        All edges, the lower end first.
    square
        West, south, shift of a cell's size, columns, rows.
    slots
        Rows, bases, where each one's edges begin (one more than slots), and the edges' positions.
    beneath_all
        Whether larger ids lie beneath all of it.
    boxed
        Whether all polygons lie within the square with base 0, so that only the box of each need be looked at.
    room
        What `workroom` or the last call gave.

    Returns
    -------
    tuple
        Entries by cell: starts, rows, bases and numbers of edges; the edges by cell: starts and positions; whether
        larger ids lie beneath each cell; and the room, which holds them until the next call.
    """
    columns, rows = square[3], square[4]
    row_of, base_of, starts, ids = slots
    cells = columns * rows
    grid, state, pairs, entries, sorting, out = room
    state[0][:cells] = 0
    state[1][:cells] = beneath_all
    n_pairs = n_entries = 0
    for s in range(len(row_of)):
        before = n_pairs
        west, east, south, north, pairs, n_pairs = _mark(
            edges, ids[starts[s] : starts[s + 1]], square, grid, pairs, n_pairs
        )
        box = (west, east, south, north) if boxed else (0, columns - 1, 0, rows - 1)
        entries, n_entries = _enter(row_of[s], base_of[s], box, columns, grid, state, entries, n_entries)
        n_pairs = _keep_touched(pairs, before, n_pairs, grid[0])
    sorting, out = _arranged(cells, entries, n_entries, pairs, n_pairs, sorting, out)
    parts = (
        (sorting[0][: cells + 1], out[0][:n_entries], out[1][:n_entries], out[2][:n_entries]),
        (sorting[1][: cells + 1], out[3][:n_pairs]),
        state[1][:cells],
    )
    return parts, (grid, state, pairs, entries, sorting, out)
