"""What all tests share: one private PostGIS for the whole run, and fresh databases in it."""

import os
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gridmap.model.words import Text
from gridmap.services.demo import load
from gridmap.services.generations import publish
from gridmap.services.opening import OpenCity, open_city, open_database
from gridmap.store import schema
from gridmap.store.cluster import Cluster
from gridmap.store.database import Database
from tests.clusters import (
    TEST_SETTINGS,
    cluster_dir,
    drop_database,
    leave_cluster,
    locked,
    make_database,
    rename_database,
)


@pytest.fixture(scope="session")
def run_uid(request: pytest.FixtureRequest) -> str:
    """Name of this run, the same in all its workers."""
    worker = getattr(request.config, "workerinput", None)
    if worker is not None:
        return str(worker["testrunuid"])[:12]
    return uuid.uuid4().hex[:12]


@pytest.fixture(scope="session")
def cluster(run_uid: str) -> Iterator[Cluster]:
    """One cluster for the whole run, started by whichever worker comes first; the last one to leave stops it."""
    home = Path(tempfile.gettempdir())
    for abandoned in home.glob("gridmap-test-*"):
        if abandoned.is_dir() and abandoned.stat().st_uid == os.geteuid():
            leave_cluster(abandoned)
    folder = home / f"gridmap-test-{run_uid}"
    with locked(folder.with_suffix(".lock")):
        one = Cluster(cluster_dir(folder.name), settings=TEST_SETTINGS)
        (folder / "users").mkdir(exist_ok=True)
        (folder / "users" / str(os.getpid())).touch()
        one.start()
    yield one
    leave_cluster(folder)


@pytest.fixture
def fresh_database(cluster: Cluster) -> Iterator[Callable[..., str]]:
    """Return a function that makes a new empty database, or a copy of a template, and gives its address.

    All of them are dropped after the test.
    """
    made: list[str] = []

    def make(template: str | None = None) -> str:
        name = f"t_{uuid.uuid4().hex[:16]}"
        made.append(name)
        return make_database(cluster, name, template)

    yield make
    for name in made:
        drop_database(cluster, name)


@pytest.fixture(scope="session")
def migrated(cluster: Cluster, run_uid: str) -> str:
    """Name of a database with the newest schema, made once a run, to copy from."""
    name = f"template_{run_uid}"
    with locked(Path(tempfile.gettempdir()) / f"gridmap-test-{run_uid}.template"):
        if not cluster.has_database(name):
            scratch = f"new_{name}"
            one = Database(make_database(cluster, scratch))
            schema.migrate(one.import_engine)
            with one.load() as connection:
                schema.write_city(connection, "own", Text("试验城", "Test city"), invented=False, zone="Asia/Shanghai")
            one.close()
            rename_database(cluster, scratch, name)
    return name


@pytest.fixture
def database(fresh_database: Callable[..., str], migrated: str) -> Iterator[Database]:
    """Return an empty city of the test's own, with the newest schema."""
    one = Database(fresh_database(migrated))
    yield one
    one.close()


@pytest.fixture
def put(database):
    """Return a function that publishes a frame, based on the generation published last."""
    head = None

    def publish_next(frame, start=None):
        nonlocal head
        made = publish(database, "governance", frame, base=head, origin="import", note="", in_force_from=start)
        head = made.id
        return made

    return publish_next


@pytest.fixture(scope="session")
def demo_url(cluster: Cluster, run_uid: str, migrated: str) -> str:
    """Address of the demo city, loaded once a run; tests only read it."""
    name = f"demo_{run_uid}"
    with locked(Path(tempfile.gettempdir()) / f"gridmap-test-{run_uid}.demo"):
        if not cluster.has_database(name):
            scratch = f"new_{name}"
            one = open_database(make_database(cluster, scratch), city="demo")
            load(one, seed=1, scale=1)
            one.close()
            rename_database(cluster, scratch, name)
    return cluster.url(name)


@pytest.fixture(scope="session")
def demo(demo_url: str) -> Iterator[OpenCity]:
    """Return the demo city, open to be asked; tests only read it."""
    one = open_city(Database(demo_url))
    yield one
    one.close()
