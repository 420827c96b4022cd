"""Folium pages without a foreign host: every script and style comes from local files, linked or inlined."""

import re
from html import escape
from typing import Any, Final, Literal, cast

import folium
from branca.element import CssLink, Element, Figure, JavascriptLink, MacroElement
from folium.template import Template

from gridmap.maps import assets
from gridmap.maps.data import Bounds
from gridmap.maps.payload import embed
from gridmap.model.errors import SetupError

Assets = Literal["linked", "inlined"]

STYLES: Final = ("map.css",)
_FOREIGN = re.compile(
    r"""<(?:script|link|img|iframe)\b[^>]*?\b(?:src|href)\s*=\s*["']?(?:[a-z]+:)?//[^"'\s>]*""", re.IGNORECASE
)
_OPENING = re.compile(r"<(script|style)(?=[\s>])")


class LocalFigure(Figure):
    """A page that links only to our own files, or carries them inside.

    `assets` and `nonce` are set by `render` in this module just before the page is written.
    """

    _template = Template(
        """<!DOCTYPE html>
<html lang="{{ this.lang }}">
<head>
<title>{{ this.title|e }}</title>
{{ this.head }}
</head>
<body>
{{ this.html.render(**kwargs) }}
<script>
{{ this.script.render(**kwargs) }}
</script>
{{ this.tail }}
</body>
</html>
""",
    )

    def __init__(self, title: str = "", lang: str = "zh-CN") -> None:
        super().__init__(title=title)
        self.lang = escape(lang, quote=True)
        self.assets: Assets = "linked"
        self.nonce: str | None = None
        self.tail = ""
        self.head = ""
        self.fonts = ""

    def render(self, **kwargs: Any) -> str:  # noqa: ANN401 - branca's own signature
        """Write the page.

        Raises
        ------
        SetupError
            Something on the map asks for a script or style that has no local file.
        """
        for child in self._children.values():
            child.render(**kwargs)
        links, rest = [], []
        for name, child in self.header._children.items():  # noqa: SLF001 - branca offers no other way to see them
            if isinstance(child, JavascriptLink | CssLink):
                if name not in assets.DROPPED:
                    links.append(self._local(name, child))
            else:
                rest.append(child.render(**kwargs))
        marked = "\n".join(rest)
        if found := _FOREIGN.search(marked):
            raise SetupError(f"the map links to a foreign host: {found.group(0)}")
        self.tail = self._tail()
        icon = f'<link rel="icon" href="{assets.ICON}">'
        self.head = "\n".join([marked, icon, *links, self._styles()])
        page = cast("str", self._template.render(this=self, kwargs=kwargs))
        if self.nonce is not None and self.assets == "linked":
            # Only markup of ours is in a linked page: data blocks hold no "<" (see payload.embed).
            page = _OPENING.sub(rf'<\1 nonce="{escape(self.nonce, quote=True)}"', page)
        return page

    def _local(self, name: str, link: JavascriptLink | CssLink) -> str:
        file = assets.library(name)
        script = isinstance(link, JavascriptLink)
        if self.assets == "linked":
            url = assets.address(file)
            return f'<script src="{url}"></script>' if script else f'<link rel="stylesheet" href="{url}">'
        if script:
            return f"<script>{assets.inlined_script(file)}</script>"
        return f"<style>{assets.inlined_style(file)}</style>"

    def _styles(self) -> str:
        files = [assets.OWN / name for name in STYLES]
        if self.assets == "linked":
            files += [assets.vendored(name) for name in assets.FONTS]
            return "\n".join(f'<link rel="stylesheet" href="{assets.address(file)}">' for file in files)
        own = "\n".join(f"<style>{assets.inlined_style(file)}</style>" for file in files)
        return f"{own}\n<style>{self.fonts}</style>"

    def _tail(self) -> str:
        """Return the import map by which our modules find one another; it stands before the first of them."""
        table = {
            name: assets.address(file)
            if self.assets == "linked"
            else assets.data_uri(file.read_bytes(), "text/javascript")
            for name, file in assets.modules().items()
        }
        start = "".join(
            f"<script type=\"module\">import {{ start }} from 'gridmap/saved'; start('{key}');</script>\n"
            for key in self._starts()
        )
        return f'<script type="importmap">{embed({"imports": table})}</script>\n{start}'

    def _starts(self) -> list[str]:
        return [child.get_name() for child in _walk(self) if isinstance(child, Shown)]


