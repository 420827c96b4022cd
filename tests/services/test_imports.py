"""Files into a city: all or nothing, the same file again adds nothing, and a kill leaves nothing half-done."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import uuid
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import psycopg
import pytest
import shapely
from psycopg import sql
from sqlalchemy import text

from gridmap.model.errors import InputError, NotFoundError, UnavailableError
from gridmap.model.words import Text
from gridmap.services.generations import publish
from gridmap.services.import_report import RefusedImportError
from gridmap.services.imports import PHASES, ImportOptions, import_file
from gridmap.spatial.datums import from_wgs84
from gridmap.store import imports, incidents, places, schema
from gridmap.store.cluster import Cluster
from gridmap.store.database import Database
from tests.clusters import cluster_dir
from tests.services.squares import town

WGS84 = ImportOptions("wgs84")


@pytest.fixture
def shops(tmp_path):
    """Return a function that writes a file of shops; a row of None is a shop without a place."""

    def write(*names, lon=121.4, lat=31.2, name="shops.csv", encoding="utf-8"):
        rows = [f"s{n},{said or '无处'},{lon if said else ''},{lat}" for n, said in enumerate(names, start=1)]
        path = tmp_path / name
        path.write_text("\n".join(["key,名称,lon,lat", *rows]), encoding=encoding)
        return path

    return write


def names(database):
    with database.read() as connection:
        return list(places.frame(connection, "shop")["name"])


def runs(database):
    with database.read() as connection:
        return imports.recent(connection)


def counts(report):
    return report.added, report.changed, report.unchanged, report.rejected_rows


class TestPlaces:
    def test_the_same_file_again_adds_nothing(self, database, shops):
        path = shops("甲", "乙")
        first = import_file(database, "shops", path, WGS84)
        assert (counts(first), first.written) == ((2, 0, 0, 0), True)
        again = import_file(database, "shops", path, WGS84)
        assert (counts(again), again.written) == ((0, 0, 2, 0), False)
        assert any("imported before" in note.en for note in again.notes)
        assert names(database) == ["甲", "乙"]

    def test_what_changed_is_changed_under_its_key(self, database, shops):
        import_file(database, "shops", shops("甲", "乙"), WGS84)
        assert counts(import_file(database, "shops", shops("甲", "丙", "丁"), WGS84)) == (1, 1, 1, 0)
        assert names(database) == ["甲", "丙", "丁"]

    def test_one_bad_row_keeps_all_out(self, database, shops):
        with pytest.raises(RefusedImportError) as refused:
            import_file(database, "shops", shops("甲", None, "乙"), WGS84)
        (rejected,) = refused.value.report.rejected
        assert (rejected.row, rejected.field, rejected.code) == (2, "lon", "missing")
        assert refused.value.faults[-1].message == "1 of 3 rows are rejected"
        assert names(database) == []
        assert runs(database) == []

    def test_partial_writes_the_good_rows_and_lists_the_others(self, database, shops):
        report = import_file(database, "shops", shops("甲", None, "乙"), ImportOptions("wgs84", partial=True))
        assert counts(report) == (2, 0, 0, 1)
        assert names(database) == ["甲", "乙"]

    def test_a_dry_run_tells_the_same_and_writes_nothing(self, database, shops):
        options = ImportOptions("wgs84", dry_run=True)
        report = import_file(database, "shops", shops("甲", "乙"), options)
        assert (counts(report), report.written) == ((2, 0, 0, 0), False)
        with pytest.raises(RefusedImportError):
            import_file(database, "shops", shops("甲", None), options)
        assert names(database) == []
        assert runs(database) == []

    def test_gbk_is_read_and_said(self, database, shops):
        report = import_file(database, "shops", shops("石库门小笼", encoding="gbk"), WGS84)
        assert report.encoding == "gb18030"
        assert names(database) == ["石库门小笼"]

    def test_what_is_read_is_put_on_record(self, database, shops):
        import_file(database, "shops", shops("甲"), WGS84)
        (run,) = runs(database)
        assert (run["layer"], run["file_name"]) == ("shops", "shops.csv")
        assert run["options"]["datum"] == "wgs84"
        assert run["report"]["added"] == 1

    def test_a_building_that_is_not_there_yet(self, database, tmp_path):
        shop, house = tmp_path / "shop.csv", tmp_path / "house.csv"
        shop.write_text("key,name,parent,lon,lat\ns1,a,b1,121.4,31.2\n", encoding="utf-8")
        house.write_text(
            'key,name,wkt\nb1,楼,"POLYGON((121.4 31.2,121.5 31.2,121.5 31.3,121.4 31.2))"\n', encoding="utf-8"
        )
        report = import_file(database, "shops", shop, WGS84)
        assert "1 rows name a building" in report.warnings[0].en
        import_file(database, "buildings", house, WGS84)
        again = import_file(database, "shops", shop, WGS84)
        assert (counts(again), again.warnings) == ((0, 1, 0, 0), [])
        with database.read() as connection:
            building = places.frame(connection, "building")["id"].iloc[0]
            assert list(places.frame(connection, "shop")["parent"]) == [building]

    def test_every_format_gives_the_same_places(self, database, tmp_path):
        frame = gpd.GeoDataFrame(
            {"key": ["a", "b"], "name": ["甲", "乙"], "trade": ["茶", None]},
            geometry=shapely.points([121.4, 121.41], [31.2, 31.21]),
            crs=4326,
        )
        for ending in ("geojson", "gpkg", "shp", "parquet"):
            path = tmp_path / f"shops.{ending}"
            frame.to_parquet(path) if ending == "parquet" else frame.to_file(path, encoding="utf-8")
            report = import_file(database, "shops", path, WGS84)
            assert counts(report) == ((2, 0, 0, 0) if ending == "geojson" else (0, 0, 2, 0)), ending


class TestIncidents:
    def test_times_of_a_sheet_are_the_city_s(self, database, tmp_path):
        path = tmp_path / "cases.csv"
        path.write_text("上报时间,类别,经度,纬度\n2026-03-01 08:00,窨井盖,121.4,31.2\n", encoding="utf-8")
        report = import_file(database, "incidents", path, WGS84)
        assert any("Asia/Shanghai" in note.zh for note in report.notes)
        with database.read() as connection:
            (case,) = incidents.frame(connection).to_dict("records")
        assert case["reported_at"] == pd.Timestamp("2026-03-01T00:00:00Z")
        assert (case["category"], case["state"]) == ("0101", "reported")

    def test_two_that_are_alike_are_two_and_stay_two(self, database, tmp_path):
        path = tmp_path / "cases.csv"
        path.write_text("date,lon,lat\n" + "2026-03-01,121.4,31.2\n" * 3, encoding="utf-8")
        assert counts(import_file(database, "incidents", path, WGS84)) == (3, 0, 0, 0)
        assert counts(import_file(database, "incidents", path, WGS84)) == (0, 0, 3, 0)


class TestRefused:
    def test_options_that_do_not_fit_are_told_together(self, database, tmp_path):
        with pytest.raises(InputError) as refused:
            import_file(database, "grids", tmp_path / "f.csv", ImportOptions("", partial=True))
        assert [fault.place for fault in refused.value.faults] == ["--datum", "--level", "--partial"]
        options = ImportOptions("wgs84", level="block", repair=True, retire_below=True)
        with pytest.raises(InputError) as refused:
            import_file(database, "shops", tmp_path / "f.csv", options)
        assert [fault.place for fault in refused.value.faults] == ["--level", "--repair", "--retire-below"]

    @pytest.mark.parametrize(
        ("layer", "options"),
        [
            ("barns", WGS84),
            ("shops", WGS84),
            ("grids", ImportOptions("wgs84", level="hamlet")),
            ("grids", ImportOptions("wgs84", level="block", scheme="fishing")),
        ],
    )
    def test_what_does_not_exist(self, database, tmp_path, layer, options):
        with pytest.raises(NotFoundError):
            import_file(database, layer, tmp_path / "nowhere.csv", options)

    def test_an_unknown_datum(self, database, shops):
        with pytest.raises(InputError, match="is not a datum"):
            import_file(database, "shops", shops("甲"), ImportOptions("mars2000"))

    def test_the_demo_city_takes_no_files(self, fresh_database, shops):
        one = Database(fresh_database())
        schema.migrate(one.import_engine)
        with one.load() as connection:
            schema.write_city(connection, "demo", Text("示例", "Demo"), invented=True, zone="Asia/Shanghai")
        with pytest.raises(InputError, match="invented demo"):
            import_file(one, "shops", shops("甲"), WGS84)
        one.close()

    def test_a_file_that_says_it_is_in_another_datum(self, database, tmp_path):
        path = tmp_path / "shops.gpkg"
        gpd.GeoDataFrame({"key": ["a"]}, geometry=[shapely.Point(500_000, 3.4e6)], crs=4549).to_file(path)
        with pytest.raises(InputError, match="the file says"):
            import_file(database, "shops", path, WGS84)
        assert import_file(database, "shops", path, ImportOptions("EPSG:4549")).added == 1


def test_a_datum_that_fits_better_is_named(database, tmp_path):
    publish(database, "governance", town(), base=None, origin="import", note="")
    x, y = from_wgs84(np.linspace(121.4002, 121.4038, 50), np.full(50, 31.201), "gcj02")
    path = tmp_path / "shops.csv"
    pd.DataFrame({"lon": x, "lat": y}).to_csv(path, index=False)
    (warning,) = import_file(database, "shops", path, ImportOptions("wgs84", dry_run=True)).warnings
    assert "100.0% would as gcj02" in warning.en
    assert import_file(database, "shops", path, ImportOptions("gcj02")).warnings == []


def test_progress_is_told(database, shops):
    told = []
    import_file(database, "shops", shops("甲"), WGS84, on_progress=lambda *said: told.append(said))
    assert [phase for phase, _, _ in told] == [*PHASES, "writing"]
    assert told[-1][1:] == (3, 3)


@pytest.fixture
def own(tmp_path):
    """Return a city on a cluster of this test alone."""
    cluster = Cluster(cluster_dir(f"gridmap-own-{uuid.uuid4().hex[:8]}"), settings={"shared_buffers": "16MB"})
    cluster.start()
    cluster.ensure_database("gridmap")
    database = Database(cluster.url("gridmap"))
    schema.migrate(database.import_engine)
    with database.load() as connection:
        schema.write_city(connection, "own", Text("试验城", "Test city"), invented=False, zone="Asia/Shanghai")
    yield cluster, database
    database.close()
    cluster.stop()
    shutil.rmtree(cluster.data_dir)


@pytest.fixture
def many(tmp_path):
    """Return a file of 20,000 incidents."""
    path = tmp_path / "cases.csv"
    lon = np.linspace(121.4, 121.5, 20_000).round(7)
    pd.DataFrame({"date": "2026-03-01", "lon": lon, "lat": 31.2}).to_csv(path, index=False)
    return path


def waits_for(database, table):
    """Wait until an import waits for a table; it has written everything before it by then."""
    query = """
        SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)
        WHERE NOT granted AND application_name = 'gridmap-import' AND relation = CAST(:table AS regclass)
    """
    for _ in range(2_000):
        with database.read() as connection:
            if connection.scalar(text(query), {"table": table}):
                return
        threading.Event().wait(0.02)
    raise AssertionError("the import never came that far")


@pytest.mark.kill
class TestKilled:
    @pytest.mark.parametrize("table", ["incident", "import_run"])
    def test_postgres_killed_during_an_import(self, own, many, table):
        """Before a row is written, and when all are and only the commit is missing."""
        cluster, database = own
        broken = []

        def run():
            try:
                import_file(database, "incidents", many, WGS84)
            except UnavailableError as error:
                broken.append(error)

        with psycopg.connect(host=str(cluster.socket_dir), user="gridmap", dbname="gridmap") as blocker:
            blocker.execute(sql.SQL("LOCK TABLE {} IN SHARE MODE").format(sql.Identifier(table)))
            importing = threading.Thread(target=run)
            importing.start()
            waits_for(database, table)
            os.kill(cluster.status().pid, signal.SIGKILL)
            importing.join(timeout=60)
            blocker.close()
        assert len(broken) == 1
        database.close()
        cluster.start()
        with database.read() as connection:
            assert incidents.count(connection) == 0
        assert counts(import_file(database, "incidents", many, WGS84)) == (20_000, 0, 0, 0)
        assert counts(import_file(database, "incidents", many, WGS84)) == (0, 0, 20_000, 0)

    def test_the_importer_killed_before_its_commit(self, database, many):
        code = (
            "import sys; from pathlib import Path; from gridmap.store.database import Database;"
            "from gridmap.services.imports import ImportOptions, import_file;"
            "import_file(Database(sys.argv[1]), 'incidents', Path(sys.argv[2]), ImportOptions('wgs84'))"
        )
        with database.write() as blocker:
            blocker.execute(text("LOCK TABLE import_run IN SHARE MODE"))
            root = Path(__file__).parents[2]
            importer = subprocess.Popen([sys.executable, "-c", code, database.url, str(many)], cwd=root)
            waits_for(database, "import_run")
            importer.kill()
            importer.wait()
        assert counts(import_file(database, "incidents", many, WGS84)) == (20_000, 0, 0, 0)
