"""The planner's page: lines drawn, weighed and sent on their way."""

from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from gridmap.maps import assets
from gridmap.model.layers import load_layers, schemes
from gridmap.model.limits import COUNT, limits
from gridmap.model.schemes import GOVERNANCE
from gridmap.model.words import Language
from gridmap.pages.frame import framed

LIBRARIES: Final = {
    "terra-draw": "terra-draw/dist/terra-draw.modern.js",
    "terra-draw-leaflet-adapter": "terra-draw-leaflet-adapter/dist/terra-draw-leaflet-adapter.modern.js",
}
"""What draws lines and outlines under a pointer or finger, by the name that scripts import it under."""


def router() -> APIRouter:
    """Make the route of the planner's page."""
    routes = APIRouter(include_in_schema=False)
    routes.add_api_route("/plan", plan, methods=["GET"], response_class=HTMLResponse)
    return routes


def plan(request: Request) -> HTMLResponse:
    """Serve the planner's page; its address says which plan, or none for the list of all."""
    libraries = {name: assets.vendored(path) for name, path in LIBRARIES.items()}
    return framed(request, "plan", _boot, libraries)


def _boot(lang: Language) -> dict[str, Any]:
    """Gather the levels that there may be, those without a grid among them, and what the load is made of."""
    layers = load_layers()
    return {
        "scheme": GOVERNANCE,
        "levels": [
            {
                "key": level.key,
                "name": getattr(level.title, lang),
                "rank": level.rank,
                "line_px": level.line_px,
                "dashed": level.dashed,
            }
            for level in schemes()[GOVERNANCE].levels
        ],
        "kinds": {layer.kind: getattr(layer.title, lang) for layer in layers.values()},
        "spread": limits().spread,
        "load": [
            {
                "title": getattr(
                    layers[one.layer].title
                    if one.measure == COUNT
                    else layers[one.layer].measures()[one.measure].title,
                    lang,
                ),
                "weight": one.weight,
            }
            for one in limits().load
        ],
    }
