"""Local assets of maps and pages: which file stands for which name, its address, and its inlined form.

Third-party files come from npm by the lock file into ``gridmap/pages/static/vendor``; our own scripts and styles
for maps stand in ``gridmap/maps/assets`` and are shared with the desk. Nothing here ever names a foreign host.
"""

import base64
import hashlib
import re
from functools import cache
from pathlib import Path
from typing import Final

from gridmap.model.errors import SetupError

PACKAGE: Final = Path(__file__).parent.parent
VENDOR: Final = PACKAGE / "pages" / "static" / "vendor"
OWN: Final = Path(__file__).parent / "assets"
PREFIX: Final = "/static"

LIBRARIES: Final = {
    "leaflet": "leaflet/dist/leaflet.js",
    "leaflet_css": "leaflet/dist/leaflet.css",
    "jquery": "jquery/dist/jquery.min.js",
    "bootstrap": "bootstrap/dist/js/bootstrap.bundle.min.js",
    "bootstrap_css": "bootstrap/dist/css/bootstrap.min.css",
    "awesome_markers": "leaflet.awesome-markers/dist/leaflet.awesome-markers.min.js",
    "awesome_markers_css": "leaflet.awesome-markers/dist/leaflet.awesome-markers.css",
    "awesome_markers_font_css": "@fortawesome/fontawesome-free/css/all.min.css",
}
"""What Folium asks for by name, as a file below the vendor folder."""

ICON: Final = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cpath fill='%231d6fa5' "
    "d='M1 1h6v6H1zM9 9h6v6H9zM1 9h6v6H1z'/%3E%3Cpath fill='%23c4412f' d='M9 1h6v6H9z'/%3E%3C/svg%3E"
)
"""A page's icon, in the page itself: four grids, one of them yours."""

DROPPED: Final = frozenset({"glyphicons_css", "awesome_rotate_css"})
"""Folium asks for these, nothing here needs them, and they are on no registry."""

FONTS: Final = ("@fontsource/noto-sans-sc/400.css", "@fontsource/noto-sans-sc/700.css")
MEDIA: Final = {".png": "image/png", ".svg": "image/svg+xml", ".woff2": "font/woff2", ".gif": "image/gif"}

_URL = re.compile(r"url\(\s*(['\"]?)([^'\")]+)\1\s*\)")
_FACE = re.compile(r"@font-face\s*\{[^}]*\}")
_RANGE = re.compile(r"U\+([0-9a-fA-F]+)(?:-([0-9a-fA-F]+))?")
_WOFF2 = re.compile(r"url\(([^)]+\.woff2)\)")


def library(name: str) -> Path:
    """Find the vendored file behind a name that Folium uses.

    Raises
    ------
    SetupError
        No local file is known by that name, or it was not installed.
    """
    if name not in LIBRARIES:
        raise SetupError(f"the map asks for {name!r}, which has no local file: add it to gridmap/maps/assets.py")
    return vendored(LIBRARIES[name])


def vendored(path: str) -> Path:
    """Find a file below the vendor folder.

    Raises
    ------
    SetupError
        It is not there; the text says how to install it.
    """
    file = VENDOR / path
    if not file.is_file():
        raise SetupError(f"the browser library {path} is not installed; run: make setup")
    return file


def modules() -> dict[str, Path]:
    """Return our own map modules by the name that scripts import them under, ``gridmap/scene``."""
    return {f"gridmap/{file.stem}": file for file in sorted(OWN.glob("*.js"))}


@cache
def _digest(file: Path, stamp: int) -> str:  # noqa: ARG001 - the stamp keys the cache
    return hashlib.sha256(file.read_bytes()).hexdigest()[:12]


def digest(file: Path) -> str:
    """Return a short hash of a file's content, for addresses that may be kept for ever."""
    return _digest(file, file.stat().st_mtime_ns)


def address(file: Path) -> str:
    """Return the address under which the pages serve a file of ours, its content hash included."""
    if file.is_relative_to(OWN):
        path = f"{PREFIX}/map/{file.relative_to(OWN).as_posix()}"
    else:
        path = f"{PREFIX}/{file.relative_to(VENDOR.parent).as_posix()}"
    return f"{path}?v={digest(file)}"


def data_uri(content: bytes, media: str) -> str:
    """Wrap bytes so that a page can hold them itself."""
    return f"data:{media};base64,{base64.b64encode(content).decode('ascii')}"


def inlined_style(file: Path) -> str:
    """Read a style sheet with every picture in it turned into a ``data:`` address.

    Raises
    ------
    SetupError
        The sheet refers to a foreign host or to a file that is not there.
    """

    def inline(match: re.Match[str]) -> str:
        target = match.group(2)
        if target.startswith(("data:", "#")):
            return match.group(0)
        if "//" in target:
            raise SetupError(f"{file.name} refers to a foreign host: {target}")
        found = (file.parent / target.split("?")[0].split("#")[0]).resolve()
        if not found.is_file():
            raise SetupError(f"{file.name} refers to {target}, which is not installed; run: make setup")
        return f'url("{data_uri(found.read_bytes(), MEDIA[found.suffix])}")'

    return _URL.sub(inline, file.read_text(encoding="utf-8"))


def inlined_script(file: Path) -> str:
    """Read a script so that it can stand inside a page: nothing in it may end the element."""
    text = file.read_text(encoding="utf-8")
    text = re.sub(r"\n//# sourceMappingURL=.*", "", text)
    return re.sub(r"</(?=script)", r"<\\/", text, flags=re.IGNORECASE)


def font_faces(text: str) -> str:
    """Return the ``@font-face`` rules, files inside, that the characters of a text need.

    The packaged font comes in some hundred parts by range of characters. A page on our server lets the browser
    fetch what it lacks; a saved file must carry the parts itself, and carries no others.
    """
    wanted = {ord(char) for char in text if ord(char) > 0x2E7F}  # noqa: PLR2004 - CJK starts here; Latin is everywhere
    faces = []
    for sheet in (vendored(path) for path in FONTS[:1]):
        for face in _FACE.findall(sheet.read_text(encoding="utf-8")):
            ranges = [(int(a, 16), int(b or a, 16)) for a, b in _RANGE.findall(face)]
            source = _WOFF2.search(face)
            if source is None or not any(low <= char <= high for char in wanted for low, high in ranges):
                continue
            uri = data_uri((sheet.parent / source.group(1).strip("'\"")).read_bytes(), MEDIA[".woff2"])
            unicode_range = ",".join(f"U+{low:x}-{high:x}" for low, high in ranges)
            faces.append(
                "@font-face{font-family:'Noto Sans SC';font-weight:400;font-display:swap;"
                f"src:url({uri}) format('woff2');unicode-range:{unicode_range}}}",
            )
    return "\n".join(faces)
