"""Incidents, to read; and what changes of lines did to those that were open."""

from typing import Annotated, Literal

import orjson
from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from gridmap.api.parameters import ActorHere, AtHere, BoxHere, CityHere, Limit, Next, PeriodHere, SchemeHere
from gridmap.api.responses import GeoJSON, geojson_response, json_response
from gridmap.model.schemes import GOVERNANCE
from gridmap.services import incidents as service
from gridmap.services import responsible

routes = APIRouter(tags=["incidents"])


class AnswerIn(BaseModel):
    """What shall become of an incident that was open when the lines changed."""

    model_config = ConfigDict(extra="forbid")

    answer: Literal["stay", "move"]
    note: str = Field("", max_length=2000)


@routes.get("/incidents", summary="What was reported where", response_class=GeoJSON)
def incidents(city: CityHere, period: PeriodHere, bbox: BoxHere, limit: Limit = 1000, after: Next = None) -> Response:
    """List incidents of a period, the latest first, in a box where one is given, each with the grid responsible."""
    return geojson_response(service.listing(city, period, bbox, limit, after))


@routes.get("/incidents/{incident}", summary="One incident", response_class=GeoJSON)
def incident(city: CityHere, incident: int, at: AtHere, scheme: SchemeHere = GOVERNANCE) -> Response:
    """Give one incident: who is responsible for it at an instant, and what changes of lines did to it."""
    return geojson_response(orjson.dumps(service.one(city, incident, at, scheme)))


@routes.get("/changeovers", summary="Incidents that were open when the lines changed")
def changeovers(
    city: CityHere,
    generation: Annotated[int | None, Query(ge=1, le=2**63 - 1)] = None,
    only_open: Annotated[bool, Query(alias="open", description="those that wait for a decision")] = False,
    scheme: SchemeHere = GOVERNANCE,
    limit: Limit = 1000,
    after: Next = None,
) -> Response:
    """List incidents whose ground a change of lines gave to another grid while they were open, and what was done."""
    found = responsible.listing(city, generation, only_open=only_open, scheme=scheme, limit=limit, after=after)
    return json_response(found)


@routes.post("/changeovers/{changeover}/answer", summary="Decide who keeps an incident")
def answer(city: CityHere, actor: ActorHere, changeover: int, body: AnswerIn) -> Response:
    """Decide where the rule is to ask; the last answer counts."""
    return json_response(responsible.answer(city, changeover, body.answer, actor, body.note))
