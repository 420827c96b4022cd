"""Real outlines, addresses and notices: what the answers are worth outside the drawing board."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import text

from gridmap.services.imports import ImportOptions, import_file
from gridmap.services.joins import Ask, join, join_frame
from gridmap.services.locate_file import locate_file
from gridmap.services.opening import OpenCity, open_city
from gridmap.store import generations
from gridmap.store.database import Database
from tests.clusters import drop_database, make_database
from tests.realdata import real

pytestmark = pytest.mark.realdata


def city_of(cluster, migrated) -> Iterator[OpenCity]:
    name = f"t_{uuid.uuid4().hex[:16]}"
    one = open_city(Database(make_database(cluster, name, migrated)))
    yield one
    one.close()
    drop_database(cluster, name)


@pytest.fixture(scope="module")
def shanghai(cluster, migrated) -> Iterator[OpenCity]:
    """251 streets of Shanghai, repaired and published."""
    streets = real("shanghai/shanghai_street_named.geojson")
    for one in city_of(cluster, migrated):
        options = ImportOptions("wgs84", mapping={"name": "street"}, level="subdistrict", repair=True)
        import_file(one.database, "grids", streets, options)
        one.keeper.look()
        yield one


@pytest.fixture(scope="module")
def tainan(cluster, migrated) -> Iterator[OpenCity]:
    """12,774 statistical areas as micro-grids."""
    areas = real("tainan/base.parquet")
    for one in city_of(cluster, migrated):
        options = ImportOptions("wgs84", mapping={"code": "CODEBASE"}, level="microgrid", repair=True)
        import_file(one.database, "grids", areas, options)
        one.keeper.look()
        yield one


class TestShanghai:
    def agreement(self, city: OpenCity, target: Path, datum: str, columns: str) -> float:
        """Return the share of addresses whose street is named as labelled, of those whose street has a name."""
        source = real("shanghai/geo.csv.gz")
        locate_file(city, source, target, datum=datum, x=f"{columns}_lng", y=f"{columns}_lat")
        found = pd.read_parquet(target)
        streets = {grid.name for grid in city.keeper.snapshot().lines.grids.values()}
        known = found[found["street_level"].isin(streets)]
        assert len(found) == 26_105
        assert len(known) > 25_000
        return float((known["subdistrict"] == known["street_level"]).mean())

    def test_labelled_addresses_lie_in_their_street(self, shanghai, tmp_path):
        wgs84 = self.agreement(shanghai, tmp_path / "a.parquet", "wgs84", "wgs84")
        gcj02 = self.agreement(shanghai, tmp_path / "b.parquet", "gcj02", "gcj02")
        wrong = self.agreement(shanghai, tmp_path / "c.parquet", "wgs84", "gcj02")
        assert wgs84 >= 0.97
        assert abs(wgs84 - gcj02) <= 0.001
        assert wrong < 0.80

    def test_food_adds_up(self, shanghai):
        report = import_file(shanghai.database, "shops", real("shanghai-poi/shanghai_food.csv"), ImportOptions("wgs84"))
        assert (report.read, report.added, report.rejected_rows) == (14_398, 14_398, 0)
        joined = join(shanghai, Ask("shops", "subdistrict"))
        assert joined.totals.total == 14_398
        assert len(joined.totals.by_grid) == 251

    def test_notices_add_up(self, shanghai):
        mapping = {"reported_at": "date", "lon": "wgs84_lng", "lat": "wgs84_lat"}
        report = import_file(
            shanghai.database,
            "incidents",
            real("shanghai/incidents.parquet"),
            ImportOptions("wgs84", mapping=mapping, partial=True),
        )
        assert (report.read, report.added, report.rejected_rows) == (86_301, 84_325, 1_976)
        assert join(shanghai, Ask("incidents", "subdistrict")).totals.total == 84_325
        by_day = join_frame(shanghai, Ask("incidents", "subdistrict"), by=("day",))
        assert by_day["count"].sum() == 84_325
        assert by_day["day"].nunique() == 31


def test_a_million_points_are_answered_as_by_postgis(tainan):
    lines = tainan.keeper.snapshot().lines
    assert len(lines.leaves) == 12_774
    rng = np.random.default_rng(20261122)
    west, south, east, north = np.concatenate([np.vstack([o.bounds for o in lines.outlines.values()])]).T
    lon = np.rint(rng.uniform(west.min(), east.max(), 1_000_000) * 1e7) / 1e7
    lat = np.rint(rng.uniform(south.min(), north.max(), 1_000_000) * 1e7) / 1e7
    rows = lines.index.locate(lon, lat)
    found = np.where(rows < 0, -1, lines.leaves[rows])
    assert (found == by_postgis(tainan.database, lines.generation.id, lon, lat)).all()


def by_postgis(database: Database, generation: int, lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    """Ask PostGIS for the smallest id that covers each point."""
    with database.load() as connection:
        connection.execute(text("CREATE TEMP TABLE spot (n int, geom geometry(Point, 4326)) ON COMMIT DROP"))
        cursor = connection.connection.cursor()
        cursor.execute("CREATE TEMP TABLE raw (n int, lon float8, lat float8) ON COMMIT DROP")
        with cursor.copy("COPY raw FROM STDIN (FORMAT binary)") as copy:
            copy.set_types(["int4", "float8", "float8"])
            for row in zip(range(len(lon)), lon.tolist(), lat.tolist(), strict=True):
                copy.write_row(row)
        connection.execute(text("INSERT INTO spot SELECT n, ST_SetSRID(ST_MakePoint(lon, lat), 4326) FROM raw"))
        connection.execute(text("CREATE INDEX ON spot USING gist (geom)"))
        connection.execute(text("ANALYZE spot"))
        answers = connection.execute(
            text("""
                SELECT spot.n, min(found.grid_id) FROM (
                    SELECT m.grid_id, s.geom FROM generation_grid m JOIN grid_shape s ON s.id = m.shape_id
                    WHERE m.generation_id = :generation
                ) found CROSS JOIN LATERAL (
                    SELECT n FROM spot WHERE spot.geom && found.geom AND ST_Covers(found.geom, spot.geom) OFFSET 0
                ) spot GROUP BY spot.n
            """),
            {"generation": generation},
        ).all()
    owners = np.full(len(lon), -1, np.int64)
    answered = np.array(answers, np.int64)
    owners[answered[:, 0]] = answered[:, 1]
    return owners


def test_vertices_are_answered_as_by_postgis(tainan):
    """Points on corners belong to several; PostGIS finds the same smallest id."""
    lines = tainan.keeper.snapshot().lines
    with tainan.database.read() as connection:
        frame = generations.frame(connection, lines.generation.id)
    corners = frame.geometry.iloc[::40].get_coordinates().to_numpy()[::7]
    lon, lat = corners[:, 0].copy(), corners[:, 1].copy()
    rows = lines.index.locate(lon, lat)
    assert (rows >= 0).all()
    assert (lines.leaves[rows] == by_postgis(tainan.database, lines.generation.id, lon, lat)).all()
