"""How long a client may take and how much it may hold: the bounds on a connection that uvicorn does not have.

Without them a client that sends one byte a second, or nothing at all, keeps its connection for ever.
"""

import asyncio
from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_SECONDS: Final = 15.0
"""From the connection, or the first byte of a request, to the end of its headers."""
BODY_SECONDS: Final = 300.0
"""From the end of the headers to the end of the body: 64 MB at 2 Mbit/s."""
MOST_HEAD: Final = 64 << 10
"""Bytes that may wait for the end of the headers, and of what frames a body in chunks."""


class BoundedProtocol(HttpToolsProtocol):
    """HTTP/1.1 by httptools; a request that is not whole in time, or whose headers do not end, is cut off."""

    _due: asyncio.TimerHandle | None = None
    _in_body = False
    _is_whole = False
    _held = 0  # bytes since the last headers or piece of a body

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._wait(HEAD_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read what came; then wait for the rest, if there is any."""
        was_in_body = self._in_body
        self._held += len(data)
        super().data_received(data)
        if self._is_whole or self.transport.is_closing():
            self._stop_waiting()
        elif self._held > MOST_HEAD:
            self.send_400_response("The headers are too large.")
        elif self._due is None or self._in_body != was_in_body:
            self._wait(BODY_SECONDS if self._in_body else HEAD_SECONDS)

    def on_message_begin(self) -> None:
        """Note that a request begins."""
        self._is_whole = False
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Note that the headers have ended, and begin with the request."""
        self._held, self._in_body = 0, True
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Note that the body goes on."""
        self._held = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Note that the request is whole."""
        self._held, self._in_body, self._is_whole = 0, False, True
        super().on_message_complete()

    def _wait(self, seconds: float) -> None:
        self._stop_waiting()
        self._due = self.loop.call_later(seconds, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._due is not None:
            self._due.cancel()
            self._due = None
