"""From the columns of a file to the fields of a layer: stated, of the same name, or of a usual one; never silently."""

import hashlib
import math
import re
from collections.abc import Iterable
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import shapely
from geopandas import GeoDataFrame
from numpy.typing import NDArray

from gridmap.model.errors import Fault, InputError
from gridmap.model.layers import Field, Layer
from gridmap.services.import_report import Rejected
from gridmap.spatial.datums import point_faults
from gridmap.spatial.files import FileContent

USUAL: Final[dict[str, tuple[str, ...]]] = {
    "lon": ("lng", "longitude", "x", "经度", "经度坐标"),
    "lat": ("latitude", "y", "纬度", "纬度坐标"),
    "key": ("id", "uid", "编号"),
    "code": ("编码", "网格编码", "代码"),
    "name": ("名称", "店名", "单位名称", "网格名称", "title"),
    "address": ("地址", "详细地址", "addr"),
    "parent": ("上级编码", "上级", "parent_code"),
    "reported_at": ("date", "time", "上报时间", "日期", "时间", "created_at"),
    "closed_at": ("结案时间",),
    "category": ("类别", "类别代码"),
    "state": ("状态",),
    "description": ("描述", "案件描述", "内容"),
    "accuracy_m": ("精度", "accuracy"),
    "floors": ("层数",),
    "residents": ("居民数", "人口"),
    "workers": ("就业人数", "从业人数"),
    "trade": ("业态", "type", "类型"),
    "households": ("户数",),
    "use": ("用途",),
}
_BASIC: Final = ("key", "name", "address", "parent")
_SHOWN = 60
_TRUE, _FALSE = {"true", "t", "yes", "y", "1", "是"}, {"false", "f", "no", "n", "0", "否"}
_DIGITS = re.compile(r"[+-]?\d+(\.0+)?")


def fields_of(layer: Layer) -> dict[str, Field | None]:
    """Name all that a file may give for a layer; None where any text will do."""
    fields: dict[str, Field | None] = dict.fromkeys(("lon", "lat", *_BASIC))
    return fields | dict(layer.fields)


def map_columns(layer: Layer, columns: Iterable[str], stated: dict[str, str]) -> dict[str, str]:
    """Decide which column each field is read from: as stated, else of the same name, else of a usual name.

    Raises
    ------
    InputError
        A stated field or column does not exist.
    """
    fields, present = fields_of(layer), list(columns)
    faults = []
    for name, column in stated.items():
        if name not in fields:
            mend = f"{layer.key} have {', '.join(fields)}"
            faults.append(Fault(f"--map {name}={column}", "there is no such field", mend, "unknown"))
        elif column not in present:
            mend = f"the file has {', '.join(map(str, present[:30]))}"
            faults.append(Fault(f"--map {name}={column}", "the file has no such column", mend, "unknown"))
    if faults:
        raise InputError(faults, "the mapping")
    folded: dict[str, str] = {}
    for column in present:
        folded.setdefault(str(column).strip().lower(), column)
    found = dict(stated)
    for name in fields:
        for usual in (name, *USUAL.get(name, ())):
            if name not in found and usual in folded and folded[usual] not in found.values():
                found[name] = folded[usual]
    return found


def points(content: FileContent, mapping: dict[str, str], datum: str, rejected: list[Rejected]) -> tuple[Any, Any]:
    """Read the coordinates of point rows, NaN where a row is rejected.

    Raises
    ------
    InputError
        The file has neither points nor columns of coordinates.
    """
    frame = content.frame
    if "lon" in mapping and "lat" in mapping:
        x, y = (_coordinates(frame[mapping[name]], name, rejected) for name in ("lon", "lat"))
    elif isinstance(frame, GeoDataFrame):
        shapes = frame.geometry.to_numpy()
        is_point = shapely.get_type_id(shapes) == shapely.GeometryType.POINT
        x, y = (np.where(is_point, read(shapes), np.nan) for read in (shapely.get_x, shapely.get_y))
        rejected += [
            _rejection(row, "geometry", "", "there is no point", "give a point", "no_point")
            for row in np.flatnonzero(~is_point | np.isnan(x)).tolist()
            if row not in content.row_faults
        ]
    else:
        mend = "name them with --map lon=… --map lat=…"
        raise InputError.of("coordinates", "the file has neither points nor columns of coordinates", mend, "missing")
    bad = ~(np.isfinite(x) & np.isfinite(y))
    safe_x, safe_y = np.where(bad, 0.0, x), np.where(bad, 0.0, y)
    for row, fault in point_faults(safe_x, safe_y, datum).items():
        if not bad[row]:
            rejected.append(_rejection(row, "lon, lat", f"{x[row]}, {y[row]}", fault.message, fault.mend, fault.code))
            bad[row] = True
    return np.where(bad, np.nan, x), np.where(bad, np.nan, y)


