"""A year of incidents: at real features, in the rhythm of day, week and season, drawn to hot spots."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely
from shapely import Polygon

from gridmap.demo.dice import dice, share_out
from gridmap.demo.habits import HABITS, Habit, times
from gridmap.demo.people import YEAR

INCIDENTS = 20_000
OUTSIDE = 12
"""Incidents a sub-district that lie a little beyond the district's outline, with a poor position."""
_OPEN_STATES = ("reported", "accepted", "registered", "dispatched", "handled", "verified")


@dataclass(frozen=True)
class Anchors:
    """Places where incidents can happen, in metres of the plane.

    Attributes
    ----------
    xy
        By kind of place, shape (n, 2).
    spread
        By kind, how far from the place reports scatter, metres.
    near
        By kind, the name of the road or compound at each place.
    hot
        Hot spots: x, y, reach in metres, strength; shape (h, 4).
    outline
        The ground that incidents stay on.
    """

    xy: dict[str, np.ndarray]
    spread: dict[str, float]
    near: dict[str, list[str]]
    hot: np.ndarray
    outline: Polygon


@dataclass(frozen=True)
class Year:
    """Incidents of one sub-district in the order of report; positions in metres of the plane."""

    category: list[str]
    reported: np.ndarray
    closed: np.ndarray
    state: list[str]
    accuracy: np.ndarray
    description: list[str]
    xy: np.ndarray


def happen(seed: int, sub: int, anchors: Anchors, beyond: Polygon) -> Year:
    """Throw one sub-district's year.

    Parameters
    ----------
    beyond
        The whole district's outline; OUTSIDE incidents are set outside it.
    """
    rng = dice(seed, "incidents", sub)
    counts = share_out(INCIDENTS, [habit.weight for habit in HABITS])
    codes: list[str] = []
    texts: list[str] = []
    moments, spots, middles = [], [], []
    for habit, count in zip(HABITS, counts, strict=True):
        own = dice(seed, "incidents", sub, habit.code)
        chosen, xy = _places(habit, int(count), anchors, own)
        moments.append(times(habit, int(count), own))
        spots.append(xy)
        middles.append(np.full(int(count), habit.hours))
        codes += [habit.code] * int(count)
        near = anchors.near[habit.place]
        texts += [f"{near[i]}{habit.phrase}" for i in chosen]
    reported, position, middle = np.concatenate(moments), np.vstack(spots), np.concatenate(middles)
    accuracy = np.round(np.clip(rng.lognormal(1.7, 0.55, INCIDENTS), 1.0, 60.0), 1)
    strays = np.sort(rng.choice(INCIDENTS, OUTSIDE, replace=False))
    position[strays] = _outside(OUTSIDE, anchors.outline, beyond, rng)
    accuracy[strays] = np.round(rng.uniform(60, 300, OUTSIDE), 0)
    closed, states = _settle(reported, middle, rng)
    order = np.argsort(reported, kind="stable")
    return Year(
        [codes[i] for i in order],
        reported[order],
        closed[order],
        [states[i] for i in order],
        accuracy[order],
        [texts[i] for i in order],
        position[order],
    )


def _places(habit: Habit, count: int, anchors: Anchors, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Choose places for a category and scatter the reports round them, all on the sub-district's ground."""
    xy = anchors.xy[habit.place]
    heat = np.ones(len(xy))
    for x, y, reach, strength in anchors.hot:
        far = ((xy[:, 0] - x) ** 2 + (xy[:, 1] - y) ** 2) / (2 * reach**2)
        heat += habit.pull * strength * np.exp(-far)
    # Some places are simply worse than their neighbours, all year round.
    heat = np.round(heat * rng.lognormal(0.0, 0.8, len(xy)), 6)
    chosen = rng.choice(len(xy), count, p=heat / heat.sum())
    scatter = rng.normal(0.0, anchors.spread[habit.place], (count, 2)).clip(-12, 12)
    spots = np.round(xy[chosen] + scatter, 3)
    astray = ~shapely.contains_xy(anchors.outline, spots[:, 0], spots[:, 1])
    spots[astray] = xy[chosen[astray]]
    return chosen, spots


def _outside(count: int, outline: Polygon, beyond: Polygon, rng: np.random.Generator) -> np.ndarray:
    """Throw points 6 to 90 m outside the district, beside this sub-district's border."""
    ring = outline.exterior
    found: list[tuple[float, float]] = []
    while len(found) < count:
        foot = ring.interpolate(float(rng.uniform(0, ring.length)))
        turn, reach = rng.uniform(0, 2 * np.pi), rng.uniform(6, 90)
        x, y = round(foot.x + np.cos(turn) * reach, 3), round(foot.y + np.sin(turn) * reach, 3)
        if beyond.distance(shapely.Point(x, y)) > 5:
            found.append((float(x), float(y)))
    return np.array(found)


def _settle(reported: np.ndarray, middle: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, list[str]]:
    """Close what had time to be closed by the end of the year; the rest is open in some state.

    Returns
    -------
    closed, states
        Seconds since the epoch, -1 where open; and the states.
    """
    end = int(YEAR[1].timestamp())
    hours = np.clip(middle * rng.lognormal(0.0, 0.9, len(reported)), 0.3, 24 * 45)
    # One in eighty gets stuck.
    hours = np.where(rng.random(len(reported)) < 0.0125, hours * 40, hours)
    done = reported + np.round(hours * 3600).astype(np.int64)
    closed = np.where(done < end, done, -1)
    share = (end - reported) / (done - reported)
    step = np.clip((share * len(_OPEN_STATES)).astype(np.int64), 0, len(_OPEN_STATES) - 1)
    states = ["closed" if when >= 0 else _OPEN_STATES[s] for when, s in zip(closed, step, strict=True)]
    return closed, states


def frame(years: list[Year], points: np.ndarray) -> pd.DataFrame:
    """Put the years of all sub-districts into one table; keys count in the order of report.

    Parameters
    ----------
    points
        Point geometries in degrees, in the order of the years.
    """
    reported = np.concatenate([year.reported for year in years])
    closed = np.concatenate([year.closed for year in years])
    table = pd.DataFrame(
        {
            "category": [code for year in years for code in year.category],
            "reported_at": pd.to_datetime(reported, unit="s", utc=True),
            "state": [state for year in years for state in year.state],
            "closed_at": pd.to_datetime(pd.Series(closed).where(closed >= 0), unit="s", utc=True),
            "accuracy_m": np.concatenate([year.accuracy for year in years]),
            "description": [text for year in years for text in year.description],
            "geometry": points,
        }
    )
    table = table.iloc[np.argsort(reported, kind="stable")].reset_index(drop=True)
    table.insert(0, "key", [f"I{number:07d}" for number in range(1, len(table) + 1)])
    return table
