"""The service put together: what it answers, what it keeps, and what it refuses."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.types import Receive, Scope, Send

from gridmap import api, pages
from gridmap.api import docs, problems
from gridmap.api.limits import BodyLimit
from gridmap.model.errors import GridmapError
from gridmap.services.heat import Heat
from gridmap.services.maps import map_data
from gridmap.services.opening import open_city, open_database
from gridmap.settings import Settings

_VERSION = version("gridmap")


class Service(FastAPI):
    """The app; what is asked all the time goes past the framework."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - the framework's own
        super().__init__(**options)
        self._shortcut = api.Shortcut(api.SHORTCUTS, pages.HEADERS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take the short way where there is one."""
        if self._shortcut.knows(scope):
            scope["app"] = self
            await self._shortcut(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def create_app(settings: Settings | None = None) -> FastAPI:
    """Make the service. The city is opened when it starts, and closed when it ends."""
    chosen = settings or Settings()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        database = await run_in_threadpool(
            open_database, chosen.database_url, chosen.data_dir, chosen.city, chosen.zone
        )
        city = await run_in_threadpool(partial(open_city, database, watch=True))
        heat = Heat(database)
        app.state.city, app.state.heat = city, heat
        app.state.map_data = partial(map_data, city, heat)
        try:
            yield
        finally:
            await run_in_threadpool(city.close)

    app = Service(
        title="gridmap",
        version=_VERSION,
        description="Who owns this location: grids, owners, joins and maps of a city's grid governance.",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
    )
    app.include_router(api.router())
    app.include_router(docs.router())
    app.include_router(pages.router())
    app.add_api_route("/healthz", _alive, include_in_schema=False)
    app.add_api_route("/readyz", _ready, include_in_schema=False)
    # The last one added is the outermost: whatever the others answer leaves with the headers.
    app.add_middleware(problems.LastResort)
    app.add_middleware(BodyLimit)
    app.add_middleware(pages.SecurityHeaders)
    problems.install(app)
    docs.install(app)
    return app


async def _alive() -> dict[str, str]:
    """Tell that the process answers."""
    return {"status": "alive", "version": _VERSION}


def _ready(request: Request) -> Any:  # noqa: ANN401 - a body, or a problem
    """Tell whether questions are answered: the database is heard and the snapshot fresh."""
    try:
        request.app.state.city.keeper.now()
    except GridmapError as error:
        refused: Response = problems.of(error)
        return refused
    return {"status": "ready"}
