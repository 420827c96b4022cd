"""Bounds on what comes in: a body is counted while it streams and cut off at the limit."""

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gridmap.api.problems import problem

_DIGITS = 20  # of a length, before it is read as a number
MOST_BODY = 64 << 20  # a million points as JSON are about 30 MB


class _TooLargeError(Exception):
    """More came than may come."""


class BodyLimit:
    """Middleware that refuses bodies beyond the limit, said or found."""

    def __init__(self, app: ASGIApp, most: int = MOST_BODY) -> None:
        self.app = app
        self.most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, counting its body."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        said = dict(scope["headers"]).get(b"content-length", b"0")
        if not said.isdigit():
            await problem(400, "http", "The request cannot be read")(scope, receive, send)
            return
        if int(said[:_DIGITS]) > self.most:
            await self._refusal()(scope, receive, send)
            return
        taken, started = 0, False

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self.most:
                raise _TooLargeError
            return message

        async def noted(message: Message) -> None:
            nonlocal started
            if taken > self.most and not started:
                raise _TooLargeError  # whatever the route made of the body that was cut off
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, counted, noted)
        except _TooLargeError:
            if not started:
                await self._refusal()(scope, receive, send)

    def _refusal(self) -> Response:
        return problem(413, "too-large", "The request is too large", f"at most {self.most >> 20} MB")
