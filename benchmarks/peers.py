"""Who answers the same question: each peer joins points to polygons in its fastest documented way.

A peer takes polygons once (`load`), which is not counted. Then it is timed in two ways: `from_arrays`, from arrays of
coordinates to pairs of point and polygon, with all it has to make of them; and `join`, from points that `prepare` has
brought into its own form before. `owners` makes owners of pairs, for comparison, and is not counted.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import psycopg
import pyarrow as pa
import shapely

from gridmap import OwnershipIndex
from gridmap.store.cluster import Cluster

POINTS_SRID = 4326


class Peer:
    """What all peers have in common."""

    name: str

    def load(self, frame: gpd.GeoDataFrame) -> None:
        self.frame = frame

    def prepare(self, lon: np.ndarray, lat: np.ndarray) -> Any:
        return lon, lat

    def join(self, prepared: Any) -> Any:
        raise NotImplementedError

    def from_arrays(self, lon: np.ndarray, lat: np.ndarray) -> Any:
        return self.join(self.prepare(lon, lat))

    def pairs(self, result: Any) -> tuple[np.ndarray, np.ndarray]:
        """Give positions of points and ids of the polygons that cover them."""
        return result

    def owners(self, result: Any, count: int) -> np.ndarray:
        """Give the smallest id of each point's polygons, 0 for none."""
        point, polygon = self.pairs(result)
        least = np.full(count, np.iinfo(np.int64).max)
        np.minimum.at(least, point, polygon)
        return np.where(least == np.iinfo(np.int64).max, 0, least)


class Gridmap(Peer):
    """The ownership index, with as many cores as there are."""

    name = "gridmap"

    def load(self, frame: gpd.GeoDataFrame) -> None:
        self.index = OwnershipIndex.from_frame(frame, id="id")

    def join(self, prepared):
        return self.index.locate(*prepared)

    def owners(self, result, count: int) -> np.ndarray:  # noqa: ARG002 - the peers' signature
        return np.where(result < 0, 0, self.index.ids[result])


class GridmapOnOneCore(Gridmap):
    """The same, held to one core."""

    name = "gridmap, one core"

    def join(self, prepared):
        with one_core():
            return self.index.locate(*prepared)


class Sjoin(Peer):
    """geopandas.sjoin; the tree over the polygons is made at the first call and kept, so it is not counted."""

    name = "geopandas.sjoin"

    def prepare(self, lon, lat):
        return gpd.GeoDataFrame(geometry=gpd.points_from_xy(lon, lat), crs=4326)

    def join(self, prepared):
        return gpd.sjoin(prepared, self.frame, predicate="intersects")

    def pairs(self, result):
        return result.index.to_numpy(), result["id"].to_numpy()


class TreeOfPolygons(Peer):
    """STRtree over the polygons, asked for all points at once."""

    name = "STRtree of polygons"

    def load(self, frame: gpd.GeoDataFrame) -> None:
        self.ids = frame["id"].to_numpy()
        self.tree = shapely.STRtree(frame.geometry.to_numpy())

    def prepare(self, lon, lat):
        return shapely.points(lon, lat)

    def join(self, prepared):
        return self.tree.query(prepared, predicate="intersects")

    def pairs(self, result):
        return result[0], self.ids[result[1]]


class TreeOfPoints(Peer):
    """STRtree over the points, asked for all polygons at once, which GEOS then prepares; the tree is counted."""

    name = "STRtree of points"

    def load(self, frame: gpd.GeoDataFrame) -> None:
        self.ids = frame["id"].to_numpy()
        self.polygons = frame.geometry.to_numpy()

    def prepare(self, lon, lat):
        return shapely.points(lon, lat)

    def join(self, prepared):
        return shapely.STRtree(prepared).query(self.polygons, predicate="intersects")

    def pairs(self, result):
        return result[1], self.ids[result[0]]


class Sedona(Peer):
    """SedonaDB, with as many cores as there are; polygons and prepared points are tables in its memory."""

    name = "SedonaDB"
    JOIN = "SELECT p.n, g.id FROM {points} p JOIN polygons g ON ST_Intersects(g.geometry, p.place)"
    MAKE = "(SELECT n, ST_Point(x, y, 4326) AS place FROM {raw})"

    def load(self, frame: gpd.GeoDataFrame) -> None:
        import sedonadb  # noqa: PLC0415 - takes a second, and only some runs need it

        self.database = sedonadb.connect()
        self.database.create_data_frame(frame).to_memtable().to_view("polygons")

    def _raw(self, lon, lat) -> None:
        table = pa.table({"n": np.arange(len(lon)), "x": lon, "y": lat})
        # in batches, so that both cores get some
        batches = pa.Table.from_batches(table.to_batches(max_chunksize=1 << 16))
        self.database.create_data_frame(batches).to_view("raw", overwrite=True)

    def prepare(self, lon, lat):
        self._raw(lon, lat)
        made = self.database.sql(f"SELECT * FROM {self.MAKE.format(raw='raw')}").to_memtable()
        made.to_view("prepared", overwrite=True)

    def join(self, prepared):  # noqa: ARG002 - they are in the database
        return self.database.sql(self.JOIN.format(points="prepared")).to_arrow_table()

    def from_arrays(self, lon, lat):
        self._raw(lon, lat)
        return self.database.sql(self.JOIN.format(points=self.MAKE.format(raw="raw"))).to_arrow_table()

    def pairs(self, result):
        return result["n"].to_numpy(), result["id"].to_numpy()


