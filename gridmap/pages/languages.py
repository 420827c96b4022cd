"""Which language a page speaks: as asked in the address, else as remembered, else as the browser prefers."""

from typing import Final

from fastapi import Request, Response

from gridmap.model.words import LANGUAGES, Language

COOKIE: Final = "gridmap_lang"
A_YEAR_S: Final = 365 * 24 * 3600
TAGS: Final[dict[Language, str]] = {"zh": "zh-CN", "en": "en"}


def language_of(request: Request) -> Language:
    """Choose the language for a request; Chinese when nothing says otherwise."""
    for said in (request.query_params.get("lang"), request.cookies.get(COOKIE)):
        if said in LANGUAGES:
            return said
    preferred = request.headers.get("accept-language", "")
    for part in preferred.split(","):
        tag = part.split(";")[0].strip().lower()[:2]
        if tag in LANGUAGES:
            return tag
    return "zh"


def remember(request: Request, response: Response, lang: Language) -> None:
    """Keep a language that was asked for in the address."""
    if request.query_params.get("lang") in LANGUAGES:
        response.set_cookie(COOKIE, lang, max_age=A_YEAR_S, samesite="lax", httponly=True)
