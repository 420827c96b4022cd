"""The demo city comes once, and never into a real one."""

import pytest
from sqlalchemy import text

from gridmap.model.errors import ConflictError, InputError
from gridmap.services.demo import load
from gridmap.services.opening import open_database


def test_a_real_city_is_left_alone(database):
    with pytest.raises(InputError, match="real city"):
        load(database, seed=1, scale=1)
    with database.read() as connection:
        assert connection.scalar(text("SELECT count(*) FROM grid")) == 0


def test_a_second_load_adds_nothing(demo):
    again = load(demo.database, seed=1, scale=1)
    assert not again.added
    with demo.database.read() as connection:
        assert again.counts["incidents"] == connection.scalar(text("SELECT count(*) FROM incident"))
        assert again.counts["grids"] == connection.scalar(text("SELECT grids FROM generation ORDER BY id DESC LIMIT 1"))
        assert connection.scalar(text("SELECT count(*) FROM generation")) == 1


def test_a_load_that_was_cut_short_goes_on(cluster, fresh_database, monkeypatch):
    from gridmap.services import demo as module

    database = open_database(fresh_database(), city="demo")
    monkeypatch.setattr(module.incidents, "merge", lambda *_: (_ for _ in ()).throw(ConflictError("cut")))
    with pytest.raises(ConflictError):
        load(database, seed=1, scale=1)
    with database.read() as connection:
        assert connection.scalar(text("SELECT count(*) FROM place")) == 0
        assert connection.scalar(text("SELECT count(*) FROM generation")) == 1
    monkeypatch.undo()
    assert load(database, seed=1, scale=1).added
    with database.read() as connection:
        assert connection.scalar(text("SELECT count(*) FROM generation")) == 1
        assert connection.scalar(text("SELECT count(*) FROM incident")) > 0
    database.close()
