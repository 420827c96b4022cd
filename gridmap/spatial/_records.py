"""Writing the cells of the ownership index: a level of squares at a time, each cut into cells.

What a cell becomes: a polygon's row or nobody where no edge reaches in; a record while its edges are few; else a
square of the next level. How many cells a square gets follows its edges, and how often an edge may stand in all cells
together is bounded by an allowance that every cut uses up, so memory is bounded by a multiple of the edges.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gridmap.spatial._cells import BENEATH, HEAD, IS_LONG, LONG, MORE, NO_OWNER, SHORT, SLOTS, UNIT
from gridmap.spatial._kernels import kernel
from gridmap.spatial._squares import crossing_height, cut, grown, workroom

FEW = 8  # edges, each counted for every polygon that it bounds, that a record answers for without being cut further
SMALLEST = 5  # a cell of 2^5 steps, 35 cm, is not cut
MOST_K = 6
_LOOKED_AT = 64
_REACH = 1 << 15
_ALWAYS, _NEVER = -(1 << 31), (1 << 31) - 1  # heights of edges that do not cross the left line
ALLOWANCE = 16.0  # how often an edge may stand in the cells of a square, on average


@kernel
def _height(edge: NDArray[np.int32], cell_x: int) -> int:
    """Give the height at which an edge crosses the cell's left line, or one far below or above."""
    if (edge[0] < cell_x) != (edge[2] < cell_x):
        ax, ay, bx, by = np.int64(edge[0]), np.int64(edge[1]), np.int64(edge[2]), np.int64(edge[3])
        return crossing_height(ax, ay, bx, by, cell_x)
    return np.int64(_ALWAYS) if edge[0] <= edge[2] else np.int64(_NEVER)


@kernel
def _distinct(
    edges: NDArray[np.int32],
    ids: NDArray[np.int32],
    counts: NDArray[np.int32],
    kept: NDArray[np.int32],
    masks: NDArray[np.int32],
) -> int:
    """Bring edges that several slots have together: their positions, the mask of each, and how many there are."""
    n, done = 0, 0
    for slot in range(len(counts)):
        for e in ids[done : done + counts[slot]]:
            bit = 1 << slot
            found = n
            # Among very many, looking for twins would take longer than having them twice.
            for i in range(max(0, n - _LOOKED_AT), n):
                same = edges[kept[i], 0] == edges[e, 0] and edges[kept[i], 1] == edges[e, 1]
                same = same and edges[kept[i], 2] == edges[e, 2] and edges[kept[i], 3] == edges[e, 3]
                if same and not masks[i] & bit:
                    found = i
                    break
            if found == n:
                kept[n], masks[n] = e, 0
                n += 1
            masks[found] |= bit
        done += counts[slot]
    return n


@kernel
def _write_edges(
    words: NDArray[np.int32],
    at: int,
    edges: NDArray[np.int32],
    kept: NDArray[np.int32],
    masks: NDArray[np.int32],
    corner: tuple[int, int],
) -> tuple[int, bool]:
    """Write edges as short ones where all lie near the cell, else as long ones; return where they end, and which."""
    near = True
    for e in kept:
        for axis in range(4):
            near &= -_REACH <= np.int64(edges[e, axis]) - corner[axis & 1] < _REACH
    for i in range(len(kept)):
        e = kept[i]
        height = _height(edges[e], corner[0])
        if near:
            halves = words[at : at + SHORT].view(np.int16)
            for axis in range(4):
                halves[axis] = np.int64(edges[e, axis]) - corner[axis & 1]
            halves[4] = min(max(height - corner[1], -_REACH), _REACH - 1)
            halves[5] = masks[i]
            at += SHORT
        else:
            words[at : at + 4] = edges[e]
            words[at + 4], words[at + 5] = height, masks[i]
            at += LONG
    return at, near


