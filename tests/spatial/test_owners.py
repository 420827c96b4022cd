"""Owners by the batch: the same as the index says point by point, whatever the columns are made of."""

import decimal

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pytest
import shapely

from gridmap.model.errors import InputError
from gridmap.spatial.datums import from_wgs84
from gridmap.spatial.owners import STATUSES, OwnerTable, count_statuses, plain_texts
from gridmap.spatial.ownership import OwnershipIndex

WEST, SOUTH, STEP = 121.4, 31.2, 0.001
# three squares side by side, a gap of one square, and one more
SQUARES = {10: (0, "a", "甲"), 7: (1, "b", "甲"), 30: (2, None, "乙"), 40: (4, "d", None)}


def square(column, width=1):
    shape = shapely.box(column, 0, column + width, 1)
    return shapely.transform(shape, lambda p: (p * STEP + (WEST, SOUTH)).round(7))


def index_of(shapes):
    return OwnershipIndex.from_frame(gpd.GeoDataFrame({"id": list(shapes)}, geometry=list(shapes.values())), id="id")


@pytest.fixture(scope="module")
def table():
    told = {
        "grid_id": pa.array(list(SQUARES)),
        "block_id": pa.array([1, 1, 2, None]),
        "block_code": pa.array([code for _, code, _ in SQUARES.values()]),
        "block": pa.array([name for _, _, name in SQUARES.values()]),
    }
    shapes = {key: square(column) for key, (column, _, _) in SQUARES.items()}
    return OwnerTable.of(index_of(shapes), index_of({1: square(0, 5)}), told)


def at(*columns, height=0.5):
    lon = np.round(WEST + np.array(columns, float) * STEP, 7)
    return lon, np.full(len(lon), round(SOUTH + height * STEP, 7))


def rows(found):
    return [tuple(row.values()) for row in found.to_pylist()]


OWNED = [
    (0.5, ("inside", 10, 1, "a", "甲")),
    (1, ("on_border", 7, 1, "b", "甲")),
    (2.5, ("inside", 30, 2, None, "乙")),
    (3.5, ("gap", None, None, None, None)),
    (4.5, ("inside", 40, None, "d", None)),
    (9, ("outside", None, None, None, None)),
    (np.nan, ("unreadable", None, None, None, None)),
]


def test_everything_is_told_in_the_order_of_the_points(table):
    x, y = at(*[column for column, _ in OWNED])
    found = table.owners(x, y, "wgs84")
    assert found.schema.names == ["status", "grid_id", "block_id", "block_code", "block"]
    assert rows(found) == [row for _, row in OWNED]
    assert count_statuses(found).tolist() == [3, 1, 1, 1, 1]
    assert rows(table.owners(x[::-1], y[::-1], "wgs84")) == [row for _, row in OWNED][::-1]


def test_texts_stay_in_dictionaries_with_each_name_once(table):
    found = table.owners(*at(0.5, 1.5, 2.5), "wgs84")
    assert found.column("block").dictionary.to_pylist() == ["甲", "乙"]
    assert found.column("status").dictionary.to_pylist() == list(STATUSES)
    assert pa.types.is_int64(found.column("grid_id").type)
    plain = plain_texts(found)
    assert plain.schema.types == [pa.string(), pa.int64(), pa.int64(), pa.string(), pa.string()]
    assert plain.to_pylist() == found.to_pylist()


@pytest.mark.parametrize("datum", ["gcj02", "bd09", "EPSG:4549"])
def test_any_datum(table, datum):
    x, y = from_wgs84(*at(0.4, 1.4, 2.4, 3.4), datum)
    assert table.owners(x, y, datum).column("grid_id").to_pylist() == [10, 7, 30, None]


def test_as_many_as_there_are_and_none(table):
    rng = np.random.default_rng(5)
    x, y = at(*np.append(rng.uniform(-1, 6, 300_000), np.arange(6)))
    x[:100] = np.inf
    found = table.owners(x, y, "wgs84")
    expected, border = table.index.locate_with_borders(x[100:], y[100:])
    ids = np.array([*SQUARES, -1])[expected]
    assert (found.column("grid_id").fill_null(-1).to_numpy()[100:] == ids).all()
    assert ((found.column("status").indices.to_numpy()[100:] == 1) == border).all()
    assert count_statuses(found)[4] == 100
    assert table.owners([], [], "gcj02").num_rows == 0


