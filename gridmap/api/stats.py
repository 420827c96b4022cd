"""Figures over grids."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response

from gridmap.api.parameters import AtHere, CityHere, PeriodHere, SchemeHere
from gridmap.api.responses import json_response
from gridmap.model.schemes import GOVERNANCE
from gridmap.services.joins import COUNT, Ask, join

routes = APIRouter(tags=["stats"])


@routes.get("/stats", summary="Counts and sums by grid")
def stats(
    city: CityHere,
    period: PeriodHere,
    at: AtHere,
    layer: Annotated[str, Query(max_length=40)],
    level: Annotated[str, Query(max_length=40)],
    measure: Annotated[str, Query(max_length=40)] = COUNT,
    scheme: SchemeHere = GOVERNANCE,
    lines: Annotated[
        Literal["at", "then"], Query(description="lines of `at`, or for each incident those of its report")
    ] = "at",
) -> Response:
    """Count or sum a layer over the grids of a level; what lies in no grid is counted as such."""
    ask = Ask(layer, level, measure, period.start, period.end, period.category, at, scheme, lines)
    return json_response(join(city, ask).to_dict())
