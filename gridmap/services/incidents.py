"""Incidents as people list them."""

from gridmap.services.geojson import feature_collection
from gridmap.services.heat import Period
from gridmap.services.opening import OpenCity
from gridmap.store import incidents as store

Box = tuple[float, float, float, float]


def listing(city: OpenCity, period: Period, bbox: Box | None, limit: int, after: int | None) -> bytes:
    """List incidents of a period as GeoJSON, the latest first, a page at a time.

    Parameters
    ----------
    after
        The id of the last incident of the page before.
    """
    chosen = {"start": period.start, "end": period.end, "category": period.category, "bbox": bbox}
    with city.database.read() as connection:
        frame = store.frame(connection, **chosen, limit=limit + 1, after=after)  # type: ignore[arg-type]
    page = frame.head(limit)
    return feature_collection(page, next_after=int(page["id"].iloc[-1]) if len(frame) > limit else None)
