"""The addresses of pages: the desk, the maps, their files, and the classes that the desk's legend asks for."""

from collections.abc import Callable
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup
from pydantic import BaseModel, ConfigDict, Field

from gridmap.maps import MAPS, MapData, assets, render, spec
from gridmap.maps.payload import coloured, embed, words_for
from gridmap.maps.ramps import HEAT, spread
from gridmap.model.cities import CityCard
from gridmap.model.errors import NotFoundError
from gridmap.model.layers import load_layers
from gridmap.model.words import Language, say, words
from gridmap.pages import files
from gridmap.pages.languages import TAGS, language_of, remember
from gridmap.pages.security import new_nonce, policy

if TYPE_CHECKING:
    from gridmap.services.opening import OpenCity

DESK_SECTIONS = ("desk.", "map.", "measure.")
MOST_FIGURES = 50_000
DEFAULT_ZONE = "Asia/Shanghai"
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


@cache
def _templates() -> Environment:
    folder = Path(__file__).parent / "templates"
    return Environment(loader=FileSystemLoader(folder), autoescape=select_autoescape(), undefined=StrictUndefined)


def router() -> APIRouter:
    """Make the routes of all pages; the app includes them at the root.

    ``app.state.city`` must hold the open city, and ``app.state.map_data`` a `MapReader`.
    """
    routes = APIRouter(include_in_schema=False)
    routes.add_api_route("/", desk, methods=["GET"], response_class=HTMLResponse)
    routes.add_api_route("/maps/{name}", drawn_map, methods=["GET"], response_class=HTMLResponse)
    routes.add_api_route("/desk/classes", classes, methods=["POST"])
    routes.add_api_route("/static/{path:path}", files.serve, methods=["GET"], response_class=Response)
    return routes


def desk(request: Request) -> HTMLResponse:
    """Serve the desk."""
    lang = language_of(request)
    nonce = new_nonce()
    page = (
        _templates()
        .get_template("desk.html")
        .render(
            lang=TAGS[lang],
            nonce=nonce,
            say=_speaker(lang),
            icon=assets.ICON,
            scripts=[assets.address(assets.library("leaflet"))],
            styles=_styles(),
            imports=Markup(embed({"imports": _modules()})),  # noqa: S704 - embed leaves nothing that ends the element
            boot=Markup(embed(_boot(lang, _card(request)))),  # noqa: S704 - as above
        )
    )
    return _page(request, page, lang, nonce)


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
    return _page(request, render(chosen.build(data), assets="linked", nonce=nonce), lang, nonce)


def classes(figures: FiguresIn) -> ClassesOut:
    """Divide figures into the classes that every map of ours would show."""
    found, colours = coloured(figures.values)
    return ClassesOut(limits=list(found.limits), labels=list(found.labels), colours=colours)


def _page(request: Request, page: str, lang: Language, nonce: str) -> HTMLResponse:
    headers = {
        "Content-Security-Policy": policy(nonce),
        "Cache-Control": "no-cache",
        "Content-Language": TAGS[lang],
        "Vary": "Accept-Language, Cookie",
    }
    response = HTMLResponse(page, headers=headers)
    remember(request, response, lang)
    return response


def _speaker(lang: Language) -> Callable[[str], str]:
    return lambda key: say(key, lang)


def _styles() -> list[str]:
    sheets = [
        assets.library("leaflet_css"),
        assets.OWN / "map.css",
        files.STATIC / "desk" / "desk.css",
        *(assets.vendored(path) for path in assets.FONTS),
    ]
    return [assets.address(sheet) for sheet in sheets]


def _modules() -> dict[str, str]:
    own = {f"desk/{file.stem}": file for file in sorted((files.STATIC / "desk").glob("*.js"))}
    return {name: assets.address(file) for name, file in (assets.modules() | own).items()}


def _boot(lang: Language, card: CityCard | None) -> dict[str, Any]:
    """Gather what the desk's scripts must know before they ask the API anything."""
    layers = load_layers().values()
    return {
        "lang": lang,
        "city": getattr(card.title, lang) if card else "",
        "invented": card is not None and card.invented,
        "zone": card.zone if card else DEFAULT_ZONE,
        "source": getattr(load_layers()["incidents"].source, lang),
        "words": words_for(lang, DESK_SECTIONS),
        "maps": [{"key": key, "title": getattr(one.title, lang)} for key, one in MAPS.items()],
        "kinds": {layer.kind: getattr(layer.title, lang) for layer in layers},
        "measures": _measures(lang),
        "heat": spread(HEAT, 8),
    }


def _card(request: Request) -> CityCard | None:
    """Tell which city this is; None while it has no lines yet."""
    city: OpenCity = request.app.state.city
    try:
        return city.keeper.snapshot().city
    except NotFoundError:
        return None


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
