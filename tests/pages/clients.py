"""A client that speaks to an app in this process."""

import asyncio
from typing import Any

import httpx
from fastapi import FastAPI


class Client:
    """Sends requests straight into an app; keeps cookies like a browser."""

    def __init__(self, app: FastAPI) -> None:
        self.app = app
        self.cookies = httpx.Cookies()

    def get(self, path: str, **options: Any) -> httpx.Response:
        return asyncio.run(self._send("GET", path, options))

    def post(self, path: str, **options: Any) -> httpx.Response:
        return asyncio.run(self._send("POST", path, options))

    async def _send(self, method: str, path: str, options: dict[str, Any]) -> httpx.Response:
        transport = httpx.ASGITransport(self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://desk", cookies=self.cookies) as client:
            answer = await client.request(method, path, **options)
            self.cookies = httpx.Cookies(client.cookies)
            return answer
