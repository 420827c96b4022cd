"""gridmap: who owns this location.

The geospatial service under a city's grid governance: grids in PostGIS, places and incidents joined to them,
maps, and one owner for every location.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gridmap.city import City, connect
    from gridmap.spatial.ownership import OwnershipIndex

__version__ = "0.1.0"
__all__ = ["City", "OwnershipIndex", "__version__", "connect"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the face offers
    """Load the face on first use, so that importing gridmap costs nothing."""
    if name == "OwnershipIndex":
        from gridmap.spatial.ownership import OwnershipIndex  # noqa: PLC0415 - the point of this function

        return OwnershipIndex
    if name in {"City", "connect"}:
        from gridmap import city  # noqa: PLC0415 - the point of this function

        return getattr(city, name)
    raise AttributeError(f"module 'gridmap' has no attribute {name!r}")
