"""Heat of incidents as pictures."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from gridmap.api.parameters import BoxHere, HeatHere, PeriodHere
from gridmap.api.responses import json_response
from gridmap.model.errors import InputError

routes = APIRouter(tags=["heat"])
_FRESH = {"Cache-Control": "private, max-age=10"}


@routes.get("/heat/scale")
def scale(heat: HeatHere, period: PeriodHere, zoom: Annotated[int, Query(ge=0, le=22)]) -> Response:
    """Tell the figure at the hot end of the scale at a zoom, incidents per hectare."""
    return json_response({"ceiling": heat.ceiling(zoom, period), "unit": "incidents per hectare"})


@routes.get("/heat/{z}/{x}/{y}.png")
def tile(heat: HeatHere, period: PeriodHere, z: int, x: int, y: int) -> Response:
    """Draw one Web-Mercator tile of 256 pixels; all tiles of a zoom share one scale."""
    return Response(heat.tile(z, x, y, period), media_type="image/png", headers=_FRESH)


@routes.get("/heat")
def picture(heat: HeatHere, period: PeriodHere, bbox: BoxHere, zoom: Annotated[int, Query(ge=0, le=22)]) -> Response:
    """Draw a box at a zoom."""
    if bbox is None:
        raise InputError.of("bbox", "is missing", "write west,south,east,north", "missing")
    return Response(heat.picture(bbox, zoom, period), media_type="image/png", headers=_FRESH)
