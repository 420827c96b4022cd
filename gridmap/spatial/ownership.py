"""Who owns a point: the index that answers for one location and for a billion, by the one edge rule.

A point belongs to the polygon that covers it, interior or border; on a border of several, or where polygons
overlap, to the one with the smallest id. Coordinates are read at 1e-7° and compared as integers, so the same point
gets the same answer alone and among ten million, here and on another machine.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import shapely
from geopandas import GeoDataFrame
from numpy.typing import ArrayLike, NDArray

from gridmap.model.errors import Fault, InputError
from gridmap.spatial import _cells, _near
from gridmap.spatial._build import build_cells, parallel
from gridmap.spatial._cells import EAST, NORTH
from gridmap.spatial._indexfile import read_arrays, write_arrays
from gridmap.spatial._squares import edges_of_rings
from gridmap.spatial.lattice import SCALE

Status = Literal["inside", "on_border", "nowhere"]

_POLYGON, _MULTIPOLYGON = 3, 6
_CHUNK = 1 << 17  # points a thread takes at a time: long enough to hide the hand-over, short enough to share
_LISTED = 20
_DEGREES = ((-EAST, EAST), (-NORTH, NORTH))


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything the index knows about one point.

    Attributes
    ----------
    status
        ``inside``, ``on_border`` of at least one polygon that covers it, or ``nowhere``.
    owner
        Row position of the owner, -1 for none.
    covering
        Row positions of all polygons that cover the point, smallest id first.
    nearest
        Row position of the polygon nearest to the point but its owner, -1 for none.
    nearest_m
        Distance to that polygon in metres; NaN for none.
    """

    status: Status
    owner: int
    covering: tuple[int, ...]
    nearest: int
    nearest_m: float


