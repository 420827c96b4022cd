"""What all tests share: one private PostGIS for the whole run, and fresh databases in it."""

import os
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gridmap.store.cluster import Cluster
from tests.clusters import TEST_SETTINGS, cluster_dir, drop_database, leave_cluster, locked, make_database


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
