"""What a map's page is told: frames and texts as JSON that no text can break out of.

Names, addresses and every other text that people wrote travel only here, as data; the page's own scripts put them
up with ``textContent``. Nothing of it ever stands in a template.
"""

import json
import re
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pypinyin import Style, lazy_pinyin

from gridmap.maps.assets import data_uri
from gridmap.maps.classes import Classes, classify
from gridmap.maps.data import Figures, HeatImage, HeatTiles, MapData
from gridmap.maps.labels import label_points
from gridmap.maps.ramps import DIVERGING, HEAT, SEQUENTIAL, spread
from gridmap.model.layers import Layer, load_layers
from gridmap.model.words import Language, Text, catalogue, words

DECIMALS: Final = 7
SECTIONS: Final = ("map.", "measure.")
_BREAKS = {ord(char): f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"}
_HAN = re.compile(r"[\u4e00-\u9fff]")


def embed(value: object) -> str:
    """Write JSON that may stand inside a ``<script>`` element: no character of it can end the element.

    Raises
    ------
    ValueError
        A figure is NaN or infinite, which JSON cannot say.
    """
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).translate(_BREAKS)


def payload(data: MapData, *, show: str) -> dict[str, Any]:
    """Turn a map's bundle into what the page's scripts read.

    Parameters
    ----------
    show
        ``overview``, ``choropleth`` or ``heat``.
    """
    lang = data.lang
    layers = {layer.kind: layer for layer in load_layers().values() if layer.store == "place"}
    return {
        "show": show,
        "lang": lang,
        "words": words_for(lang),
        "title": heading(data),
        "city": _said(data.city, lang),
        "invented": data.invented,
        "generation": data.generation,
        "period": _said(data.period, lang),
        "source": _said(data.source, lang),
        "desk": data.desk_url,
        "bounds": data.bounds(),
        "levels": levels_of(data),
        "level": data.level or (list(data.grids)[-1] if data.grids else None),
        "places": {
            kind: _collection(frame, lang, layers.get(kind)) for kind, frame in data.places.items() if len(frame)
        },
        "kinds": {kind: _said(layer.title, lang) for kind, layer in layers.items()},
        "figures": figures(data.figures, lang) if data.figures else None,
        "heat": _heat(data.heat),
    }


def heading(data: MapData) -> str:
    """Say what the map shows: its measure by level where it has one, else its title."""
    if data.figures is None:
        return _said(data.title, data.lang)
    level = data.scheme.level(data.figures.level).title
    shown = words("map.by_level", title=data.figures.title, level=Text(level.zh, level.en.lower()))
    return _said(shown, data.lang)


def words_for(lang: Language, sections: tuple[str, ...] = SECTIONS) -> dict[str, str]:
    """Pick the catalogue's texts of some sections in one language."""
    return {key: getattr(text, lang) for key, text in catalogue().items() if key.startswith(sections)}


def levels_of(data: MapData) -> list[dict[str, Any]]:
    """Describe the levels that the map has grids of, top first, each with its grids."""
    return [
        {
            "key": level.key,
            "name": getattr(level.title, data.lang),
            "line_px": level.line_px,
            "dashed": level.dashed,
            "grids": _collection(data.grids[level.key], data.lang, None),
        }
        for level in data.scheme.levels
        if level.key in data.grids
    ]


def figures(shown: Figures, lang: Language, k: int = 6) -> dict[str, Any]:
    """Describe one measure with its classes and colours."""
    classes, colours = coloured(list(shown.by_grid.values()), shown.diverges_from, k)
    return {
        "level": shown.level,
        "title": getattr(shown.title, lang),
        "unit": getattr(shown.unit, lang),
        "values": {str(key): value for key, value in shown.by_grid.items() if np.isfinite(value)},
        "none": shown.none,
        "total": shown.total,
        "limits": classes.limits,
        "labels": classes.labels,
        "colours": colours,
    }


