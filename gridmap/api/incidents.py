"""Incidents, to read."""

from fastapi import APIRouter, Response

from gridmap.api.parameters import BoxHere, CityHere, Limit, Next, PeriodHere
from gridmap.api.responses import GeoJSON, geojson_response
from gridmap.services import incidents as service

routes = APIRouter(tags=["incidents"])


@routes.get("/incidents", summary="What was reported where", response_class=GeoJSON)
def incidents(city: CityHere, period: PeriodHere, bbox: BoxHere, limit: Limit = 1000, after: Next = None) -> Response:
    """List incidents of a period, the latest first, in a box where one is given."""
    return geojson_response(service.listing(city, period, bbox, limit, after))
