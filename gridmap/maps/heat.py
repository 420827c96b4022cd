"""The heat map: where incidents crowd, in incidents per hectare, as pictures and never as points."""

import folium

from gridmap.maps.data import MapData
from gridmap.maps.drawing import draw
from gridmap.model.errors import InputError


def build(data: MapData) -> folium.Map:
    """Draw the heat map.

    Raises
    ------
    InputError
        The data has no heat raster.
    """
    if data.heat is None:
        raise InputError.of("heat", "a heat map needs a raster", code="missing")
    return draw(data, show="heat")
