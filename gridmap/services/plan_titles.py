"""How plans say names, areas and lengths, in both languages."""

from collections.abc import Iterable

from gridmap.model.schemes import Scheme
from gridmap.model.words import Text

_MOST = 3
_HECTARE, _SMALL = 10_000.0, 1_000.0


def names_text(names: Iterable[str]) -> Text:
    """List names, the first few."""
    listed = list(names)
    more = len(listed) - _MOST
    zh = "、".join(listed[:_MOST]) + (f"等 {len(listed)} 个" if more > 0 else "")
    en = ", ".join(listed[:_MOST]) + (f" and {more} more" if more > 0 else "")
    return Text(zh, en)


def area_text(square_metres: float) -> str:
    """Say an area: hectares from a hectare on, else square metres."""
    if square_metres >= _HECTARE:
        return f"{square_metres / _HECTARE:,.2f} ha"
    return f"{square_metres:,.0f} m²" if square_metres >= _SMALL else f"{square_metres:,.1f} m²"


def level_title(scheme: Scheme, level: str) -> Text:
    """Say a level."""
    title = scheme.level(level).title
    return Text(title.zh, title.en.lower())
