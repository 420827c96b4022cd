import shutil

import pytest

from gridmap.model.errors import InputError
from gridmap.model.layers import layers_folder
from gridmap.model.limits import Bounds, limits, load_limits

PLANS = layers_folder() / "limits" / "plans.toml"


@pytest.fixture
def changed(tmp_path):
    """Return a function that reads the limits with a text in place of another."""

    def read(old, new):
        folder = tmp_path / "limits"
        folder.mkdir(exist_ok=True)
        shutil.copy(PLANS, folder)
        text = PLANS.read_text(encoding="utf-8")
        assert old in text
        (folder / "plans.toml").write_text(text.replace(old, new, 1), encoding="utf-8")
        return load_limits(tmp_path)

    return read


def test_limits_are_read_once():
    assert limits() is limits()
    assert limits().severity["gap"] == "error"
    assert limits().cut_levels == {"microgrid", "neighbourhood", "block", "subdistrict"}
    assert limits().area["microgrid"] == Bounds(2_000, 300_000)


def test_bounds_include_both_ends():
    assert [Bounds(1, 2).hold(value) for value in (0.9, 1, 2, 2.1)] == [False, True, True, False]
    assert Bounds(least=1).hold(1e9)
    assert Bounds(most=1).hold(-1e9)
    assert Bounds().hold(0)


def test_they_may_be_changed(changed):
    assert changed("least_m2 = 2.0", "least_m2 = 9").cut_m2 == 9.0


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('gap = "error"', 'gap = "fatal"', "severity ['fatal']"),
        ('measure = "residents"', 'measure = "cats"', "no measure cats"),
        ("within_m = 0.5", "near_m = 0.5", "within_m is missing"),
        ("[severity]", "[severity", "is not TOML"),
        ("share = 0.02", 'share = "much"', "could not convert"),
    ],
)
def test_what_is_wrong_in_them_is_told(changed, old, new, said):
    with pytest.raises(InputError) as caught:
        changed(old, new)
    assert said in str(caught.value)
    assert caught.value.faults[0].place == "plans.toml"
