"""Heat of incidents as pictures."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from gridmap.api.parameters import BoxHere, HeatHere, PeriodHere
from gridmap.api.responses import PNG, json_response
from gridmap.model.errors import InputError

routes = APIRouter(tags=["heat"])
_FRESH = {"Cache-Control": "private, max-age=10"}


@routes.get("/heat/scale", summary="What the hot end of the scale means")
def scale(heat: HeatHere, period: PeriodHere, zoom: Annotated[int, Query(ge=0, le=22)]) -> Response:
    """Tell the figure at the hot end of the scale at a zoom, incidents per hectare."""
    return json_response({"ceiling": heat.ceiling(zoom, period), "unit": "incidents per hectare"})


@routes.get("/heat/{z}/{x}/{y}.png", summary="A tile of the heat map", response_class=PNG)
def tile(heat: HeatHere, period: PeriodHere, z: int, x: int, y: int) -> Response:
    """Draw one Web-Mercator tile of 256 pixels; all tiles of a zoom share one scale."""
    return PNG(heat.tile(z, x, y, period), headers=_FRESH)


@routes.get("/heat", summary="Heat of a box", response_class=PNG)
def picture(heat: HeatHere, period: PeriodHere, bbox: BoxHere, zoom: Annotated[int, Query(ge=0, le=22)]) -> Response:
    """Draw a box at a zoom."""
    if bbox is None:
        raise InputError.of("bbox", "is missing", "write west,south,east,north", "missing")
    return PNG(heat.picture(bbox, zoom, period), headers=_FRESH)
