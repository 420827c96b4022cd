"""Limits that a plan is checked against: settings in ``layers/limits/plans.toml``, not code."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

from gridmap.model.errors import Fault, InputError
from gridmap.model.layers import layers_folder, load_layers

Severity = Literal["error", "warning", "note"]
COUNT = "count"


@dataclass(frozen=True, slots=True)
class Weight:
    """One thing that a grid's load is made of: a measure of a layer, and how much each of it weighs."""

    layer: str
    measure: str
    weight: float


@dataclass(frozen=True, slots=True)
class Bounds:
    """Least and most, both included; None where there is none."""

    least: float | None = None
    most: float | None = None

    def hold(self, value: float) -> bool:
        """Tell whether a value lies within."""
        return (self.least is None or value >= self.least) and (self.most is None or value <= self.most)


@dataclass(frozen=True, slots=True)
class Limits:
    """What plans are checked against.

    Attributes
    ----------
    severity
        By kind of finding.
    load
        What load is made of.
    cut_share, cut_m2, cut_levels
        How much of a building or compound may lie in another grid before it counts as cut, and by lines of which
        levels.
    on_line_m
        A component nearer to a line than this, m, lies on it.
    road_m, road_least_m, road_levels
        How far from a road or water a line still follows it, m; how long it may leave them; on which levels.
    area
        Square metres by level.
    spread, spread_levels
        How far a load may be from the mean of the siblings, as a share of it.
    """

    severity: dict[str, Severity]
    load: tuple[Weight, ...]
    cut_share: float
    cut_m2: float
    cut_levels: frozenset[str]
    on_line_m: float
    road_m: float
    road_least_m: float
    road_levels: frozenset[str]
    area: dict[str, Bounds]
    spread: float
    spread_levels: frozenset[str]


def load_limits(folder: Path | None = None) -> Limits:
    """Read ``layers/limits/plans.toml``.

    Raises
    ------
    InputError
        What is wrong in it.
    """
    path = (folder or layers_folder()) / "limits" / "plans.toml"
    try:
        return _limits(tomllib.loads(path.read_text(encoding="utf-8")))
    except tomllib.TOMLDecodeError as error:
        raise InputError.of(path.name, f"is not TOML: {error}") from error
    except (KeyError, TypeError, ValueError) as error:
        what = f"{error.args[0]} is missing" if isinstance(error, KeyError) else str(error)
        raise InputError([Fault(path.name, what)], "limits") from error


@cache
def limits() -> Limits:
    """Return the limits of the layer files, read once."""
    return load_limits()


def _limits(raw: dict[str, Any]) -> Limits:
    severity = raw["severity"]
    if strange := set(severity.values()) - set(get_args(Severity)):
        raise ValueError(f"severity {sorted(strange)} is not of {', '.join(get_args(Severity))}")
    layers = load_layers()
    load = tuple(Weight(each["layer"], each["measure"], float(each["weight"])) for each in raw["load"])
    for each in load:
        if each.layer not in layers or each.measure not in {COUNT, *layers[each.layer].measures()}:
            raise ValueError(f"load: layer {each.layer} has no measure {each.measure}")
    return Limits(
        severity=severity,
        load=load,
        cut_share=float(raw["cut"]["share"]),
        cut_m2=float(raw["cut"]["least_m2"]),
        cut_levels=frozenset(raw["cut"]["levels"]),
        on_line_m=float(raw["on_line"]["within_m"]),
        road_m=float(raw["off_road"]["within_m"]),
        road_least_m=float(raw["off_road"]["least_m"]),
        road_levels=frozenset(raw["off_road"]["levels"]),
        area={level: Bounds(each.get("least"), each.get("most")) for level, each in raw["area"].items()},
        spread=float(raw["spread"]["most"]),
        spread_levels=frozenset(raw["spread"]["levels"]),
    )
