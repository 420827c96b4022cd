"""Incidents as people list them."""

from gridmap.services.geojson import feature_collection
from gridmap.services.heat import Period
from gridmap.services.opening import OpenCity
from gridmap.store import incidents as store

Box = tuple[float, float, float, float]


def listing(city: OpenCity, period: Period, bbox: Box | None, limit: int) -> bytes:
    """List incidents of a period as GeoJSON, the latest first."""
    with city.database.read() as connection:
        frame = store.frame(
            connection, start=period.start, end=period.end, category=period.category, bbox=bbox, limit=limit
        )
    return feature_collection(frame)
