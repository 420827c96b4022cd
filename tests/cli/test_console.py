"""What commands share: instants and days as people write them."""

from datetime import UTC, datetime

import pytest

from gridmap.cli.console import language, read_instant
from gridmap.model.errors import InputError


def test_a_day_begins_at_midnight_in_the_citys_zone(monkeypatch):
    monkeypatch.setenv("GRIDMAP_ZONE", "Asia/Shanghai")
    assert read_instant("2026-10-01", "--from") == datetime(2026, 9, 30, 16, tzinfo=UTC)


def test_an_instant_keeps_its_offset():
    assert read_instant("2026-10-01T08:00:00+08:00", "--from") == datetime(2026, 10, 1, tzinfo=UTC)


@pytest.mark.parametrize("text", ["2026-13-01", "2026-10-01T08:00:00", "yesterday", "2026-02-30"])
def test_what_is_no_instant_is_told_with_its_option(text):
    with pytest.raises(InputError, match="--from"):
        read_instant(text, "--from")


def test_nothing_is_nothing():
    assert read_instant(None, "--from") is None


@pytest.mark.parametrize(
    ("place", "said", "expected"),
    [("zh_CN.UTF-8", None, "zh"), ("C.UTF-8", None, "en"), ("zh_CN.UTF-8", "en", "en"), ("C", "zh", "zh")],
)
def test_the_language_is_said_or_the_locales(monkeypatch, place, said, expected):
    monkeypatch.setenv("LC_ALL", place)
    monkeypatch.delenv("GRIDMAP_LANGUAGE", raising=False)
    if said:
        monkeypatch.setenv("GRIDMAP_LANGUAGE", said)
    assert language() == expected