def coloured(values: list[float], diverges_from: float | None = None, k: int = 6) -> tuple[Classes, list[str]]:
    """Class figures and pick a colour for every class, light for little, dark for much."""
    classes = classify(values, k)
    count = len(classes.labels)
    if diverges_from is None:
        return classes, spread(SEQUENTIAL, count)
    below = sum(1 for limit in classes.limits[1:] if limit <= diverges_from)
    reach = max(below, count - below, 1)
    return classes, spread(DIVERGING, 2 * reach)[reach - below : reach - below + count]


def _heat(heat: HeatImage | HeatTiles | None) -> dict[str, Any] | None:
    if heat is None:
        return None
    shared = {"ceiling": heat.ceiling, "colours": spread(HEAT, 8)}
    if isinstance(heat, HeatTiles):
        return {"url": heat.url, **shared}
    return {"image": data_uri(heat.png, "image/png"), "bounds": heat.bounds, **shared}


def _said(text: Text | None, lang: Language) -> str:
    return getattr(text, lang) if text else ""


def _collection(frame: gpd.GeoDataFrame, lang: Language, layer: Layer | None) -> list[dict[str, Any]]:
    """Turn a frame into features: geometry, name, search keys, label point, and rows ready for a popup."""
    if frame.crs is not None and frame.crs.to_epsg() != 4326:  # noqa: PLR2004 - the storage datum
        raise ValueError(f"a map takes EPSG:4326, not {frame.crs}")
    shapes = shapely.set_precision(frame.geometry.to_numpy(), 0)
    outlines = json.loads(gpd.GeoSeries(shapes).to_json())["features"]
    points = label_points(shapes)
    columns = {name: frame[name].tolist() for name in frame.columns if name != frame.geometry.name}
    features = []
    for place, outline in enumerate(outlines):
        if outline["geometry"] is None:
            continue
        row = {name: _plain(values[place]) for name, values in columns.items()}
        name = str(row.get("name") or "")
        features.append(
            {
                "id": row.get("id", place),
                "name": name,
                "find": pinyin(name),
                "label": [round(float(v), DECIMALS) for v in points[place]],
                "rows": _rows(row, lang, layer),
                **{
                    key: row[key] for key in ("code", "parent", "area_m2", "class", "tower") if row.get(key) is not None
                },
                "geometry": _rounded(outline["geometry"]),
            },
        )
    return features


def _rows(row: dict[str, Any], lang: Language, layer: Layer | None) -> list[list[str]]:
    """Return a popup's lines as (title, text), in the order that the layer's file gives."""
    if layer is None:
        return []
    rows = []
    for key in layer.popup_rows:
        value = row.get(key)
        if value is None or value == "":
            continue
        if key == "address":
            rows.append([getattr(catalogue()["map.address"], lang), str(value)])
        elif key in layer.fields:
            declared = layer.fields[key]
            choice = declared.choices.get(str(value))
            text = getattr(choice, lang) if choice else _figure(value)
            unit = getattr(declared.unit, lang)
            rows.append([getattr(declared.title, lang), f"{text} {unit}".strip()])
    return rows


def _figure(value: object) -> str:
    if isinstance(value, float | int) and not isinstance(value, bool):
        return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"
    return str(value)


def _plain(value: object) -> Any:  # noqa: ANN401 - whatever a frame's cell holds
    if value is None or value is pd.NA or (isinstance(value, float) and not np.isfinite(value)):
        return None
    if isinstance(value, np.generic):
        return value.item()
    return value if isinstance(value, str | int | float | bool) else str(value)


def _rounded(geometry: dict[str, Any]) -> dict[str, Any]:
    def walk(node: Any) -> Any:  # noqa: ANN401 - nested coordinate lists
        if isinstance(node, list | tuple):
            return [walk(child) for child in node]
        return round(float(node), DECIMALS)

    return {"type": geometry["type"], "coordinates": walk(geometry["coordinates"])}


def pinyin(name: str) -> str:
    """Spell a name for searching, in full and by initials: ``yuyuanlu yyl``; empty where nothing is Han."""
    if not _HAN.search(name):
        return ""
    full = "".join(lazy_pinyin(name))
    initials = "".join(lazy_pinyin(name, style=Style.FIRST_LETTER))
    return f"{full} {initials}".lower()
