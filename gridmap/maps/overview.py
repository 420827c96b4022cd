"""The overview: every level's lines to switch, buildings, shops, streets and green, search and popups."""

import folium

from gridmap.maps.data import MapData
from gridmap.maps.drawing import draw


def build(data: MapData) -> folium.Map:
    """Draw the overview."""
    return draw(data, show="overview")
