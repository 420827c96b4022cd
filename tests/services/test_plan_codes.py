import pytest

from gridmap.model.errors import InputError
from gridmap.services.plan_codes import codes_under, reading_order
from gridmap.spatial import edits
from gridmap.spatial.drafts import Draft
from tests.spatial.drawings import A1, A2, A, A1a, A1b, B, D, town_base

ABOVE = "310199001000000"


def test_reading_goes_from_north_to_south_and_from_west_to_east():
    town = Draft(town_base())
    assert reading_order(town, [A1a, A1b]) == [A1b, A1a]
    assert reading_order(town, [B, A2, A1]) == [A1, A2, B]
    assert reading_order(town, []) == []


def test_codes_go_down_from_the_one_above():
    town = Draft(town_base(codes={"A": ABOVE}))
    assert codes_under(town, A, {}) == {
        A1: "310199001001000",
        A2: "310199001002000",
        A1b: "310199001001001",
        A1a: "310199001001002",
    }


def test_a_code_once_given_is_never_anothers():
    town = Draft(town_base(codes={"A": ABOVE}))
    found = codes_under(town, A, {"310199001001000": 77, "310199001002000": A1})
    assert (found[A1], found[A2]) == ("310199001002000", "310199001003000")
    held = town.after(edits.recode(town, {B: "310199001001000"}))
    assert codes_under(held, A, {})[A1] == "310199001002000"


def test_without_a_code_above_there_is_none():
    with pytest.raises(InputError, match="no code of 15 digits") as caught:
        codes_under(Draft(town_base()), A, {})
    assert caught.value.faults[0].code == "code_parent"


def test_numbers_run_out():
    town = Draft(town_base(codes={"A": ABOVE}))
    taken = {f"310199001{number:03d}000": 77 for number in range(1, 1000)}
    with pytest.raises(InputError) as caught:
        codes_under(town, A, taken)
    assert caught.value.faults[0].code == "codes_used_up"
    assert D not in codes_under(town, A, {})
