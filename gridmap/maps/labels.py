"""Where a name stands: the pole of inaccessibility, the point of an outline that is farthest from its edge."""

from typing import Final

import numpy as np
import numpy.typing as npt
import shapely

FINE: Final = 40
"""The pole is found to within this fraction of the outline's height."""


def label_points(geometry: npt.NDArray[np.object_]) -> npt.NDArray[np.float64]:
    """Find where each outline's name stands.

    Parameters
    ----------
    geometry
        Polygons or multipolygons (the largest part is named), lines (the middle), points (themselves); EPSG:4326.

    Returns
    -------
    Array of (n, 2): lon, lat; NaN for an empty geometry.
    """
    found = np.full((len(geometry), 2), np.nan)
    for place, shape in enumerate(geometry):
        if shape is None or shape.is_empty:
            continue
        found[place] = _pole(shape)
    return found


def _pole(shape: shapely.Geometry) -> tuple[float, float]:
    parts = shapely.get_parts(shape)
    kind = shapely.get_type_id(parts[0])
    if kind == shapely.GeometryType.POINT:
        return float(shapely.get_x(parts[0])), float(shapely.get_y(parts[0]))
    if kind == shapely.GeometryType.LINESTRING:
        longest = parts[int(np.argmax(shapely.length(parts)))]
        middle = shapely.line_interpolate_point(longest, 0.5, normalized=True)
        return float(middle.x), float(middle.y)
    largest = parts[int(np.argmax(shapely.area(parts)))]
    # Degrees of longitude are shorter than those of latitude: the circle must be round on the ground.
    _, south, _, north = largest.bounds
    squeeze = float(np.cos(np.radians((south + north) / 2)))
    ground = shapely.transform(largest, lambda xy: xy * (squeeze, 1.0))
    tolerance = max((north - south) / FINE, 1e-9)
    circle = shapely.maximum_inscribed_circle(ground, tolerance)
    x, y = shapely.get_coordinates(circle)[0]
    return float(x / squeeze), float(y)
