"""Static files: ours and the vendored ones, from the package alone, kept by browsers as long as they are true."""

from pathlib import Path
from typing import Final

from fastapi import Request, Response
from fastapi.responses import FileResponse

from gridmap.maps import assets
from gridmap.model.errors import NotFoundError

STATIC: Final = Path(__file__).parent / "static"
MEDIA: Final = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".gif": "image/gif",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}
"""What is served at all, by the end of its name."""
FOR_EVER: Final = "public, max-age=31536000, immutable"
A_DAY: Final = "public, max-age=86400"
ASK: Final = "no-cache"


def find(path: str) -> Path:
    """Find a servable file by its path below ``/static/``.

    Raises
    ------
    NotFoundError
        There is no such file, or it is none that is served.
    """
    folder, rest = (assets.OWN, path.removeprefix("map/")) if path.startswith("map/") else (STATIC, path)
    unsafe = "\0" in rest or "\\" in rest or rest.startswith("/")
    file = folder if unsafe else (folder / rest).resolve()
    if not file.is_relative_to(folder.resolve()) or file.suffix not in MEDIA or not file.is_file():
        raise NotFoundError(f"there is no file /static/{path[:200]!r}")
    return file


def serve(request: Request, path: str) -> Response:
    """Answer with a file, or with 304 where the browser's copy is still true.

    An address with the hash of the content may be kept for ever; vendored files without one for a day; ours
    without one are asked about each time.

    Raises
    ------
    NotFoundError
        There is no such file.
    """
    file = find(path)
    digest = assets.digest(file)
    vendored = file.is_relative_to(assets.VENDOR)
    keep = FOR_EVER if request.query_params.get("v") == digest else A_DAY if vendored else ASK
    headers = {"ETag": f'"{digest}"', "Cache-Control": keep}
    seen = {tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")}
    if headers["ETag"] in seen:
        return Response(status_code=304, headers=headers)
    return FileResponse(file, headers=headers, media_type=MEDIA[file.suffix])
