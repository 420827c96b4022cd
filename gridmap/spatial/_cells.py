"""The cells of the ownership index: what is stored for a piece of ground, and how it answers.

All numbers are lattice integers (ten-millionths of a degree). A frame of square cells covers the ground. A cell that
needs more is cut into 2^k × 2^k cells of its own, and those again: dense quarters and empty country both get cells
that fit. The value of a cell says what it holds:

- 0 or more: the row of the polygon that fills it; -1: nobody;
- below: -2 - (place << 3 | k), where k = 0 is a record of edges at `words[4 * place]`, and any other k are its
  2^k × 2^k cells at `cells[4 * place]`, row by row from the south-west.

A record is a chain of pages. A page has up to 15 slots, one for each polygon that reaches into the cell, smallest id
first: number of edges; initial parities << 16 | flags << 8 | number of slots; the edges; a row for each slot. An edge
is six numbers: its lower and its upper end, a height, and a mask with the slots' bits of all polygons that it bounds,
for it stands once, however many these are. Where all edges of a page lie within 2^15 steps of the cell's south-west
corner, they are counted from there, in numbers of 16 bits: three words an edge; else they are absolute: six words.

How a page decides a point p of its cell, for all slots at once. Think of p moved up by less than anything:
p' = (x, y + 0). Let L be the vertical line half a step left of the cell; no vertex lies on it. p' lies inside a
polygon when the number of its edges crossed on the way from far away, along L up to the height of p', and then right
to p', is odd. What lies below the cell was counted when it was built: that are the initial parities. Every comparison
is of integers. An edge has its lower end first; h is the height at which it crosses L, and h <= y exactly when
ceil(h) <= y, and ceil(h) is stored, so that

- the way up L crosses it when ceil(h) <= y;
- the way right crosses it when y lies within the part of the edge right of L, and a cross product says "left of x".

An edge that does not cross L is told by a height that is never or always below y, whichever leaves that part of it
whole; the initial parities make up for it. Points on an edge are found by a cross product of zero.

Overflow is ruled out: |longitude| <= 1.8e9 and |latitude| <= 0.9e9, so a difference is at most 3.6e9, a product of
two at most 3.6e9 * 1.8e9 < 2**63. Products are compared, never subtracted. The numerator of h is below
7.2e9 * 1.8e9 < 2**64 and kept unsigned.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gridmap.spatial._kernels import kernel, lowest_bit, prefetch

NO_OWNER, NOT_ON_EARTH = -1, -2
UNIT = 4  # words or cells that a place counts
SLOTS, HEAD, LONG, SHORT = 15, 2, 6, 3  # slots of a page at most; words of its head, of a long and a short edge
BENEATH, MORE, IS_LONG = 1, 2, 4  # flags of a page: larger ids lie beneath, unlisted; another page follows; long edges
OUTSIDE, INTERIOR, BORDER = 0, 1, 2
EAST, NORTH = 180.0, 90.0  # the ends of the earth, degrees
_BLOCK = 256  # points that go through the stages together: what they ask for fits the nearest cache
_COUNTED = 12  # records of so many edges or more are not told apart
_KINDS = 2 * _COUNTED + 1  # short edges, long ones; and more than one page


@kernel
def place_of(value: int) -> int:
    """Give the first word or cell of what a cell below -1 refers to."""
    return ((-2 - value) >> 3) * UNIT


@kernel
def _met(edge: tuple[int, int, int, int, int, int], x: int, y: int) -> tuple[int, int]:
    """Tell for which slots an edge is crossed on the way to the point, and for which the point lies on it."""
    ax, ay, bx, by = np.int64(edge[0]), np.int64(edge[1]), np.int64(edge[2]), np.int64(edge[3])
    height, mask = np.int64(edge[4]), np.int64(edge[5])
    wide, high, up = bx - ax, by - ay, y - ay
    rise, run = wide * up, high * (x - ax)
    # The way up meets it at `height`. The way right meets it when it passes left of the point at the point's height and
    # right of L: where it leans right (its lower end first) that is above `height`, where it leans left below.
    step = height <= y
    left = (np.uint64(up) < np.uint64(high)) & (rise < run)
    crossed = step ^ (left & (step ^ (wide < 0)))
    on = 0
    if rise == run and ay <= y <= by and min(ax, bx) <= x <= max(ax, bx):  # seldom, and so foreseen
        on = mask
    return mask & -np.int64(crossed), on


@kernel
def _met_by(numbers: Any, first: int, last: int, x: int, y: int) -> tuple[int, int]:  # noqa: ANN401 - of two types
    """Do what `_met` does for the edges that stand from first to last."""
    parity, border = np.int64(0), np.int64(0)
    for i in range(first, last, 6):
        edge = (numbers[i], numbers[i + 1], numbers[i + 2], numbers[i + 3], numbers[i + 4], numbers[i + 5])
        crossed, on = _met(edge, x, y)
        parity ^= crossed
        border |= on
    return parity, border


@kernel
def _page(index: Any, at: int, dx: int, dy: int, shift: int) -> tuple[int, int, int]:  # noqa: ANN401
    """Tell which slots of a page hold the point inside, which on their border, and where the page's rows stand."""
    frame, _, words, halves = index
    if (words[at + 1] >> 8) & IS_LONG:
        rows = at + HEAD + LONG * np.int64(words[at])
        parity, border = _met_by(words, at + HEAD, rows, dx + frame[0], dy + frame[1])
    else:
        rows = at + HEAD + SHORT * np.int64(words[at])
        inner = (1 << shift) - 1
        parity, border = _met_by(halves, 2 * (at + HEAD), 2 * rows, dx & inner, dy & inner)
    return parity ^ np.int64(words[at + 1] >> 16), border, rows