class PostGIS(Peer):
    """PostGIS in a private cluster, by the join as one writes it: an index on the polygons, none on the points.

    Tables are unlogged and analysed; the planner may use as many workers as it wants.

    Parameters
    ----------
    cluster
        A running cluster that may be filled.
    database
        Name of a database to make in it.
    """

    name = "PostGIS, join"
    JOIN = "SELECT p.n, g.id FROM points p JOIN polygons g ON ST_Intersects(g.place, p.place)"
    POINTS_INDEX = ""

    def __init__(self, cluster: Cluster, database: str) -> None:
        cluster.ensure_database(database)
        self.link = psycopg.connect(
            host=str(cluster.socket_dir), user="gridmap", dbname=database, autocommit=True, prepare_threshold=None
        )

    def load(self, frame: gpd.GeoDataFrame) -> None:
        self.link.execute("CREATE UNLOGGED TABLE polygons (id int, place geometry(Polygon, 4326))")
        places = shapely.to_wkb(shapely.set_srid(frame.geometry.to_numpy(), POINTS_SRID), hex=True, include_srid=True)
        with self.link.cursor().copy("COPY polygons FROM STDIN") as copy:
            copy.write("".join(f"{n}\t{place}\n" for n, place in zip(frame["id"], places, strict=True)))
        self.link.execute("CREATE INDEX ON polygons USING gist (place)")
        self.link.execute("VACUUM ANALYZE polygons")

    def prepare(self, lon, lat):
        self.link.execute("DROP TABLE IF EXISTS points")
        self.link.execute("CREATE UNLOGGED TABLE points (n int, place geometry(Point, 4326))")
        with self.link.cursor().copy("COPY points FROM STDIN (FORMAT binary)") as copy:
            copy.write(_copied(lon, lat))
        self.link.execute(self.POINTS_INDEX)
        self.link.execute("VACUUM ANALYZE points")

    def join(self, prepared):  # noqa: ARG002 - they are in the database
        with self.link.cursor().copy(f"COPY ({self.JOIN}) TO STDOUT (FORMAT binary)") as copy:
            return b"".join(copy)

    def pairs(self, result):
        # a head of 19 bytes, rows of two integers each with its length, and an end of 2
        row = np.dtype([("fields", ">i2"), ("a", ">i4"), ("n", ">i4"), ("b", ">i4"), ("id", ">i4")])
        rows = np.frombuffer(result, row, count=(len(result) - 21) // row.itemsize, offset=19)
        return rows["n"].astype(np.int64), rows["id"].astype(np.int64)


class PostGISLateral(PostGIS):
    """PostGIS, asked polygon by polygon over indexed points: a form that the planner seldom finds by itself."""

    name = "PostGIS, LATERAL"
    POINTS_INDEX = "CREATE INDEX ON points USING gist (place)"
    JOIN = (
        "SELECT p.n, g.id FROM polygons g CROSS JOIN LATERAL "
        "(SELECT n FROM points WHERE ST_Intersects(g.place, points.place) OFFSET 0) p"
    )


def _copied(lon: np.ndarray, lat: np.ndarray) -> bytes:
    """Write points in the binary form of COPY: a number and an EWKB point a row."""
    point = [("order", "u1"), ("kind", "<u4"), ("srid", "<u4"), ("x", "<f8"), ("y", "<f8")]
    row = np.dtype([("fields", ">i2"), ("a", ">i4"), ("n", ">i4"), ("b", ">i4"), ("place", point)])
    rows = np.zeros(len(lon), row)
    rows["fields"], rows["a"], rows["n"], rows["b"] = 2, 4, np.arange(len(lon)), row["place"].itemsize
    place = rows["place"]
    place["order"], place["kind"], place["srid"], place["x"], place["y"] = 1, 0x20000001, POINTS_SRID, lon, lat
    return b"PGCOPY\n\xff\r\n\0" + bytes(8) + rows.tobytes() + b"\xff\xff"


def hold_to(cores: set[int]) -> None:
    """Let all threads of this process, and those they start, run on these cores only."""
    for thread in Path("/proc/self/task").iterdir():
        with suppress(ProcessLookupError):  # it has ended meanwhile
            os.sched_setaffinity(int(thread.name), cores)


@contextmanager
def one_core() -> Iterator[None]:
    """Hold this process to one core."""
    before = os.sched_getaffinity(0)
    hold_to({min(before)})
    try:
        yield
    finally:
        hold_to(before)


@contextmanager
def private_cluster() -> Iterator[Cluster]:
    """Run a PostGIS of this run's own in a folder that goes with it."""
    folder = Path(tempfile.mkdtemp(prefix="gridmap-bench-"))
    folder.chmod(0o755)  # the server runs as another user when this is root
    cluster = Cluster(folder, settings={"fsync": "off", "shared_buffers": "1GB", "work_mem": "256MB"})
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)
