"""A tiny town for maps: two neighbourhoods of two micro-grids, a few streets, houses and shops."""

from collections.abc import Callable

import geopandas as gpd
import shapely

from gridmap.maps import Figures, HeatImage, MapData
from gridmap.model.layers import load_schemes
from gridmap.model.words import Text

WEST, SOUTH, SIDE = 121.45, 31.22, 0.004
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6260000000020001e221bc330000000049454e44ae426082"
)


def square(column: float, row: float, wide: float = 1, tall: float = 1) -> shapely.MultiPolygon:
    """Cut a rectangle of the town, in units of a micro-grid's side."""
    west, south = WEST + column * SIDE, SOUTH + row * SIDE
    return shapely.MultiPolygon([shapely.box(west, south, west + wide * SIDE, south + tall * SIDE)])


def grids(rows: list[tuple[int, str, str, int | None, shapely.Geometry]]) -> gpd.GeoDataFrame:
    ids, codes, names, parents, shapes = zip(*rows, strict=True)
    columns = {"id": ids, "code": codes, "name": names, "parent": parents, "area_m2": [40_000.0] * len(rows)}
    return gpd.GeoDataFrame(columns, geometry=list(shapes), crs=4326).astype({"parent": "Int64"})


def town(text: Callable[[str], str] = str, lang: str = "zh", **more: object) -> MapData:
    """Bundle the town; `text` may spoil every text that people could have written."""
    micro = [
        (11, "310101022001001", text("第一微网格"), 1, square(0, 0)),
        (12, "310101022001002", text("第二微网格"), 1, square(1, 0)),
        (21, "310101022002001", text("第三微网格"), 2, square(0, 1)),
        (22, "310101022002002", text("第四微网格"), 2, square(1, 1)),
    ]
    hoods = [
        (1, "310101022001000", text("愚园居民区"), None, square(0, 0, 2)),
        (2, "310101022002000", text("江苏居民区"), None, square(0, 1, 2)),
    ]
    home = square(0.2, 0.2, 0.2, 0.1)
    building = {"id": [101], "name": [text("愚园大楼")], "address": [text("愚园路1号")], "use": [text("office")]}
    shop = {"id": [201], "name": [text("小面馆")], "address": [text("愚园路3号")], "trade": [text("餐饮")]}
    road = {"id": [301], "name": [text("愚园路")], "class": ["street"], "width_m": [12.0]}
    start, end = (WEST, SOUTH + SIDE / 2), (WEST + 2 * SIDE, SOUTH + SIDE / 2)
    places = {
        "building": gpd.GeoDataFrame(building, geometry=[home], crs=4326),
        "shop": gpd.GeoDataFrame(shop, geometry=[shapely.Point(WEST + SIDE * 1.5, SOUTH + SIDE * 0.4)], crs=4326),
        "road": gpd.GeoDataFrame(road, geometry=[shapely.LineString([start, end])], crs=4326),
    }
    values: dict[str, object] = {
        "lang": lang,
        "title": Text(text("总览"), text("Overview")),
        "city": Text(text("小城"), text("Little town")),
        "scheme": load_schemes()["governance"],
        "invented": True,
        "generation": text("第 1 版"),
        "period": Text(text("全部时段"), text("all times")),
        "source": Text(text("案件"), text("Incidents")),
        "grids": {"neighbourhood": grids(hoods), "microgrid": grids(micro)},
        "places": places,
        "desk_url": "/",
    }
    return MapData(**(values | more))  # type: ignore[arg-type]


def figured(text: Callable[[str], str] = str, **more: object) -> MapData:
    by_grid = {11: 3.0, 12: 40.0, 21: 120.0}
    shown = Figures(
        "microgrid", Text(text("案件数"), text("Incidents")), Text(text("件"), text("cases")), by_grid, 12, 175
    )
    return town(text, figures=shown, **more)


def heated(text: Callable[[str], str] = str, **more: object) -> MapData:
    return town(text, heat=HeatImage(PNG, (WEST, SOUTH, WEST + 2 * SIDE, SOUTH + 2 * SIDE), 40.0), **more)
