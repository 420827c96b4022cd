import pytest

from gridmap.model.grids import GridCode


def test_a_code_has_four_parts_and_goes_back_to_its_digits():
    code = GridCode.parse("310106013002017")
    assert (code.county, code.street, code.community, code.sequence) == ("310106", "013", "002", "017")
    assert str(code) == "310106013002017"


@pytest.mark.parametrize(
    "text",
    ["", "31010601300201", "3101060130020177", "31010601300201a", " 310106013002017", "３１０１０６０１３００２０１７"],
)
def test_what_is_not_fifteen_digits_is_no_code(text):
    with pytest.raises(ValueError, match="15 digits"):
        GridCode.parse(text)
