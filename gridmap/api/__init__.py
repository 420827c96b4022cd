"""The HTTP interface under /api/v1: thin routes over services, schemas, and the one error table."""

from fastapi import APIRouter

from gridmap.api import categories, generations, grids, heat, incidents, locate, places, stats
from gridmap.api.docs import RESPONSES


def router() -> APIRouter:
    """Make the routes of version 1; ``app.state.city`` and ``app.state.heat`` must hold what they ask."""
    routes = APIRouter(prefix="/api/v1", responses=RESPONSES)
    for module in (locate, grids, generations, places, stats, heat, categories, incidents):
        routes.include_router(module.routes)
    return routes
