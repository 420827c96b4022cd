"""Which column a field is read from."""

import pytest

from gridmap.model.errors import InputError
from gridmap.model.layers import layer
from gridmap.services.import_columns import USUAL, fields_of, map_columns


def test_stated_then_same_name_then_usual_name():
    columns = ["店名", "Address", "类型", "LNG", "纬度", "trade_code"]
    assert map_columns(layer("shops"), columns, {"trade": "trade_code"}) == {
        "trade": "trade_code",
        "name": "店名",
        "address": "Address",
        "lon": "LNG",
        "lat": "纬度",
    }


def test_a_title_of_the_layer_is_a_usual_name():
    assert map_columns(layer("compounds"), ["Households", "WKT"], {}) == {"households": "Households", "wkt": "WKT"}


def test_no_column_serves_two_fields_unless_stated():
    assert map_columns(layer("firms"), ["name", "title"], {}) == {"name": "name"}
    assert map_columns(layer("firms"), ["name"], {"address": "name", "name": "name"}) == {
        "address": "name",
        "name": "name",
    }


def test_a_row_number_is_no_key_unless_stated():
    assert "key" not in map_columns(layer("shops"), ["id", "name"], {})
    assert map_columns(layer("shops"), ["id"], {"key": "id"})["key"] == "id"


def test_a_code_serves_as_key_where_the_layer_has_no_codes():
    assert map_columns(layer("shops"), ["licence"], {"code": "licence"}) == {"key": "licence"}
    assert map_columns(layer("grids"), ["c"], {"code": "c"}) == {"code": "c"}


def test_columns_of_coordinates_count_beside_shapes_only_where_stated():
    columns = ["x", "y", "name"]
    assert map_columns(layer("shops"), columns, {}, has_shapes=True) == {"name": "name"}
    assert map_columns(layer("shops"), columns, {"lon": "x", "lat": "y"}, has_shapes=True)["lon"] == "x"


def test_half_a_coordinate_is_none():
    assert map_columns(layer("shops"), ["x", "name"], {}) == {"name": "name"}


def test_all_faults_are_told_together():
    stated = {"colour": "name", "name": "nom", "lon": "x"}
    with pytest.raises(InputError) as refused:
        map_columns(layer("incidents"), ["x", "when"], stated)
    places = [fault.place for fault in refused.value.faults]
    assert places == ["--map colour=name", "--map name=nom", "reported_at", "--map lon=x"]
    assert "reported_at" in refused.value.faults[0].mend


def test_usual_names_are_of_fields_that_exist_and_lower_case():
    known = {
        name
        for key in ("shops", "buildings", "compounds", "roads", "incidents", "grids")
        for name in fields_of(layer(key))
    }
    assert set(USUAL) <= known
    assert all(usual == usual.lower() for names in USUAL.values() for usual in names)
