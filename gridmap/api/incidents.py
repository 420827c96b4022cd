"""Incidents, to read."""

from fastapi import APIRouter, Response

from gridmap.api.parameters import BoxHere, CityHere, Limit, PeriodHere
from gridmap.api.responses import geojson_response
from gridmap.services import incidents as service

routes = APIRouter(tags=["incidents"])


@routes.get("/incidents")
def incidents(city: CityHere, period: PeriodHere, bbox: BoxHere, limit: Limit = 1000) -> Response:
    """List incidents of a period, the latest first, in a box where one is given."""
    return geojson_response(service.listing(city, period, bbox, limit))
