"""Which city a command speaks to: your own once it holds anything, the demo before that."""

import uuid

import pytest
from sqlalchemy import text

from gridmap.model.errors import InputError, UnavailableError
from gridmap.services import opening
from gridmap.services.generations import publish
from gridmap.services.opening import open_city, open_database
from gridmap.store import cities
from tests.clusters import drop_database
from tests.services.squares import town


@pytest.fixture
def home(cluster, monkeypatch):
    """Let the run's cluster be the private one, with databases of this test's own."""
    tag = uuid.uuid4().hex[:12]
    names = {"own": f"own_{tag}", "demo": f"try_{tag}"}
    monkeypatch.setattr(opening, "DATABASES", names)
    monkeypatch.setattr(opening, "cluster_of", lambda _: cluster)
    yield names
    for name in names.values():
        drop_database(cluster, name)


def card(database):
    with database.read() as connection:
        found = cities.read(connection)
    database.close()
    return found


def fill(city):
    database = open_database(city=city)
    publish(database, "governance", town(), base=None, origin="import", note="")
    database.close()


def test_with_nothing_anywhere_it_is_your_own(home):
    found = card(open_database())
    assert (found.key, found.invented, found.zone) == ("own", False, "Asia/Shanghai")


def test_the_demo_while_your_own_is_empty_then_your_own(home):
    assert card(open_database(city="own")).key == "own"
    fill("demo")
    found = card(open_database())
    assert (found.key, found.invented) == ("demo", True)
    fill("own")
    assert card(open_database()).key == "own"
    assert card(open_database(city="demo")).key == "demo"


def test_a_database_of_yours_keeps_its_city_and_zone(fresh_database):
    url = fresh_database()
    assert card(open_database(url, zone="Asia/Urumqi")).zone == "Asia/Urumqi"
    again = card(open_database(url, zone="Asia/Shanghai"))
    assert (again.key, again.zone) == ("own", "Asia/Urumqi")
    with pytest.raises(InputError, match="holds the own city"):
        open_database(url, city="demo")


def test_a_database_that_does_not_answer(tmp_path):
    with pytest.raises(UnavailableError):
        open_database(f"postgresql://gridmap@/x?host={tmp_path}")


def test_closing_writes_the_sightings_that_wait(database, put, square_city):
    from gridmap.store.gaps import Sighting

    generation = square_city.keeper.snapshot().lines.generation.id
    square_city.sightings.note(Sighting(generation, 121.4, 31.2, None, 1.0))
    square_city.close()
    with database.read() as connection:
        assert connection.scalar(text("SELECT count(*) FROM gap_sighting")) == 1


def test_a_watched_city_looks_by_itself_until_closed(database):
    one = open_city(database, watch=True)
    thread = one.keeper._thread
    assert thread.is_alive()
    one.close()
    assert not thread.is_alive()