class OwnershipIndex:
    """An immutable index over polygons; make it with `from_frame` or `load`.

    Attributes
    ----------
    ids
        The permanent ids by row position, int64.
    """

    def __init__(self, arrays: dict[str, NDArray[Any]]) -> None:
        # Read-only like a map of a saved file: nobody can change an answer, and the kernels compile once for both.
        for array in arrays.values():
            array.flags.writeable = False
        self._arrays = arrays
        self.ids: NDArray[np.int64] = arrays["ids"]
        self._edges = arrays["edges"]
        self._starts = arrays["starts"]
        self._tree = (arrays["runs"], arrays["boxes"], arrays["levels"])
        self._index = (arrays["frame"], arrays["cells"], arrays["words"], arrays["words"].view(np.int16))

    def __len__(self) -> int:
        """How many polygons there are."""
        return len(self.ids)

    @property
    def nbytes(self) -> int:
        """Bytes held by the index."""
        return sum(array.nbytes for array in self._arrays.values())

    @classmethod
    def from_frame(cls, frame: GeoDataFrame, id: str) -> "OwnershipIndex":  # noqa: A002 - the contract's name
        """Index the polygons of a frame.

        Parameters
        ----------
        frame
            Polygons and MultiPolygons in WGS84 degrees (EPSG:4326, or no CRS given).
        id
            Name of the column with the permanent ids: integers, each once.

        Returns
        -------
        OwnershipIndex
            Its row positions are those of the frame.

        Raises
        ------
        InputError
            Ids that are missing, repeated or not integers; geometries that are not polygons or not on earth; a
            CRS other than EPSG:4326. All faults are listed.
        """
        _refuse_faults(frame, id)
        geometries = frame.geometry.to_numpy()
        ids = frame[id].to_numpy(np.int64)
        edges, starts = _edges(geometries)
        return cls(_build(ids, edges, starts))

    def locate(self, lon: ArrayLike, lat: ArrayLike) -> NDArray[np.int64]:
        """Find the owner of each point.

        Parameters
        ----------
        lon, lat
            WGS84 degrees; arrays of one dimension and equal length, or two numbers.

        Returns
        -------
        ndarray
            int64 row positions of the owners, -1 for none; as long as the input.

        Raises
        ------
        InputError
            Coordinates that are not finite or not on earth, or arrays of different lengths.
        """
        return self._locate(lon, lat, borders=False)[0]

    def locate_with_borders(self, lon: ArrayLike, lat: ArrayLike) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Find the owner of each point, as `locate` does, and whether the point lies on the owner's border."""
        return self._locate(lon, lat, borders=True)

    def _locate(self, lon: ArrayLike, lat: ArrayLike, *, borders: bool) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        x = np.atleast_1d(np.ascontiguousarray(lon, np.float64))
        y = np.atleast_1d(np.ascontiguousarray(lat, np.float64))
        if x.shape != y.shape or x.ndim != 1:
            raise InputError.of("lon, lat", f"have shapes {x.shape} and {y.shape}", "give two arrays of one length")
        owners = np.empty(len(x), np.int64)
        on_border = np.zeros(len(x) if borders else 0, np.bool_)

        def work(first: int, last: int) -> int:
            part = slice(first, last)
            return _cells.locate_many(x[part], y[part], self._index, owners[part], on_border[part])

        if sum(parallel(work, np.arange(0, len(x) + _CHUNK, _CHUNK))):
            raise InputError(_coordinate_faults(x, y), "coordinates")
        return owners, on_border

    def owner(self, lon: float, lat: float) -> tuple[int, bool]:
        """Find the owner of one point: its row position or -1, and whether the point lies on its border.

        Raises
        ------
        InputError
            The coordinates are not finite or not on earth.
        """
        found = _cells.locate_degrees(float(lon), float(lat), self._index)
        if found[0] == _cells.NOT_ON_EARTH:
            raise InputError(_coordinate_faults(np.array([lon]), np.array([lat])), "coordinates")
        return found

    def covering(self, lon: float, lat: float) -> list[int]:
        """List the row positions of all polygons that cover one point, smallest id first.

        Raises
        ------
        InputError
            The coordinates are not finite or not on earth.
        """
        return [row for row, _ in self._covering(*_lattice_point(lon, lat))]

    def _covering(self, x: int, y: int) -> list[tuple[int, int]]:
        """List the rows that cover a lattice point, smallest id first, and whether each does so by its border."""
        found, whole = _cells.covering(x, y, self._index)
        if whole:
            return list(found)
        return sorted(_near.covering(x, y, self._edges, self._tree), key=lambda item: int(self.ids[item[0]]))

    def explain(self, lon: float, lat: float) -> Explanation:
        """Tell everything about one point: status, all polygons that cover it, and the nearest other one.

        Raises
        ------
        InputError
            The coordinates are not finite or not on earth.
        """
        x, y = _lattice_point(lon, lat)
        found = self._covering(x, y)
        rows = tuple(row for row, _ in found)
        border = any(side == _cells.BORDER for _, side in found)
        owner = rows[0] if rows else -1
        nearest, metres = (rows[1], 0.0) if len(rows) > 1 else _near.nearest(x, y, self._edges, self._tree, owner)
        status: Status = "nowhere" if not rows else "on_border" if border else "inside"
        return Explanation(status, owner, rows, nearest, metres)

    def within(self, lon: float, lat: float, radius_m: float) -> list[tuple[int, float]]:
        """List the polygons within reach of a point, nearest first, each with its distance in metres (0: covers).

        Raises
        ------
        InputError
            The coordinates are not finite or not on earth.
        """
        x, y = _lattice_point(lon, lat)
        reach: dict[int, float] = {}
        for row, metres in _near.within(x, y, self._edges, self._tree, radius_m):
            reach[row] = min(metres, reach.get(row, metres))
        reach.update((row, 0.0) for row, _ in self._covering(x, y))
        return sorted(reach.items(), key=lambda item: (item[1], int(self.ids[item[0]])))

    def save(self, path: str | Path) -> None:
        """Write the index to a file that `load` maps into memory; whole, or not at all."""
        write_arrays(Path(path), self._arrays)

    @classmethod
    def load(cls, path: str | Path) -> "OwnershipIndex":
        """Map a saved index into memory.

        Raises
        ------
        InputError
            The file is not an index, of another version, or damaged.
        """
        return cls(read_arrays(Path(path)))