@kernel
def _write_record(
    words: NDArray[np.int32],
    at: int,
    edges: NDArray[np.int32],
    corner: tuple[int, int],
    entries: Any,  # noqa: ANN401 - numba types the tuple
    ids: NDArray[np.int32],
    beneath: int,
    notes: tuple[NDArray[np.int32], NDArray[np.int32]],
) -> tuple[NDArray[np.int32], int]:
    """Write the pages of one cell; return the words and where they end."""
    rows, bases, counts = entries
    kept, masks = notes
    most = (len(rows) // SLOTS + 1) * (HEAD + UNIT) + LONG * len(ids) + len(rows)
    words = grown(words, at + most)
    done = 0
    for first in range(0, len(rows), SLOTS):
        last = min(first + SLOTS, len(rows))
        held = np.int64(counts[first:last].sum())
        n = _distinct(edges, ids[done : done + held], counts[first:last], kept, masks)
        done += held
        end, near = _write_edges(words, at + HEAD, edges, kept[:n], masks[:n], corner)
        parity = 0
        for slot in range(last - first):
            parity |= np.int64(bases[first + slot]) << slot
        for i in range(n):
            # What a page counts from the height of its corner on must not be counted below it as well.
            if _height(edges[kept[i]], corner[0]) <= corner[1]:
                parity ^= masks[i]
        flags = (BENEATH if beneath else 0) | (MORE if last < len(rows) else 0) | (0 if near else IS_LONG)
        words[at], words[at + 1] = n, parity << 16 | flags << 8 | (last - first)
        words[end : end + last - first] = rows[first:last]
        end += last - first
        at = (end + UNIT - 1) // UNIT * UNIT
        words[end:at] = 0
    return words, at


@kernel
def standing(edges: NDArray[np.int32], ids: NDArray[np.int32], ground: Any, shift: int) -> int:  # noqa: ANN401
    """Count in how many cells of a size edges would stand, together, on some ground; rather too many.

    Parameters
    ----------
    ground
        West, south, east, north: lattice integers of its first and last points.
    """
    west, south, east, north = ground
    count = 0
    for e in ids:
        ax, ay, bx, by = np.int64(edges[e, 0]), np.int64(edges[e, 1]), np.int64(edges[e, 2]), np.int64(edges[e, 3])
        wide = ((min(max(ax, bx), east) - west) >> shift) - ((max(min(ax, bx), west) - west) >> shift)
        high = ((min(by, north) - south) >> shift) - ((max(ay, south) - south) >> shift)
        count += 1 + max(wide, 0) + max(high, 0)
    return count


@kernel
def _fitting_k(
    edges: NDArray[np.int32], ids: NDArray[np.int32], square: tuple[int, int, int], density: float, allowed: float
) -> int:
    """Choose into how many cells a square is cut: as many as its edges call for and its allowance permits."""
    x0, y0, shift = square
    ground = (x0, y0, x0 + (1 << shift) - 1, y0 + (1 << shift) - 1)
    k = 0
    while k < min(MOST_K, shift - SMALLEST) and 4.0 ** (k + 1) <= density * len(ids):
        k += 1
    while k and standing(edges, ids, ground, shift - k) > allowed * len(ids):
        k -= 1
    return k


@kernel
def _append(following: Any, counts: NDArray[np.int64], square: Any, cell: int, entries: Any, ids: Any) -> Any:  # noqa: ANN401
    """Put a square on the list of the next level."""
    squares, allowances, rows, bases, edge_counts, all_ids = following
    rows_of, bases_of, counts_of = entries
    n, s, e = counts[0], counts[1], counts[2]
    squares, allowances = grown(squares, (n + 1) * 7), grown(allowances, n + 1)
    rows, bases = grown(rows, s + len(rows_of)), grown(bases, s + len(rows_of))
    edge_counts, all_ids = grown(edge_counts, s + len(rows_of)), grown(all_ids, e + len(ids))
    x0, y0, shift, k, beneath, allowance = square
    squares[7 * n], squares[7 * n + 1], squares[7 * n + 2], squares[7 * n + 3] = x0, y0, shift, k
    squares[7 * n + 4], squares[7 * n + 5], squares[7 * n + 6] = beneath, len(rows_of), cell
    allowances[n] = allowance
    rows[s : s + len(rows_of)], bases[s : s + len(rows_of)] = rows_of, bases_of
    edge_counts[s : s + len(rows_of)] = counts_of
    all_ids[e : e + len(ids)] = ids
    counts[0], counts[1], counts[2] = n + 1, s + len(rows_of), e + len(ids)
    return squares, allowances, rows, bases, edge_counts, all_ids


@kernel
def _write_square(
    edges: NDArray[np.int32],
    square: Any,  # noqa: ANN401 - numba types the tuples
    parts: Any,  # noqa: ANN401
    density: float,
    allowance: float,
    cells: NDArray[np.int32],
    state: Any,  # noqa: ANN401
) -> Any:  # noqa: ANN401
    """Give each cell of a square its value; write its record, or list it for the next level."""
    (entry_starts, rows, bases, numbers), (pair_starts, ids), beneath = parts
    words, at, following, counts, first_cell = state
    x0, y0, shift, columns, _ = square
    most = max(len(ids), 1)
    notes = (np.empty(most, np.int32), np.empty(most, np.int32))
    for cell in range(len(cells)):
        s0, s1, e0, e1 = entry_starts[cell], entry_starts[cell + 1], pair_starts[cell], pair_starts[cell + 1]
        if s0 == s1:
            cells[cell] = NO_OWNER
            continue
        if e0 == e1 and not beneath[cell]:
            cells[cell] = rows[s0]
            continue
        corner = (x0 + ((cell % columns) << shift), y0 + ((cell // columns) << shift))
        entries, here = (rows[s0:s1], bases[s0:s1], numbers[s0:s1]), ids[e0:e1]
        k = 0
        if len(here) > FEW:
            k = _fitting_k(edges, here, (corner[0], corner[1], shift), density, allowance)
        if k:
            child = (corner[0], corner[1], shift, k, np.int64(beneath[cell]), allowance)
            following = _append(following, counts, child, first_cell + cell, entries, here)
            cells[cell] = NO_OWNER  # until its own cells have a place
        else:
            cells[cell] = -2 - ((at // UNIT) << 3)
            words, at = _write_record(words, at, edges, corner, entries, here, beneath[cell], notes)
    return words, at, following, counts, first_cell


@kernel
def write_level(edges: NDArray[np.int32], level: Any, first: int, last: int, density: float, boxed: bool) -> Any:  # noqa: ANN401
    """Cut the squares first to last of a level.

    Parameters
    ----------
    level
        (n, 7) squares: west, south, shift of a cell's size, columns, rows, whether larger ids lie beneath, and the
        first cell among the level's; their allowances; where the slots of each begin; rows and bases of the slots;
        where the edges of each slot begin; the edges' positions.
    density
        Cells for each edge, at the most.
    boxed
        As for `_squares.cut`.

    Returns
    -------
    tuple
        The cells, with records at places within the words given here; the words; the squares of the next level: seven
        numbers each (west, south, shift of its size, k, beneath, slots, its cell in the level), allowances, rows,
        bases, numbers of edges by slot, and positions of edges.
    """
    squares, allowances, slot_starts, rows, bases, edge_starts, ids = level
    start, end = squares[first, 6], squares[last - 1, 6] + squares[last - 1, 3] * squares[last - 1, 4]
    cells = np.full(end - start, NO_OWNER, np.int32)
    guess = 16 + ids[edge_starts[slot_starts[first]] : edge_starts[slot_starts[last]]].size
    words, at = np.empty(8 * guess, np.int32), 0
    following = (
        np.empty(7 * 16, np.int64),
        np.empty(16, np.float64),
        np.empty(64, np.int32),
        np.empty(64, np.uint8),
        np.empty(64, np.int32),
        np.empty(guess, np.int32),
    )
    counts = np.zeros(3, np.int64)
    room = workroom((squares[first:last, 3] * squares[first:last, 4]).max(), 16, min(guess, 1 << 12))
    for q in range(first, last):
        square = (squares[q, 0], squares[q, 1], squares[q, 2], squares[q, 3], squares[q, 4])
        s0, s1 = slot_starts[q], slot_starts[q + 1]
        slots = (rows[s0:s1], bases[s0:s1], edge_starts[s0 : s1 + 1], ids)
        parts, room = cut(edges, square, slots, squares[q, 5], boxed, room)
        before = edge_starts[s1] - edge_starts[s0]
        allowance = min(ALLOWANCE, allowances[q] * before / max(len(parts[1][1]), 1))
        own = cells[squares[q, 6] - start : squares[q, 6] - start + square[3] * square[4]]
        state = (words, at, following, counts, squares[q, 6])
        words, at, following, counts, _ = _write_square(edges, square, parts, density, allowance, own, state)
    squares_after, allowances_after, rows_after, bases_after, counts_after, ids_after = following
    n, s, e = counts
    return (
        cells,
        words[:at].copy(),
        squares_after[: 7 * n].copy(),
        allowances_after[:n].copy(),
        rows_after[:s].copy(),
        bases_after[:s].copy(),
        counts_after[:s].copy(),
        ids_after[:e].copy(),
    )
