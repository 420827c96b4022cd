"""Generations in the store: reading them, and what a failed publish leaves behind."""

from datetime import UTC, datetime

import pytest
import shapely
from sqlalchemy import text

from gridmap.model.errors import ConflictError, NotFoundError
from gridmap.services.generations import publish
from gridmap.store import generations as store
from tests.services.squares import moved, town

SCHEME = "governance"


@pytest.fixture
def first(database):
    return publish(database, SCHEME, town(), base=None, origin="import", note="")


def test_nothing_published_yet(database):
    with database.read() as connection:
        assert store.head(connection, SCHEME) is None
        assert store.in_force(connection, SCHEME) is None
        assert store.upcoming(connection, SCHEME) == []
        assert store.listing(connection) == []
        assert store.frame(connection, 1).empty
        with pytest.raises(NotFoundError):
            store.extent(connection, 1)
        with pytest.raises(NotFoundError):
            store.scheme_id(connection, "cleaning")


def test_a_level_alone(database, first):
    with database.read() as connection:
        found = store.frame(connection, first.id, "neighbourhood")
        assert found["key"].tolist() == ["A1", "A2"]
        assert (str(found["parent"].dtype), str(found["id"].dtype), found.crs.to_epsg()) == ("Int64", "int64", 4326)
        assert store.frame(connection, first.id, "block").empty


def test_upcoming_is_in_its_order(database, first):
    starts = [datetime(2200, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)]
    later = publish(database, SCHEME, moved(), base=first.id, origin="import", note="", in_force_from=starts[0])
    sooner = publish(database, SCHEME, town(), base=later.id, origin="import", note="", in_force_from=starts[1])
    with database.read() as connection:
        found = store.upcoming(connection, SCHEME)
    # What was published for a time after the newest begins gives way to it.
    assert [(g.id, g.in_force_until) for g in found] == [(first.id, starts[1]), (sooner.id, None)]


def test_versions_grow_with_each_publish_and_each_change(database, first):
    with database.read() as connection:
        before = store.versions(connection)
    publish(database, SCHEME, moved(), base=first.id, origin="import", note="")
    with database.write() as connection:
        connection.execute(text("INSERT INTO holder (key, kind, name) VALUES ('h', 'person', '甲')"))
    with database.read() as connection:
        after = store.versions(connection)
    assert after == {**before, f"lines:{SCHEME}": before[f"lines:{SCHEME}"] + 1, "posts": before["posts"] + 1}


def test_a_publish_that_dies_in_the_middle_leaves_nothing(database, first, monkeypatch):
    monkeypatch.setattr(store, "put_in_force", lambda *_: (_ for _ in ()).throw(RuntimeError("power cut")))
    with pytest.raises(RuntimeError, match="power cut"):
        publish(database, SCHEME, moved(), base=first.id, origin="import", note="")
    with database.read() as connection:
        assert [g.id for g in store.listing(connection)] == [first.id]
        assert store.head(connection, SCHEME) == first.id
        assert connection.scalar(text("SELECT count(*) FROM grid_shape")) == 7
    monkeypatch.undo()
    assert publish(database, SCHEME, moved(), base=first.id, origin="import", note="").base == first.id


def test_the_base_is_compared_even_without_one(database, first):
    frame = moved().assign(area_m2=1.0, parent_level=None)
    with pytest.raises(ConflictError), database.load() as connection:
        store.publish(connection, SCHEME, frame, base=None, origin="import", note="", extent=shapely.box(0, 0, 1, 1))


def test_the_same_outline_has_one_name():
    wkb = shapely.to_wkb(shapely.box(0, 0, 1, 1), byte_order=1)
    assert store.shape_hash(wkb) == store.shape_hash(bytes(wkb))
    assert len(store.shape_hash(wkb)) == 16
    assert store.shape_hash(wkb) != store.shape_hash(shapely.to_wkb(shapely.box(0, 0, 1, 2), byte_order=1))
