"""Importing places and incidents: every row checked, all or nothing, and the same file again adds nothing."""

from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gridmap.model.incidents import STATES
from gridmap.model.layers import Layer, categories
from gridmap.services.import_columns import derived_keys, map_columns, points, texts, values
from gridmap.services.import_report import ImportReport, Rejected
from gridmap.spatial.datums import to_wgs84
from gridmap.spatial.files import FileContent
from gridmap.spatial.lattice import SCALE, snap

_POINT_ONLY = frozenset({"Point"})


@dataclass(frozen=True, slots=True)
class Prepared:
    """Rows ready to be merged, and where they are."""

    frame: gpd.GeoDataFrame
    rows: np.ndarray[Any, np.dtype[np.int64]]


def prepare(
    layer: Layer, content: FileContent, datum: str, stated: dict[str, str], zone: ZoneInfo, report: ImportReport
) -> Prepared:
    """Check every row of a file against its layer.

    Returns
    -------
    Prepared
        The good rows as `gridmap.store` merges them. What keeps the others out stands in the report.
    """
    frame = content.frame
    mapping = map_columns(layer, [c for c in frame.columns if c != "geometry"], stated)
    report.mapping = mapping
    rejected: list[Rejected] = [
        Rejected(row + 1, "", "", fault.message, fault.mend, fault.code) for row, fault in content.row_faults.items()
    ]
    shapes = _shapes(layer, content, mapping, datum, rejected)
    columns = {
        name: values(frame[mapping[name]], declared, rejected, zone)
        if name in mapping
        else np.full(len(frame), None, dtype=object)
        for name, declared in layer.fields.items()
    }
    for name, declared in layer.fields.items():
        if declared.required and name not in mapping:
            rejected += [
                Rejected(row + 1, name, "", "is missing", f"name its column with --map {name}=…", "missing")
                for row in range(len(frame))
            ]
    basic = {
        name: texts(frame[mapping[name]] if name in mapping else None, len(frame))
        for name in ("key", "name", "address", "parent")
    }
    if layer.store == "incident":
        _settle_incidents(columns, rejected, report)
    keys = _keys(layer, basic, columns, shapes, rejected, keyed="key" in mapping)
    report.rejected = sorted(rejected, key=lambda each: (each.row, each.field))
    good = np.setdiff1d(np.arange(len(frame)), np.array([each.row - 1 for each in rejected], dtype=np.int64))
    made = _incidents if layer.store == "incident" else _places
    return Prepared(made(keys, basic, columns, shapes).iloc[good].reset_index(drop=True), good)


def _shapes(
    layer: Layer, content: FileContent, mapping: dict[str, str], datum: str, rejected: list[Rejected]
) -> np.ndarray[Any, np.dtype[np.object_]]:
    """Read the shape of each row in WGS84 on the lattice; None where there is none that fits the layer."""
    shapes = np.full(len(content.frame), None, dtype=object)
    if layer.geometry == _POINT_ONLY:
        x, y = points(content, mapping, datum, rejected)
        good = np.isfinite(x)
        lon, lat = to_wgs84(x[good], y[good], datum)
        shapes[good] = shapely.points(np.rint(lon * SCALE) / SCALE, np.rint(lat * SCALE) / SCALE)
        return shapes
    given = content.frame.geometry.to_numpy() if isinstance(content.frame, gpd.GeoDataFrame) else shapes
    for row, shape in enumerate(given):
        if row in content.row_faults:
            continue
        kind = shape.geom_type if shape is not None else "nothing"
        if kind not in layer.geometry or shape.is_empty:
            wanted = " or ".join(sorted(layer.geometry))
            rejected.append(Rejected(row + 1, "geometry", kind, f"is not a {wanted}", "give one", "geometry"))
        elif not shapely.is_valid(shape):
            reason = shapely.is_valid_reason(shape).split("[")[0]
            rejected.append(Rejected(row + 1, "geometry", "", f"is invalid: {reason}", "redraw it", "invalid"))
        else:
            shapes[row] = shape
    there = np.array([shape is not None for shape in shapes], dtype=bool)
    if there.any():
        moved = shapely.transform(shapes[there], lambda p: np.column_stack(to_wgs84(p[:, 0], p[:, 1], datum)))
        shapes[there] = snap(moved)
    return shapes


def _settle_incidents(columns: dict[str, Any], rejected: list[Rejected], report: ImportReport) -> None:
    """Fill what an incident has to have, and check what its fields say together."""
    known = categories()
    for row, code in enumerate(columns["category"]):
        if code is not None and code not in known:
            mend = "see `gridmap` layers/categories for the codes"
            rejected.append(Rejected(row + 1, "category", code, "is not a known category", mend, "unknown"))
    missing = sum(state is None for state in columns["state"])
    if missing:
        report.notes.append(f"{missing} rows have no state: taken as {STATES[0]}")
    columns["state"] = np.array([state or STATES[0] for state in columns["state"]], dtype=object)
    for row, (start, end) in enumerate(zip(columns["reported_at"], columns["closed_at"], strict=True)):
        if start is not None and end is not None and end < start:
            rejected.append(
                Rejected(row + 1, "closed_at", str(end), "is before it was reported", "check both", "order")
            )


def _keys(
    layer: Layer,
    basic: dict[str, Any],
    columns: dict[str, Any],
    shapes: np.ndarray[Any, np.dtype[np.object_]],
    rejected: list[Rejected],
    *,
    keyed: bool,
) -> list[str]:
    """Give each row its natural key: as stated, else by its content."""
    if not keyed:
        where = np.array([shape.wkb_hex if shape is not None else "" for shape in shapes], dtype=object)
        told = ["category", "reported_at", "description"] if layer.store == "incident" else []
        return derived_keys([basic["name"], basic["address"], where, *(columns[name] for name in told)])
    first: dict[str, int] = {}
    for row, key in enumerate(basic["key"]):
        if not key:
            rejected.append(Rejected(row + 1, "key", "", "is missing", "give each row its own", "missing"))
        elif key in first:
            reason = f"is that of row {first[key]} too"
            rejected.append(Rejected(row + 1, "key", key, reason, "give each row its own", "duplicate"))
        else:
            first[key] = row + 1
    return list(basic["key"])


def _places(keys: list[str], basic: dict[str, Any], columns: dict[str, Any], shapes: Any) -> gpd.GeoDataFrame:  # noqa: ANN401
    names = list(columns)
    rows = zip(*(columns[name] for name in names), strict=True) if names else ((),) * len(keys)
    properties = [{name: value for name, value in zip(names, row, strict=True) if value is not None} for row in rows]
    table = {
        "key": keys,
        "name": basic["name"],
        "address": basic["address"],
        "parent": [parent or None for parent in basic["parent"]],
        "properties": properties,
    }
    return gpd.GeoDataFrame(pd.DataFrame(table), geometry=shapes, crs=4326)


def _incidents(keys: list[str], basic: dict[str, Any], columns: dict[str, Any], shapes: Any) -> gpd.GeoDataFrame:  # noqa: ANN401
    table = pd.DataFrame({"key": keys, "address": basic["address"]})
    for name in ("category", "state", "description"):
        table[name] = pd.Series(columns[name], dtype="object")
    table["description"] = table["description"].fillna("")
    for name in ("reported_at", "closed_at"):
        table[name] = pd.to_datetime(pd.Series(columns[name], dtype="object"), utc=True)
    table["accuracy_m"] = pd.to_numeric(pd.Series(columns["accuracy_m"], dtype="object"))
    return gpd.GeoDataFrame(table, geometry=shapes, crs=4326)
