"""What all maps have in common: the page, the frame and the data in it."""

import folium

from gridmap.maps.data import MapData
from gridmap.maps.figure import LocalMap, Shown
from gridmap.maps.payload import payload

TAGS = {"zh": "zh-CN", "en": "en"}


def draw(data: MapData, *, show: str) -> folium.Map:
    """Make a map of the data; `show` tells the page's scripts which one."""
    content = payload(data, show=show)
    title = " · ".join(part for part in (content["title"], content["city"]) if part)
    drawn = LocalMap(data.bounds(), title, TAGS[data.lang])
    drawn.add_child(Shown(content))
    return drawn
