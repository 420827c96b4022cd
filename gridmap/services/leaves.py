"""Leaves: the grids that nobody divided further, each with what answers say of it, made once a generation."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from gridmap.model.grids import Grid
from gridmap.model.schemes import Scheme
from gridmap.services.shared import Shared


class Leaf(NamedTuple):
    """A grid that owns ground itself.

    Attributes
    ----------
    links
        It and those above it, the top first.
    neighbour
        It as the nearest other one.
    alone
        It as the only candidate, where no accuracy was given.
    """

    grid: Grid
    links: Shared
    neighbour: Shared
    alone: Shared


def make_leaves(
    scheme: Scheme, grids: Mapping[int, Grid], chains: Mapping[int, tuple[int, ...]], ids: Iterable[int]
) -> tuple[Leaf, ...]:
    """Make leaves by their ids, in that order; `chains` has the ids from the top down to each."""
    links = {grid.id: link(scheme, grid) for grid in grids.values()}
    return tuple(
        Leaf(
            grids[leaf],
            Shared.of([links[grid] for grid in chains[leaf]]),
            Shared.of(named(grids[leaf])),
            Shared.of([candidate(grids[leaf], 1.0, 0.0)]),
        )
        for leaf in ids
    )


def named(grid: Grid) -> dict[str, Any]:
    """Name a grid as answers do."""
    return {"id": grid.id, "code": grid.code, "name": grid.name, "level": grid.level}


def candidate(grid: Grid, share: float, metres: float) -> dict[str, Any]:
    """Name a grid with its share of the accuracy circle and its distance."""
    return {**named(grid), "share": round(share, 4), "distance_m": round(metres, 1)}


def link(scheme: Scheme, grid: Grid) -> dict[str, Any]:
    """Name a grid as a link of a chain."""
    title = scheme.level(grid.level).title.to_dict()
    return {"level": grid.level, "level_name": title, "id": grid.id, "code": grid.code, "name": grid.name}
