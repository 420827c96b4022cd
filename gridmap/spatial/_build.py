"""Building the cells of the ownership index, level by level, on all cores."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gridmap.model.errors import InputError
from gridmap.spatial._cells import NO_OWNER, UNIT
from gridmap.spatial._records import ALLOWANCE, standing, write_level

Arrays = dict[str, NDArray[Any]]

DENSITY = 4.0
"""Cells for each edge of each polygon that a square is cut into, at the most."""
_FRAME_DENSITY = 2  # and the frame: a step less to most points is worth more than the room
_SMALL_DENSITY, _SMALL = 16, 1 << 19  # more where so many cells fit the nearer caches
_TASKS = 8  # for each core: squares differ in what they cost
_MOST_PLACES = 1 << 28


def build_cells(edges: NDArray[np.int32], starts: NDArray[np.int64], order: NDArray[np.int64]) -> Arrays:
    """Build the cells.

    Parameters
    ----------
    edges
        (n, 4) lattice integers, the lower end of each edge first.
    starts
        Where the edges of each row begin, and where the last ones end.
    order
        The rows, smallest id first.

    Returns
    -------
    dict
        ``frame``: west, south, shift, columns and rows of the first level; ``cells`` and ``words``: see `_cells`.

    Raises
    ------
    InputError
        There are so many edges that places in the index cannot be numbered.
    """
    _refuse_too_many(len(edges), 0)  # their positions are numbered as places are
    frame = _frame(edges)
    level, boxed = _first_level(edges, starts, order, frame), True
    cells: list[NDArray[np.int32]] = []
    words: list[NDArray[np.int32]] = []
    n_cells = n_words = 0
    while len(level[0]):
        parts = _written(edges, level, boxed=boxed)
        _refuse_too_many(n_cells + sum(len(part[0]) for part in parts) + UNIT, n_words + sum(len(p[1]) for p in parts))
        for part in parts:
            _shift_records(part[0], n_words)
            words.append(part[1])
            n_words += len(part[1])
        here = np.concatenate([part[0] for part in parts])
        here = np.concatenate([here, np.full(-len(here) % UNIT, NO_OWNER, np.int32)])
        level, wanted_by = _next_level(parts)
        n_cells += len(here)
        squares = level[0]
        here[wanted_by[0]] = -2 - (((n_cells + squares[:, 6]) // UNIT) << 3 | wanted_by[1])
        cells.append(here)
        boxed = False
    return {"frame": frame, "cells": _joined(cells), "words": _joined(words)}


def parallel(work: Callable[[int, int], Any], bounds: NDArray[np.int64]) -> list[Any]:
    """Do work on the ranges between bounds, on all cores where there are several ranges; the results in order."""
    # Threads of our own: numba's are not safe to enter from several threads of a web server.
    firsts, lasts = bounds[:-1].tolist(), bounds[1:].tolist()
    cores = os.cpu_count() or 1
    if len(firsts) < 2 or cores < 2:  # noqa: PLR2004 - one cannot be shared
        return list(map(work, firsts, lasts))
    with ThreadPoolExecutor(cores) as pool:
        return list(pool.map(work, firsts, lasts))


def _refuse_too_many(cells: int, words: int) -> None:
    """Refuse what cannot be numbered: a cell's value has 28 bits for a place."""
    if max(cells, words) >= _MOST_PLACES * UNIT:
        raise InputError.of("polygons", "have too many vertices for one index", "index them in parts", "too_large")


def _frame(edges: NDArray[np.int32]) -> NDArray[np.int64]:
    """Choose west, south, shift, columns and rows of the first level."""
    if len(edges) == 0:
        return np.array([0, 0, 0, 0, 0], np.int64)
    west, east = int(min(edges[:, 0].min(), edges[:, 2].min())), int(max(edges[:, 0].max(), edges[:, 2].max()))
    south, north = int(edges[:, 1].min()), int(edges[:, 3].max())
    most = max(min(_SMALL_DENSITY * len(edges), _SMALL), _FRAME_DENSITY * len(edges), 16)
    shift = 0
    while (((east - west) >> shift) + 1) * (((north - south) >> shift) + 1) > most:
        shift += 1
    ids = np.arange(len(edges), dtype=np.int32)
    while standing(edges, ids, (west, south, east, north), shift) > ALLOWANCE * len(edges):
        shift += 1
    return np.array([west, south, shift, ((east - west) >> shift) + 1, ((north - south) >> shift) + 1], np.int64)


def _first_level(
    edges: NDArray[np.int32], starts: NDArray[np.int64], order: NDArray[np.int64], frame: NDArray[np.int64]
) -> tuple[NDArray[Any], ...]:
    counts = np.diff(starts)[order]
    edge_starts = np.concatenate([[0], np.cumsum(counts)])
    ids = np.repeat(starts[:-1][order] - edge_starts[:-1], counts) + np.arange(len(edges))
    squares = np.array([[*frame, 0, 0]], np.int64)
    return (
        squares[: 1 if len(edges) else 0],
        np.array([ALLOWANCE]),
        np.array([0, len(order)], np.int64),
        order.astype(np.int32),
        np.zeros(len(order), np.uint8),
        edge_starts.astype(np.int64),
        ids.astype(np.int32),
    )


def _written(edges: NDArray[np.int32], level: tuple[NDArray[Any], ...], *, boxed: bool) -> list[Any]:
    """Write a level in ranges of squares that have about the same number of edges."""
    slot_starts, edge_starts = level[2], level[5]
    until = edge_starts[slot_starts]  # edges before each square
    tasks = min(len(level[0]), _TASKS * (os.cpu_count() or 1))
    bounds = np.unique(np.searchsorted(until, np.linspace(0, until[-1], tasks + 1)))
    bounds[0], bounds[-1] = 0, len(level[0])
    return parallel(lambda first, last: write_level(edges, level, first, last, DENSITY, boxed), bounds)


def _shift_records(cells: NDArray[np.int32], words: int) -> None:
    """Move the places of records by the words that stand before them."""
    cells[cells < NO_OWNER] -= (words // UNIT) << 3


def _next_level(parts: list[Any]) -> tuple[tuple[NDArray[Any], ...], tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Arrange the squares of the next level; and tell which cell of this level each of them is, and its k."""
    listed, allowances, rows, bases, counts, ids = (np.concatenate([part[i] for part in parts]) for i in range(2, 8))
    listed = listed.reshape(-1, 7)
    x0, y0, shift, k, beneath, slots, cell = listed.T
    side = 1 << k
    first_cells = np.concatenate([[0], np.cumsum(side * side)[:-1]]) if len(k) else np.empty(0, np.int64)
    squares = np.column_stack([x0, y0, shift - k, side, side, beneath, first_cells]).astype(np.int64)
    slot_starts = np.concatenate([[0], np.cumsum(slots)]).astype(np.int64)
    edge_starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return (squares, allowances, slot_starts, rows, bases, edge_starts, ids), (cell, k)


def _joined(parts: list[NDArray[np.int32]]) -> NDArray[np.int32]:
    return np.concatenate(parts) if parts else np.empty(0, np.int32)
