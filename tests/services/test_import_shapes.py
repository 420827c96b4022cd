"""Shapes of rows: of the right kind, on earth, in the datum stated."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import pytest
import shapely

from gridmap.model.errors import Fault, InputError
from gridmap.model.layers import layer
from gridmap.services.import_shapes import read_shapes, refuse_declared
from gridmap.spatial.files import FileContent

BOX = shapely.box(121.4, 31.2, 121.41, 31.21)
BOW_TIE = shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])


def content(frame, crs=None, faults=None):
    return FileContent(frame, "GeoJSON", None, crs, len(frame), (), faults or {})


def drawn(*shapes, **options):
    return content(gpd.GeoDataFrame(geometry=list(shapes)), **options)


def listed(**columns):
    return content(pd.DataFrame(columns, dtype=object))


def read(key, file, mapping=None, datum="wgs84"):
    rejected = []
    return read_shapes(layer(key), file, mapping or {}, datum, rejected), [(r.row, r.code) for r in rejected]


def test_points_of_columns():
    file = listed(x=["121.4", None, "east", "inf", "121.5", ""], y=["31.2", "31.2", "31.2", "31.2", "", None])
    shapes, rejected = read("shops", file, {"lon": "x", "lat": "y"})
    assert shapes[0] == shapely.Point(121.4, 31.2)
    assert list(shapes[1:]) == [None] * 5
    assert rejected == [(2, "missing"), (3, "not_a_number"), (4, "not_a_number"), (5, "missing"), (6, "missing")]


def test_each_row_answers_for_its_own_vertices():
    far = shapely.box(121.4, 31.2, 200, 31.3)
    shapes, rejected = read("buildings", drawn(BOX, far, BOX))
    assert rejected == [(2, "out_of_range")]
    assert [shape is None for shape in shapes] == [False, True, False]


def test_swapped_coordinates_are_named_as_such():
    rejected = []
    read_shapes(layer("shops"), listed(lon=["31.2"], lat=["121.4"]), {"lon": "lon", "lat": "lat"}, "wgs84", rejected)
    assert rejected[0].mend == "give longitude first, then latitude"


def test_kinds_that_the_layer_does_not_hold():
    shapes, rejected = read(
        "shops", drawn(shapely.Point(1, 1), BOX, shapely.MultiPoint([(2, 2)]), None, shapely.Point())
    )
    assert list(shapes[:3]) == [shapely.Point(1, 1), None, shapely.Point(2, 2)]
    assert sorted(rejected) == [(2, "wrong_kind"), (4, "missing"), (5, "missing")]


def test_outlines_that_cross_themselves_or_shrink_to_nothing():
    speck = shapely.box(121.4, 31.2, 121.4 + 1e-9, 31.2 + 1e-9)
    assert read("buildings", drawn(BOW_TIE, speck, BOX))[1] == [(2, "too_small"), (1, "invalid")]
    assert read("grids", drawn(BOW_TIE))[1] == []


def test_a_row_that_could_not_be_read_is_told_once():
    file = drawn(None, BOX, faults={0: Fault("row 1", "ring not closed", code="unreadable_geometry")})
    rejected = []
    read_shapes(layer("buildings"), file, {}, "wgs84", rejected)
    assert rejected == []


def test_what_comes_out_is_wgs84_on_the_lattice():
    point, _ = read("shops", drawn(shapely.Point(121.4585, 31.2304)), datum="gcj02")
    assert point[0].distance(shapely.Point(121.4540, 31.2324)) < 0.0005
    assert np.array_equal(np.rint(shapely.get_coordinates(point) * 1e7) / 1e7, shapely.get_coordinates(point))
    metres, _ = read("shops", drawn(shapely.Point(500_000, 3_456_000)), datum="EPSG:4549")
    assert metres[0].x == 120.0


def test_wkt_is_read_when_it_is_flat():
    nested = "GEOMETRYCOLLECTION(" * 100_000 + "POINT(0 0)" + ")" * 100_000
    told = [BOX.wkt, "POLYGON((0 0,1 1))", nested, "hello", None, "MULTIPOLYGON Z (((0 0 5,1 0 5,1 1 5,0 0 5)))"]
    shapes, rejected = read("buildings", listed(wkt=told), {"wkt": "wkt"})
    assert shapes[0] == BOX
    assert not shapes[5].has_z
    assert rejected == [(row, "unreadable_geometry") for row in (2, 3, 4, 5)]


def test_a_file_without_coordinates():
    with pytest.raises(InputError, match="neither shapes nor columns"):
        read("shops", listed(name=["a"]))


class TestDeclared:
    @pytest.mark.parametrize(
        ("crs", "datum"),
        [
            (None, "gcj02"),
            ("EPSG:4326", "wgs84"),
            ("EPSG:4979", "wgs84"),
            ("urn:ogc:def:crs:OGC:1.3:CRS84", "cgcs2000"),
            ("EPSG:4490", "wgs84"),
            (pyproj.CRS(4326).to_wkt("WKT1_ESRI"), "wgs84"),
            (pyproj.CRS(4549).to_wkt("WKT1_ESRI"), "EPSG:4549"),
            ("EPSG:4549", "EPSG:4549"),
        ],
    )
    def test_what_agrees_is_not_mentioned(self, crs, datum):
        assert refuse_declared(drawn(BOX, crs=crs), datum) is None

    def test_a_chinese_map_saved_as_wgs84_is_what_it_is_said_to_be(self):
        assert "taken as gcj02" in refuse_declared(drawn(BOX, crs="EPSG:4326"), "gcj02")

    def test_an_unknown_one_is_put_on_record(self):
        assert "not known here" in refuse_declared(drawn(BOX, crs="Shanghai 2000 local"), "wgs84")

    @pytest.mark.parametrize(
        ("crs", "datum"),
        [("EPSG:4549", "wgs84"), ("EPSG:4549", "gcj02"), ("EPSG:4326", "EPSG:4549"), ("EPSG:4214", "wgs84")],
    )
    def test_what_contradicts_is_refused(self, crs, datum):
        with pytest.raises(InputError) as refused:
            refuse_declared(drawn(BOX, crs=crs), datum)
        assert refused.value.faults[0].code == "contradiction"
        assert crs in refused.value.faults[0].mend
