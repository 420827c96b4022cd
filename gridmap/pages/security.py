"""The content security policy and its companions, on every response of the service."""

import secrets
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

COMMON: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(self)",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def policy(nonce: str | None = None) -> str:
    """Write the policy: our own host alone, and inline scripts and styles only with the nonce of this response."""
    inline = f" 'nonce-{nonce}'" if nonce else ""
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src 'self'{inline}",
            f"style-src 'self'{inline}",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "connect-src 'self'",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'self'",
        )
    )


HEADERS: Final = tuple(
    (name.lower().encode(), value.encode()) for name, value in {**COMMON, "Content-Security-Policy": policy()}.items()
)
"""What every response carries that does not say otherwise."""


def new_nonce() -> str:
    """Make a nonce for one response."""
    return secrets.token_urlsafe(18)


class SecurityHeaders:
    """Middleware that puts the policy on whatever leaves, answers of errors included.

    A page with scripts of its own sets the policy with its nonce itself; that one is left as it is.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and complete the headers of the response."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def completed(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = message.get("headers", [])
                names = {name.lower() for name, _ in given}
                message["headers"] = [*given, *(header for header in HEADERS if header[0] not in names)]
            await send(message)

        await self.app(scope, receive, completed)
