"""What was: the lives of grids, the owners of a location over time, codes of before, and what differs between lines."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from gridmap.api.parameters import CityHere, KnownHere, SchemeHere
from gridmap.api.responses import json_response
from gridmap.model.schemes import GOVERNANCE
from gridmap.services import codes, generation_diff, histories, past_owners

routes = APIRouter(tags=["history"])
_Text = Annotated[str, Query(max_length=40)]


@routes.get("/grids/{grid_id}/history", summary="The life of a grid")
def grid_history(
    city: CityHere,
    grid_id: int,
    known_at: KnownHere,
    shapes: Annotated[bool, Query(description="with the outline of each span, as GeoJSON")] = False,
) -> Response:
    """Tell the life of a grid, of one that is retired as well: spans in which nothing changed, and its posts."""
    return json_response(histories.of_grid(city, grid_id, known_at, shapes=shapes))


@routes.get("/history", summary="Who owned this location when?")
def place_history(
    city: CityHere,
    lon: _Text = "",
    lat: _Text = "",
    datum: Annotated[str, Query(max_length=20, description="never guessed")] = "",
    known_at: _Text = "",
    scheme: SchemeHere = GOVERNANCE,
) -> Response:
    """Tell who owned a location when, the published future included: spans in which the chain was the same."""
    raw = {"lon": lon, "lat": lat, "datum": datum, "known_at": known_at, "scheme": scheme}
    return json_response(past_owners.of_place(city, raw))


@routes.get("/codes/{code}", summary="Whose code is or was this?")
def code(city: CityHere, code: str, scheme: SchemeHere = GOVERNANCE) -> Response:
    """Find the grid that has or had a code; if it is retired, who holds its ground now."""
    return json_response(codes.resolve(city, code, scheme))


@routes.get("/generations/diff", summary="What differs between two sets of lines")
def diff(
    city: CityHere,
    before: Annotated[str, Query(alias="from", max_length=40, description="a generation's id, or an instant")],
    after: Annotated[str, Query(alias="to", max_length=40, description="the same")],
    level: Annotated[str | None, Query(max_length=40)] = None,
    scheme: SchemeHere = GOVERNANCE,
) -> Response:
    """List the grids that differ and how, and who gained ground from whom."""
    return json_response(generation_diff.diff(city, before, after, level, scheme))
