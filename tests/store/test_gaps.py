"""Gaps on record."""

import pytest

from gridmap.model.errors import InputError
from gridmap.services.generations import publish
from gridmap.store import gaps
from gridmap.store.gaps import Sighting
from tests.services.squares import hole, moved, town

GAP = (3, 0.5, 3.5, 1.5)


@pytest.fixture
def gappy(database):
    frame = town(D=hole(0, 0, 4, 2, GAP), B=hole(2, 0, 4, 2, GAP))
    return publish(database, "governance", frame, base=None, origin="import", note="")


def frame(database):
    with database.read() as connection:
        return gaps.frame(connection, "governance")


def test_known_gaps_come_first_then_those_met(database, gappy):
    with database.write() as connection:
        gaps.record(connection, [Sighting(gappy.id, 121.4032, 31.201, None, 12.5)])
    found = frame(database)
    assert found["kind"].tolist() == ["known", "met"]
    assert found["area_m2"][0] > 1000
    assert (found["times"][1], found["distance_m"][1]) == (1, 12.5)
    assert found.crs.to_epsg() == 4326


def test_the_same_place_counts_up_and_keeps_its_first_sight(database, gappy):
    for times in (1, 5):
        with database.write() as connection:
            gaps.record(connection, [Sighting(gappy.id, 121.4032, 31.201, None, 12.5, times)])
    met = frame(database).iloc[1]
    assert met["times"] == 6
    assert met["first_seen"] < met["last_seen"]


def test_sightings_add_up():
    assert Sighting(1, 2.0, 3.0, None, 4.0).again(7).times == 8


def test_new_lines_begin_a_new_record(database, gappy):
    with database.write() as connection:
        gaps.record(connection, [Sighting(gappy.id, 121.4032, 31.201, None, 12.5)])
    publish(database, "governance", moved(), base=gappy.id, origin="import", note="")
    assert frame(database).empty


def test_a_sighting_of_no_generation_is_refused(database):
    with pytest.raises(InputError), database.write() as connection:
        gaps.record(connection, [Sighting(99, 121.4, 31.2, None, 1.0)])
    assert frame(database).empty
