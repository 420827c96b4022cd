import gzip
import json
import os
import sqlite3
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely

from gridmap.model.errors import InputError
from gridmap.spatial._parse_shapes import OTHER_DRIVERS
from gridmap.spatial._wkb import Limited, scan_wkb
from gridmap.spatial.files import FORMATS, Limits, read

REALDATA = Path(os.environ.get("GRIDMAP_REALDATA", Path(__file__).parents[3] / "shared" / "data"))
SQUARE = shapely.box(121.4, 31.2, 121.5, 31.3)
POINT = {"type": "Point", "coordinates": [1, 2]}


def refused(path, code, **options):
    with pytest.raises(InputError) as caught:
        read(path, **options)
    assert caught.value.title == Path(path).name
    assert [fault.code for fault in caught.value.faults] == [code]
    return caught.value


def sample():
    shapes = [SQUARE, None, shapely.MultiPolygon([SQUARE])]
    names = ["静安寺街道", "黄浦", None]
    return gpd.GeoDataFrame({"名称": names, "n": [1, 2, 3], "geometry": shapes}, crs="EPSG:4326")


def write(path, text):
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def features(*geometries, **properties):
    rows = [
        {
            "type": "Feature",
            "properties": {key: values[k] for key, values in properties.items()},
            "geometry": geometry,
        }
        for k, geometry in enumerate(geometries)
    ]
    return json.dumps({"type": "FeatureCollection", "features": rows})


