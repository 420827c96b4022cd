"""What stands at a spot: the building or compound that covers it, and the shops within a few steps, from memory."""

import math
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely

from gridmap.spatial.ownership import OwnershipIndex
from gridmap.store import places as store
from gridmap.store.database import Database

SHOP_REACH_M = 15.0
_MOST_SHOPS = 5
_NORTH_M = 111_195.0  # metres in a degree of latitude
_SQUARE_M = 2 * SHOP_REACH_M

Shops = dict[tuple[float, float], list[tuple[float, float, "Spot"]]]


@dataclass(frozen=True, slots=True)
class Spot:
    """A place as an answer names it."""

    id: int
    kind: str
    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Spots:
    """Places by where they are.

    Attributes
    ----------
    areas, area_index
        Buildings and compounds, and the index that tells which covers a point.
    shops
        Those within reach of each square of a plane in metres, with where they are in it: a question looks at one
        square.
    east_m
        Metres in a degree of longitude, in that plane.
    """

    areas: tuple[Spot, ...]
    area_index: OwnershipIndex
    shops: Shops
    east_m: float

    @classmethod
    def empty(cls) -> "Spots":
        """Nothing stands anywhere."""
        nothing = gpd.GeoDataFrame({"id": np.empty(0, np.int64)}, geometry=[], crs=4326)
        return cls((), OwnershipIndex.from_frame(nothing, id="id"), {}, 0.0)

    @classmethod
    def read(cls, database: Database) -> "Spots":
        """Read buildings, compounds and shops from the store."""
        with database.read() as connection:
            kinds = [store.frame(connection, kind) for kind in ("building", "compound")]
            shops = store.frame(connection, "shop")
        areas = [frame[["id", "kind", "name", "address", "geometry"]] for frame in kinds if len(frame)]
        return cls.of(areas, shops)

    @classmethod
    def of(cls, areas: list[gpd.GeoDataFrame], shops: gpd.GeoDataFrame) -> "Spots":
        """Arrange frames of places."""
        listed = [spot for frame in areas for spot in _listed(frame)]
        outlines = [shape for frame in areas for shape in frame.geometry]
        ids = np.array([spot.id for spot in listed], np.int64)
        index = OwnershipIndex.from_frame(gpd.GeoDataFrame({"id": ids}, geometry=outlines, crs=4326), id="id")
        latitude = float(shapely.get_y(shops.geometry.to_numpy()).mean()) if len(shops) else 0.0
        east_m = _NORTH_M * math.cos(math.radians(latitude))
        return cls(tuple(listed), index, _by_square(shops, east_m), east_m)

    def at(self, lon: float, lat: float) -> list[Spot]:
        """List the building and compound at a point, then the nearest shops within reach."""
        found: list[Spot] = []
        if rows := self.area_index.covering(lon, lat):
            found += sorted([self.areas[row] for row in rows], key=_kind_and_id)
        x, y = lon * self.east_m, lat * _NORTH_M
        if shops := self.shops.get((x // _SQUARE_M, y // _SQUARE_M)):
            near = [
                (distance, spot.id, spot)
                for east, north, spot in shops
                if (distance := math.hypot(east - x, north - y)) < SHOP_REACH_M
            ]
            found += [spot for _, _, spot in sorted(near)[:_MOST_SHOPS]]
        return found


def _kind_and_id(spot: Spot) -> tuple[str, int]:
    return spot.kind, spot.id


def _listed(frame: gpd.GeoDataFrame) -> list[Spot]:
    columns = (frame["id"], frame["kind"], frame["name"], frame["address"])
    return [Spot(int(i), kind, name, address) for i, kind, name, address in zip(*columns, strict=True)]


def _by_square(shops: gpd.GeoDataFrame, east_m: float) -> Shops:
    squares: Shops = {}
    for spot, (lon, lat) in zip(_listed(shops), shapely.get_coordinates(shops.geometry).tolist(), strict=True):
        x, y = lon * east_m, lat * _NORTH_M
        for column in {(x - SHOP_REACH_M) // _SQUARE_M, (x + SHOP_REACH_M) // _SQUARE_M}:
            for row in {(y - SHOP_REACH_M) // _SQUARE_M, (y + SHOP_REACH_M) // _SQUARE_M}:
                squares.setdefault((column, row), []).append((x, y, spot))
    return squares
