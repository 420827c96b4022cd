"""A sub-district of 26 irregular neighbourhoods and no blocks, with houses, shops and roads, beside an empty one."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gridmap.services.generations import publish
from gridmap.store import places
from gridmap.store.database import Database

WEST, SOUTH = 121.43, 31.21
ACROSS, UP = 7, 4
WIDE, HIGH = 0.0032, 0.0030
MERGED = ((0, 0), (5, 3))
NAMES = [
    *("杏花春晓", "桃源", "梅园", "兰亭", "竹溪", "菊苑", "松鹤", "柏林", "榆荫"),
    *("槐安", "枫桥", "桐乡", "荷塘", "莲湖", "芦荡", "柳岸", "石桥", "清泉"),
    *("锦绣", "长宁", "和平", "光明", "新华", "建设", "团结", "幸福"),
]


def _nodes(rng: np.random.Generator) -> np.ndarray:
    """Place the corners: a lattice, shaken inside and straight at the rim."""
    across, up = np.meshgrid(np.arange(ACROSS + 1.0), np.arange(UP + 1.0), indexing="ij")
    shake = rng.uniform(-0.22, 0.22, (2, *across.shape))
    shake[:, [0, -1], :] = 0
    shake[:, :, [0, -1]] = 0
    return np.stack([WEST + (across + shake[0]) * WIDE, SOUTH + (up + shake[1]) * HIGH], axis=-1).round(7)


def _bent(rng: np.random.Generator, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Give the middle of an edge, pushed to the side."""
    along = end - start
    return ((start + end) / 2 + np.array([-along[1], along[0]]) * rng.uniform(-0.09, 0.09)).round(7)


def _cells(rng: np.random.Generator) -> list[shapely.Geometry]:
    nodes = _nodes(rng)
    known: dict[tuple[int, ...], np.ndarray] = {}

    def middle(a: tuple[int, int], b: tuple[int, int]) -> np.ndarray:
        key = (*min(a, b), *max(a, b))
        if key not in known:
            rim = (a[0] == b[0] and a[0] in {0, ACROSS}) or (a[1] == b[1] and a[1] in {0, UP})
            start, end = nodes[key[:2]], nodes[key[2:]]
            known[key] = ((start + end) / 2).round(7) if rim else _bent(rng, start, end)
        return known[key]

    cells = {}
    for i in range(ACROSS):
        for j in range(UP):
            corners = [(i, j), (i + 1, j), (i + 1, j + 1), (i, j + 1)]
            ring = [
                point
                for a, b in zip(corners, corners[1:] + corners[:1], strict=True)
                for point in (nodes[a], middle(a, b))
            ]
            cells[i, j] = shapely.Polygon(ring)
    for i, j in MERGED:
        cells[i, j] = shapely.union_all([cells[i, j], cells.pop((i + 1, j))])
    return list(cells.values())


def lines() -> gpd.GeoDataFrame:
    """Make the frame of all grids, for `publish`."""
    cells = _cells(np.random.default_rng(7))
    precinct = shapely.coverage_union_all(cells)
    east = WEST + ACROSS * WIDE
    rim = [p for p in shapely.get_coordinates(precinct).tolist() if p[0] == round(east, 7)]
    rim = sorted({tuple(p) for p in rim}, key=lambda p: p[1])
    beside = shapely.Polygon([*rim, (round(east + WIDE, 7), rim[-1][1]), (round(east + WIDE, 7), rim[0][1])])
    rows = [
        ("D", "district", None, "310105000000000", "梧桐区", shapely.coverage_union_all([precinct, beside])),
        ("A", "subdistrict", "D", "310105001000000", "愚园街道", precinct),
        ("B", "subdistrict", "D", "310105002000000", "苏河街道", beside),
        *(
            (f"N{number}", "neighbourhood", "A", f"310105001{number + 1:03d}000", f"{NAMES[number]}居民区", cell)
            for number, cell in enumerate(cells)
        ),
    ]
    table = pd.DataFrame([row[:5] for row in rows], columns=["key", "level", "parent", "code", "name"]).astype(object)
    return gpd.GeoDataFrame(table, geometry=[row[5] for row in rows], crs=4326)


def _placed(kind: str, shapes: list[shapely.Geometry], names: list[str], more: list[dict]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {
            "key": [f"{kind}{k}" for k in range(len(shapes))],
            "name": names,
            "address": [f"愚园路{k + 1}号" for k in range(len(shapes))],
            "parent": [None] * len(shapes),
            "properties": more,
        },
        geometry=shapes,
        crs=4326,
    )


def settle(database: Database) -> None:
    """Publish the lines, and build upon them: more houses in the west than in the east."""
    frame = lines()
    publish(database, "governance", frame, base=None, origin="import", note="")
    rng = np.random.default_rng(11)
    cells = frame[frame["level"] == "neighbourhood"].geometry
    houses, shops = [], []
    for place, cell in enumerate(cells):
        inner = shapely.buffer(cell, -0.0003)
        for _ in range(10 + (26 - place) % 9):
            spot = _inside(rng, inner)
            far = spot + np.array([0.00018, 0.00012])
            houses.append(shapely.box(*np.concatenate([spot, far]).round(7)))
        shops += [shapely.Point(*_inside(rng, inner).round(7)) for _ in range(int(rng.integers(4, 16)))]
    people = [
        {"residents": int(rng.integers(20, 140)), "workers": int(rng.integers(0, 30)), "use": "residential"}
        for _ in houses
    ]
    roads = [
        shapely.LineString(np.array([[WEST, y], [WEST + (ACROSS + 1) * WIDE, y]]).round(7))
        for y in (SOUTH + HIGH, SOUTH + 2 * HIGH, SOUTH + 3 * HIGH)
    ] + [
        shapely.LineString(np.array([[x, SOUTH], [x, SOUTH + UP * HIGH]]).round(7))
        for x in (WEST + 2 * WIDE, WEST + 4 * WIDE, WEST + 6 * WIDE)
    ]
    classes = ["street", "arterial", "street", "street", "arterial", "street"]
    named = ["江苏路", "愚园路", "宣化路", "镇宁路", "定西路", "安西路"]
    with database.load() as connection:
        places.merge(
            connection, "building", _placed("building", houses, [f"{k + 1}号楼" for k in range(len(houses))], people)
        )
        places.merge(
            connection,
            "shop",
            _placed("shop", shops, [f"便民商店{k + 1}" for k in range(len(shops))], [{}] * len(shops)),
        )
        places.merge(connection, "road", _placed("road", roads, named, [{"class": each} for each in classes]))


def _inside(rng: np.random.Generator, shape: shapely.Geometry) -> np.ndarray:
    west, south, east, north = shape.bounds
    while True:
        spot = np.array([rng.uniform(west, east), rng.uniform(south, north)])
        if shapely.contains_xy(shape, *spot):
            return spot