def test_a_saved_table_says_the_same(table, tmp_path):
    files = table.save(tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted(files)
    loaded = OwnerTable.load(tmp_path)
    x, y = at(*[column for column, _ in OWNED])
    assert loaded.owners(x, y, "wgs84").equals(table.owners(x, y, "wgs84"))
    none = OwnerTable.of(index_of({}), index_of({}), {name: column.slice(0, 0) for name, column in table.told.items()})
    none.save(tmp_path)
    assert OwnerTable.load(tmp_path).owners(x, y, "wgs84").column("status").to_pylist()[0] == "outside"


def test_strict_names_the_rows_that_cannot_be_read(table):
    with pytest.raises(InputError, match="row 2"):
        table.owners(*at(0.5, np.nan), "wgs84", strict=True)
    assert table.owners(*at(0.5), "wgs84", strict=True).num_rows == 1


TEXTS = {
    "121.4005": True, " 121.4005\t": True, "+121.4005": True, "1.214005e2": True, "121.40050000000000000000": True,
    "": False, "abc": False, "nan": False, "inf": False, "1e400": False, "121.4005°": False, "0x79": False,
    "121_4005e-4": False, "１２１.4005": False, "121,4005": False, None: False,
}  # fmt: skip


def test_a_text_is_read_the_same_alone_and_among_others(table):
    def statuses(texts):
        batch = pa.record_batch({"lon": pa.array(texts, pa.string()), "lat": pa.array([31.2005] * len(texts))})
        return table.add_to(batch, "wgs84", "lon", "lat").column("status").to_pylist()

    together = statuses(list(TEXTS))
    assert [status == "inside" for status in together] == list(TEXTS.values())
    assert [statuses([text])[0] for text in TEXTS] == together


@pytest.mark.parametrize(
    "kind",
    [pa.float32(), pa.float64(), pa.decimal128(12, 7), pa.string(), pa.large_string(), pa.string_view(),
     pa.dictionary(pa.int32(), pa.string()), pa.dictionary(pa.int8(), pa.float64())],
)  # fmt: skip
def test_columns_of_every_kind_of_number(table, kind):
    texts = ["121.4005000", "121.4015000"]
    values = pa.array([decimal.Decimal(text) for text in texts] if pa.types.is_decimal(kind) else texts)
    if pa.types.is_dictionary(kind):
        column = values.cast(kind.value_type).dictionary_encode().cast(kind)
    else:
        column = values.cast(kind)
    batch = pa.record_batch({"x": column, "y": pa.array([31.2005] * 2)})
    assert table.add_to(batch, "wgs84", "x", "y").column("grid_id").to_pylist() == [10, 7]


def test_whole_metres_and_columns_without_any_value(table):
    x, y = from_wgs84(*at(0.5), "EPSG:4549")
    batch = pa.record_batch({"x": pa.array(x.round()).cast(pa.int64()), "y": pa.array(y.round()).cast(pa.int32())})
    assert table.add_to(batch, "EPSG:4549", "x", "y").column("grid_id").to_pylist() == [10]
    batch = pa.record_batch({"x": pa.nulls(2), "y": pa.array([31.2005] * 2)})
    assert table.add_to(batch, "wgs84", "x", "y").column("status").to_pylist() == ["unreadable"] * 2


def test_columns_come_out_as_they_were_and_ours_replace_their_namesakes(table):
    lon, lat = at(0.5, 9)
    schema = pa.schema(
        [
            ("status", pa.int8()),
            pa.field("lon", pa.float64(), nullable=False, metadata={"unit": "degree"}),
            ("lat", pa.float64()),
            ("tags", pa.list_(pa.string())),
        ],
        {"maker": "us"},
    )
    batch = pa.record_batch([pa.array([1, 2], pa.int8()), lon, lat, [["a"], None]], schema=schema)
    found = table.add_to(batch, "wgs84", "lon", "lat")
    assert found.schema.names == ["lon", "lat", "tags", "status", "grid_id", "block_id", "block_code", "block"]
    assert found.schema.equals(table.schema_after(schema), check_metadata=True)
    assert found.schema.field("lon").equals(schema.field("lon"), check_metadata=True)
    assert found.column("tags").to_pylist() == [["a"], None]
    assert found.column("status").to_pylist() == ["inside", "outside"]


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"lon": [1.0]}, ["column lat: is missing", "there are lon"]),
        ({"a": [1.0]}, ["column lon: is missing (name it with x", "column lat: is missing (name it with y"]),
        ({"lon": [True], "lat": [1.0]}, ["column lon: holds bool, not numbers"]),
        ({"lon": [[1.0]], "lat": [b"1"]}, ["column lon: holds list", "column lat: holds binary"]),
    ],
)
def test_columns_that_cannot_be_read_are_told_together(table, columns, words):
    with pytest.raises(InputError) as raised:
        table.add_to(pa.record_batch(columns), "wgs84", "lon", "lat", "spots.csv")
    assert all(word in str(raised.value) for word in ["spots.csv", *words])


def test_a_column_that_is_there_twice(table):
    batch = pa.RecordBatch.from_arrays([pa.array([1.0])] * 3, ["lon", "lon", "lat"])
    with pytest.raises(InputError, match="twice"):
        table.add_to(batch, "wgs84", "lon", "lat")
