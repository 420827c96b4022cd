"""Coverages to measure with: bent quadrilaterals that share every vertex, drawn from a seed."""

import geopandas as gpd
import numpy as np
import shapely

BENDS = 11  # points between two corners, so that an outline has about 49 vertices
WEST, SOUTH, SIZE = 121.0, 30.7, 1.0


def coverage(polygons: int, seed: int = 1) -> gpd.GeoDataFrame:
    """Draw about so many polygons of 49 vertices that tile a square degree."""
    side = round(polygons**0.5)
    rng = np.random.default_rng(seed)
    step = SIZE / side
    corner = np.stack(np.meshgrid(np.arange(side + 1), np.arange(side + 1), indexing="ij"), axis=-1) * step
    corner[1:-1, 1:-1] += rng.uniform(-0.25, 0.25, corner[1:-1, 1:-1].shape) * step
    east = _bent(corner[:-1], corner[1:], rng, step)
    north = _bent(corner[:, :-1], corner[:, 1:], rng, step)
    rings = np.concatenate([east[:, :-1], north[1:], east[:, 1:, ::-1], north[:-1, :, ::-1]], axis=2).reshape(
        side * side, -1, 2
    )
    rings = np.rint((rings + np.array([WEST, SOUTH])) * 1e7) / 1e7
    return gpd.GeoDataFrame({"id": np.arange(1, len(rings) + 1)}, geometry=shapely.polygons(rings), crs=4326)


def _bent(start: np.ndarray, end: np.ndarray, rng: np.random.Generator, step: float) -> np.ndarray:
    """Draw lines from corner to corner through displaced points; the last point is the next line's first."""
    share = np.arange(BENDS + 1)[:, None] / (BENDS + 1)
    line = start[..., None, :] * (1 - share) + end[..., None, :] * share
    line[..., 1:, :] += rng.uniform(-0.02, 0.02, line[..., 1:, :].shape) * step
    return line


def points(count: int, seed: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """Draw points over the square and a little beyond."""
    rng = np.random.default_rng(seed)
    return rng.uniform(WEST - 0.01, WEST + SIZE + 0.01, count), rng.uniform(SOUTH - 0.01, SOUTH + SIZE + 0.01, count)
