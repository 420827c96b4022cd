"""Classes of a choropleth: natural breaks, then limits rounded to figures that a person would say.

Rounding never moves a figure to another class: of all limits that divide the same neighbours, the roundest is
taken.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

MOST_CLASSES = 7
SAMPLE = 1000
"""Natural breaks cost the square of the number of figures; this many quantiles give the same breaks to the eye."""


@dataclass(frozen=True, slots=True)
class Classes:
    """Classes of a sequence of figures.

    Attributes
    ----------
    limits
        Lower limit of every class, ascending, and the upper limit of the last: one more than there are classes.
        A figure belongs to the class whose lower limit it reaches; the last class includes its upper limit.
    labels
        Each class as a legend says it.
    """

    limits: tuple[float, ...]
    labels: tuple[str, ...]

    def of(self, value: float) -> int:
        """Return the class of a figure, from 0; beyond either end it belongs to the end's class."""
        inner = self.limits[1:-1]
        return int(np.searchsorted(np.asarray(inner), value, side="right"))


def classify(values: Iterable[float], k: int = 6) -> Classes:
    """Divide figures into at most `k` classes with rounded limits.

    Parameters
    ----------
    values
        Figures; NaN and infinite ones are passed over.
    k
        The most classes wanted, up to seven: more cannot be told apart. Few different figures give fewer.

    Returns
    -------
    The classes; a single one from 0 to 0 where there are no figures.
    """
    figures = np.asarray(list(values), dtype=float)
    figures = figures[np.isfinite(figures)]
    if not figures.size:
        return Classes((0.0, 0.0), ("0",))
    distinct = np.unique(figures)
    low, high = float(distinct[0]), float(distinct[-1])
    if low == high:
        return Classes((low, high), (say_figure(low),))
    ends = _natural_ends(figures, distinct, max(1, min(k, MOST_CLASSES)))
    span = (high - low) / (len(ends) + 1)
    inner = [_roundest(float(distinct[end]), float(distinct[end + 1])) for end in ends]
    limits = (_floor(low, span), *inner, _ceil(high, span))
    whole = bool(np.all(figures == np.round(figures)))
    return Classes(limits, _labels(limits, whole=whole))


def _natural_ends(figures: npt.NDArray[np.float64], distinct: npt.NDArray[np.float64], k: int) -> list[int]:
    """Find the natural breaks: for every class but the last, which of the distinct figures is its largest."""
    if len(distinct) <= k:
        return list(range(len(distinct) - 1))
    if k == 1:
        return []
    import mapclassify  # noqa: PLC0415 - it compiles for seconds when loaded; only a choropleth is worth that

    # It reckons in single precision, so a break may lie beside its figure, or two of them on the same one.
    breaks = mapclassify.FisherJenks(_sample(figures), k=k).bins[:-1]
    ends = np.searchsorted(distinct, breaks, side="right") - 1
    return sorted({int(end) for end in ends if 0 <= end < len(distinct) - 1})


def _sample(figures: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Take evenly spread figures of a long list, real ones, so that no class comes out empty."""
    if len(figures) <= SAMPLE:
        return figures
    return np.quantile(figures, np.linspace(0, 1, SAMPLE), method="nearest")


def _roundest(below: float, least: float) -> float:
    """Find the roundest figure above one class's greatest and up to the next one's least."""
    grain = 10.0 ** math.ceil(math.log10(max(abs(below), abs(least))))
    while grain > abs(least - below) / 100:
        for step in (grain, grain / 2, grain / 5):
            candidate = math.floor(least / step + 1e-9) * step
            if below < candidate <= least:
                return float(f"{candidate:.10g}")
        grain /= 10
    return least


def _grain(span: float) -> float:
    return float(10.0 ** math.floor(math.log10(span))) if span > 0 else 1.0


def _floor(value: float, span: float) -> float:
    grain = _grain(span)
    return 0.0 if 0 <= value < 2 * grain else float(f"{math.floor(value / grain) * grain:.10g}")


def _ceil(value: float, span: float) -> float:
    grain = _grain(span)
    return float(f"{math.ceil(value / grain) * grain:.10g}")


def say_figure(value: float) -> str:
    """Write a figure with thousands separators and no needless decimals."""
    return f"{value:,.0f}" if value == round(value) else f"{value:,.10g}"


def _labels(limits: tuple[float, ...], *, whole: bool) -> tuple[str, ...]:
    """Write classes; whole figures as ranges that do not touch, ``20-49``, others as from-to."""
    last = len(limits) - 2
    labels = []
    for place, (low, high) in enumerate(pairwise(limits)):
        end = high - 1 if whole and place != last else high
        labels.append(say_figure(low) if end <= low else f"{say_figure(low)}–{say_figure(end)}")
    return tuple(labels)
