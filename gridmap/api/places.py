"""Places: found by name, pinyin or address, and listed by kind and box."""

from typing import Annotated

import orjson
from fastapi import APIRouter, Query, Response

from gridmap.api.parameters import MOST_LISTED, BoxHere, CityHere, Limit, Next
from gridmap.api.responses import GeoJSON, geojson_response
from gridmap.services import places as service

routes = APIRouter(tags=["places"])


@routes.get("/places", summary="Places by text, or by kind", response_class=GeoJSON)
def places(
    city: CityHere,
    bbox: BoxHere,
    q: Annotated[str | None, Query(max_length=100, description="name, address, pinyin or initials")] = None,
    kind: Annotated[str | None, Query(max_length=40)] = None,
    limit: Limit = MOST_LISTED,
    after: Next = None,
) -> Response:
    """Find places by text, or list those of a kind, in a box where one is given."""
    return geojson_response(service.listing(city, q, kind, bbox, limit, after))


@routes.get("/places/{place_id}", summary="One place", response_class=GeoJSON)
def place(city: CityHere, place_id: int) -> Response:
    """Give one place."""
    return geojson_response(orjson.dumps(service.one(city, place_id)))
