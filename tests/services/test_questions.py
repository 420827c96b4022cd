"""Questions as they come in: every fault at once, in words that help."""

import math

import numpy as np
import pytest

from gridmap.model.errors import InputError
from gridmap.services.questions import read_question

GOOD = {"lon": "121.4015", "lat": "31.2005", "datum": "wgs84"}


def faults(**raw):
    with pytest.raises(InputError) as raised:
        read_question({**GOOD, **raw})
    raised.value.args[0].encode()  # can be printed, whatever came in
    return {(fault.place, fault.code) for fault in raised.value.faults}


def test_texts_and_numbers_read_alike():
    texts = read_question({**GOOD, "accuracy_m": "15", "floor": "3"})
    numbers = read_question(
        {"lon": 121.4015, "lat": np.float64(31.2005), "datum": "WGS-84", "accuracy_m": 15, "floor": 3}
    )
    assert texts == numbers
    assert (texts.lon, texts.lat, texts.datum, texts.given) == (121.4015, 31.2005, "wgs84", (121.4015, 31.2005))


def test_coordinates_are_read_at_the_lattice():
    question = read_question({**GOOD, "lon": "121.40150004"})
    assert question.lon == 121.4015
    assert question.given[0] == 121.40150004


def test_a_shifted_datum_is_turned_to_wgs84():
    question = read_question({**GOOD, "datum": "gcj02"})
    assert 200 < math.hypot((question.lon - 121.4015) * 95_000, (question.lat - 31.2005) * 111_000) < 900
    assert question.given == (121.4015, 31.2005)


def test_metres_of_an_epsg_system():
    question = read_question({"lon": 13_514_361.0, "lat": 3_661_000.0, "datum": "EPSG:3857"})
    assert 121 < question.lon < 122
    assert 31 < question.lat < 32


def test_every_fault_is_told_at_once():
    raw = {
        "lon": "abc", "lat": "", "datum": None, "accuracy_m": "-1", "floor": "1.5", "category": "9999",
        "at": "yesterday", "known_at": "2026-01-01T00:00:00", "scheme": "cleaning",
    }  # fmt: skip
    assert faults(**raw) == {
        ("lon", "not_a_number"),
        ("lat", "missing"),
        ("datum", "missing"),
        ("accuracy_m", "out_of_range"),
        ("floor", "not_integer"),
        ("category", "unknown"),
        ("at", "time"),
        ("known_at", "time"),
        ("scheme", "unknown"),
    }


@pytest.mark.parametrize("value", ["nan", "NaN", float("nan"), "-nan", "abc", "\ud800", "1,5", "0x10", "\0", [1], {}])
def test_what_is_no_number_is_said_to_be_none(value):
    assert faults(lon=value) == {("lon", "not_a_number")}


def test_the_words_for_nan():
    with pytest.raises(InputError, match="lat: 'nan' is not a number"):
        read_question({**GOOD, "lat": "nan"})


@pytest.mark.parametrize("value", ["inf", "-inf", "1e400", float("inf"), 10**400, "1e10"])
def test_numbers_without_bound_are_out_of_range(value):
    assert faults(lon=value) == {("lon", "out_of_range")}


@pytest.mark.parametrize(
    ("lon", "lat", "datum"),
    [("181", "31", "wgs84"), ("121", "91", "gcj02"), ("-180.1", "0", "bd09"), ("1e8", "1e8", "EPSG:4549")],
)
def test_what_is_not_on_earth_is_told_at_the_coordinates(lon, lat, datum):
    found = faults(lon=lon, lat=lat, datum=datum)
    assert found == {("lon, lat", "out_of_range")}


@pytest.mark.parametrize("datum", ["wgs85", "EPSG:999999", "EPSG:", "\ud800", "x" * 5000, "utm", "EPSG:-1"])
def test_an_unknown_datum(datum):
    found = faults(datum=datum)
    assert {place for place, _ in found} == {"datum"}


@pytest.mark.parametrize("value", ["10001", "-0.1", "nan", "inf"])
def test_an_accuracy_that_is_none(value):
    assert {place for place, _ in faults(accuracy_m=value)} == {"accuracy_m"}


@pytest.mark.parametrize("value", ["301", "-21", "2.5", "nan", "x"])
def test_a_floor_that_is_none(value):
    assert {place for place, _ in faults(floor=value)} == {"floor"}


def test_blank_options_are_none():
    question = read_question(
        {**GOOD, "accuracy_m": "", "floor": "", "at": "", "known_at": "", "category": "", "scheme": ""}
    )
    assert (question.accuracy_m, question.floor, question.at, question.known_at) == (None, None, None, None)
    assert (question.category, question.scheme) == (None, "governance")