@kernel
def _next_page(words: NDArray[np.int32], at: int, rows: int) -> int:
    """Give where the page after this one begins, -1 after the last."""
    if not (words[at + 1] >> 8) & MORE:
        return -1
    return (rows + (words[at + 1] & 255) + UNIT - 1) // UNIT * UNIT


@kernel
def _decide(index: Any, at: int, dx: int, dy: int, shift: int) -> tuple[int, bool]:  # noqa: ANN401
    """Find the owner among the polygons of a record, and whether the point lies on the owner's border."""
    words = index[2]
    while at >= 0:
        parity, border, rows = _page(index, at, dx, dy, shift)
        if parity | border:
            slot = lowest_bit(parity | border)
            return np.int64(words[rows + slot]), bool((border >> slot) & 1)
        at = _next_page(words, at, rows)
    return np.int64(NO_OWNER), False


@kernel
def _child(value: int, dx: int, dy: int, shift: int) -> int:
    """Give where, among all cells, a point's cell stands within the cells that a value refers to; `shift` is theirs."""
    k = (-2 - value) & 7
    side = (1 << k) - 1
    return place_of(value) + ((((dy >> shift) & side) << k) | ((dx >> shift) & side))


@kernel
def _cell(dx: int, dy: int, index: Any) -> tuple[int, int]:  # noqa: ANN401 - numba types the tuple
    """Walk down to the last cell of a point: a row, nobody, or a record; and the shift of its size."""
    frame, cells = index[0], index[1]
    shift = frame[2]
    c, r = dx >> shift, dy >> shift
    if c < 0 or r < 0 or c >= frame[3] or r >= frame[4]:
        return np.int64(NO_OWNER), shift
    value = np.int64(cells[r * frame[3] + c])
    while value < NO_OWNER:
        k = (-2 - value) & 7
        if k == 0:
            break
        shift -= k
        value = np.int64(cells[_child(value, dx, dy, shift)])
    return value, shift


@kernel
def locate_lattice(x: int, y: int, index: Any) -> tuple[int, bool]:  # noqa: ANN401 - numba types the tuple
    """Find the owner's row of one lattice point, and whether the point lies on a border of the owner."""
    dx, dy = x - index[0][0], y - index[0][1]
    value, shift = _cell(dx, dy, index)
    if value >= NO_OWNER:
        return value, False
    return _decide(index, place_of(value), dx, dy, shift)


