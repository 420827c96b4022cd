"""The short way to the few questions that are asked all the time.

The framework's way to a function, through its middleware, its search for the route, models and dependencies, takes
longer than answering who owns a location. What goes the short way is a route like any other besides, which tells of it.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence

from fastapi import Request, Response
from starlette.types import Receive, Scope, Send

from gridmap.api import problems
from gridmap.model.errors import GridmapError

Endpoint = Callable[[Request], Awaitable[Response]]


class Shortcut:
    """Application that hands requests to their functions by method and path.

    Parameters
    ----------
    headers
        What goes with every answer, as bytes; the functions set none of them.
    """

    def __init__(
        self, endpoints: Mapping[tuple[str, str], Endpoint], headers: Sequence[tuple[bytes, bytes]] = ()
    ) -> None:
        self.endpoints = endpoints
        self.headers = headers

    def knows(self, scope: Scope) -> bool:
        """Tell whether a request may go this way."""
        return scope["type"] == "http" and (scope["method"], scope["path"]) in self.endpoints

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, by the table of errors where that fails."""
        try:
            response = await self.endpoints[scope["method"], scope["path"]](Request(scope, receive, send))
        except GridmapError as error:
            response = problems.of(error)
        except Exception as error:  # noqa: BLE001 - there is nobody above who would answer
            response = problems.unexpected(scope["path"], error)
        response.raw_headers.extend(self.headers)
        await response(scope, receive, send)
