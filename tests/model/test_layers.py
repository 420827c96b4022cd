"""Layer files: those we ship load, and a bad one is told with all that is wrong."""

import tomllib

import pytest

from gridmap.model import layers
from gridmap.model.errors import InputError, NotFoundError
from gridmap.model.places import KINDS

GOOD = """
title = { zh = "甲", en = "A" }
store = "place"
kind = "shop"
geometry = ["Point"]
natural_key = "key"
source = { zh = "甲", en = "A" }
visible_to = "everyone"
[fields.staff]
title = { zh = "人数", en = "Staff" }
type = "integer"
measure = true
"""

CATEGORY = """
[[category]]
code = "0101"
side = "event"
class_zh = "甲"
class_en = "A"
name_zh = "甲"
name_en = "A"
function = "f"
"""


def test_every_file_in_the_folder_loads():
    found = layers.load_layers()
    assert sorted(found) == sorted(path.stem for path in layers.layers_folder().glob("*.toml"))
    for one in found.values():
        assert one.store != "place" or one.kind in KINDS
        assert one.natural_key
        for key, field in one.measures().items():
            assert field.unit.zh, f"{one.key}.{key} is summed but has no unit"


def test_schemes_have_their_levels_top_first():
    governance = layers.schemes()["governance"]
    assert [level.key for level in governance.levels] == [
        "district",
        "subdistrict",
        "block",
        "neighbourhood",
        "microgrid",
    ]
    assert [level.rank for level in governance.levels] == [1, 2, 3, 4, 5]
    with pytest.raises(NotFoundError, match="district, subdistrict"):
        governance.level("ward")


def test_categories_are_four_digits_of_either_side():
    found = layers.categories()
    assert list(found) == sorted(found)
    assert {category.side for category in found.values()} == {"component", "event"}
    served = {function for scheme in layers.schemes().values() for function in scheme.functions}
    assert {category.function for category in found.values()} <= served


def test_an_unknown_layer_is_told_with_those_there_are():
    with pytest.raises(NotFoundError, match="buildings"):
        layers.layer("ponds")


def test_measures_are_the_fields_that_can_be_summed(tmp_path):
    (tmp_path / "one.toml").write_text(GOOD, encoding="utf-8")
    assert list(layers.load_layers(tmp_path)["one"].measures()) == ["staff"]


def test_faults_of_all_files_are_listed_together(tmp_path):
    bad = {
        "a_not_toml": "title = ",
        "b_no_source": GOOD.replace("source =", "sauce ="),
        "c_store": GOOD.replace('"place"', '"attic"'),
        "d_geometry": GOOD.replace('"Point"', '"Cube"'),
        "e_audience": GOOD.replace('"everyone"', '"nobody"'),
        "f_type": GOOD.replace('"integer"', '"roman"'),
        "g_measure": GOOD.replace('"integer"', '"text"'),
        "h_popup": GOOD + '[popup]\nheading = "name"\nrows = ["colour"]\n',
        "i_text": GOOD.replace('{ zh = "人数", en = "Staff" }', '{ zh = "人数" }'),
        "j_good": GOOD,
    }
    for name, text in bad.items():
        (tmp_path / f"{name}.toml").write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as raised:
        layers.load_layers(tmp_path)
    told = {fault.place: fault.message for fault in raised.value.faults}
    assert list(told) == [f"{name}.toml" for name in bad if name != "j_good"]
    assert "source is missing" in told["b_no_source.toml"]
    for name, word in (
        ("c", "attic"),
        ("d", "Cube"),
        ("e", "nobody"),
        ("f", "roman"),
        ("g", "measure"),
        ("h", "colour"),
    ):
        assert word in next(message for place, message in told.items() if place.startswith(name))


def test_a_level_given_twice_is_refused(tmp_path):
    (tmp_path / "schemes").mkdir()
    level = '{ key = "ward", title = "W", line_px = 1 }'
    text = f'title = "S"\nfunctions = []\nlevels = [{level}, {level}]\n'
    (tmp_path / "schemes" / "s.toml").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="twice"):
        layers.load_schemes(tmp_path)


def test_a_category_given_twice_is_refused(tmp_path):
    (tmp_path / "categories").mkdir()
    (tmp_path / "categories" / "c.toml").write_text(
        CATEGORY + CATEGORY.replace('"event"', '"component"'), encoding="utf-8"
    )
    with pytest.raises(InputError, match="0101 is given twice"):
        layers.load_categories(tmp_path)


@pytest.mark.parametrize(("old", "new"), [("0101", "101"), ("0101", "01O1"), ('"event"', '"rumour"')])
def test_a_strange_category_is_refused(tmp_path, old, new):
    (tmp_path / "categories").mkdir()
    (tmp_path / "categories" / "c.toml").write_text(CATEGORY.replace(old, new), encoding="utf-8")
    with pytest.raises(InputError):
        layers.load_categories(tmp_path)


def test_the_files_are_plain_toml():
    for path in layers.layers_folder().rglob("*.toml"):
        assert tomllib.loads(path.read_text(encoding="utf-8"))
