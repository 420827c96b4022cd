"""Colour ramps: perceptual, safe for colour-blind eyes, light at the low end as maps on a light ground need."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

SEQUENTIAL = ("#eef0b4", "#b9dfa6", "#78c6a0", "#40a39c", "#2f7d8e", "#345a80", "#3c3668")
"""Light to dark in even steps of lightness, the order of viridis turned for a light ground."""

DIVERGING = ("#8c510a", "#c98f3c", "#ecd3a0", "#f3f2ee", "#a9d6d0", "#4a9c94", "#0b5f58")
"""Brown below, teal above a named middle."""

HEAT = ("#ffe9b0", "#fdc46b", "#f8913f", "#e05a3a", "#b22a4b", "#6d1650")
"""Warm and light to dark, kept clear of the blues and greens of the base map."""

Ramp = Sequence[str]


def rgb(colour: str) -> tuple[int, int, int]:
    """Read ``#rrggbb``."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def spread(ramp: Ramp, steps: int) -> list[str]:
    """Take `steps` colours evenly from a ramp, both ends included."""
    table = shades(ramp, max(steps, 2))
    chosen = table if steps > 1 else table[len(table) // 2 :][:1]
    return [f"#{red:02x}{green:02x}{blue:02x}" for red, green, blue in chosen.tolist()]


def shades(ramp: Ramp, steps: int) -> npt.NDArray[np.uint8]:
    """Interpolate a ramp to `steps` colours: array of (steps, 3) in 0..255."""
    anchors = np.array([rgb(colour) for colour in ramp], dtype=float)
    at = np.linspace(0, len(ramp) - 1, steps)
    columns = [np.interp(at, np.arange(len(ramp)), anchors[:, channel]) for channel in range(3)]
    return np.round(np.stack(columns, axis=1)).astype(np.uint8)
