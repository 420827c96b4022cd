import pytest

from gridmap.model.places import mask_phone


@pytest.mark.parametrize(
    ("phone", "shown"),
    [
        ("13812345678", "138****5678"),
        ("138 1234 5678", "138****5678"),
        ("+86 138-1234-5678", "861****5678"),
        ("１３８１２３４５６７８", "１３８****５６７８"),
        ("62581234", "******34"),
        ("110", "*10"),
        ("7", "7"),
        ("", None),
        (None, None),
        ("无", None),
    ],
)
def test_a_telephone_number_is_hidden_but_for_its_ends(phone, shown):
    assert mask_phone(phone) == shown


@pytest.mark.parametrize("length", range(3, 16))
def test_no_number_can_be_told_from_its_mask(length):
    """The digits that are hidden take no part in what is shown."""
    digits = "".join(str(i % 10) for i in range(length))
    tail = 4 if length >= 11 else 2
    head = 3 if length >= 11 else 0
    middle = "9" * (length - head - tail)
    assert mask_phone(digits) == mask_phone(digits[:head] + middle + digits[length - tail :])
