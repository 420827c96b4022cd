"""Grids as GeoJSON, and the schemes that they belong to."""

from typing import Annotated

import orjson
from fastapi import APIRouter, Query, Response

from gridmap.api.parameters import MOST_LISTED, AtHere, BoxHere, CityHere, KnownHere, Limit, Next, SchemeHere
from gridmap.api.responses import GeoJSON, geojson_response, json_response
from gridmap.model.schemes import GOVERNANCE
from gridmap.services import grids as service

routes = APIRouter(tags=["grids"])


@routes.get("/schemes", summary="Schemes that have lines in force")
def schemes(city: CityHere) -> Response:
    """List the schemes that have lines, with their levels, how many grids each has, and the box round them."""
    return json_response(service.schemes(city))


@routes.get("/grids", summary="Grids in force", response_class=GeoJSON)
def grids(
    city: CityHere,
    at: AtHere,
    known_at: KnownHere,
    bbox: BoxHere,
    scheme: SchemeHere = GOVERNANCE,
    level: Annotated[str | None, Query(max_length=40)] = None,
    limit: Limit = MOST_LISTED,
    after: Next = None,
) -> Response:
    """List grids as they were in force at an instant, now by default, and as it was known at another."""
    return geojson_response(service.listing(city, scheme, level, at, bbox, limit, after, known_at=known_at))


@routes.get("/grids/{grid_id}", summary="One grid", response_class=GeoJSON)
def grid(city: CityHere, grid_id: int, at: AtHere, known_at: KnownHere, scheme: SchemeHere = GOVERNANCE) -> Response:
    """Give one grid with its chain, its children and who answers for it; 410 with its successors if it is no more."""
    return geojson_response(orjson.dumps(service.one(city, grid_id, scheme, at, known_at)))
