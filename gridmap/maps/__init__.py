"""Maps: frames and style become Folium maps that ask no foreign host for anything."""

from gridmap.maps.data import Figures, HeatImage, HeatTiles, MapData
from gridmap.maps.figure import render
from gridmap.maps.registry import MAPS, MapSpec, spec

__all__ = ["MAPS", "Figures", "HeatImage", "HeatTiles", "MapData", "MapSpec", "render", "spec"]
