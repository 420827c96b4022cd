"""Responses written by orjson: no model is built twice on the hot path."""

from typing import Any

import orjson
from fastapi import Response


class GeoJSON(Response):
    """GeoJSON (RFC 7946)."""

    media_type = "application/geo+json"


class PNG(Response):
    """A picture."""

    media_type = "image/png"


def json_response(body: Any) -> Response:  # noqa: ANN401 - whatever orjson can write
    """Write a body as JSON; times as RFC 3339."""
    return Response(orjson.dumps(body, option=orjson.OPT_SERIALIZE_NUMPY), media_type="application/json")


def geojson_response(body: bytes) -> Response:
    """Send GeoJSON that is written already."""
    return GeoJSON(body)