def _lattice_point(lon: float, lat: float) -> tuple[int, int]:
    if not (-EAST <= lon <= EAST and -NORTH <= lat <= NORTH):
        raise InputError(_coordinate_faults(np.array([lon]), np.array([lat])), "coordinates")
    return round(lon * SCALE), round(lat * SCALE)  # as `to_lattice`: the nearest, of two the even one


def _coordinate_faults(x: NDArray[np.float64], y: NDArray[np.float64]) -> list[Fault]:
    faults = []
    for name, values, (least, most) in zip(("lon", "lat"), (x, y), _DEGREES, strict=True):
        bad = np.flatnonzero(~((values >= least) & (values <= most)))
        faults += [
            Fault(f"row {i + 1}, {name}", f"{values[i]} is not between {least:g} and {most:g}", code="out_of_range")
            for i in bad[:_LISTED]
        ]
        if len(bad) > _LISTED:
            faults.append(Fault(name, f"and {len(bad) - _LISTED} more", code="out_of_range"))
    return faults


def _refuse_faults(frame: GeoDataFrame, id_column: str) -> None:
    faults: list[Fault] = []
    if frame.crs is not None and frame.crs.to_epsg() != 4326:  # noqa: PLR2004 - WGS84
        faults.append(Fault("crs", f"is {frame.crs.to_string()}, not EPSG:4326", "convert the frame", "crs"))
    if id_column not in frame.columns:
        faults.append(Fault(id_column, "there is no such column", code="missing"))
    else:
        ids = frame[id_column]
        if len(ids) and (ids.isna().any() or ids.dtype.kind not in "iu"):
            faults.append(Fault(id_column, "ids have to be integers, none missing", code="not_integer"))
        elif ids.duplicated().any():
            twice = ids[ids.duplicated()].unique()[:_LISTED].tolist()
            faults.append(Fault(id_column, f"ids are given twice: {twice}", code="duplicate"))
    geometries = frame.geometry.to_numpy()
    kinds = shapely.get_type_id(geometries)
    wrong = np.flatnonzero(~np.isin(kinds, (_POLYGON, _MULTIPOLYGON)) | shapely.is_empty(geometries))
    faults += [
        Fault(f"row {i}", "the geometry is not a polygon, or empty", code="not_polygon") for i in wrong[:_LISTED]
    ]
    bounds = shapely.bounds(geometries)
    least, most = bounds[:, :2].T, bounds[:, 2:].T
    on_earth = (least[0] >= -EAST) & (least[1] >= -NORTH) & (most[0] <= EAST) & (most[1] <= NORTH)
    off = np.setdiff1d(np.flatnonzero(~on_earth), wrong)
    faults += [Fault(f"row {i}", "the outline is not on earth", code="out_of_range") for i in off[:_LISTED]]
    if faults:
        raise InputError(faults, "polygons")


def _edges(geometries: NDArray[Any]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Give all edges as (n, 4) lattice integers, and where each polygon's begin; rings that shrank are left out."""
    if len(geometries) == 0:
        return np.empty((0, 4), np.int32), np.zeros(1, np.int64)
    kind, points, offsets = shapely.to_ragged_array(geometries, include_z=False)
    if kind == shapely.GeometryType.MULTIPOLYGON:
        rings, of_polygons, of_geometries = offsets
        first_rings = of_polygons[of_geometries]
    else:
        rings, first_rings = offsets
    return edges_of_rings(np.ascontiguousarray(points), rings.astype(np.int64), first_rings.astype(np.int64))


def _build(ids: NDArray[np.int64], edges: NDArray[np.int32], starts: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
    order = np.argsort(ids, kind="stable")
    return {
        "ids": ids,
        "edges": edges,
        "starts": starts,
        **_near.build_runs(edges, starts),
        **build_cells(edges, starts, order),
    }
