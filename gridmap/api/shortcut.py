"""The short way to the few questions that are asked all the time.

Finding the route and calling it through the framework's models and dependencies takes longer than answering who owns a
location. What goes the short way is a route like any other besides, which describes it.
"""

from collections.abc import Awaitable, Callable, Mapping

from fastapi import Request, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from gridmap.api import problems
from gridmap.model.errors import GridmapError

Endpoint = Callable[[Request], Awaitable[Response]]


class Shortcut:
    """Middleware that hands requests to their functions by method and path, and all others on."""

    def __init__(self, app: ASGIApp, endpoints: Mapping[tuple[str, str], Endpoint]) -> None:
        self.app = app
        self.endpoints = endpoints

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, by the table of errors where that fails, or pass the request on."""
        endpoint = self.endpoints.get((scope["method"], scope["path"])) if scope["type"] == "http" else None
        if endpoint is None:
            await self.app(scope, receive, send)
            return
        try:
            response = await endpoint(Request(scope, receive, send))
        except GridmapError as error:
            response = problems.of(error)
        await response(scope, receive, send)
