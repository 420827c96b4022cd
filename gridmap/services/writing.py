"""Frames as files: CSV, Parquet, GeoJSON or GeoPackage, whole or not at all."""

import tempfile
from datetime import datetime
from pathlib import Path

import geopandas as gpd
import pandas as pd
import shapely

from gridmap.model.errors import InputError
from gridmap.model.layers import layer as find_layer
from gridmap.services.geojson import feature_collection
from gridmap.services.joins import grid_frame
from gridmap.services.opening import OpenCity
from gridmap.store import incidents, places

ENDINGS = (".csv", ".parquet", ".geojson", ".gpkg")
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def export_layer(city: OpenCity, layer: str, level: str | None, at: datetime | None) -> gpd.GeoDataFrame:
    """Read a layer as it would be exported.

    Raises
    ------
    InputError
        A level or an instant for a layer that has none.
    NotFoundError
        No such layer or level.
    """
    chosen = find_layer(layer)
    if chosen.store == "grid":
        grids = city.keeper.snapshot(at).lines.grids
        frame = grid_frame(city, level, at)
        # A file outlives this database: it names a parent by its code or key, as an import reads it.
        named = [None if pd.isna(each) else grids[int(each)].code or grids[int(each)].name for each in frame["parent"]]
        return frame.assign(parent=named)
    if level is not None or at is not None:
        raise InputError.of("level, at", f"layer {layer} has none", "leave them out", "no_level")
    with city.database.read() as connection:
        if chosen.store == "incident":
            return incidents.frame(connection)
        frame = places.frame(connection, chosen.kind)
        placed = places.ids(connection).set_index("id")["key"]
    return frame.assign(parent=frame["parent"].map(placed))


def write_frame(frame: gpd.GeoDataFrame, target: Path) -> None:
    """Write a frame by the ending of the file's name; CSV holds points as lon and lat, other shapes as WKT.

    Raises
    ------
    InputError
        An ending that is not known.
    """
    ending = target.suffix.lower()
    if ending not in ENDINGS:
        raise InputError.of(target.name, "has an unknown ending", f"use {', '.join(ENDINGS)}", "format")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as folder:
        scratch = Path(folder) / target.name
        if ending == ".csv":
            # With both ends of a line named, texts that hold either are put in quotes.
            _plain(frame).to_csv(scratch, index=False, encoding="utf-8-sig", lineterminator="\r\n")
        elif ending == ".parquet":
            frame.to_parquet(scratch, index=False)
        elif ending == ".geojson":
            scratch.write_bytes(feature_collection(frame))
        else:
            frame.to_file(scratch, driver="GPKG", layer=target.stem)
        scratch.replace(target)


def _plain(frame: gpd.GeoDataFrame) -> pd.DataFrame:
    """Turn shapes into columns, and defuse texts that a spreadsheet would take for formulas."""
    table = pd.DataFrame(frame.drop(columns=frame.geometry.name))
    for column in table.columns:
        if table[column].dtype == object or pd.api.types.is_string_dtype(table[column]):
            table[column] = [
                f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
                for value in table[column]
            ]
    shapes = frame.geometry.to_numpy()
    if len(frame) and (shapely.get_type_id(shapes) == 0).all():
        table["lon"], table["lat"] = shapely.get_x(shapes), shapely.get_y(shapes)
    else:
        table["wkt"] = shapely.to_wkt(shapes, rounding_precision=7)
    return table