def zipped(path, members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def stand_in(tmp_path, monkeypatch, script):
    """Put a script in the place of the parser."""
    monkeypatch.setattr("gridmap.spatial.files._PACKAGE", tmp_path)
    folder = tmp_path / "gridmap" / "spatial"
    folder.mkdir(parents=True)
    write(folder.parent / "__init__.py", "")
    write(folder / "__init__.py", "")
    write(folder / "_parse.py", script)


class TestFormats:
    @pytest.mark.parametrize("ending", [".geojson", ".gpkg", ".parquet", ".shp"])
    def test_the_same_grids_from_every_format(self, tmp_path, ending):
        path = tmp_path / f"街道{ending}"
        frame = sample()
        frame.to_parquet(path) if ending == ".parquet" else frame.to_file(path)
        content = read(path)
        assert content.rows == 3
        assert content.frame["名称"].tolist()[:2] == ["静安寺街道", "黄浦"]
        assert pd.isna(content.frame["名称"].iloc[2])
        assert content.frame["n"].tolist() == [1, 2, 3]
        assert content.frame.crs is None
        assert content.frame.geometry.iloc[0].equals(SQUARE)
        assert content.frame.geometry.iloc[1] is None
        assert content.format == ("GeoParquet" if ending == ".parquet" else FORMATS[ending])
        assert content.crs in {"EPSG:4326", "OGC:CRS84", "urn:ogc:def:crs:OGC:1.3:CRS84", None}
        assert not content.row_faults

    def test_csv_is_text_and_empty_fields_are_missing(self, tmp_path):
        path = write(tmp_path / "shops.csv", '\ufeffname,lon,\n"茶, 酒",0121.40,\n\n店,,x\n')
        content = read(path)
        assert content.frame.columns.tolist() == ["name", "lon", "column_3"]
        assert content.frame["name"].tolist() == ["茶, 酒", "店"]
        assert content.frame["lon"].iloc[0] == "0121.40"
        assert pd.isna(content.frame["lon"].iloc[1])
        assert content.encoding == "utf-8"
        assert "text read as UTF-8" in content.notes

    @pytest.mark.parametrize(("name", "mark"), [("a.tsv", "\t"), ("a.csv", ";"), ("a.csv", "\t")])
    def test_other_delimiters(self, tmp_path, name, mark):
        content = read(write(tmp_path / name, f"a{mark}b\n1,5{mark}2\n"))
        assert content.frame.to_dict("list") == {"a": ["1,5"], "b": ["2"]}

    def test_gzipped_csv(self, tmp_path):
        path = tmp_path / "a.csv.gz"
        path.write_bytes(gzip.compress("名\n静安\n".encode("gb18030")))
        content = read(path)
        assert content.frame["名"].tolist() == ["静安"]
        assert content.encoding == "gb18030"

    def test_ragged_and_poisoned_rows_are_listed(self, tmp_path):
        content = read(write(tmp_path / "a.csv", "a,b\n1,2\n3\n\n4,5,6\n7,\0\n"))
        assert {row: fault.code for row, fault in content.row_faults.items()} == {
            1: "columns",
            2: "columns",
            3: "not_text",
        }
        assert content.row_faults[2].place == "row 3"
        assert "line 5" in content.row_faults[2].message
        assert content.rows == 4

    def test_a_header_alone_has_no_rows(self, tmp_path):
        content = read(write(tmp_path / "a.csv", "a,b\n"))
        assert content.rows == 0
        assert content.frame.columns.tolist() == ["a", "b"]

    @pytest.mark.parametrize(
        ("text", "code"), [("", "empty"), ("a,a\n1,2\n", "columns"), ('a,b\n"1,2\n', "unreadable")]
    )
    def test_csv_that_is_none(self, tmp_path, text, code):
        refused(write(tmp_path / "a.csv", text), code)

    def test_geojson_columns_of_mixed_kinds(self, tmp_path):
        point = {"type": "Point", "coordinates": [121.4, 31.2, 5]}
        path = write(
            tmp_path / "a.json",
            features(
                point,
                point,
                whole=[1, None],
                real=[1, 2.5],
                mixed=[1, "x"],
                nested=[{"a": [1]}, None],
                geometry=["g", "h"],
                flag=[True, None],
            ),
        )
        frame = read(path).frame
        assert frame["whole"].dtype == "Int64"
        assert frame["real"].tolist() == [1.0, 2.5]
        assert frame["mixed"].tolist() == ["1", "x"]
        assert frame["nested"].iloc[0] == '{"a":[1]}'
        assert frame["geometry_1"].tolist() == ["g", "h"]
        assert frame["flag"].tolist() == [True, None]
        assert not frame.geometry.has_z.any()

    @pytest.mark.parametrize(
        "document",
        [
            {"type": "Feature", "geometry": {"type": "Point", "coordinates": [1, 2]}, "id": 7},
            {"type": "Point", "coordinates": [1, 2]},
        ],
    )
    def test_a_feature_or_a_geometry_alone(self, tmp_path, document):
        content = read(write(tmp_path / "a.geojson", json.dumps(document)))
        assert content.frame.geometry.iloc[0].equals(shapely.Point(1, 2))
        assert content.frame.get("id", pd.Series([7])).tolist() == [7]

    def test_faulty_geometries_are_faults_of_their_rows(self, tmp_path):
        path = write(
            tmp_path / "a.geojson",
            features(
                {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 1]]]},
                {"type": "GeometryCollection", "geometries": []},
                {"type": "Point", "coordinates": ["x", 2]},
                {"type": "Point", "coordinates": [1, 2]},
                "nonsense",
                name=["a", "b", "c", "d\0", "e"],
            ),
        )
        content = read(path)
        assert {row: fault.code for row, fault in content.row_faults.items()} == {
            0: "unreadable_geometry",
            1: "unreadable_geometry",
            2: "unreadable_geometry",
            3: "not_text",
            4: "unreadable_geometry",
        }
        assert "GeometryCollection" in content.row_faults[1].message
        assert content.frame.geometry.notna().tolist() == [False, False, False, True, False]

    def test_parquet_with_coordinates_in_columns(self, tmp_path):
        path = tmp_path / "a.parquet"
        table = pa.table(
            {
                "lon": [121.4],
                "when": pa.array([0], pa.timestamp("us", "UTC")),
                "kind": pa.array(["a"]).dictionary_encode(),
                "list": [[1]],
            }
        )
        pq.write_table(table, path)
        content = read(path)
        assert content.format == "Parquet"
        assert content.frame["lon"].tolist() == [121.4]
        assert content.frame["kind"].tolist() == ["a"]
        assert str(content.frame["when"].dtype) == "datetime64[us, UTC]"
        assert content.notes == ("columns left out, for they are not plain: list",)

    def test_a_layer_of_several_is_to_be_named(self, tmp_path):
        path = tmp_path / "a.gpkg"
        sample().to_file(path, layer="one")
        sample().iloc[:1].to_file(path, layer="two")
        error = refused(path, "layer")
        assert "one, two" in str(error)
        assert read(path, layer="two").rows == 1


