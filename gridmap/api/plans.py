"""Plans: drawn edit by edit, checked, weighed, looked at by somebody else, published for a date."""

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Header, Query, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from gridmap.api.parameters import ActorHere, CityHere, SchemeHere
from gridmap.api.responses import GeoJSON, geojson_response, json_response
from gridmap.model.schemes import GOVERNANCE
from gridmap.services import plan_drawing, plan_impact, plan_views, plans
from gridmap.services.plan_edits import Edit

routes = APIRouter(prefix="/plans", tags=["plans"])

_Note = Annotated[str, Field(max_length=2000)]
Key = Annotated[str | None, Header(alias="Idempotency-Key", max_length=200)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class OpenIn(_Body):
    """A plan to be opened on the lines published last."""

    title: str = Field(max_length=200)
    note: _Note = ""
    scheme: str = Field(GOVERNANCE, max_length=40)


class EditIn(_Body):
    """An edit, and the number of the one that its author saw last (0 for none)."""

    edit: Edit
    after: int | None = Field(
        None, ge=0, description="409 when another edit came meanwhile; any edit will do without it"
    )


class AfterIn(_Body):
    """The number of the edit that its author saw last (0 for none)."""

    after: int | None = Field(None, ge=0)


class NoteIn(_Body):
    """A word on what is done."""

    note: _Note = ""


class SubmitIn(NoteIn):
    """Hand in, with the instant from which the lines shall decide; at once on publishing without it."""

    in_force_from: AwareDatetime | None = None


class ApproveIn(NoteIn):
    """Approve, with a word on each warning by its key."""

    words: dict[Annotated[str, Field(max_length=200)], _Note] = Field(default_factory=dict, max_length=1000)


@routes.get("", summary="Plans")
def listing(
    city: CityHere,
    scheme: SchemeHere = GOVERNANCE,
    state: Annotated[list[str] | None, Query(max_length=20)] = None,
) -> Response:
    """List plans, the one changed last first."""
    return json_response(plans.listing(city, scheme, state))


@routes.post("", summary="Open a plan", status_code=201)
def open_plan(city: CityHere, actor: ActorHere, body: OpenIn, key: Key = None) -> Response:
    """Open a plan on the generation published last."""
    return _created(plans.open_plan(city, body.scheme, body.title, actor, note=body.note, key=key))


@routes.get("/compare", summary="Plans side by side")
def compare(
    city: CityHere, plan: Annotated[list[int], Query(max_length=10)], level: Annotated[str, Query(max_length=40)]
) -> Response:
    """Lay plans side by side, and the lines that they are drawn on."""
    return json_response(plan_impact.compare(city, plan, level))


@routes.get("/{plan}", summary="One plan")
def one(city: CityHere, plan: int) -> Response:
    """Give a plan with its edits, its steps and what the checks say."""
    return json_response(plans.one(city, plan))


@routes.get("/{plan}/grids", summary="Grids of a draft", response_class=GeoJSON)
def grids(
    city: CityHere,
    plan: int,
    level: Annotated[str | None, Query(max_length=40)] = None,
    grid: Annotated[list[int] | None, Query(max_length=5000)] = None,
    only_changed: bool = False,
    base: bool = False,
) -> Response:
    """Give the grids of a draft as GeoJSON: of a level, or some by id, or those that differ; or as on the base."""
    return geojson_response(plan_views.features(city, plan, level, grid, only_changed=only_changed, base=base))


@routes.get("/{plan}/table", summary="Figures of a draft's grids")
def table(city: CityHere, plan: int, level: Annotated[str, Query(max_length=40)]) -> Response:
    """Give the grids of a level with figures, load and its deviation from the mean."""
    return json_response(plan_impact.table(city, plan, level))


@routes.post("/{plan}/edits", summary="Draw", status_code=201)
def edit(city: CityHere, actor: ActorHere, plan: int, body: EditIn, key: Key = None) -> Response:
    """Carry an edit out: whole, checked and on record, or not at all."""
    told = plan_drawing.edit_plan(
        city, plan, body.edit, actor, after=body.after or None, follow=body.after is None, key=key
    )
    return _drawn(city, plan, told, 201)


@routes.post("/{plan}/undo", summary="Undo")
def undo(city: CityHere, actor: ActorHere, plan: int, body: AfterIn) -> Response:
    """Take the last edit back; it stays on record."""
    return _drawn(city, plan, plan_drawing.undo(city, plan, actor, after=body.after))


@routes.post("/{plan}/redo", summary="Redo")
def redo(city: CityHere, actor: ActorHere, plan: int, body: AfterIn) -> Response:
    """Let the edit count again that was taken back last."""
    return _drawn(city, plan, plan_drawing.redo(city, plan, actor, after=body.after))


@routes.get("/{plan}/check", summary="Check")
def check(city: CityHere, plan: int, inherited: bool = False) -> Response:
    """Give what the checks say, with what was so before the plan where that is asked for."""
    return json_response(plan_views.check(city, plan, inherited=inherited))


@routes.get("/{plan}/impact", summary="What changes hands")
def impact(city: CityHere, plan: int, level: Annotated[str | None, Query(max_length=40)] = None) -> Response:
    """Weigh a plan against the lines that it is drawn on."""
    return json_response(plan_impact.impact(city, plan, level))


@routes.get("/{plan}/diff", summary="What differs")
def diff(city: CityHere, plan: int) -> Response:
    """List the grids that differ from the base, and how."""
    return json_response(plan_views.diff(city, plan))


@routes.post("/{plan}/submit", summary="Hand in")
def submit(city: CityHere, actor: ActorHere, plan: int, body: SubmitIn) -> Response:
    """Hand a plan in for review."""
    return json_response(plans.submit(city, plan, actor, note=body.note, in_force_from=body.in_force_from))


@routes.post("/{plan}/approve", summary="Approve")
def approve(city: CityHere, actor: ActorHere, plan: int, body: ApproveIn) -> Response:
    """Approve a plan that somebody else drew."""
    return json_response(plans.approve(city, plan, actor, note=body.note, words=body.words))


@routes.post("/{plan}/send-back", summary="Send back")
def send_back(city: CityHere, actor: ActorHere, plan: int, body: NoteIn) -> Response:
    """Give a plan back to its author, saying why."""
    return json_response(plans.send_back(city, plan, actor, note=body.note))


@routes.post("/{plan}/publish", summary="Publish")
def publish(city: CityHere, actor: ActorHere, plan: int, body: SubmitIn, key: Key = None) -> Response:
    """Publish an approved plan; 409 with the grids in conflict where another was published meanwhile."""
    told = plans.publish(city, plan, actor, note=body.note, in_force_from=body.in_force_from, key=key)
    return json_response(told)


@routes.post("/{plan}/withdraw", summary="Withdraw")
def withdraw(city: CityHere, actor: ActorHere, plan: int, body: NoteIn) -> Response:
    """End a plan that was not published."""
    return json_response(plans.withdraw(city, plan, actor, note=body.note))


@routes.post("/{plan}/cancel", summary="Cancel a publication")
def cancel(city: CityHere, actor: ActorHere, plan: int, body: NoteIn) -> Response:
    """Take a publication back before its lines decide."""
    return json_response(plans.cancel(city, plan, actor, note=body.note))


@routes.post("/{plan}/rebase", summary="Draw again on the newest lines")
def rebase(city: CityHere, actor: ActorHere, plan: int, body: NoteIn) -> Response:
    """Draw a plan again on the generation published last, and tell which edits no longer apply."""
    del body
    return _drawn(city, plan, plan_drawing.rebase(city, plan, actor))


def _created(told: dict[str, Any]) -> Response:
    response = json_response(told)
    response.status_code = 201
    return response


def _drawn(city: CityHere, plan: int, told: dict[str, Any], status: int = 200) -> Response:
    """Answer an edit with the outlines that it changed, so that a page need not ask for them."""
    outlines = plan_views.features(city, plan, None, told["grids"], missing_as_gone=True)
    response = json_response({**told, "outlines": orjson.Fragment(outlines)})
    response.status_code = status
    return response
