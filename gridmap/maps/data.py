"""What a map is made of: frames and texts that the services gather, in one bundle."""

from dataclasses import dataclass, field

import geopandas as gpd

from gridmap.model.schemes import Scheme
from gridmap.model.words import Language, Text

Bounds = tuple[float, float, float, float]
"""West, south, east, north in degrees, EPSG:4326."""


@dataclass(frozen=True, slots=True)
class Figures:
    """One measure over the grids of one level.

    Attributes
    ----------
    by_grid
        Figure by grid id. A grid that is missing here has none, which is not the same as zero.
    none
        How much of the total lies in no grid; the legend says so.
    diverges_from
        The value round which the scale turns, for measures that go both ways; None for the rest.
    """

    level: str
    title: Text
    unit: Text
    by_grid: dict[int, float]
    none: float = 0
    total: float = 0
    diverges_from: float | None = None


@dataclass(frozen=True, slots=True)
class HeatImage:
    """A heat raster that the page holds itself.

    Attributes
    ----------
    png
        Picture in Web-Mercator, north up, filling `bounds`.
    ceiling
        Incidents per hectare at the hot end of the scale.
    """

    png: bytes
    bounds: Bounds
    ceiling: float


@dataclass(frozen=True, slots=True)
class HeatTiles:
    """A heat raster fetched tile by tile: an address of our own with ``{z}``, ``{x}`` and ``{y}``."""

    url: str
    ceiling: float | None = None


@dataclass(frozen=True, slots=True)
class MapData:
    """Everything that a map shows.

    Attributes
    ----------
    grids
        Frames by level with ``id``, ``code``, ``name``, ``parent``, ``area_m2`` and geometry, EPSG:4326.
    places
        Frames by kind with ``id``, ``name``, ``address``, what the layer declares, and geometry.
    level
        The level whose lines are shown first; None for the finest.
    generation
        The generation of the grids, as a person would say it.
    desk_url
        Where the desk answers, for links in popups; None in a file that stands alone.
    """

    lang: Language
    title: Text
    city: Text
    scheme: Scheme
    invented: bool = False
    generation: str = ""
    period: Text | None = None
    source: Text | None = None
    level: str | None = None
    grids: dict[str, gpd.GeoDataFrame] = field(default_factory=dict)
    places: dict[str, gpd.GeoDataFrame] = field(default_factory=dict)
    figures: Figures | None = None
    heat: HeatImage | HeatTiles | None = None
    desk_url: str | None = None

    def bounds(self) -> Bounds:
        """Return the box round all grids, or round all places where there are no grids.

        Raises
        ------
        ValueError
            There is nothing to show at all.
        """
        frames = [f for f in self.grids.values() if len(f)] or [f for f in self.places.values() if len(f)]
        if not frames:
            raise ValueError("a map needs at least one grid or place")
        boxes = [frame.total_bounds for frame in frames]
        return (
            float(min(box[0] for box in boxes)),
            float(min(box[1] for box in boxes)),
            float(max(box[2] for box in boxes)),
            float(max(box[3] for box in boxes)),
        )
