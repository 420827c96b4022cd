"""Who owned a location when: spans of time in which its chain was the same, the published future included."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np

from gridmap.model.grids import Grid
from gridmap.model.layers import schemes
from gridmap.services.leaves import link
from gridmap.services.lines import build_extent
from gridmap.services.opening import OpenCity
from gridmap.services.questions import read_question
from gridmap.spatial.ownership import OwnershipIndex
from gridmap.store import generations, histories
from gridmap.store.database import Connection
from gridmap.store.histories import Near


class _Found(NamedTuple):
    """What a generation says of the location."""

    status: str
    chain: tuple[Grid, ...] = ()


def of_place(city: OpenCity, raw: Mapping[str, str | float | int | None]) -> dict[str, Any]:
    """Tell who owned a location when, asked by the names of the public contract: lon, lat, datum, scheme, known_at.

    Only outlines about the location are read, so a long history costs little; the rule at borders is that of the index.

    Raises
    ------
    InputError
        Every fault of the question.
    """
    question = read_question(raw)
    with city.database.read() as connection:
        timeline = generations.timeline(connection, question.scheme, question.known_at)
        near = histories.about(connection, [each.id for each in timeline], question.lon, question.lat)
        found = _owners(connection, near, question.lon, question.lat)
    scheme = schemes()[question.scheme]
    spans: list[dict[str, Any]] = []
    before = None
    for generation in timeline:
        here = found[generation.id]
        told = (here.status, [link(scheme, grid) for grid in here.chain])
        if spans and told == before and spans[-1]["until"] == generation.in_force_from:
            spans[-1]["until"] = generation.in_force_until
            spans[-1]["generations"].append(generation.id)
        else:
            when = {"from": generation.in_force_from, "until": generation.in_force_until}
            spans.append({**when, "generations": [generation.id], "status": told[0], "chain": told[1]})
        before = told
    return {
        "question": {
            "lon": question.lon,
            "lat": question.lat,
            "datum": question.datum,
            "given": {"x": question.given[0], "y": question.given[1]},
            "known_at": question.known_at,
            "scheme": question.scheme,
        },
        "spans": spans,
    }


def _owners(connection: Connection, near: Near, lon: float, lat: float) -> dict[int, _Found]:
    """Find the owner in each generation by the outlines about the location."""
    status: dict[int, str] = {}
    leaves: dict[int, int] = {}
    known: dict[frozenset[tuple[int, int, int]], tuple[int, bool]] = {}
    for generation, members in near.members.items():
        same = frozenset(members)
        if same not in known:
            known[same] = _owner(near, members, lon, lat)
        leaf, on_border = known[same]
        if leaf >= 0:
            leaves[generation] = leaf
            status[generation] = "on_border" if on_border else "inside"
        else:
            ground = build_extent(generations.extent(connection, generation))
            status[generation] = "gap" if ground.owner(lon, lat)[0] >= 0 else "outside"
    chains = histories.chains(connection, np.array(list(leaves), np.int64), np.array(list(leaves.values()), np.int64))
    return {generation: _Found(each, chains.get(generation, ())) for generation, each in status.items()}


def _owner(near: Near, members: list[tuple[int, int, int]], lon: float, lat: float) -> tuple[int, bool]:
    """Find the grid that nobody divided further at the location, -1 for none, and whether it is on its border.

    A grid that was divided is covered by those below it, so where it holds the location one of these is here too.
    """
    parents = {parent for _, parent, _ in members}
    leaves = [(grid, shape) for grid, _, shape in members if grid not in parents]
    if not leaves:
        return -1, False
    frame = gpd.GeoDataFrame(
        {"id": [grid for grid, _ in leaves]}, geometry=[near.outlines[shape] for _, shape in leaves], crs=4326
    )
    rows, on_border = OwnershipIndex.from_frame(frame, id="id").locate_with_borders(lon, lat)
    return (leaves[int(rows[0])][0], bool(on_border[0])) if rows[0] >= 0 else (-1, False)
