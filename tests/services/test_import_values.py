"""Values of every type, well and badly written."""

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from gridmap.model.layers import Field
from gridmap.model.words import Text
from gridmap.services.import_values import Values, text_of

TITLE = Text("某", "Some")
SHANGHAI = ZoneInfo("Asia/Shanghai")


def read(values, kind="text", **options):
    reader = Values(SHANGHAI)
    column = values if isinstance(values, pd.Series) else pd.Series(values, dtype=object)
    return list(reader.read(column, Field("f", TITLE, kind, **options))), reader


class TestTimes:
    @pytest.mark.parametrize(
        ("written", "meant"),
        [
            ("2026-03-01T08:00:00+08:00", datetime(2026, 3, 1, 0, 0, tzinfo=UTC)),
            ("2026-03-01t08:00:00.25z", datetime(2026, 3, 1, 8, 0, 0, 250_000, tzinfo=UTC)),
            ("2026-03-01 08:00", datetime(2026, 3, 1, 0, 0, tzinfo=UTC)),
            ("2026/3/1 8:05", datetime(2026, 3, 1, 0, 5, tzinfo=UTC)),
            ("2026-03-01", datetime(2026, 2, 28, 16, 0, tzinfo=UTC)),
            ("2026年3月1日", datetime(2026, 2, 28, 16, 0, tzinfo=UTC)),
            ("2026年3月1日 8时05分", datetime(2026, 3, 1, 0, 5, tzinfo=UTC)),
            (pd.Timestamp("2026-03-01 08:00"), datetime(2026, 3, 1, 0, 0, tzinfo=UTC)),
            (datetime(2026, 3, 1, 9, tzinfo=timezone(timedelta(hours=9))), datetime(2026, 3, 1, tzinfo=UTC)),
            (date(2026, 3, 1), datetime(2026, 2, 28, 16, 0, tzinfo=UTC)),
        ],
    )
    def test_are_read_in_the_city_s_zone_unless_they_say(self, written, meant):
        found, reader = read([written], "time")
        assert found == [meant]
        assert reader.rejected == []

    @pytest.mark.parametrize(
        "written",
        [
            "now",
            "today",
            "03/04/2026",
            "20260301",
            20260301,
            "2026-02-30",
            "2026-03-01T25:00",
            "2026-03-01T08:00+99:99",
        ],
    )
    def test_are_never_guessed(self, written):
        found, reader = read([written], "time")
        assert found == [None]
        assert [(each.row, each.code) for each in reader.rejected] == [(1, "time")]

    @pytest.mark.parametrize("written", ["0202-03-01", "9999-12-31T23:59:59-23:00", "2200-01-01T00:00:00Z"])
    def test_of_another_age_are_slips(self, written):
        assert read([written], "time")[1].rejected

    def test_without_offset_are_counted(self):
        assert read(["2026-03-01", "2026-03-01T00:00:00Z", None], "time")[1].local_times == 1


class TestNumbers:
    def test_whole_ones_may_come_from_a_sheet(self):
        assert read(["12", "12.0", 12, 12.0, " 7 "], "integer")[0] == [12, 12, 12, 12, 7]

    @pytest.mark.parametrize("written", ["1.5", "1_000", "nan", "inf", "0x10", "十二", "1e999", "99999999999999999999"])
    def test_that_are_not_whole_are_rejected(self, written):
        assert [each.code for each in read([written], "integer")[1].rejected] == ["integer"]

    def test_keep_their_bounds_both_included(self):
        found, reader = read(["-1", "0", "200", "200.5"], "number", least=0, most=200)
        assert found == [None, 0.0, 200.0, None]
        assert [each.reason for each in reader.rejected] == ["is below 0", "is above 200"]


def test_yes_and_no():
    found, reader = read(["是", "No", True, 0, "maybe"], "boolean")
    assert found == [True, False, True, False, None]
    assert [each.row for each in reader.rejected] == [5]


def test_a_choice_may_be_said_by_its_title():
    choices = {"closed": Text("已结案", "Closed")}
    assert read(["closed", "已结案", "CLOSED", None], choices=choices)[0] == ["closed", "closed", "closed", None]
    rejected = read(["open"], choices=choices)[1].rejected
    assert rejected[0].mend == "one of closed (已结案)"


def test_what_is_required_and_missing_is_rejected():
    reader = read([None, "", float("nan"), pd.NA, "x"], required=True)[1]
    assert [(each.row, each.code) for each in reader.rejected] == [(row, "missing") for row in (1, 2, 3, 4)]


def test_texts_that_a_database_refuses_are_made_fit():
    assert text_of("a\x00b\ud800 ") == "ab?"
    assert text_of(np.float64(121.0)) == "121"


def test_texts_have_a_length():
    reader = Values(SHANGHAI)
    assert list(reader.texts(pd.Series(["x" * 500, "x" * 501]), 2, "name")) == ["x" * 500, ""]
    (rejected,) = reader.rejected
    assert (rejected.row, rejected.field, rejected.code, len(rejected.value)) == (2, "name", "too_long", 60)