@kernel
def locate_degrees(lon: float, lat: float, index: Any) -> tuple[int, bool]:  # noqa: ANN401 - numba types the tuple
    """Do what `locate_lattice` does for degrees; NOT_ON_EARTH as the row where they are not."""
    if not (-EAST <= lon <= EAST and -NORTH <= lat <= NORTH):
        return np.int64(NOT_ON_EARTH), False
    return locate_lattice(np.int64(np.rint(lon * 1e7)), np.int64(np.rint(lat * 1e7)), index)


@kernel
def covering(x: int, y: int, index: Any) -> tuple[list[tuple[int, int]], bool]:  # noqa: ANN401 - numba types the tuple
    """List the rows that cover a lattice point, smallest id first, each with INTERIOR or BORDER.

    The second value tells whether the list is whole: where one polygon fills a cell, larger ids are not kept.
    """
    words = index[2]
    found = [(np.int64(0), np.int64(0)) for _ in range(0)]
    dx, dy = x - index[0][0], y - index[0][1]
    value, shift = _cell(dx, dy, index)
    if value >= 0:
        found.append((value, np.int64(INTERIOR)))
    if value >= NO_OWNER:
        return found, True
    at, whole = place_of(value), True
    while at >= 0:
        parity, border, rows = _page(index, at, dx, dy, shift)
        for slot in range(words[at + 1] & 255):
            if ((parity | border) >> slot) & 1:
                side = np.int64(BORDER if (border >> slot) & 1 else INTERIOR)
                found.append((np.int64(words[rows + slot]), side))
        whole = not (words[at + 1] >> 8) & BENEATH
        at = _next_page(words, at, rows)
    return found, whole


@kernel
def _read(lon: Any, lat: Any, first: int, notes: Any, index: Any) -> int:  # noqa: ANN401 - numba types the tuples
    """Stage one: bring a block of degrees to the lattice and look up their cells of the frame; count bad ones."""
    frame, cells = index[0], index[1]
    dxs, dys, values, _ = notes
    x0, y0, shift, columns, rows = frame[0], frame[1], frame[2], frame[3], frame[4]
    bad = 0
    for j in range(min(_BLOCK, len(lon) - first)):
        u, v = lon[first + j], lat[first + j]
        # Written so that NaN fails it.
        good = (u >= -EAST) & (u <= EAST) & (v >= -NORTH) & (v <= NORTH)
        bad += not good
        dx = np.int64(np.rint((u if good else 0.0) * 1e7)) - x0
        dy = np.int64(np.rint((v if good else 0.0) * 1e7)) - y0
        c, r = dx >> shift, dy >> shift
        framed = good & (c >= 0) & (r >= 0) & (c < columns) & (r < rows)
        dxs[j], dys[j] = dx, dy
        values[j] = r * columns + c if framed else -1
    for j in range(min(_BLOCK, len(lon) - first)):
        values[j] = cells[values[j]] if values[j] >= 0 else NO_OWNER
    return bad


@kernel
def _descend(count: int, notes: Any, lists: Any, index: Any) -> int:  # noqa: ANN401 - numba types the tuples
    """Stage two: walk each point of the block down to its last cell; list those that wait for a record.

    All points take one step before any takes the next, so that their memory is fetched side by side.
    """
    frame, cells, words, _ = index
    dxs, dys, values, shifts = notes
    walking, waiting, _ = lists
    walkers, waiters = 0, 0
    for j in range(count):
        value = values[j]
        k = (-2 - value) & 7
        deeper = value < NO_OWNER
        shifts[j] = frame[2] - k
        walking[walkers] = j
        walkers += deeper & (k != 0)
        waiting[waiters] = j
        waiters += deeper & (k == 0)
    while walkers:
        for i in range(walkers):
            j = walking[i]
            prefetch(cells, _child(values[j], dxs[j], dys[j], shifts[j]))
        left = 0
        for i in range(walkers):
            j = walking[i]
            value = np.int64(cells[_child(values[j], dxs[j], dys[j], shifts[j])])
            values[j] = value
            k = (-2 - value) & 7
            deeper = value < NO_OWNER
            shifts[j] -= k if deeper else 0
            walking[left] = j
            left += deeper & (k != 0)
            waiting[waiters] = j
            waiters += deeper & (k == 0)
        walkers = left
    for i in range(waiters):
        at = place_of(values[waiting[i]])
        prefetch(words, at)
        prefetch(words, at + 15)
    return waiters


