import gzip
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridmap.model.errors import InputError
from gridmap.spatial.datums import better_datum, from_wgs84, parse_datum, point_faults, read_points, to_wgs84
from gridmap.spatial.measures import distance_m

REALDATA = Path(os.environ.get("GRIDMAP_REALDATA", Path(__file__).parents[3] / "shared" / "data"))
JINGAN = (121.4462, 31.2235)

lons = st.floats(73.5, 135.0)
lats = st.floats(18.0, 53.5)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("wgs84", "wgs84"), ("WGS-84", "wgs84"), ("CGCS 2000", "cgcs2000"), ("GCJ-02", "gcj02"), ("Bd_09", "bd09"),
        ("epsg:4549", "EPSG:4549"), ("EPSG:4326", "wgs84"), ("EPSG:4490", "cgcs2000"),
    ],
)  # fmt: skip
def test_names_people_write(text, name):
    assert parse_datum(text) == name


@pytest.mark.parametrize(
    "text", ["", "4326", "amap", "EPSG:", "EPSG:99999", "EPSG:4979", "EPSG:5773", "wgs84;", "EPSG:４５４９９"]
)
def test_anything_else_is_refused_with_the_allowed_ones(text):
    with pytest.raises(InputError, match="wgs84, cgcs2000, gcj02, bd09 or EPSG:n") as caught:
        parse_datum(text)
    assert caught.value.faults[0].code == "unknown_datum"


def test_gcj02_offset_at_jingan_temple_is_as_published():
    x, y = from_wgs84(*JINGAN, "gcj02")
    assert distance_m(*JINGAN, x, y) == pytest.approx(485, abs=2)
    assert distance_m(*JINGAN, x, JINGAN[1]) == pytest.approx(438, abs=2)
    assert distance_m(*JINGAN, JINGAN[0], y) == pytest.approx(209, abs=2)
    assert x > JINGAN[0]
    assert y < JINGAN[1]


def test_bd09_offset_at_jingan_temple_is_as_published():
    assert distance_m(*JINGAN, *from_wgs84(*JINGAN, "bd09")) == pytest.approx(1161, abs=3)


@settings(deadline=None)  # the first one may compile
@given(lons, lats, st.sampled_from(["gcj02", "bd09"]))
def test_there_and_back_within_a_micrometre(lon, lat, datum):
    back = to_wgs84(*from_wgs84(lon, lat, datum), datum)
    assert float(distance_m(lon, lat, *back)) < 1e-6


def formula(lon, lat):
    """Shift to GCJ-02 and on to BD-09 as the formulas are usually written down."""
    x, y = lon - 105, lat - 35
    ripple = 20 * np.sin(6 * x * np.pi) + 20 * np.sin(2 * x * np.pi)
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * np.sqrt(np.abs(x)) + ripple * 2 / 3
    north += (20 * np.sin(y * np.pi) + 40 * np.sin(y / 3 * np.pi)) * 2 / 3
    north += (160 * np.sin(y / 12 * np.pi) + 320 * np.sin(y * np.pi / 30)) * 2 / 3
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * np.sqrt(np.abs(x)) + ripple * 2 / 3
    east += (20 * np.sin(x * np.pi) + 40 * np.sin(x / 3 * np.pi)) * 2 / 3
    east += (150 * np.sin(x / 12 * np.pi) + 300 * np.sin(x / 30 * np.pi)) * 2 / 3
    phi = np.radians(lat)
    magic = 1 - 0.00669342162296594323 * np.sin(phi) ** 2
    north = np.degrees(north / (6378245.0 * (1 - 0.00669342162296594323) / magic**1.5))
    east = np.degrees(east / (6378245.0 / np.sqrt(magic) * np.cos(phi)))
    gcj02 = lon + east, lat + north
    turn = np.pi * 3000 / 180
    radius = np.hypot(*gcj02) + 0.00002 * np.sin(gcj02[1] * turn)
    angle = np.arctan2(gcj02[1], gcj02[0]) + 0.000003 * np.cos(gcj02[0] * turn)
    return {"gcj02": gcj02, "bd09": (radius * np.cos(angle) + 0.0065, radius * np.sin(angle) + 0.006)}


