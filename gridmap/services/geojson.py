"""Frames as GeoJSON (RFC 7946), written by GEOS and orjson without an object a vertex."""

from typing import Any

import geopandas as gpd
import numpy as np
import orjson
import pandas as pd
import shapely


def feature_collection(frame: gpd.GeoDataFrame, *, next_after: int | None = None) -> bytes:
    """Write a frame as a FeatureCollection.

    Parameters
    ----------
    frame
        ``id`` becomes each feature's id; all columns but the geometry become properties. EPSG:4326.
    next_after
        The id to ask on from, when there is more.
    """
    columns = [column for column in frame.columns if column != frame.geometry.name]
    plain = {column: _plain(frame[column]) for column in columns}
    ids = plain.get("id", list(range(len(frame))))
    shapes = shapely.to_geojson(frame.geometry.to_numpy())
    features = [
        {
            "type": "Feature",
            "id": ids[row],
            "properties": {column: plain[column][row] for column in columns},
            "geometry": orjson.Fragment(shape) if shape is not None else None,
        }
        for row, shape in enumerate(shapes)
    ]
    body: dict[str, Any] = {"type": "FeatureCollection", "features": features}
    if next_after is not None:
        body["next"] = next_after
    return orjson.dumps(body)


def _plain(column: "pd.Series[Any]") -> list[Any]:
    if pd.api.types.is_datetime64_any_dtype(column):
        return [None if pd.isna(value) else value.isoformat() for value in column]
    values = column.astype(object).where(column.notna(), None).tolist()
    return [value.item() if isinstance(value, np.generic) else value for value in values]
