"""The one table from errors to RFC 9457 problems; no text of an unexpected error leaves the service."""

import traceback
from collections.abc import Mapping
from typing import Final

import orjson
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gridmap.model.errors import (
    ConflictError,
    CoverageError,
    Fault,
    ForbiddenError,
    GoneError,
    GridmapError,
    InputError,
    NotFoundError,
    SetupError,
    UnavailableError,
)

MEDIA: Final = "application/problem+json"

TABLE: Final[dict[type[GridmapError], tuple[int, str, str]]] = {
    CoverageError: (422, "coverage", "The grids are not a clean coverage"),
    InputError: (422, "input", "The input is wrong"),
    ForbiddenError: (403, "forbidden", "Somebody else has to do this"),
    GoneError: (410, "gone", "It is no more"),
    NotFoundError: (404, "not-found", "There is no such thing"),
    ConflictError: (409, "conflict", "It changed meanwhile"),
    UnavailableError: (503, "unavailable", "Not available now"),
    SetupError: (503, "setup", "The service is not set up"),
}
_HTTP: Final = {
    400: "The request cannot be read",
    404: "There is no such page",
    405: "This method is not allowed here",
    413: "The request is too large",
    415: "This type of content is not read here",
    429: "Too many requests",
}
_RETRY_SECONDS = "1"
_LONGEST = 200


def problem(
    status: int,
    kind: str,
    title: str,
    detail: str = "",
    faults: list[Fault] | None = None,
    more: Mapping[str, object] | None = None,
) -> Response:
    """Write a problem document; `more` are members of its own kind."""
    body: dict[str, object] = {"type": f"/problems/{kind}", "title": title, "status": status}
    if detail:
        body["detail"] = detail
    if faults:
        body["faults"] = [{"place": f.place, "message": f.message, "mend": f.mend, "code": f.code} for f in faults]
    body |= more or {}
    headers = {"Retry-After": _RETRY_SECONDS} if status == 503 else None  # noqa: PLR2004 - unavailable
    # Lone surrogates in what was sent must not break the answer that tells so.
    content = orjson.dumps(body, default=str) if _speakable(body) else orjson.dumps(_mended(body))
    return Response(content, status, headers, MEDIA)


def install(app: FastAPI) -> None:
    """Let an app answer every error with a problem."""
    app.add_exception_handler(GridmapError, _gridmap)  # type: ignore[arg-type]
    app.add_exception_handler(RequestValidationError, _validation)  # type: ignore[arg-type]
    app.add_exception_handler(HTTPException, _http)  # type: ignore[arg-type]
    app.add_exception_handler(Exception, _unexpected)


def of(error: GridmapError) -> Response:
    """Turn an error of the tree into a problem by the table."""
    for kind, (status, name, title) in TABLE.items():
        if isinstance(error, kind):
            if isinstance(error, InputError):
                return problem(status, name, title, error.title, error.faults)
            if isinstance(error, ConflictError | GoneError):
                return problem(status, name, title, str(error), more=error.details)
            return problem(status, name, title, str(error))
    return problem(500, "unexpected", "Something went wrong here")


async def _gridmap(_request: Request, error: GridmapError) -> Response:
    return of(error)


async def _validation(_request: Request, error: RequestValidationError) -> Response:
    faults = [
        Fault(
            ".".join(str(part) for part in each["loc"] if part not in {"query", "path", "body"}) or "body",
            str(each["msg"])[:_LONGEST],
            code=str(each["type"]),
        )
        for each in error.errors()
    ]
    return problem(422, "input", "The input is wrong", faults=faults)


async def _http(_request: Request, error: HTTPException) -> Response:
    title = _HTTP.get(error.status_code, "The request failed")
    return problem(error.status_code, "http", title)


async def _unexpected(request: Request, error: Exception) -> Response:
    return unexpected(request.url.path, error)


def unexpected(path: str, error: Exception) -> Response:
    """Put an error that nobody foresaw into the log, and turn it into a problem that says nothing of it."""
    # The plain traceback: one with the values of variables takes seconds, and puts telephone numbers into the log.
    trace = "".join(traceback.format_exception(error))
    structlog.get_logger().error("unexpected error", path=path, traceback=trace)
    return problem(500, "unexpected", "Something went wrong here")


class LastResort:
    """Middleware that answers what nothing else caught, so that this answer too gets the headers of all answers."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; where it fails before an answer has begun, answer with a problem."""
        started = False

        async def noted(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, noted)
        except Exception as error:
            if scope["type"] != "http" or started:
                raise
            await unexpected(scope["path"], error)(scope, receive, send)


def _speakable(body: dict[str, object]) -> bool:
    try:
        orjson.dumps(body, default=str)
    except (TypeError, orjson.JSONEncodeError):
        return False
    return True


def _mended(value: object) -> object:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {key: _mended(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_mended(each) for each in value]
    return value