def test_the_shifts_are_those_of_the_formulas_and_undone_all_over_china():
    rng = np.random.default_rng(11)
    lon, lat = rng.uniform(72.1, 137.8, 100_000), rng.uniform(0.9, 55.8, 100_000)
    lon[:5000] = rng.normal(105, 1e-3, 5000)  # where the formula has a root of nearly nothing
    for datum, (x, y) in formula(lon, lat).items():
        got = from_wgs84(lon, lat, datum)
        assert np.abs(got[0] - x).max() < 1e-12
        assert np.abs(got[1] - y).max() < 1e-12
        assert distance_m(lon, lat, *to_wgs84(x, y, datum)).max() < 1e-6


@pytest.mark.parametrize("datum", ["wgs84", "gcj02", "bd09", "EPSG:4549"])
def test_a_point_alone_is_converted_as_among_many(datum):
    rng = np.random.default_rng(12)
    lon, lat = rng.uniform(118.6, 122, 300_000), rng.uniform(28, 33, 300_000)
    x, y = from_wgs84(lon, lat, datum)
    many = to_wgs84(x, y, datum)
    for i in range(0, len(lon), 997):
        assert to_wgs84(x[i], y[i], datum) == (many[0][i], many[1][i])


@pytest.mark.parametrize("datum", ["wgs84", "gcj02", "bd09", "EPSG:4549"])
def test_what_would_be_refused_is_read_as_nothing(datum):
    x, y = (np.repeat(value, 6) for value in from_wgs84(*JINGAN, datum))
    x[1], y[2], x[3], y[4] = np.nan, np.inf, -1e9, 1e9
    lon, lat = read_points(x, y, datum)
    assert np.flatnonzero(np.isnan(lon)).tolist() == np.flatnonzero(np.isnan(lat)).tolist() == [1, 2, 3, 4]
    assert list(point_faults(x, y, datum)) == [1, 2, 3, 4]
    assert (lon[0], lat[0]) == (lon[5], lat[5]) == to_wgs84(x[0], y[0], datum)
    assert x[0] == x[5]


def test_what_a_shift_carries_off_the_earth_is_refused():
    assert list(point_faults([-179.9999, 121.0], [0.0, 31.0], "bd09")) == [0]
    with pytest.raises(InputError, match="where bd09 can be used"):
        to_wgs84([-179.9999], [0.0], "bd09")


@given(st.floats(118.6, 125.0), st.floats(28.0, 34.0), st.sampled_from(["EPSG:4549", "EPSG:3857", "EPSG:32651"]))
def test_epsg_there_and_back(lon, lat, datum):
    back = to_wgs84(*from_wgs84(lon, lat, datum), datum)
    assert float(distance_m(lon, lat, *back)) < 1e-5


def test_epsg_takes_easting_first():
    # Zone 120° of CGCS2000: false easting 500 km on the central meridian, whatever axis order the registry states.
    lon, lat = to_wgs84([500_000.0], [3_456_000.0], "EPSG:4549")
    assert lon[0] == pytest.approx(120.0, abs=1e-9)
    assert lat[0] == pytest.approx(31.2, abs=0.1)


@pytest.mark.parametrize(("lon", "lat"), [(2.35, 48.85), (139.7, 35.7), (121.5, -31.2)])
def test_outside_the_box_gcj02_is_wgs84(lon, lat):
    assert from_wgs84(lon, lat, "gcj02") == (lon, lat)
    assert to_wgs84(lon, lat, "gcj02") == (lon, lat)


def test_cgcs2000_is_identical_and_a_copy():
    given_lon = np.array([121.5])
    lon, _ = to_wgs84(given_lon, [31.2], "cgcs2000")
    lon[0] = 0
    assert given_lon[0] == 121.5


def test_empty_arrays_and_shapes_are_kept():
    for datum in ("wgs84", "gcj02", "bd09", "EPSG:4549"):
        assert to_wgs84([], [], datum)[0].shape == (0,)
        assert to_wgs84(np.full((2, 3), 121.4), np.full((2, 3), 31.2), "gcj02")[0].shape == (2, 3)


