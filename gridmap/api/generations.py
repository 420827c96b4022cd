"""Generations, and the gaps on record."""

from dataclasses import asdict

from fastapi import APIRouter, Response

from gridmap.api.parameters import CityHere, SchemeHere
from gridmap.api.responses import GeoJSON, geojson_response, json_response
from gridmap.model.schemes import GOVERNANCE
from gridmap.services.gaps import recorded
from gridmap.services.generations import listing
from gridmap.services.geojson import feature_collection

routes = APIRouter(tags=["grids"])


@routes.get("/generations", summary="Generations of lines")
def generations(city: CityHere, scheme: SchemeHere = GOVERNANCE) -> Response:
    """List the generations of a scheme, the newest first."""
    return json_response([asdict(generation) for generation in listing(city.database, scheme)])


@routes.get("/gaps", summary="Gaps on record", response_class=GeoJSON)
def gaps(city: CityHere, scheme: SchemeHere = GOVERNANCE) -> Response:
    """List the gaps on record for the lines in force: those known, and those that lookups met."""
    city.sightings.flush()
    return geojson_response(feature_collection(recorded(city.database, scheme)))