@kernel
def _sorted(waiters: int, values: NDArray[np.int64], lists: Any, words: NDArray[np.int32]) -> tuple[int, int]:  # noqa: ANN401
    """Stage three: order the waiting points by kind of record and number of edges, so that loops run straight on.

    Returns where those with short edges end, and those with long ones; the rest have more than one page.
    """
    _, waiting, ordered = lists
    ends = np.zeros(_KINDS + 1, np.int32)
    for i in range(waiters):
        ends[_kind(words, values[waiting[i]]) + 1] += 1
    for kind in range(_KINDS):
        ends[kind + 1] += ends[kind]
    short, all_single = ends[_COUNTED], ends[2 * _COUNTED]
    for i in range(waiters):
        kind = _kind(words, values[waiting[i]])
        ordered[ends[kind]] = waiting[i]
        ends[kind] += 1
    return np.int64(short), np.int64(all_single)


@kernel
def _kind(words: NDArray[np.int32], value: int) -> int:
    at = place_of(value)
    flags = words[at + 1] >> 8
    single = min(np.int64(words[at]), _COUNTED - 1) + (_COUNTED if flags & IS_LONG else 0)
    return 2 * _COUNTED if flags & MORE else single


@kernel
def _answer(ordered: NDArray[np.int32], notes: Any, numbers: Any, index: Any, borders: NDArray[np.bool_]) -> None:  # noqa: ANN401
    """Stage four: answer from records of one page; their edges are read from `numbers`, long ones or short ones.

    It says once more what `_decide` does for one point: arrays that are handed on for every point would take longer
    than the answer.
    """
    frame, _, words, _ = index
    dxs, dys, values, shifts = notes
    long = numbers.itemsize == words.itemsize
    x0, y0, each, each_word = (frame[0], frame[1], LONG, 1) if long else (np.int64(0), np.int64(0), SHORT, 2)
    for i in range(len(ordered)):
        j = np.int64(ordered[i])
        at = place_of(values[j])
        inner = -1 if long else (1 << shifts[j]) - 1
        x, y = (dxs[j] & inner) + x0, (dys[j] & inner) + y0
        rows = at + HEAD + each * np.int64(words[at])
        parity, border = np.int64(words[at + 1] >> 16), np.int64(0)
        for h in range(each_word * (at + HEAD), each_word * rows, 6):
            edge = (numbers[h], numbers[h + 1], numbers[h + 2], numbers[h + 3], numbers[h + 4], numbers[h + 5])
            crossed, on = _met(edge, x, y)
            parity ^= crossed
            border |= on
        slot = lowest_bit(parity | border) & SLOTS
        found = (parity | border) != 0
        values[j] = words[rows + slot] if found else NO_OWNER
        if len(borders):
            borders[j] = found & bool((border >> slot) & 1)


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
    _, _, words, halves = index
    notes = (
        np.empty(_BLOCK, np.int64),
        np.empty(_BLOCK, np.int64),
        np.empty(_BLOCK, np.int64),
        np.empty(_BLOCK, np.int64),
    )
    lists = (np.empty(_BLOCK + 1, np.int32), np.empty(_BLOCK + 1, np.int32), np.empty(_BLOCK, np.int32))
    dxs, dys, values, shifts = notes
    bad = 0
    for first in range(0, len(lon), _BLOCK):
        count = min(_BLOCK, len(lon) - first)
        bad += _read(lon, lat, first, notes, index)
        waiters = _descend(count, notes, lists, index)
        short, single = _sorted(waiters, values, lists, words)
        borders = on_border[first : first + count]
        _answer(lists[2][:short], notes, halves, index, borders)
        _answer(lists[2][short:single], notes, words, index, borders)
        for j in lists[2][single:waiters]:
            values[j], border = _decide(index, place_of(values[j]), dxs[j], dys[j], shifts[j])
            if len(borders):
                borders[j] = border
        owners[first : first + count] = values[:count]
    return bad
