"""Heat as a picture: points counted into Web-Mercator pixels, blurred, coloured.

A million points cost one `bincount` and one blur; the page gets a picture and never the points. Pixels hold
incidents per hectare, so that a tile's colour means the same wherever it lies, and tiles are computed with a
margin of the blur's reach, so that neighbours join without a seam.
"""

import io
import math
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy.ndimage import gaussian_filter

from gridmap.maps.data import Bounds
from gridmap.maps.ramps import HEAT, Ramp, shades

Floats = npt.NDArray[np.float64]
Raster = npt.NDArray[np.float32]

TILE_PX: Final = 256
EARTH_M: Final = 2 * math.pi * 6378137.0
"""Girth of the Web-Mercator sphere."""
REACH: Final = 3.0
"""Standard deviations after which the blur is cut off."""
FAINTEST: Final = 0.04
"""Share of the ceiling below which a pixel is left clear."""
OPAQUE: Final = 0.8
MOST_LATITUDE: Final = 85.05112877980659


def world(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Project degrees to the Web-Mercator unit square: x eastward, y southward, both 0 to 1."""
    phi = np.radians(np.clip(lat, -MOST_LATITUDE, MOST_LATITUDE))
    return lon / 360.0 + 0.5, 0.5 - np.arcsinh(np.tan(phi)) / (2 * np.pi)


def tile_bounds(z: int, x: int, y: int) -> Bounds:
    """Return west, south, east, north of a tile in degrees.

    Raises
    ------
    ValueError
        There is no such tile at that zoom.
    """
    side = 2**z
    if z < 0 or not 0 <= x < side or not 0 <= y < side:
        raise ValueError(f"there is no tile {z}/{x}/{y}")

    def latitude(row: float) -> float:
        return math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * row / side))))

    return x / side * 360 - 180, latitude(y + 1), (x + 1) / side * 360 - 180, latitude(y)


def radius_at(metres: float, zoom: float, lat: float) -> float:
    """Turn a blur radius on the ground into pixels of a zoom, at least 4 so that points far out stay seen."""
    return float(max(4.0, metres / metres_per_pixel(zoom, lat)))


def metres_per_pixel(zoom: float, lat: float) -> float:
    """Return the ground length of a pixel."""
    return float(EARTH_M * math.cos(math.radians(lat)) / (TILE_PX * 2.0**zoom))


def raster(
    lon: Floats,
    lat: Floats,
    weights: Floats | None,
    bounds: Bounds,
    width: int,
    height: int,
    radius_px: float,
) -> Raster:
    """Blur points into a picture of incidents per hectare.

    Parameters
    ----------
    lon, lat
        Degrees, EPSG:4326.
    weights
        What each point counts; None for one each.
    bounds
        West, south, east, north of the picture.
    width, height
        Pixels.
    radius_px
        Reach of a point in pixels; the Gaussian's deviation is half of it.

    Returns
    -------
    Array of (height, width), north in the first row, incidents per hectare.
    """
    west, north = (float(v[0]) for v in world(np.array([bounds[0]]), np.array([bounds[3]])))
    east, south = (float(v[0]) for v in world(np.array([bounds[2]]), np.array([bounds[1]])))
    sigma = radius_px / 2
    margin = math.ceil(sigma * REACH)
    wide, tall = width + 2 * margin, height + 2 * margin
    x, y = world(np.asarray(lon, dtype=float), np.asarray(lat, dtype=float))
    column = np.floor((x - west) / (east - west) * width).astype(np.int64) + margin
    row = np.floor((y - north) / (south - north) * height).astype(np.int64) + margin
    inside = (column >= 0) & (column < wide) & (row >= 0) & (row < tall)
    counted = np.bincount(
        row[inside] * wide + column[inside],
        weights=None if weights is None else np.asarray(weights, dtype=float)[inside],
        minlength=wide * tall,
    ).astype(np.float32)
    blurred = gaussian_filter(counted.reshape(tall, wide), sigma, mode="constant", truncate=REACH)
    picture = blurred[margin : margin + height, margin : margin + width]
    per_hectare = 10_000.0 / _pixel_m2(north, south, height, (east - west) / width)
    return np.asarray(picture * per_hectare[:, None].astype(np.float32), dtype=np.float32)


def _pixel_m2(north: float, south: float, height: int, pixel_width: float) -> Floats:
    """Ground area of a pixel, row by row: Web-Mercator pixels shrink towards the poles."""
    rows = north + (np.arange(height) + 0.5) * (south - north) / height
    scale = EARTH_M / np.cosh(np.pi * (1 - 2 * rows))
    return np.asarray(pixel_width * scale * ((south - north) / height) * scale)


def ceiling(
    lon: Floats,
    lat: Floats,
    weights: Floats | None,
    zoom: int,
    radius_px: float,
    *,
    percentile: float = 99.5,
    bounds: Bounds | None = None,
) -> float:
    """Find the top of the colour scale that all tiles of one zoom share.

    Parameters
    ----------
    percentile
        Of the occupied pixels: a few extreme spots shall not wash out the rest.
    bounds
        The box to look at; the box of the points where it is not given. Where the zoom would need a picture above
        2,048 pixels a side, the scale is taken from a coarser one with the same reach on the ground.

    Returns
    -------
    Incidents per hectare, rounded to two figures; 0 where there are no points.
    """
    if not len(lon):
        return 0.0
    box = bounds or (float(np.min(lon)), float(np.min(lat)), float(np.max(lon)), float(np.max(lat)))
    (west, east), (south, north) = world(np.array([box[0], box[2]]), np.array([box[1], box[3]]))
    side = max(east - west, south - north) * TILE_PX * 2.0**zoom
    shrink = min(1.0, 2048 / side) if side > 0 else 1.0
    pad = radius_px / (TILE_PX * 2.0**zoom)
    padded = _degrees(west - pad, north - pad, east + pad, south + pad)
    width = max(1, round((east - west + 2 * pad) * TILE_PX * 2.0**zoom * shrink))
    height = max(1, round((south - north + 2 * pad) * TILE_PX * 2.0**zoom * shrink))
    picture = raster(lon, lat, weights, padded, width, height, max(1.0, radius_px * shrink))
    occupied = picture[picture > picture.max() * FAINTEST]
    return float(f"{np.percentile(occupied, percentile):.2g}") if occupied.size else 0.0


def _degrees(west: float, north: float, east: float, south: float) -> Bounds:
    def latitude(y: float) -> float:
        return math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * y))))

    return (west - 0.5) * 360, latitude(south), (east - 0.5) * 360, latitude(north)


def picture_size(bounds: Bounds, longest: int = 1400) -> tuple[int, int]:
    """Return width and height in pixels for a box, square pixels in Web-Mercator, the longer side `longest`."""
    (west, east), (south, north) = world(np.array(bounds[0::2]), np.array(bounds[1::2]))
    wide, tall = east - west, south - north
    scale = longest / max(wide, tall)
    return max(1, round(wide * scale)), max(1, round(tall * scale))


def to_png(array: Raster, ceiling: float, ramp: Ramp = HEAT) -> bytes:
    """Colour a raster; the low end fades to clear.

    Parameters
    ----------
    array
        Figures as `raster` gives them.
    ceiling
        The figure at the hot end; all above it look the same. 0 gives a clear picture.
    """
    share = np.clip(array / ceiling, 0, 1) if ceiling > 0 else np.zeros_like(array)
    # The square root spreads the low end, where most of the ground lies; the legend marks the middle.
    step = np.round(np.sqrt(share) * 255).astype(np.uint8)
    table = np.zeros((256, 4), dtype=np.uint8)
    table[:, :3] = shades(ramp, 256)
    faint = math.sqrt(FAINTEST) * 255
    # The cool end stays thin, so that streets show through where little happens.
    rise = np.clip((np.arange(256) - faint) / (255 - faint), 0, 1) ** 0.75
    table[:, 3] = np.round(rise * OPAQUE * 255).astype(np.uint8)
    held = io.BytesIO()
    Image.fromarray(table[step]).save(held, format="PNG", compress_level=6)
    return held.getvalue()
