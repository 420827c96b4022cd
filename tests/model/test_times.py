from datetime import UTC, datetime, timedelta

import pytest

from gridmap.model.errors import InputError
from gridmap.model.times import parse_instant

EIGHT = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-01T08:00:00+08:00",
        "2026-03-01T08:00:00 08:00",  # a plus sign from an address bar
        " 2026-03-01T00:00:00Z ",
        "2026-02-28T19:00:00-05:00",
        "2026-03-01 08:00:00+08:00",
    ],
)
def test_an_instant_with_its_offset_is_read(text):
    assert parse_instant(text, "at") == EIGHT


def test_microseconds_are_kept():
    assert parse_instant("2026-03-01T00:00:00.000001Z", "at") - EIGHT == timedelta(microseconds=1)


@pytest.mark.parametrize(
    "text",
    ["2026-03-01T08:00:00", "2026-03-01", "yesterday", "2026-13-01T00:00:00Z", "T", "\ud800T", "NaN", "9" * 5000],
)
def test_what_is_no_instant_is_refused_by_the_name_of_its_parameter(text):
    with pytest.raises(InputError) as raised:
        parse_instant(text, "known_at")
    assert raised.value.faults[0].place == "known_at"
    assert raised.value.faults[0].code == "time"
    assert len(str(raised.value)) < 200
    str(raised.value).encode()
