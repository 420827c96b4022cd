"""Heat of incidents as pictures: tiles for the map on screen, one picture for a box."""

import time
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from gridmap.maps import raster
from gridmap.maps.data import Bounds
from gridmap.model.errors import InputError
from gridmap.store import incidents
from gridmap.store.database import Database

REACH_M = 60.0
"""How far an incident is felt: about a street's width and the houses on both sides."""

MOST_ZOOM = 22
_KEPT, _KEPT_SECONDS = 8, 10.0
_MOST_PIXELS = 2048


@dataclass(frozen=True, slots=True)
class Period:
    """Which incidents: a half-open period, and a four-digit category or two-digit class."""

    start: datetime | None = None
    end: datetime | None = None
    category: str | None = None


@dataclass
class _Points:
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    read: float
    ceilings: dict[int, float] = field(default_factory=dict)


@dataclass
class Heat:
    """Makes pictures of heat; keeps the coordinates of the last few periods for some seconds."""

    database: Database
    _kept: OrderedDict[Period, _Points] = field(default_factory=OrderedDict, repr=False)
    _lock: Lock = field(default_factory=Lock, repr=False)

    def tile(self, z: int, x: int, y: int, period: Period) -> bytes:
        """Draw one tile of 256 × 256 pixels as PNG; all tiles of a zoom share one scale.

        Raises
        ------
        InputError
            There is no such tile.
        """
        if not (0 <= z <= MOST_ZOOM and 0 <= x < 2**z and 0 <= y < 2**z):
            raise InputError.of("tile", f"{z}/{x}/{y} is no tile", f"zoom 0 to {MOST_ZOOM}", "out_of_range")
        bounds = raster.tile_bounds(z, x, y)
        return self._draw(bounds, raster.TILE_PX, raster.TILE_PX, z, self._points(period))

    def picture(self, bounds: Bounds, zoom: int, period: Period) -> bytes:
        """Draw a box at a zoom as PNG.

        Raises
        ------
        InputError
            The box is empty or too large for the zoom.
        """
        west, south, east, north = bounds
        if not (west < east and south < north and 0 <= zoom <= MOST_ZOOM):
            raise InputError.of("bbox, zoom", "the box is empty, or the zoom out of range", code="out_of_range")
        (x0, x1), (y1, y0) = raster.world(np.array([west, east]), np.array([south, north]))
        scale = raster.TILE_PX * 2.0**zoom
        width, height = max(1, round((x1 - x0) * scale)), max(1, round((y1 - y0) * scale))
        if max(width, height) > _MOST_PIXELS:
            mend = f"at most {_MOST_PIXELS} pixels a side: a smaller box or zoom"
            raise InputError.of("bbox, zoom", f"the picture would be {width} × {height} pixels", mend, "too_large")
        return self._draw(bounds, width, height, zoom, self._points(period))

    def whole(self, bounds: Bounds, period: Period) -> tuple[bytes, float]:
        """Draw a box as one picture of 1,400 pixels, for a file; gives the ceiling of its scale too."""
        points = self._points(period)
        width, height = raster.picture_size(bounds)
        (x0, x1), _ = raster.world(np.array([bounds[0], bounds[2]]), np.array([bounds[1], bounds[3]]))
        exact = float(np.log2(width / (x1 - x0) / raster.TILE_PX))
        middle = (bounds[1] + bounds[3]) / 2
        drawn = raster.raster(
            points.lon, points.lat, None, bounds, width, height, raster.radius_at(REACH_M, exact, middle)
        )
        # The scale is that of the nearest whole zoom: the same reach on the ground gives the same densities.
        zoom = round(exact)
        top = raster.ceiling(points.lon, points.lat, None, zoom, raster.radius_at(REACH_M, zoom, middle), bounds=bounds)
        return raster.to_png(drawn, top), top

    def ceiling(self, zoom: int, period: Period) -> float:
        """Tell the figure at the hot end of the scale, incidents per hectare."""
        return self._ceiling(self._points(period), zoom)

    def _draw(self, bounds: Bounds, width: int, height: int, zoom: int, points: _Points) -> bytes:
        radius = raster.radius_at(REACH_M, zoom, (bounds[1] + bounds[3]) / 2)
        drawn = raster.raster(points.lon, points.lat, None, bounds, width, height, radius)
        return raster.to_png(drawn, self._ceiling(points, zoom))

    def _ceiling(self, points: _Points, zoom: int) -> float:
        if zoom not in points.ceilings:
            middle = float(points.lat.mean()) if len(points.lat) else 0.0
            radius = raster.radius_at(REACH_M, zoom, middle)
            points.ceilings[zoom] = raster.ceiling(points.lon, points.lat, None, zoom, radius)
        return points.ceilings[zoom]

    def _points(self, period: Period) -> _Points:
        with self._lock:
            kept = self._kept.get(period)
            if kept is not None and time.monotonic() - kept.read < _KEPT_SECONDS:
                return kept
        with self.database.read() as connection:
            lon, lat = incidents.coordinates(connection, start=period.start, end=period.end, category=period.category)
        points = _Points(lon, lat, time.monotonic())
        with self._lock:
            self._kept[period] = points
            self._kept.move_to_end(period)
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return points