def texts(column: "pd.Series[Any] | None", length: int) -> NDArray[np.object_]:
    """Read a column as texts, empty where nothing stands."""
    if column is None:
        return np.full(length, "", dtype=object)
    return np.array([_text(value) for value in column], dtype=object)


def values(column: "pd.Series[Any]", declared: Field, rejected: list[Rejected], zone: ZoneInfo) -> NDArray[np.object_]:
    """Read a column by its declared type; None where nothing stands or the value is rejected."""
    read = np.empty(len(column), dtype=object)
    for row, value in enumerate(column):
        text = _text(value)
        if not text:
            read[row] = None
            if declared.required:
                rejected.append(_rejection(row, declared.key, "", "is missing", "fill it in", "missing"))
            continue
        try:
            read[row] = _value(value, text, declared, zone)
        except ValueError as error:
            read[row] = None
            rejected.append(_rejection(row, declared.key, text, str(error), _mend(declared), "value"))
    return read


def derived_keys(parts: list[NDArray[np.object_]]) -> list[str]:
    """Name rows by their content; the second of two that are the same is number 2, and so on.

    The same file again gives the same names, so it adds nothing; two rows that are truly alike stay two.
    """
    seen: dict[str, int] = {}
    keys = []
    for row in zip(*parts, strict=True):
        digest = hashlib.blake2b("\x1f".join(map(str, row)).encode("utf-8", "replace"), digest_size=12).hexdigest()
        seen[digest] = seen.get(digest, 0) + 1
        keys.append(f"h-{digest}" + (f"-{seen[digest]}" if seen[digest] > 1 else ""))
    return keys


def _rejection(row: int, field: str, value: str, reason: str, mend: str, code: str) -> Rejected:
    return Rejected(row + 1, field, value[:_SHOWN], reason, mend, code)


def _coordinates(column: "pd.Series[Any]", name: str, rejected: list[Rejected]) -> NDArray[np.float64]:
    numbers: NDArray[np.float64] = pd.to_numeric(column, errors="coerce").to_numpy(np.float64, na_value=np.nan)
    for row in np.flatnonzero(~np.isfinite(numbers)):
        text = _text(column.iloc[row])
        reason = "is not a number" if text else "is missing"
        rejected.append(_rejection(int(row), name, text, reason, "give a coordinate", "coordinate"))
    return np.where(np.isfinite(numbers), numbers, np.nan)


def _text(value: object) -> str:
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    # PostgreSQL takes neither NUL nor lone surrogates.
    return str(value).replace("\x00", "").encode("utf-8", "replace").decode().strip()


def _value(value: object, text: str, declared: Field, zone: ZoneInfo) -> object:
    if declared.type == "text":
        if declared.choices and text not in declared.choices:
            titles = {title: key for key, both in declared.choices.items() for title in (both.zh, both.en)}
            if text not in titles:
                raise ValueError("is not one of the choices")
            return titles[text]
        return text
    if declared.type == "boolean":
        if text.lower() not in _TRUE | _FALSE:
            raise ValueError("is neither yes nor no")
        return text.lower() in _TRUE
    if declared.type == "time":
        return _time(value, text, zone)
    return _number(text, declared)


def _number(text: str, declared: Field) -> float | int:
    try:
        number = float(text)
    except ValueError:
        raise ValueError("is not a number") from None
    if declared.type == "integer" and not _DIGITS.fullmatch(text):
        raise ValueError("is not a whole number")
    if not math.isfinite(number):
        raise ValueError("is not finite")
    if declared.least is not None and number < declared.least:
        raise ValueError(f"is below {declared.least:g}")
    if declared.most is not None and number > declared.most:
        raise ValueError(f"is above {declared.most:g}")
    return int(number) if declared.type == "integer" else number


def _time(value: object, text: str, zone: ZoneInfo) -> pd.Timestamp:
    try:
        instant = pd.Timestamp(value if isinstance(value, pd.Timestamp) else text)  # type: ignore[arg-type]
    except (ValueError, OverflowError):
        raise ValueError("is not a time") from None
    if pd.isna(instant):
        raise ValueError("is not a time")
    # A time without an offset is the city's own: that is what a clerk's sheet means.
    return (instant.tz_localize(zone) if instant.tzinfo is None else instant).tz_convert("UTC")


def _mend(declared: Field) -> str:
    if declared.choices:
        return "one of " + ", ".join(f"{key} ({both.zh})" for key, both in declared.choices.items())
    return {
        "integer": "give a whole number",
        "number": "give a number",
        "boolean": "give yes or no",
        "time": "write 2026-03-01 08:00 or 2026-03-01T08:00:00+08:00",
    }.get(declared.type, "")
