"""The maps there are: a map is added with one file in this folder and one line in `MAPS`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import folium

from gridmap.maps import choropleth, heat, overview
from gridmap.maps.data import MapData
from gridmap.model.errors import NotFoundError
from gridmap.model.words import Text, words


@dataclass(frozen=True, slots=True)
class MapSpec:
    """One kind of map.

    Attributes
    ----------
    title_key
        Its title in the catalogue.
    build
        Makes the map from its data.
    kinds
        Kinds of places to fetch for it.
    needs
        ``figures`` or ``heat`` where it shows them, else empty.
    options
        The choices that a command or an address may give.
    """

    key: str
    title_key: str
    build: Callable[[MapData], folium.Map]
    kinds: tuple[str, ...]
    needs: str = ""
    options: tuple[str, ...] = ()

    @property
    def title(self) -> Text:
        """Its title in both languages."""
        return words(self.title_key)


BASE: Final = ("water", "green", "compound", "road", "building")
PERIOD: Final = ("from", "to", "category")

MAPS: Final = {
    spec.key: spec
    for spec in (
        MapSpec("overview", "map.overview", overview.build, (*BASE, "shop"), options=("level",)),
        MapSpec(
            "choropleth",
            "map.choropleth",
            choropleth.build,
            BASE,
            "figures",
            ("level", "layer", "measure", *PERIOD),
        ),
        MapSpec("heat", "map.heat", heat.build, BASE, "heat", ("level", *PERIOD)),
    )
}


def spec(name: str) -> MapSpec:
    """Find a map by its name.

    Raises
    ------
    NotFoundError
        There is no such map; the message lists those there are.
    """
    if name not in MAPS:
        raise NotFoundError(f"there is no map {name!r}; there are {', '.join(MAPS)}")
    return MAPS[name]
