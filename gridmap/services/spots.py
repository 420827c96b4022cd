"""What stands at a spot: the building or compound that covers it, and the shops within a few steps, from memory."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import KDTree

from gridmap.spatial.ownership import OwnershipIndex
from gridmap.store import places as store
from gridmap.store.database import Database

SHOP_REACH_M = 15.0
_MOST_SHOPS = 5
_METRES_PER_DEGREE = 111_195.0


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
    points, point_tree
        Shops, and the tree that finds those nearby; its plane is scaled at `latitude`.
    """

    areas: tuple[Spot, ...]
    area_index: OwnershipIndex
    points: tuple[Spot, ...]
    point_tree: KDTree | None
    latitude: float

    @classmethod
    def empty(cls) -> "Spots":
        """Nothing stands anywhere."""
        nothing = gpd.GeoDataFrame({"id": np.empty(0, np.int64)}, geometry=[], crs=4326)
        return cls((), OwnershipIndex.from_frame(nothing, id="id"), (), None, 0.0)

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
        if not len(shops):
            return cls(tuple(listed), index, (), None, 0.0)
        where = shapely.get_coordinates(shops.geometry.to_numpy())
        latitude = float(where[:, 1].mean())
        return cls(tuple(listed), index, tuple(_listed(shops)), KDTree(_plane(where, latitude)), latitude)

    def at(self, lon: float, lat: float) -> list[Spot]:
        """List the building and compound at a point, then the nearest shops within reach."""
        covering = self.area_index.covering(lon, lat)
        found = sorted((self.areas[row] for row in covering), key=lambda spot: (spot.kind, spot.id))
        if self.point_tree is not None:
            here = _plane(np.array([[lon, lat]]), self.latitude)[0]
            distances, rows = self.point_tree.query(here, k=_MOST_SHOPS, distance_upper_bound=SHOP_REACH_M)
            found += [self.points[row] for row, d in zip(rows, distances, strict=True) if np.isfinite(d)]
        return found


def _listed(frame: gpd.GeoDataFrame) -> list[Spot]:
    columns = (frame["id"], frame["kind"], frame["name"], frame["address"])
    return [Spot(int(i), kind, name, address) for i, kind, name, address in zip(*columns, strict=True)]


def _plane(where: NDArray[np.float64], latitude: float) -> NDArray[np.float64]:
    return where * (_METRES_PER_DEGREE * np.array([np.cos(np.radians(latitude)), 1.0]))
