"""Places as people look for them: by name, address or pinyin, by kind and box, one by one."""

from typing import Any

import orjson

from gridmap.model.errors import InputError, NotFoundError
from gridmap.model.places import KINDS
from gridmap.services.geojson import feature_collection
from gridmap.services.opening import OpenCity
from gridmap.store import places as store

Box = tuple[float, float, float, float]


def listing(city: OpenCity, q: str | None, kind: str | None, bbox: Box | None, limit: int, after: int | None) -> bytes:
    """Find places by text, or list those of a kind in the order of their ids, as GeoJSON.

    Raises
    ------
    InputError
        Neither a text nor a kind is given, or there is no such kind.
    """
    if kind is not None and kind not in KINDS:
        raise InputError.of("kind", f"{kind!r} is not a kind of place", f"there are {', '.join(KINDS)}", "unknown")
    with city.database.read() as connection:
        if q is not None and q.strip():
            return feature_collection(
                store.search(connection, q, kinds=[kind] if kind else None, limit=min(limit, 100))
            )
        if kind is None:
            raise InputError.of("q, kind", "neither is given", "say what to look for", "missing")
        frame = store.frame(connection, kind, bbox=bbox)
    if after is not None:
        frame = frame[frame["id"] > after]
    page = frame.head(limit)
    more = int(page["id"].iloc[-1]) if len(frame) > len(page) else None
    return feature_collection(page, next_after=more)


def one(city: OpenCity, place_id: int) -> dict[str, Any]:
    """Give one place as a GeoJSON feature.

    Raises
    ------
    NotFoundError
        There is no such place.
    """
    with city.database.read() as connection:
        found = store.get(connection, place_id)
    if not len(found):
        raise NotFoundError(f"there is no place {place_id}")
    feature: dict[str, Any] = orjson.loads(feature_collection(found))["features"][0]
    return feature
