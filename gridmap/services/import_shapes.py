"""The shapes of a file's rows: from points, outlines, columns of coordinates or WKT to WGS84 on the lattice."""

import re
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely

from gridmap.model.errors import InputError
from gridmap.model.layers import Layer
from gridmap.services.import_report import Rejected, rejection
from gridmap.services.import_values import text_of
from gridmap.spatial.datums import ALLOWED, point_faults, to_wgs84
from gridmap.spatial.files import FileContent
from gridmap.spatial.lattice import Geometries, snap

Column = "pd.Series[Any]"

# Collections may nest without end, and GEOS recurses: what a layer can hold has no need of them.
_FLAT: Final = re.compile(r"\s*(SRID=\d+;)?\s*(MULTI)?(POINT|LINESTRING|POLYGON)\b[\sA-Z0-9eE().,+-]*", re.IGNORECASE)
_ON_WGS84: Final = ("World Geodetic System 1984", "WGS_1984", "WGS 84")
_ON_CGCS2000: Final = ("China 2000", "China_2000", "China Geodetic Coordinate System 2000")


def read_shapes(
    layer: Layer, content: FileContent, mapping: dict[str, str], datum: str, rejected: list[Rejected]
) -> Geometries:
    """Read the shape of each row.

    Parameters
    ----------
    mapping
        From field to column: ``lon`` and ``lat``, or ``wkt``, where the file has no geometry of its own.
    datum
        What the coordinates are.
    rejected
        Takes what is wrong with single rows.

    Returns
    -------
    ndarray
        In WGS84 on the lattice, of a kind that the layer holds; None where the row is rejected.

    Raises
    ------
    InputError
        The file has no coordinates at all.
    """
    shapes = _given(content, mapping, rejected)
    out = set(content.row_faults) | {each.row - 1 for each in rejected}
    _refuse_kinds(layer, shapes, out, rejected)
    _convert(shapes, datum, rejected)
    _refuse_broken(layer, shapes, rejected)
    return shapes


def refuse_declared(content: FileContent, datum: str) -> str | None:
    """Compare what a file says of its coordinates with what is stated.

    GCJ-02 and BD-09 have no names of their own in files: what is drawn on such a map is saved as WGS84. A file that
    says so may well be one of them, and the word of the one who imports it counts.

    Returns
    -------
    str or None
        What to put on record, where the two differ and may.

    Raises
    ------
    InputError
        They contradict each other (code ``contradiction``).
    """
    if content.crs is None:
        return None
    try:
        declared = pyproj.CRS.from_user_input(content.crs)
    except pyproj.exceptions.CRSError:
        return f"the file names a coordinate system that is not known here, so {datum} is taken: {content.crs[:60]}"
    if _agree(declared, datum):
        return None
    if datum in {"gcj02", "bd09"} and declared.is_geographic:
        return f"the file says {declared.name}; its coordinates are taken as {datum}, as stated"
    code = declared.to_epsg()
    mend = f"state EPSG:{code}, or mend the file" if code else "state the datum that it is in, or mend the file"
    raise InputError.of("--datum", f"{datum} is stated, but the file says {declared.name}", mend, "contradiction")


def _agree(declared: pyproj.CRS, datum: str) -> bool:
    if datum.startswith("EPSG:"):
        stated = pyproj.CRS.from_user_input(datum)
        # The .prj of a shapefile says the same in other words: PROJ finds its number.
        return declared.to_epsg() == stated.to_epsg() or declared.to_2d().equals(stated, ignore_axis_order=True)
    if datum in {"wgs84", "cgcs2000"} and declared.is_geographic and declared.datum is not None:
        return declared.datum.name.startswith(_ON_WGS84 + _ON_CGCS2000)
    return False


def _given(content: FileContent, mapping: dict[str, str], rejected: list[Rejected]) -> Geometries:
    """Read shapes as the file has them, None where a row has none."""
    frame = content.frame
    if "lon" in mapping and "lat" in mapping:
        return _points(frame[mapping["lon"]], frame[mapping["lat"]], content, rejected)
    if isinstance(frame, gpd.GeoDataFrame):
        shapes = np.array(frame.geometry.to_numpy(), dtype=object)
        shapes[shapely.is_empty(shapes)] = None
        rejected += [
            rejection(row, "geometry", "", "is missing", "draw it", "missing")
            for row in np.flatnonzero(shapely.is_missing(shapes)).tolist()
            if row not in content.row_faults
        ]
        return shapes
    if "wkt" in mapping:
        return _from_wkt(frame[mapping["wkt"]], rejected)
    mend = f"name them with --map lon=… --map lat=… and say the datum: {ALLOWED}"
    raise InputError.of("coordinates", "the file has neither shapes nor columns of coordinates", mend, "missing")


