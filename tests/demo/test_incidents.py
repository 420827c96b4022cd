import tomllib
from pathlib import Path

import numpy as np
import shapely

from gridmap.demo.habits import HABITS
from gridmap.demo.people import YEAR, ZONE
from gridmap.demo.plane import to_metres

CATEGORIES = Path(__file__).parents[2] / "layers" / "categories" / "governance.toml"


def by_hour(city, codes=None):
    rows = city.incidents if codes is None else city.incidents[city.incidents.category.isin(codes)]
    return rows.reported_at.dt.tz_convert(ZONE).dt.hour.value_counts().reindex(range(24), fill_value=0)


def test_categories_are_those_of_the_list(city):
    listed = {row["code"]: row for row in tomllib.loads(CATEGORIES.read_text("utf-8"))["category"]}
    assert 30 <= len(listed) <= 45
    assert set(city.incidents.category) == set(listed) == {habit.code for habit in HABITS}
    assert all((row["side"] == "component") == (code < "10") for code, row in listed.items())


def test_all_lie_in_the_demo_year(city):
    assert (city.incidents.reported_at >= YEAR[0]).all()
    assert (city.incidents.reported_at < YEAR[1]).all()
    assert city.incidents.reported_at.is_monotonic_increasing
    assert city.incidents.reported_at.dt.tz_convert(ZONE).dt.date.nunique() == 365


def test_nights_are_quiet(city):
    hours = by_hour(city)
    assert hours[2:5].mean() < 0.15 * hours[9:19].mean()


def test_bicycles_come_with_the_rush_and_noise_with_the_night(city):
    bicycles, noise = by_hour(city, ["1401"]), by_hour(city, ["1407", "1301"])
    assert bicycles[[7, 8, 17, 18]].mean() > 1.8 * bicycles[[11, 12, 13, 14]].mean()
    assert noise[[21, 22, 23]].mean() > 2.5 * noise[[9, 10, 11]].mean()


def test_weekends_differ(city):
    local = city.incidents.reported_at.dt.tz_convert(ZONE)
    weekend = local.dt.day_of_week >= 5
    office = city.incidents.category.isin(["0201", "0202", "1401", "1201"])
    leisure = city.incidents.category.isin(["1402", "1403", "1406", "1407"])
    share = 2 / 7
    assert weekend[office].mean() < 0.85 * share
    assert weekend[leisure].mean() > 1.08 * share


def test_grease_has_its_season(city):
    month = city.incidents.reported_at.dt.tz_convert(ZONE).dt.month
    rubbish = city.incidents.category == "1101"
    assert (rubbish & month.isin([7, 8])).sum() > 1.6 * (rubbish & month.isin([1, 2])).sum()


def test_incidents_gather(city):
    xy = to_metres(shapely.get_coordinates(city.incidents.geometry.values))
    cells = np.unique(np.floor(xy / 40).astype(int), axis=0, return_counts=True)[1]
    busiest = np.sort(cells)[::-1]
    assert busiest[: len(busiest) // 20].sum() > 0.2 * len(xy)


def test_a_few_lie_just_outside_and_say_how_badly_they_are_known(city, twin_city):
    for where, count in ((city, 12), (twin_city, 24)):
        district = where.grids.geometry[where.grids.level == "district"].iloc[0]
        shapely.prepare(district)
        outside = ~shapely.covers(district, where.incidents.geometry.values)
        assert outside.sum() == count
        assert (where.incidents.accuracy_m[outside] >= 60).all()
        away = shapely.transform(district, to_metres).distance(
            shapely.transform(where.incidents.geometry.values[outside], to_metres)
        )
        assert np.max(away) < 120
        assert where.incidents.accuracy_m.between(1, 300).all()


def test_states_follow_time(city):
    rows = city.incidents
    closed = rows.state == "closed"
    assert (closed == rows.closed_at.notna()).all()
    assert (rows.closed_at[closed] > rows.reported_at[closed]).all()
    assert (rows.closed_at[closed] < YEAR[1]).all()
    assert 0.001 < (~closed).mean() < 0.03
    late = rows.reported_at > YEAR[1].tz_convert("UTC") - np.timedelta64(2, "D")
    assert (~closed)[late].mean() > 20 * (~closed)[~late].mean()
    assert set(rows.state[~closed]) == {"reported", "accepted", "registered", "dispatched", "handled", "verified"}


def test_slow_work_takes_longer(city):
    took = city.incidents.closed_at - city.incidents.reported_at
    middle = took.groupby(city.incidents.category).median()
    assert middle["0201"] > 5 * middle["1404"]


def test_descriptions_name_a_place(city):
    assert (city.incidents.description.str.len() >= 6).all()
    assert city.incidents.description.nunique() > 1000
