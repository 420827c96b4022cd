"""What is asked over HTTP: gridmap, a bare route, and tipg; each a process of its own, all on gridmap's server.

``served.py gridmap URL PORT``, ``served.py bare BYTES PORT``, ``served.py tipg URL PORT``.
"""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import quote

import asyncpg
import uvicorn
from fastapi import FastAPI, Response
from tipg.collections import register_collection_catalog
from tipg.database import connection_factory
from tipg.errors import DEFAULT_STATUS_CODES, add_exception_handlers
from tipg.factory import OGCFeaturesFactory
from tipg.settings import DatabaseSettings

from gridmap.app import create_app
from gridmap.cli.serve import SERVER
from gridmap.settings import Settings

SCHEMA = "asked"
"""Where tipg finds the grids: a table ``grid``, with an index."""


def gridmap(url: str) -> FastAPI:
    """Make the service, as `gridmap up` does."""
    return create_app(Settings(database_url=url))


def bare(size: str) -> FastAPI:
    """Make an app of one route that returns so many bytes."""
    app, body = FastAPI(), b"x" * int(size)

    @app.get("/bare")
    async def answer() -> Response:
        return Response(body, media_type="application/json")

    return app


def tipg(url: str) -> FastAPI:
    """Make tipg as its documentation does; the pool is made here, for tipg takes no address of a unix socket."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        made = connection_factory(schemas=[SCHEMA], tipg_schema="pg_temp")
        app.state.pool = await asyncpg.create_pool(url, min_size=4, max_size=10, init=made)
        await register_collection_catalog(app, db_settings=DatabaseSettings(schemas=[SCHEMA], functions=[]))
        yield
        await app.state.pool.close()

    app = FastAPI(lifespan=lifespan)
    app.include_router(OGCFeaturesFactory().router)
    add_exception_handlers(app, DEFAULT_STATUS_CODES)
    return app


def address(name: str, lon: float, lat: float) -> str:
    """Give the address at which one of them is asked who owns a point; tipg leaves the outline out."""
    if name == "gridmap":
        return f"/api/v1/locate?lon={lon:.7f}&lat={lat:.7f}&datum=wgs84"
    if name == "bare":
        return "/bare"
    condition = quote(f"S_INTERSECTS(geom, POINT({lon:.7f} {lat:.7f}))")
    return f"/collections/{SCHEMA}.grid/items?filter={condition}&filter-lang=cql2-text&geom-column=none&limit=2"


def main() -> None:
    name, given, port = sys.argv[1:]
    app = {"gridmap": gridmap, "bare": bare, "tipg": tipg}[name](given)
    uvicorn.run(app, port=int(port), **SERVER)


if __name__ == "__main__":
    main()