class LocalMap(folium.Map):
    """A Folium map that draws no foreign tiles and loads nothing but Leaflet."""

    _template = Template(
        """
        {% macro header(this, kwargs) %}
        <meta name="viewport" content="width=device-width, initial-scale=1">
        {% endmacro %}
        {% macro html(this, kwargs) %}
        <div class="folium-map gm-map" id={{ this.get_name()|tojson }}></div>
        {% endmacro %}
        {% macro script(this, kwargs) %}
        var {{ this.get_name() }} = L.map({{ this.get_name()|tojson }}, {
            center: {{ this.location|tojson }}, ...{{ this.options|tojavascript }}
        });
        {% endmacro %}
        """,
    )

    def __init__(self, bounds: Bounds, title: str, lang: str) -> None:
        west, south, east, north = bounds
        super().__init__(
            location=[(south + north) / 2, (west + east) / 2],
            zoom_start=15,
            tiles=None,
            prefer_canvas=True,
            zoom_control=False,
            attribution_control=False,
            zoom_snap=0.25,
            min_zoom=8,
            max_zoom=20,
        )
        self.default_js = [("leaflet", "leaflet.js")]
        self.default_css = [("leaflet_css", "leaflet.css")]
        # Folium put the map on a page of its own, whose links lead to foreign hosts.
        LocalFigure(title, lang).add_child(self)


class Shown(MacroElement):
    """The data of a map inside its page, as JSON that only our own scripts read."""

    _template = Template(
        """
        {% macro html(this, kwargs) %}
        <script type="application/json" id="{{ this.get_name() }}" data-map="{{ this._parent.get_name() }}">
        {{- this.json -}}
        </script>
        {% endmacro %}
        """,
    )

    def __init__(self, content: dict[str, Any]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = "Shown"
        self.json = embed(content)

    def render(self, **kwargs: Any) -> str:  # noqa: ANN401 - branca's own signature
        """Put the data into the page's body."""
        figure = cast("LocalFigure", self.get_root())
        block = self._template.module.__dict__["html"](self, kwargs)
        figure.html.add_child(Data(block), name=self.get_name())
        figure.fonts = assets.font_faces(self.json) if figure.assets == "inlined" else ""
        return ""


class Data(Element):
    """Markup that is written as it is: never read as a template, whatever it holds."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.markup = markup

    def render(self, **_kwargs: Any) -> str:  # noqa: ANN401 - branca's own signature
        """Return the markup."""
        return self.markup


def _walk(element: Element) -> list[Element]:
    return [found for child in element._children.values() for found in (child, *_walk(child))]  # noqa: SLF001


def render(drawn: folium.Map, *, assets: Assets = "linked", nonce: str | None = None) -> str:
    """Write a map as a page.

    Parameters
    ----------
    drawn
        A map whose figure is a `LocalFigure`, as every entry of `MAPS` builds it.
    assets
        ``linked`` for pages that our service serves; ``inlined`` for one file that opens from disk, off line.
    nonce
        Of the content security policy; every script and style of a linked page carries it.

    Raises
    ------
    SetupError
        Something on the map asks for what has no local file.
    """
    figure = drawn.get_root()
    if not isinstance(figure, LocalFigure):
        raise SetupError("the map was not made by gridmap: its page would load scripts from foreign hosts")
    figure.assets, figure.nonce = assets, nonce
    return figure.render()
