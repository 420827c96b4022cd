"""Dice that fall the same way on every machine."""

from collections.abc import Sequence
from zlib import crc32

import numpy as np


def dice(seed: int, *path: str | int) -> np.random.Generator:
    """Give the random generator of one corner of the city.

    Every subject (a crossing, a block, a name list) throws dice of its own, so that a change in one subject
    leaves the others as they were.

    Parameters
    ----------
    seed
        The city's seed, zero or more.
    path
        What the dice are for, such as ``("parcels", 3)``.
    """
    words = [crc32(part.encode()) if isinstance(part, str) else part for part in path]
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, *words])))


def between(rng: np.random.Generator, low: float, high: float) -> float:
    """Throw a number between two bounds, rounded to a millimetre so that it travels between machines."""
    return round(float(rng.uniform(low, high)), 3)


def share_out(total: int, weights: Sequence[float] | np.ndarray) -> np.ndarray:
    """Share a whole number out in proportion to weights, by the largest remainders.

    Returns
    -------
    ndarray of int64
        As long as `weights`, with the sum `total`.
    """
    parts = np.asarray(weights, dtype=float)
    exact = np.round(parts / parts.sum() * total, 6)
    whole = np.floor(exact).astype(np.int64)
    rest = np.argsort(-(exact - whole), kind="stable")[: total - int(whole.sum())]
    whole[rest] += 1
    return np.asarray(whole)
