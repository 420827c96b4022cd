"""From the columns of a file to the fields of a layer: stated, of the same name, or of a usual one; never silently."""

from collections.abc import Iterable
from typing import Final

from gridmap.model.errors import Fault, InputError
from gridmap.model.layers import Field, Layer

USUAL: Final[dict[str, tuple[str, ...]]] = {
    "lon": ("lng", "long", "longitude", "x", "经度", "经度坐标"),
    "lat": ("latitude", "y", "纬度", "纬度坐标"),
    "wkt": ("geom_wkt",),
    # No “id”: files are often numbered from 1, and the second would overwrite what the first brought.
    "key": ("编号",),
    "code": ("编码", "网格编码", "代码"),
    "name": ("名称", "店名", "单位名称", "网格名称", "title"),
    "address": ("地址", "详细地址", "addr"),
    "parent": ("上级编码", "上级", "parent_code"),
    "reported_at": ("date", "time", "上报时间", "日期", "时间", "created_at"),
    "closed_at": ("结案时间",),
    "category": ("类别", "类别代码"),
    "state": ("状态", "status"),
    "description": ("描述", "案件描述", "内容"),
    "accuracy_m": ("精度", "accuracy"),
    "floors": ("层数",),
    "height_m": ("高度", "height"),
    "width_m": ("宽度", "width"),
    "residents": ("居民数", "人口"),
    "workers": ("就业人数", "从业人数"),
    "trade": ("业态", "type", "类型"),
    "households": ("户数",),
    "use": ("用途",),
}
BASIC: Final = {
    "place": ("key", "name", "address", "parent"),
    "incident": ("key", "address"),
    "grid": ("key", "code", "name", "parent"),
}
_WHERE: Final = ("lon", "lat", "wkt")
_SHOWN: Final = 30


def fields_of(layer: Layer) -> dict[str, Field | None]:
    """Name all that a file may give for a layer; None where any text will do."""
    where = _WHERE if layer.store != "grid" else ("wkt",)
    fields: dict[str, Field | None] = dict.fromkeys((*where, *BASIC[layer.store]))
    return {**dict(layer.fields), **fields} if layer.store == "grid" else {**fields, **layer.fields}


def map_columns(
    layer: Layer, columns: Iterable[str], stated: dict[str, str], *, has_shapes: bool = False
) -> dict[str, str]:
    """Decide which column each field is read from: as stated, else of the same name, else of a usual name.

    Parameters
    ----------
    stated
        From field to column. ``code`` serves as the key of a layer that has no codes.
    has_shapes
        The file has geometries; then columns of coordinates count only where stated.

    Raises
    ------
    InputError
        A stated field or column does not exist, a field that is required has no column, or one coordinate
        lacks the other: all of them are listed.
    """
    fields, present = fields_of(layer), [str(column) for column in columns]
    found = {"key" if name == "code" and "code" not in fields else name: column for name, column in stated.items()}
    faults = _faults_of_stated(layer, fields, present, found)
    folded: dict[str, str] = {}
    for column in present:
        folded.setdefault(column.strip().lower(), column)
    for name, declared in fields.items():
        if name in found or (has_shapes and name in _WHERE):
            continue
        for usual in (name, *USUAL.get(name, ()), *_titles(declared)):
            if name not in found and usual in folded and folded[usual] not in found.values():
                found[name] = folded[usual]
    faults += [
        Fault(name, "no column holds it, and every row needs it", f"name its column: --map {name}=…", "missing")
        for name, declared in fields.items()
        if declared is not None and declared.required and name not in found
    ]
    for one, other in (("lon", "lat"), ("lat", "lon")):
        if one in stated and other not in found:
            faults.append(
                Fault(f"--map {one}={stated[one]}", f"the file has no {other}", f"--map {other}=…", "missing")
            )
        elif one in found and other not in found:
            del found[one]
    if faults:
        raise InputError(faults, "the columns")
    return found


def _titles(declared: Field | None) -> tuple[str, ...]:
    return () if declared is None else (declared.title.zh.lower(), declared.title.en.lower())


def _faults_of_stated(
    layer: Layer, fields: dict[str, Field | None], present: list[str], stated: dict[str, str]
) -> list[Fault]:
    faults = []
    for name, column in stated.items():
        place = f"--map {name}={column}"
        if name not in fields:
            faults.append(Fault(place, "there is no such field", f"{layer.key} have {', '.join(fields)}", "unknown"))
        elif column not in present:
            mend = f"the file has {', '.join(present[:_SHOWN])}"
            faults.append(Fault(place, "the file has no such column", mend, "unknown"))
    return faults
