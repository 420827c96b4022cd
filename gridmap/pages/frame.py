"""What every page of ours is put into: its template, language, policy, styles, scripts, and the city that it is of."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from gridmap.maps import assets
from gridmap.maps.payload import embed, words_for
from gridmap.model.cities import CityCard
from gridmap.model.errors import NotFoundError
from gridmap.model.words import Language, say
from gridmap.pages import files
from gridmap.pages.languages import TAGS, language_of, remember
from gridmap.pages.security import new_nonce, policy

if TYPE_CHECKING:
    from gridmap.services.opening import OpenCity

DEFAULT_ZONE: Final = "Asia/Shanghai"
SHARED: Final = "page"
"""The folder of scripts and styles that every page has."""


@cache
def _templates() -> Environment:
    folder = Path(__file__).parent / "templates"
    return Environment(loader=FileSystemLoader(folder), autoescape=select_autoescape(), undefined=StrictUndefined)


def framed(
    request: Request,
    name: str,
    boot: Callable[[Language], dict[str, Any]],
    libraries: dict[str, Path] | None = None,
) -> HTMLResponse:
    """Answer with a page of our own.

    Parameters
    ----------
    name
        Of its template, its folder of scripts and styles, and its section of words.
    boot
        Tells, in a language, what the page's scripts must know besides the city before they ask the API anything.
    libraries
        Vendored modules by the name that scripts import them under.
    """
    lang = language_of(request)
    nonce = new_nonce()
    told = _city(request, lang) | {"words": words_for(lang, (f"{name}.", "page.", "map.", "measure."))} | boot(lang)
    page = (
        _templates()
        .get_template(f"{name}.html")
        .render(
            name=name,
            lang=TAGS[lang],
            nonce=nonce,
            say=_speaker(lang),
            icon=assets.ICON,
            scripts=[assets.address(assets.library("leaflet"))],
            styles=_styles(name),
            imports=Markup(embed({"imports": _modules(name, libraries or {})})),  # noqa: S704 - embed leaves no tag's end
            boot=Markup(embed(told)),  # noqa: S704 - as above
        )
    )
    return answer(request, page, lang, nonce)


def answer(request: Request, page: str, lang: Language, nonce: str) -> HTMLResponse:
    """Answer with a finished page, whose inline scripts carry the nonce."""
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


def _styles(name: str) -> list[str]:
    sheets = [
        assets.library("leaflet_css"),
        assets.OWN / "map.css",
        files.STATIC / SHARED / "page.css",
        files.STATIC / name / f"{name}.css",
        *(assets.vendored(path) for path in assets.FONTS),
    ]
    return [assets.address(sheet) for sheet in sheets]


def _modules(name: str, libraries: dict[str, Path]) -> dict[str, str]:
    own = {
        f"{folder}/{file.stem}": file
        for folder in (SHARED, name)
        for file in sorted((files.STATIC / folder).glob("*.js"))
    }
    return {key: assets.address(file) for key, file in (assets.modules() | own | libraries).items()}


def _city(request: Request, lang: Language) -> dict[str, Any]:
    card = _card(request)
    return {
        "lang": lang,
        "city": getattr(card.title, lang) if card else "",
        "invented": card is not None and card.invented,
        "zone": card.zone if card else DEFAULT_ZONE,
    }


def _card(request: Request) -> CityCard | None:
    """Tell which city this is; None while it has no lines yet."""
    city: OpenCity = request.app.state.city
    try:
        return city.keeper.snapshot().city
    except NotFoundError:
        return None