def test_bad_rows_are_named_and_the_rest_counted():
    lon = np.full(20, 121.4)
    lat = np.full(20, 31.2)
    lon[16] = np.nan
    lat[[3, 4, 5, 6, 7, 8]] = 95.0
    lon[2], lat[2] = 31.2, 121.4
    with pytest.raises(InputError) as caught:
        to_wgs84(lon, lat, "gcj02")
    faults = caught.value.faults
    assert [fault.place for fault in faults] == ["row 3", "row 4", "row 5", "row 6", "row 7", ""]
    assert "longitude first" in faults[0].mend
    assert "3 more rows of 20" in faults[-1].message
    every = point_faults(lon, lat, "gcj02")
    assert list(every) == [2, 3, 4, 5, 6, 7, 8, 16]
    assert every[16].place == "row 17"
    assert every[16].code == "not_finite"


def test_a_single_point_is_not_called_a_row():
    with pytest.raises(InputError, match="the point: has no finite"):
        to_wgs84(np.inf, 31.2, "wgs84")


def test_points_a_projection_cannot_express_are_refused():
    with pytest.raises(InputError, match="lies outside where EPSG:4549"):
        from_wgs84([30.0], [0.0], "EPSG:4549")
    faults = point_faults([500_000.0, 1e30, np.nan], [3_456_000.0, 1e30, 0.0], "EPSG:4549")
    assert {row: fault.code for row, fault in faults.items()} == {1: "out_of_range", 2: "not_finite"}


@pytest.mark.parametrize("bad", [["east"], [None, "x"]])
def test_words_are_refused(bad):
    with pytest.raises(InputError):
        to_wgs84(bad, bad, "wgs84")


def test_unequal_lengths_are_refused():
    with pytest.raises(InputError, match="not equally many"):
        to_wgs84([1.0, 2.0], [1.0], "wgs84")


def test_a_file_in_another_datum_is_noticed():
    rng = np.random.default_rng(1)
    lon, lat = rng.uniform(121.44, 121.45, 500), rng.uniform(31.22, 31.23, 500)

    def covers(x, y):
        return (x >= 121.44) & (x <= 121.45) & (y >= 31.22) & (y <= 31.23)

    for true in ("gcj02", "bd09"):
        fit = better_datum(*from_wgs84(lon, lat, true), "wgs84", covers)
        assert fit is not None
        assert fit.datum == true
        assert fit.share == 1.0
        assert fit.stated_share < 0.7
    assert better_datum(lon, lat, "cgcs2000", covers) is None
    assert better_datum([], [], "wgs84", covers) is None
    assert better_datum([5e5], [3e6], "EPSG:4549", covers) is None


@pytest.mark.realdata
@pytest.mark.skipif(not REALDATA.is_dir(), reason=f"no real data at {REALDATA}")
def test_paired_columns_of_real_addresses_agree():
    with gzip.open(REALDATA / "shanghai" / "geo.csv.gz") as file:
        pairs = pd.read_csv(file).dropna(subset=["gcj02_lng", "gcj02_lat", "wgs84_lng", "wgs84_lat"])
    lon, lat = to_wgs84(pairs["gcj02_lng"], pairs["gcj02_lat"], "gcj02")
    apart = distance_m(lon, lat, pairs["wgs84_lng"], pairs["wgs84_lat"])
    # Whoever made the pairs used the one-step inverse, which errs by up to 2.2 m in Shanghai.
    assert len(apart) > 26_000
    assert apart.max() < 2.5


@pytest.mark.parametrize("x", [5e7, -5e7, 1e300])
def test_metres_beyond_the_system_are_refused_not_wrapped(x):
    with pytest.raises(InputError, match="EPSG:3857"):
        to_wgs84([x], [1.0], "EPSG:3857")
    assert list(point_faults([x, 13_514_500.0], [1.0, 3_661_100.0], "EPSG:3857")) == [0]
