"""The town of squares in a database of its own, open to be asked."""

import uuid
from datetime import UTC, datetime

import pytest

from gridmap.services.generations import publish
from gridmap.services.opening import open_city
from gridmap.store.database import Database
from tests.clusters import drop_database, make_database
from tests.services.squares import town

SINCE = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def square_city(database, put):
    """Return the town, open."""
    put(town(), start=SINCE)
    one = open_city(database)
    yield one
    one.keeper.close()


@pytest.fixture(scope="module")
def shared_city(cluster, migrated):
    """Return the town, open, one for all tests of a module; they only read it."""
    name = f"shared_{uuid.uuid4().hex[:12]}"
    database = Database(make_database(cluster, name, migrated))
    publish(database, "governance", town(), base=None, origin="import", note="", in_force_from=SINCE)
    one = open_city(database)
    yield one
    one.close()
    drop_database(cluster, name)


@pytest.fixture
def ids(square_city):
    """Permanent ids of the town's grids by key."""
    lines = square_city.keeper.snapshot().lines
    return {grid.name.removesuffix("格"): grid.id for grid in lines.grids.values()}
