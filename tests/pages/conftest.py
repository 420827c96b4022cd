"""The real service over the demo city, and a browser to look at it."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import uvicorn

from gridmap.app import create_app
from gridmap.settings import Settings
from gridmap.store.database import Database
from tests.maps.browsing import browser, page
from tests.pages.precinct import settle

__all__ = ["browser", "page"]


@contextmanager
def serving(url: str, city: str | None = None) -> Iterator[str]:
    """Serve a city on a free port; give its address."""
    app = create_app(Settings(database_url=url, city=city) if city else Settings(database_url=url))
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    until = time.monotonic() + 60
    while not server.started:
        assert thread.is_alive(), "the service did not start"
        assert time.monotonic() < until, "the service did not start within a minute"
        threading.Event().wait(0.05)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join(10)
    listener.close()


@pytest.fixture(scope="session")
def served_city(demo_url: str) -> Iterator[str]:
    """Serve the demo city on a free port; give its address."""
    with serving(demo_url, "demo") as address:
        yield address


@pytest.fixture
def served_precinct(database: Database) -> Iterator[str]:
    """Serve a precinct of the test's own, which may be planned in; give its address."""
    settle(database)
    with serving(database.url) as address:
        yield address
