"""Sightings wait for their writing, and are not lost when it fails."""

import pytest

from gridmap.model.errors import NotFoundError
from gridmap.services import gaps as module
from gridmap.services.gaps import Sightings, recorded
from gridmap.store.database import Database
from gridmap.store.gaps import Sighting

NOWHERE = "postgresql+psycopg://gridmap@/gridmap?host=/nonexistent"


def sighting(generation, column=0):
    return Sighting(generation, 121.4 + column * 0.001, 31.2, None, 1.0)


def met(database):
    found = recorded(database, "governance")
    return found[found["kind"] == "met"]["times"].tolist()


@pytest.fixture
def generation(square_city):
    return square_city.keeper.snapshot().lines.generation.id


def test_what_cannot_be_written_now_waits_and_counts_on(database, generation):
    waiting = Sightings(Database(NOWHERE))
    waiting.note(sighting(generation))
    waiting.flush()
    waiting.note(sighting(generation))
    waiting.database = database
    waiting.flush()
    assert met(database) == [2]
    waiting.flush()
    assert met(database) == [2]


def test_a_flood_is_bounded_and_known_places_go_on_counting(database, generation, monkeypatch):
    monkeypatch.setattr(module, "_MOST", 3)
    waiting = Sightings(database)
    for column in range(10):
        waiting.note(sighting(generation, column))
    waiting.note(sighting(generation, 0))
    waiting.flush()
    assert sorted(met(database)) == [1, 1, 2]


def test_one_bad_sighting_does_not_hold_up_the_rest_for_ever(database, generation):
    waiting = Sightings(database)
    waiting.note(sighting(10**9))
    waiting.note(sighting(generation))
    waiting.flush()
    waiting.flush()
    assert met(database) == [1]
    assert not waiting._waiting


def test_no_such_scheme(database):
    with pytest.raises(NotFoundError, match="governance"):
        recorded(database, "cleaning")
