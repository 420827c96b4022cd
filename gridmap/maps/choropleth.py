"""The choropleth: one measure over the grids of one level, in classes that a person would say."""

import folium

from gridmap.maps.data import MapData
from gridmap.maps.drawing import draw
from gridmap.model.errors import InputError


def build(data: MapData) -> folium.Map:
    """Draw the choropleth.

    Raises
    ------
    InputError
        The data has no figures.
    """
    if data.figures is None:
        raise InputError.of("measure", "a choropleth needs a measure", code="missing")
    return draw(data, show="choropleth")
