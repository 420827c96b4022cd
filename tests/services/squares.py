"""A tiny city of squares, a thousandth of a degree each, whose every answer can be told by eye.

::

    2 ┌──────┬──────┬─────────────┐
      │ A1b  │      │             │     district  D: all of it
    1 ├──────┤  A2  │      B      │     subdistricts A and B; B has no children
      │ A1a  │      │             │     neighbourhoods A1 and A2 in A (which has no blocks)
    0 └──────┴──────┴─────────────┘     microgrids A1a and A1b in A1
      0      1      2             4
"""

import geopandas as gpd
import pandas as pd
import shapely

WEST, SOUTH, STEP = 121.4, 31.2, 0.001

TOWN = {
    "D": ("district", None, (0, 0, 4, 2)),
    "A": ("subdistrict", "D", (0, 0, 2, 2)),
    "B": ("subdistrict", "D", (2, 0, 4, 2)),
    "A1": ("neighbourhood", "A", (0, 0, 1, 2)),
    "A2": ("neighbourhood", "A", (1, 0, 2, 2)),
    "A1a": ("microgrid", "A1", (0, 0, 1, 1)),
    "A1b": ("microgrid", "A1", (0, 1, 1, 2)),
}


def at(column, row):
    """Give the degrees of a node of the drawing."""
    return round(WEST + column * STEP, 7), round(SOUTH + row * STEP, 7)


def box(west, south, east, north):
    """Draw a rectangle from node to node, with a vertex at every whole node on its border."""
    shape = shapely.box(west, south, east, north)
    dense = shapely.segmentize(shape, 1.0)
    return shapely.transform(dense, lambda p: (p * STEP + (WEST, SOUTH)).round(7))


def hole(west, south, east, north, inner):
    """Draw a rectangle with a rectangle taken out."""
    return box(west, south, east, north).difference(box(*inner))


def town(changes=None, **more):
    """Make a frame of the town for `publish`; None takes a grid out, a rectangle or shape changes one."""
    rows = {key: [level, parent, shape] for key, (level, parent, shape) in TOWN.items()}
    for key, shape in {**(changes or {}), **more}.items():
        if shape is None:
            del rows[key]
        elif key in rows:
            rows[key][2] = shape
        else:
            rows[key] = list(shape)
    table = pd.DataFrame(
        [
            {"key": key, "level": level, "parent": parent, "code": None, "name": f"{key}格"}
            for key, (level, parent, _) in rows.items()
        ],
        columns=["key", "level", "parent", "code", "name"],
    ).astype(object)
    shapes = [box(*shape) if isinstance(shape, tuple) else shape for _, _, shape in rows.values()]
    return gpd.GeoDataFrame(table, geometry=shapes, crs=4326)


def coded(frame, **codes):
    """Give codes to grids by key."""
    return frame.assign(code=[codes.get(key) for key in frame["key"]])


def moved():
    """Give the town with the line between A1 and A2 moved one half to the east."""
    return town(A1=(0, 0, 1.5, 2), A2=(1.5, 0, 2, 2), A1a=(0, 0, 1.5, 1), A1b=(0, 1, 1.5, 2))
