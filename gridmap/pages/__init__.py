"""Pages: the desk, the served maps, and the files that both load."""

from gridmap.pages.routes import router
from gridmap.pages.security import HEADERS, SecurityHeaders

__all__ = ["HEADERS", "SecurityHeaders", "router"]
