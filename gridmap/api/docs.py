"""The interface described: the OpenAPI document completed, and a page that shows it, all from our own host."""

from typing import Any, Final

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.responses import HTMLResponse

from gridmap.api.problems import MEDIA

PROBLEM: Final[dict[str, Any]] = {
    "title": "Problem",
    "description": "What went wrong (RFC 9457); every fault of the input is listed.",
    "type": "object",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "faults": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["place", "message", "mend", "code"],
                "properties": {
                    "place": {"type": "string", "description": "parameter, field, or row and column"},
                    "message": {"type": "string", "description": "what is wrong"},
                    "mend": {"type": "string", "description": "what to do about it"},
                    "code": {"type": "string", "description": "stable name for programs"},
                },
            },
        },
    },
}
RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    "default": {
        "description": "The request was refused, or could not be answered: 4xx or 5xx.",
        "content": {MEDIA: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
}
"""What every operation may answer besides its own."""

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>gridmap API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/static/vendor/swagger-ui-dist/swagger-ui.css">
</head>
<body>
<div id="docs"></div>
<script src="/static/vendor/swagger-ui-dist/swagger-ui-bundle.js"></script>
<script src="/static/docs/start.js"></script>
</body>
</html>
"""


def router() -> APIRouter:
    """Make the route of the page."""
    routes = APIRouter(include_in_schema=False)
    routes.add_api_route("/docs", page, methods=["GET"], response_class=HTMLResponse)
    return routes


def page() -> HTMLResponse:
    """Show the interface, to read and to try."""
    return HTMLResponse(_PAGE)


def install(app: FastAPI) -> None:
    """Let an app describe itself as it is: refusals are problems, not the framework's own errors."""

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            made = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
            app.openapi_schema = _completed(made)
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign]


def _completed(described: dict[str, Any]) -> dict[str, Any]:
    for methods in described["paths"].values():
        for operation in methods.values():
            operation["responses"].pop("422", None)  # it is among the problems
    schemas = described.setdefault("components", {}).setdefault("schemas", {})
    for foreign in ("HTTPValidationError", "ValidationError"):
        schemas.pop(foreign, None)
    schemas["Problem"] = PROBLEM
    return described