def _points(lon: Any, lat: Any, content: FileContent, rejected: list[Rejected]) -> Geometries:  # noqa: ANN401 - columns
    shapes = np.full(len(lon), None, dtype=object)
    x, y = (pd.to_numeric(each, errors="coerce").to_numpy(np.float64, na_value=np.nan) for each in (lon, lat))
    good = np.isfinite(x) & np.isfinite(y)
    shapes[good] = shapely.points(x[good], y[good])
    for row in np.setdiff1d(np.flatnonzero(~good), list(content.row_faults)).tolist():
        said = {"lon": (x[row], text_of(lon.iloc[row])), "lat": (y[row], text_of(lat.iloc[row]))}
        if not any(text for _, text in said.values()):
            rejected.append(rejection(row, "lon, lat", "", "is missing", "give both coordinates", "missing"))
            continue
        for name, (number, text) in said.items():
            reason, code = ("is not a number", "not_a_number") if text else ("is missing", "missing")
            if not np.isfinite(number):
                rejected.append(rejection(row, name, text, reason, "give a coordinate", code))
    return shapes


def _from_wkt(column: Any, rejected: list[Rejected]) -> Geometries:  # noqa: ANN401 - a column
    told = [text_of(value) for value in column]
    flat = np.array([text if _FLAT.fullmatch(text) else None for text in told], dtype=object)
    shapes = np.asarray(shapely.force_2d(shapely.from_wkt(flat, on_invalid="ignore")), dtype=object)
    for row in np.flatnonzero(shapely.is_missing(shapes) | shapely.is_empty(shapes)):
        reason = "is not the WKT of a point, line or polygon" if told[row] else "is missing"
        rejected.append(rejection(int(row), "wkt", told[row], reason, "redraw it", "unreadable_geometry"))
        shapes[row] = None
    return shapes


def _refuse_kinds(layer: Layer, shapes: Geometries, out: set[int], rejected: list[Rejected]) -> None:
    """Keep the kinds of shape that the layer holds; a bundle of one is that one."""
    lone = (shapely.get_type_id(shapes) == shapely.GeometryType.MULTIPOINT) & (shapely.get_num_geometries(shapes) == 1)
    shapes[lone] = shapely.get_geometry(shapes[lone], 0)
    allowed = [shapely.GeometryType[kind.upper()] for kind in layer.geometry]
    wanted = " or ".join(sorted(layer.geometry))
    strange = ~np.isin(shapely.get_type_id(shapes), allowed)
    for row in np.flatnonzero(strange).tolist():
        if row not in out:
            reason = f"is not a {wanted}, which {layer.key} are"
            rejected.append(rejection(row, "geometry", shapes[row].geom_type, reason, "", "wrong_kind"))
    shapes[strange] = None


def _convert(shapes: Geometries, datum: str, rejected: list[Rejected]) -> None:
    """Convert to WGS84 and snap, in place; rows with a vertex off the earth, or out of the datum's reach, go."""
    points, owner = shapely.get_coordinates(shapes, return_index=True)
    told: set[int] = set()
    for vertex, fault in point_faults(points[:, 0], points[:, 1], datum).items():
        row = int(owner[vertex])
        if row not in told:
            said = "{}, {}".format(*points[vertex])
            rejected.append(rejection(row, "coordinates", said, fault.message, fault.mend, fault.code))
        told.add(row)
    if told:
        shapes[sorted(told)] = None
        points = shapely.get_coordinates(shapes)
    there = ~shapely.is_missing(shapes)
    moved = np.column_stack(to_wgs84(points[:, 0], points[:, 1], datum))
    shapes[there] = snap(shapely.set_coordinates(shapes[there], moved))


def _refuse_broken(layer: Layer, shapes: Geometries, rejected: list[Rejected]) -> None:
    """Reject what shrinks to nothing at a centimetre, and outlines of places that cross themselves."""
    for row in np.flatnonzero(shapely.is_empty(shapes)).tolist():
        rejected.append(rejection(row, "geometry", "", "is smaller than a centimetre", "redraw it", "too_small"))
        shapes[row] = None
    if layer.store == "grid":
        return  # the check of the coverage tells these, and repair mends them
    for row in np.flatnonzero(~shapely.is_missing(shapes) & ~shapely.is_valid(shapes)).tolist():
        reason = str(shapely.is_valid_reason(shapes[row])).split("[")[0].lower()
        rejected.append(rejection(row, "geometry", "", f"is invalid: {reason}", "redraw it", "invalid"))
        shapes[row] = None
