"""The whole service in this process: over the demo city, and over the town of squares."""

import asyncio
from contextlib import asynccontextmanager

import httpx
import pytest

from gridmap.app import create_app
from gridmap.services.generations import publish
from gridmap.settings import Settings
from tests.services.squares import town


class Service:
    """A service and one who asks it."""

    def __init__(self, app, runner):
        self.app = app
        self._runner = runner

    def request(self, method, path, **options):
        async def send():
            transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://city") as client:
                return await client.request(method, path, **options)

        return self._runner.run(send())

    def get(self, path, **params):
        return self.request("GET", path, params=params or None)

    def post(self, path, **options):
        return self.request("POST", path, **options)


@asynccontextmanager
async def lived(app):
    async with app.router.lifespan_context(app):
        yield


def serve(url):
    """Yield the service while its lifespan runs."""
    app = create_app(Settings(database_url=url))
    with asyncio.Runner() as runner:
        life = lived(app)
        runner.run(life.__aenter__())
        try:
            yield Service(app, runner)
        finally:
            runner.run(life.__aexit__(None, None, None))


@pytest.fixture(scope="module")
def api(demo_url):
    """Serve the demo city; tests only read it."""
    yield from serve(demo_url)


@pytest.fixture
def squares(database):
    """Serve the town of squares."""
    publish(database, "governance", town(), base=None, origin="import", note="")
    yield from serve(database.url)
