"""Who owns a location: one question by address bar, a million by body."""

from typing import Annotated, Final

from fastapi import APIRouter, HTTPException, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.concurrency import run_in_threadpool

from gridmap.api.parameters import CityHere, TextParameter, described, open_city, read_texts
from gridmap.api.responses import json_response
from gridmap.services.asking import MOST_POINTS, ask, ask_list
from gridmap.services.locate_table import answer_bytes

routes = APIRouter(tags=["locate"])
CSV, ARROW = "text/csv", "application/vnd.apache.arrow.stream"
QUESTION: Final = {
    "lon": TextParameter(40, "longitude or easting"),
    "lat": TextParameter(40, "latitude or northing"),
    "datum": TextParameter(20, "wgs84, cgcs2000, gcj02, bd09 or EPSG:n; never guessed"),
    "accuracy_m": TextParameter(40, "radius in metres of the circle in which the location lies"),
    "category": TextParameter(8, "four digits"),
    "floor": TextParameter(8, "storey, 1 at street level"),
    "at": TextParameter(40, "instant asked about, now by default"),
    "known_at": TextParameter(40, "as it was known then"),
    "scheme": TextParameter(40, "family of lines, governance by default"),
}


class PointsIn(BaseModel):
    """Many points of one datum."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    datum: str = Field(max_length=20, examples=["wgs84"])
    points: list[tuple[float, float]] = Field(max_length=MOST_POINTS, examples=[[[121.458, 31.23]]])


@routes.get("/locate", summary="Who owns this location?", openapi_extra={"parameters": described(QUESTION)})
async def locate_one(request: Request) -> Response:
    """Answer from the snapshot in memory: the chain, the owners and why, candidates within the accuracy."""
    city, given = open_city(request), read_texts(request, QUESTION)
    # These may have to ask the database, and wait for it.
    if given.get("at") or given.get("known_at") or not city.keeper.is_ready():
        found = await run_in_threadpool(ask, city, given)
    else:
        found = ask(city, given)
    return Response(found.to_json(), media_type="application/json")


@routes.post(
    "/locate",
    summary="Who owns these locations?",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": PointsIn.model_json_schema()},
                CSV: {"schema": {"type": "string"}},
                ARROW: {"schema": {"type": "string", "format": "binary"}},
            },
        }
    },
)
async def locate_many(
    request: Request,
    city: CityHere,
    datum: Annotated[str | None, Query(max_length=20, description="for CSV and Arrow")] = None,
    x: Annotated[str, Query(max_length=200, description="for CSV and Arrow: column of longitudes")] = "lon",
    y: Annotated[str, Query(max_length=200, description="for CSV and Arrow: column of latitudes")] = "lat",
) -> Response:
    """Answer up to a million points of one datum.

    JSON gives a status and a grid id for each, in the order given; CSV (UTF-8) and Arrow streams come back with the
    columns of the owners added.
    """
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    body = await request.body()
    if media in {CSV, ARROW}:
        owned = await run_in_threadpool(answer_bytes, city, body, media, datum, x, y)
        return Response(owned, media_type=media)
    if media not in {"", "application/json"}:
        raise HTTPException(415)
    try:
        asked = PointsIn.model_validate_json(body)
    except ValidationError as error:
        raise RequestValidationError(error.errors()) from error
    pairs = [list(point) for point in asked.points]
    return json_response(await run_in_threadpool(ask_list, city, pairs, asked.datum))