class TestShapefiles:
    @pytest.mark.parametrize(
        ("written", "cpg"), [("gb18030", None), ("utf-8", None), ("gb18030", "936"), ("utf-8", "UTF-8")]
    )
    def test_encodings_with_and_without_cpg(self, tmp_path, written, cpg):
        path = tmp_path / "a.shp"
        sample().to_file(path, encoding=written)
        (tmp_path / "a.cpg").unlink()
        if cpg:
            (tmp_path / "a.cpg").write_text(cpg)
        content = read(path)
        assert content.frame["名称"].tolist()[:2] == ["静安寺街道", "黄浦"]
        assert content.encoding == written

    def test_a_field_cut_amid_a_letter_does_not_hide_utf8(self, tmp_path):
        frame = sample()
        frame.loc[0, "名称"] = "x" + "长" * 84 + "a"
        frame.to_file(tmp_path / "a.shp", encoding="utf-8")
        table = (tmp_path / "a.dbf").read_bytes()
        (tmp_path / "a.dbf").write_bytes(table.replace("长a".encode(), "长".encode() + b"\xe9"))
        (tmp_path / "a.cpg").unlink()
        content = read(tmp_path / "a.shp")
        assert content.encoding == "utf-8"
        assert content.frame["名称"].iloc[0].startswith("x长长长")

    def test_the_shp_alone_is_enough(self, tmp_path):
        sample().dropna().to_file(tmp_path / "b.shp")
        (tmp_path / "only").mkdir()
        (tmp_path / "b.shp").rename(tmp_path / "only" / "A.SHP")
        content = read(tmp_path / "only" / "A.SHP")
        assert content.frame.geometry.iloc[0].equals(SQUARE)
        assert content.crs is None
        assert content.notes == ("came without .shx, .dbf, .prj",)
        assert [part.name for part in (tmp_path / "only").iterdir()] == ["A.SHP"]

    def test_zipped_in_a_folder_with_what_macs_add(self, tmp_path):
        sample().to_file(tmp_path / "a.shp")
        members = {f"盘/A{part.suffix.upper()}": part.read_bytes() for part in tmp_path.glob("a.*")}
        path = zipped(tmp_path / "all.zip", members | {"__MACOSX/盘/._a.shp": b"junk", "readme.txt": b"hello"})
        content = read(path)
        assert content.rows == 3
        assert content.crs == "EPSG:4326"

    @pytest.mark.parametrize("members", [{}, {"a.shp": b"", "b.shp": b""}, {"../../a.txt": b""}])
    def test_a_zip_without_exactly_one(self, tmp_path, members):
        refused(zipped(tmp_path / "a.zip", members), "unreadable")

    def test_every_other_driver_is_off(self):
        script = "import pyogrio; print(sorted(pyogrio.list_drivers()))"
        environment = {"OGR_SKIP": OTHER_DRIVERS}
        done = subprocess.run(
            [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == "['ESRI Shapefile']"


class TestEncodings:
    def test_the_encoding_stated_holds(self, tmp_path):
        path = write(tmp_path / "a.csv", "a\né\n".encode("latin-1"))
        assert read(path, encoding="latin-1").frame["a"].tolist() == ["é"]
        refused(write(tmp_path / "b.csv", "a\n静\n".encode("gb18030")), "encoding", encoding="utf-8")

    @pytest.mark.parametrize("name", ["zip", "rot13", "idna", "no such", "\0"])
    def test_only_encodings_of_text(self, tmp_path, name):
        refused(write(tmp_path / "a.csv", "a\n1\n"), "unknown_encoding", encoding=name)

    def test_neither_utf8_nor_gb18030(self, tmp_path):
        refused(write(tmp_path / "a.csv", b"a\n\xff\xff\n"), "encoding")

    def test_geojson_in_gbk(self, tmp_path):
        text = features(None, 名=["静安"]).encode().decode("unicode_escape").encode("gbk")
        content = read(write(tmp_path / "a.geojson", text))
        assert content.frame["名"].tolist() == ["静安"]
        assert content.encoding == "gb18030"


VRT = """<OGRVRTDataSource><OGRVRTLayer name="passwd">
<SrcDataSource>CSV:/etc/passwd</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>"""
GDALG = json.dumps(
    {
        "type": "gdal_streamed_alg",
        "command_line": "gdal vector read /etc/passwd",
        "relative_paths_relative_to_this_file": True,
    }
)
WFS = "<OGRWFSDataSource><URL>http://127.0.0.1:9/wfs</URL></OGRWFSDataSource>"


class TestHostileFiles:
    @pytest.mark.parametrize("content", [VRT, GDALG, WFS])
    @pytest.mark.parametrize("ending", [".geojson", ".gpkg", ".shp", ".parquet"])
    def test_content_cannot_choose_a_driver(self, tmp_path, content, ending):
        refused(write(tmp_path / f"a{ending}", content), "unreadable")

    def test_a_vrt_as_csv_is_just_text(self, tmp_path):
        content = read(write(tmp_path / "a.csv", VRT))
        assert "root:" not in str(content)

    def test_a_geopackage_whose_layer_is_a_view(self, tmp_path):
        path = tmp_path / "a.gpkg"
        sample().to_file(path, layer="a")
        base = sqlite3.connect(path)
        base.execute("DROP TABLE a")
        base.execute(
            "CREATE VIEW a AS WITH RECURSIVE n(k) AS (SELECT 1 UNION ALL SELECT k FROM n)"
            " SELECT k AS fid, k AS geom FROM n"
        )
        base.commit()
        base.close()
        refused(path, "unreadable", limits=Limits(wall_seconds=20))

    def test_deep_nesting_in_json(self, tmp_path):
        deep = '{"type":"GeometryCollection","geometries":[' * 50_000 + "]}" * 50_000
        refused(write(tmp_path / "a.geojson", deep), "too_complex")

    def test_deep_nesting_in_wkb(self, tmp_path):
        deep = struct.pack("<BII", 1, 7, 1) * 50_000 + struct.pack("<BIdd", 1, 1, 0, 0)
        sneaky = struct.pack("<BII", 1, 6, 1) * 50_000 + struct.pack("<BII", 1, 3, 0)
        pq.write_table(pa.table({"geometry": pa.array([deep, sneaky, SQUARE.wkb])}), tmp_path / "a.parquet")
        content = read(tmp_path / "a.parquet")
        assert list(content.row_faults) == [0, 1]
        assert content.frame.geometry.iloc[2].equals(SQUARE)

    def test_a_gzip_bomb(self, tmp_path):
        path = tmp_path / "a.csv.gz"
        path.write_bytes(gzip.compress(b"a\n" + b"1" * 50_000_000))
        refused(path, "too_large", limits=Limits(unpacked_bytes=10_000_000))

    def test_a_zip_bomb(self, tmp_path):
        head = struct.pack(">I20x", 9994)
        path = zipped(tmp_path / "a.zip", {"a.shp": head + bytes(50_000_000)})
        assert path.stat().st_size < 100_000
        refused(path, "too_large", limits=Limits(unpacked_bytes=10_000_000))

    @pytest.mark.parametrize("limits", [Limits(memory_bytes=600 << 20), Limits(unpacked_bytes=100_000_000)])
    def test_a_parquet_bomb(self, tmp_path, limits):
        path = tmp_path / "a.parquet"
        pq.write_table(pa.table({"a": pa.array(["x" * 1_000_000] * 400, pa.large_string())}), path, compression="zstd")
        assert path.stat().st_size < 500_000
        refused(path, "too_large", limits=limits)

    def test_too_much_memory_is_a_refusal(self, tmp_path):
        path = write(tmp_path / "a.geojson", "[" + "[]," * 3_000_000 + "[]]")
        refused(path, "too_large", limits=Limits(memory_bytes=600 << 20))

    def test_too_slow_is_a_refusal(self, tmp_path):
        path = write(tmp_path / "a.csv", "a\n" + "1\n" * 2_000_000)
        refused(path, "too_large", limits=Limits(cpu_seconds=1))

    def test_a_crash_is_a_refusal(self, tmp_path, monkeypatch):
        stand_in(tmp_path, monkeypatch, "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)")
        refused(write(tmp_path / "a.csv", "a\n"), "too_complex")

    def test_waiting_has_an_end(self, tmp_path, monkeypatch):
        stand_in(tmp_path, monkeypatch, "import time; time.sleep(60)")
        refused(write(tmp_path / "a.csv", "a\n"), "too_large", limits=Limits(wall_seconds=1))

    @pytest.mark.parametrize(
        ("limits", "text"),
        [
            (Limits(rows=2), "a\n1\n2\n3\n"),
            (Limits(columns=2), "a,b,c\n1,2,3\n"),
            (Limits(input_bytes=5), "a,b,c\n1,2,3\n"),
        ],
    )
    def test_other_limits(self, tmp_path, limits, text):
        refused(write(tmp_path / "a.csv", text), "too_large", limits=limits)

    def test_too_many_vertices(self, tmp_path):
        frame = gpd.GeoDataFrame(geometry=[SQUARE] * 3, crs="EPSG:4326")
        for ending in (".geojson", ".gpkg"):
            frame.to_file(tmp_path / f"a{ending}")
            refused(tmp_path / f"a{ending}", "too_large", limits=Limits(vertices=14))
        assert read(tmp_path / "a.gpkg", limits=Limits(vertices=15)).rows == 3

    def test_the_environment_is_not_handed_on(self, tmp_path, monkeypatch):
        monkeypatch.setenv("GRIDMAP_SECRET_OF_OURS", "x")
        seen = tmp_path / "seen"
        stand_in(tmp_path, monkeypatch, f"import os; open({str(seen)!r}, 'w').write(repr(dict(os.environ)))")
        refused(write(tmp_path / "a.csv", "a\n"), "too_complex")
        assert "GRIDMAP_SECRET_OF_OURS" not in seen.read_text()

    @pytest.mark.parametrize(
        ("name", "code"),
        [
            ("a.xml", "unknown_format"),
            ("a.vrt", "unknown_format"),
            ("gone.csv", "not_found"),
            ("/vsicurl/http://127.0.0.1:9/a.geojson", "not_found"),
        ],
    )
    def test_names_that_are_not_files_of_ours(self, tmp_path, name, code):
        if code == "unknown_format":
            write(tmp_path / name, "x")
        refused(tmp_path / name if name[0] != "/" else name, code)


class TestWkb:
    def test_counts_as_shapely_does(self):
        shapes = [
            SQUARE,
            shapely.MultiPolygon([SQUARE, SQUARE.buffer(1)]),
            shapely.Point(1, 2, 3),
            shapely.LineString([(0, 0), (1, 1)]),
            shapely.MultiPoint([(0, 0), (1, 1)]),
            SQUARE - SQUARE.centroid.buffer(0.01),
            shapely.Polygon(),
            shapely.MultiLineString([[(0, 0), (1, 1)]]),
        ]
        for flavor in ("iso", "extended"):
            for order in (0, 1):
                for blob, shape in zip(shapely.to_wkb(shapes, flavor=flavor, byte_order=order), shapes, strict=True):
                    assert scan_wkb(blob, 10_000) == max(shapely.get_num_coordinates(shape), 0)
        assert scan_wkb(shapely.to_wkb(shapely.set_srid(SQUARE, 4326), include_srid=True), 99) == 5

    def test_limit(self):
        with pytest.raises(Limited):
            scan_wkb(SQUARE.wkb, 4)

    def test_any_cut_or_noise_is_a_value_error(self):
        rng = np.random.default_rng(2)
        blob = shapely.MultiPolygon([SQUARE, SQUARE]).wkb
        for end in range(len(blob)):
            with pytest.raises(ValueError, match=r"its geometry|Collection"):
                scan_wkb(blob[:end], 10_000)
        for _ in range(2000):
            noisy = bytearray(blob)
            noisy[rng.integers(len(blob))] = rng.integers(256)
            try:
                scan_wkb(bytes(noisy), 10_000)
            except (ValueError, Limited):
                continue
            shapely.from_wkb(bytes(noisy), on_invalid="ignore")


@pytest.mark.realdata
@pytest.mark.skipif(not REALDATA.is_dir(), reason=f"no real data at {REALDATA}")
class TestRealFiles:
    def test_a_shapefile_without_dbf_and_prj(self):
        content = read(REALDATA / "shanghai" / "shanghai_street.shp")
        assert content.rows == 251
        assert content.notes == ("came without .dbf, .prj",)

    def test_tables_and_parquet(self):
        assert read(REALDATA / "shanghai" / "geo.csv.gz").rows == 26_105
        assert read(REALDATA / "shanghai" / "incidents.parquet").rows == 86_301
        areas = read(REALDATA / "tainan" / "base.parquet")
        assert areas.rows == 12_774
        assert not areas.row_faults
        assert "heights were left out" in areas.notes
