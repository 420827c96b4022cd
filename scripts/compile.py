"""Compile the kernels of the ownership index ahead, so that nobody's first question waits for it."""

import geopandas as gpd
import shapely

from gridmap import OwnershipIndex

SQUARES = [shapely.box(0, 0, 2, 2), shapely.box(2, 0, 4, 2), shapely.box(1, 1, 3, 3)]


def main() -> None:
    """Build a small index, and ask it everything once."""
    frame = gpd.GeoDataFrame({"id": [3, 2, 1]}, geometry=SQUARES, crs=4326)
    index = OwnershipIndex.from_frame(frame, id="id")
    index.locate_with_borders([0.5], [0.5])
    index.owner(0.5, 0.5)
    index.explain(1.5, 1.5)
    index.within(1.5, 1.5, 100.0)


if __name__ == "__main__":
    main()
