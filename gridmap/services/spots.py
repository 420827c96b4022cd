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
_METRES_PER_DEGREE = 111_195.0
_SQUARE_M = 2 * SHOP_REACH_M

Shops = dict[tuple[int, int], list[tuple[float, float, "Spot"]]]


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
    latitude
        Where the plane is true to scale.
    """

    areas: tuple[Spot, ...]
    area_index: OwnershipIndex
    shops: Shops
    latitude: float

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
        return cls(tuple(listed), index, _by_square(shops, latitude), latitude)

    def at(self, lon: float, lat: float) -> list[Spot]:
        """List the building and compound at a point, then the nearest shops within reach."""
        covering = self.area_index.covering(lon, lat)
        found = sorted((self.areas[row] for row in covering), key=lambda spot: (spot.kind, spot.id))
        x, y = _plane(lon, lat, self.latitude)
        near = [
            (distance, spot.id, spot)
            for east, north, spot in self.shops.get((_square(x), _square(y)), ())
            if (distance := math.hypot(east - x, north - y)) < SHOP_REACH_M
        ]
        return found + [spot for _, _, spot in sorted(near)[:_MOST_SHOPS]]


def _listed(frame: gpd.GeoDataFrame) -> list[Spot]:
    columns = (frame["id"], frame["kind"], frame["name"], frame["address"])
    return [Spot(int(i), kind, name, address) for i, kind, name, address in zip(*columns, strict=True)]


def _by_square(shops: gpd.GeoDataFrame, latitude: float) -> Shops:
    squares: Shops = {}
    for spot, (lon, lat) in zip(_listed(shops), shapely.get_coordinates(shops.geometry).tolist(), strict=True):
        x, y = _plane(lon, lat, latitude)
        for column in {_square(x - SHOP_REACH_M), _square(x + SHOP_REACH_M)}:
            for row in {_square(y - SHOP_REACH_M), _square(y + SHOP_REACH_M)}:
                squares.setdefault((column, row), []).append((x, y, spot))
    return squares


def _square(metres: float) -> int:
    return math.floor(metres / _SQUARE_M)


def _plane(lon: float, lat: float, latitude: float) -> tuple[float, float]:
    return lon * _METRES_PER_DEGREE * math.cos(math.radians(latitude)), lat * _METRES_PER_DEGREE
