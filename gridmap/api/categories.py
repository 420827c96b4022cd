"""Categories of incidents."""

from fastapi import APIRouter, Response

from gridmap.api.responses import json_response
from gridmap.model import layers

routes = APIRouter(tags=["incidents"])


@routes.get("/categories", summary="Categories of incidents")
def categories() -> Response:
    """List the categories by code."""
    return json_response(
        [
            {
                "code": category.code,
                "name": category.title.to_dict(),
                "class": category.class_title.to_dict(),
                "side": category.side,
            }
            for category in layers.categories().values()
        ]
    )
