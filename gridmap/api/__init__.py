"""The HTTP interface under /api/v1: thin routes over services, schemas, and the one error table."""

from typing import Final

from fastapi import APIRouter

from gridmap.api import categories, generations, grids, heat, histories, incidents, locate, places, plans, stats
from gridmap.api.docs import RESPONSES
from gridmap.api.shortcut import Endpoint, Shortcut

__all__ = ["SHORTCUTS", "Shortcut", "router"]

PREFIX: Final = "/api/v1"
SHORTCUTS: Final[dict[tuple[str, str], Endpoint]] = {("GET", f"{PREFIX}/locate"): locate.locate_one}
"""Asked more often than all others together: answered without a search for the route."""


def router() -> APIRouter:
    """Make the routes of version 1; ``app.state.city`` and ``app.state.heat`` must hold what they ask."""
    routes = APIRouter(prefix=PREFIX, responses=RESPONSES)
    for module in (locate, grids, histories, generations, places, stats, heat, categories, incidents, plans):
        routes.include_router(module.routes)
    return routes
