"""A table of owners over squares, and Spark told to write down what it does."""

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pytest
import shapely

from gridmap.spatial.owners import OwnerTable
from gridmap.spatial.ownership import OwnershipIndex

WEST, SOUTH, STEP, SIDE = 121.4, 31.2, 0.001, 20


def index_of(ids, shapes):
    return OwnershipIndex.from_frame(gpd.GeoDataFrame({"id": ids}, geometry=list(shapes)), id="id")


@pytest.fixture(scope="session")
def table():
    """Return owners of 399 squares of 20 by 20; the one in the middle is a gap."""
    nodes = np.round(np.array([WEST, SOUTH])[:, None] + np.arange(SIDE + 1) * STEP, 7)
    cells = [(c, r) for c in range(SIDE) for r in range(SIDE) if (c, r) != (SIDE // 2, SIDE // 2)]
    shapes = [shapely.box(nodes[0, c], nodes[1, r], nodes[0, c + 1], nodes[1, r + 1]) for c, r in cells]
    ids = np.random.default_rng(3).permutation(len(cells)) + 1
    told = {
        "grid_id": pa.array(ids),
        "block_id": pa.array([1000 + c if c else None for c, _ in cells]),
        "block_code": pa.array([f"{c:03}" if c % 2 else None for c, _ in cells]),
        "block": pa.array([f"第{c}街区" if c else None for c, _ in cells]),
    }
    whole = shapely.box(nodes[0, 0], nodes[1, 0], nodes[0, -1], nodes[1, -1])
    return OwnerTable.of(index_of(ids, shapes), index_of([1], [whole]), told)


@pytest.fixture(scope="session")
def spots():
    """Return rows in and out of the squares, on their borders and corners, and some that cannot be read."""
    rng = np.random.default_rng(4)
    steps = np.concatenate([rng.uniform(-1, SIDE + 1, (12_000, 2)), rng.integers(0, SIDE + 1, (4000, 2))])
    steps[:2000, 0] = steps[:2000, 0].round()
    lon, lat = (np.round(origin + steps[:, i] * STEP, 7) for i, origin in enumerate((WEST, SOUTH)))
    lon[::500], lat[7::900], lon[9::1100] = -181.0, 91.0, np.inf
    order = rng.permutation(len(lon))
    return pa.table(
        {
            "n": np.arange(len(lon)),
            "lon": pa.array(lon[order], mask=lon[order] == -181.0),
            "lat": lat[order],
            "Status": ["旧"] * len(lon),
        }
    )
