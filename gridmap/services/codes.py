"""Codes, of today and of before: a code is one grid's for ever, so an old one still leads somewhere."""

from typing import Any

from gridmap.model.errors import NotFoundError
from gridmap.model.layers import schemes
from gridmap.model.schemes import GOVERNANCE
from gridmap.services.opening import OpenCity
from gridmap.services.successors import state_of, successors
from gridmap.store import histories


def resolve(city: OpenCity, code: str, scheme: str = GOVERNANCE) -> dict[str, Any]:
    """Find the grid that has or had a code, and tell whether it is its own now.

    Returns
    -------
    dict
        ``grid`` as it is now, or was last; ``current``; ``spans`` in which the code was, is and will be its own;
        ``present_code``; ``state`` of the grid, and of one that is retired its ``successors``.

    Raises
    ------
    NotFoundError
        No grid ever had that code in this scheme.
    """
    if scheme not in schemes():
        raise NotFoundError(f"there is no scheme {scheme!r}; there are {', '.join(schemes())}")
    now = city.keeper.now()
    with city.database.read() as connection:
        grid = histories.grid_of_code(connection, scheme, code)
        if grid is None:
            raise NotFoundError(f"no grid of {scheme} has the code {code[:40]!r}, and none ever had")
        lives = histories.lives(connection, grid)
        known = histories.last_known(connection, [grid])[0]
        here = [life for life in lives if life.start <= now]
        ground = histories.outlines(connection, [here[-1].shape])[here[-1].shape] if here else None
    spans: list[dict[str, Any]] = []
    for life in (each for each in lives if each.code == code):
        if spans and spans[-1]["until"] == life.start:
            spans[-1]["until"] = life.end
        else:
            spans.append({"from": life.start, "until": life.end})
    state = state_of(lives, now)
    last = here[-1] if here else None
    present = last.code if last and state == "in_force" else None
    told = {"id": grid, "level": known.level, "code": last.code if last else known.code}
    body = {
        "code": code,
        "scheme": scheme,
        "grid": {**told, "name": last.name if last else known.name},
        "state": state,
        "current": present == code,
        "present_code": present,
        "spans": spans,
    }
    if state == "retired" and last is not None and ground is not None:
        body["successors"] = successors(city.keeper.snapshot(scheme=scheme).lines, last.level, ground)
    return body
