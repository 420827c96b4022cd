"""The addresses of pages: the desk, the maps, their files, and the classes that the desk's legend asks for."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ConfigDict, Field

from gridmap.maps import MAPS, MapData, render, spec
from gridmap.maps.payload import coloured
from gridmap.maps.ramps import HEAT, spread
from gridmap.model.layers import load_layers
from gridmap.model.words import Language, words
from gridmap.pages import files, plan
from gridmap.pages.frame import answer, framed
from gridmap.pages.languages import language_of
from gridmap.pages.security import new_nonce

MOST_FIGURES = 50_000
MapReader = Callable[..., MapData]
"""``map_data(name, *, lang, level, layer, measure, start, end, category)``, which the app keeps in its state."""


class FiguresIn(BaseModel):
    """Figures to be divided into classes."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    values: list[float] = Field(max_length=MOST_FIGURES)


class ClassesOut(BaseModel):
    """Classes with their colours, as a legend shows them."""

    limits: list[float]
    labels: list[str]
    colours: list[str]


def router() -> APIRouter:
    """Make the routes of all pages; the app includes them at the root.

    ``app.state.city`` must hold the open city, and ``app.state.map_data`` a `MapReader`.
    """
    routes = APIRouter(include_in_schema=False)
    routes.add_api_route("/", desk, methods=["GET"], response_class=HTMLResponse)
    routes.include_router(plan.router())
    routes.add_api_route("/maps/{name}", drawn_map, methods=["GET"], response_class=HTMLResponse)
    routes.add_api_route("/desk/classes", classes, methods=["POST"])
    routes.add_api_route("/static/{path:path}", files.serve, methods=["GET"], response_class=Response)
    return routes


def desk(request: Request) -> HTMLResponse:
    """Serve the desk."""
    return framed(request, "desk", _boot)


def drawn_map(
    request: Request,
    name: str,
    level: Annotated[str | None, Query(max_length=40)] = None,
    layer: Annotated[str | None, Query(max_length=40)] = None,
    measure: Annotated[str | None, Query(max_length=40)] = None,
    start: Annotated[datetime | None, Query(alias="from")] = None,
    end: Annotated[datetime | None, Query(alias="to")] = None,
    category: Annotated[str | None, Query(max_length=4)] = None,
) -> HTMLResponse:
    """Serve one of the registered maps.

    Raises
    ------
    NotFoundError
        There is no map of that name.
    """
    lang = language_of(request)
    chosen = spec(name)
    read: MapReader = request.app.state.map_data
    data = read(
        chosen.key,
        lang=lang,
        level=level,
        layer=layer,
        measure=measure,
        start=start,
        end=end,
        category=category,
    )
    nonce = new_nonce()
    return answer(request, render(chosen.build(data), assets="linked", nonce=nonce), lang, nonce)


def classes(figures: FiguresIn) -> ClassesOut:
    """Divide figures into the classes that every map of ours would show."""
    found, colours = coloured(figures.values)
    return ClassesOut(limits=list(found.limits), labels=list(found.labels), colours=colours)


def _boot(lang: Language) -> dict[str, Any]:
    """Gather what the desk's scripts must know before they ask the API anything."""
    layers = load_layers().values()
    return {
        "source": getattr(load_layers()["incidents"].source, lang),
        "maps": [{"key": key, "title": getattr(one.title, lang)} for key, one in MAPS.items()],
        "kinds": {layer.kind: getattr(layer.title, lang) for layer in layers},
        "measures": _measures(lang),
        "heat": spread(HEAT, 8),
    }


def _measures(lang: Language) -> list[dict[str, str]]:
    """List what can be counted or summed over grids: every layer's rows, and the fields that it says are sums."""
    found = []
    for layer in load_layers().values():
        if layer.store == "grid" or layer.geometry <= {"LineString", "MultiLineString"} or not layer.popup_rows:
            continue
        count = words("measure.count", layer=layer.title)
        found.append({"layer": layer.key, "measure": "count", "title": getattr(count, lang)})
        found += [
            {"layer": layer.key, "measure": key, "title": getattr(declared.title, lang)}
            for key, declared in layer.measures().items()
        ]
    return found
