"""Publishing by what differs: the rest is taken over row by row, and a publication cut short leaves nothing."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text

from gridmap.model.errors import UnavailableError
from gridmap.model.words import Text
from gridmap.services import plans
from gridmap.services.checking import check
from gridmap.services.generations import publish
from gridmap.services.opening import open_city
from gridmap.store import generations, redrawing, schema
from gridmap.store.cluster import Cluster
from gridmap.store.database import Database
from tests.clusters import TEST_SETTINGS, cluster_dir, leave_cluster
from tests.services.planners import AUTHOR, REVIEWER, approved, draw
from tests.services.squares import town

TABLES = ("generation", "generation_grid", "generation_validity", "grid", "grid_shape", "grid_code", "pointer")


@pytest.fixture
def city(database):
    publish(database, "governance", town(), base=None, origin="import", note="")
    one = open_city(database)
    yield one
    one.keeper.close()


@pytest.fixture
def plan(city):
    """A plan that waits to be published: B is split, and A1a has another name."""
    return waiting(city)


def waiting(city):
    grids = {grid.name: grid.id for grid in city.keeper.snapshot().lines.grids.values()}
    number = plans.open_plan(city, "governance", "改", AUTHOR)["id"]
    draw(city, number, "split", grid=grids["B格"], line=[(3, -0.5), (3, 2.5)])
    draw(city, number, "rename", grid=grids["A1a格"], name="甲格")
    approved(city, number)
    return number


def rows(database):
    with database.read() as connection:
        return {name: connection.scalar(text(f"SELECT count(*) FROM {name}")) for name in TABLES}


def test_only_what_differs_is_written(city, plan):
    before = rows(city.database)
    made = plans.publish(city, plan, REVIEWER)["generation"]
    after = rows(city.database)
    assert {name: after[name] - before[name] for name in TABLES} == {
        "generation": 1,
        "generation_grid": 8,
        "generation_validity": 2,  # what was believed of the old lines ends, and they end
        "grid": 1,
        "grid_shape": 2,  # the two halves
        "grid_code": 0,
        "pointer": 0,
    }
    with city.database.read() as connection:
        base = generations.frame(connection, made - 1).set_index("id")
        redrawn = generations.frame(connection, made).set_index("id")
    same = base.index.intersection(redrawn.index)
    untouched = [grid for grid in same if redrawn.loc[grid, "name"] not in {"B格", "甲格"}]
    assert all(base.loc[g].geometry.equals_exact(redrawn.loc[g].geometry, 0.0) for g in untouched)
    assert len(untouched) == 5
    assert all(finding.holds for finding in check(city.database))


def test_one_that_fails_at_the_end_leaves_nothing(city, plan, monkeypatch):
    before = rows(city.database)
    monkeypatch.setattr(redrawing, "put_in_force", lambda *_: (_ for _ in ()).throw(RuntimeError("power cut")))
    with pytest.raises(RuntimeError):
        plans.publish(city, plan, REVIEWER)
    assert rows(city.database) == before
    monkeypatch.undo()
    assert plans.publish(city, plan, REVIEWER)["state"] == "published"


def waits(database):
    """Wait until a publication has written all and waits for the pointer."""
    query = """
        SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)
        WHERE NOT granted AND application_name = 'gridmap-import' AND relation = 'pointer'::regclass
    """
    for _ in range(2_000):
        with database.read() as connection:
            if connection.scalar(text(query)):
                return
        threading.Event().wait(0.02)
    raise AssertionError("the publication never came that far")


@pytest.mark.kill
class TestKilled:
    def test_the_publisher(self, city, plan):
        before = rows(city.database)
        code = (
            "import sys; from gridmap.services.opening import open_city; from gridmap.services import plans;"
            "from gridmap.store.database import Database; city = open_city(Database(sys.argv[1]));"
            "plans.publish(city, int(sys.argv[2]), '李工', key='once')"
        )
        command = [sys.executable, "-c", code, city.database.url, str(plan)]
        root = Path(__file__).parents[2]
        with city.database.write() as blocker:
            blocker.execute(text("LOCK TABLE pointer IN SHARE MODE"))
            publisher = subprocess.Popen(command, cwd=root)
            waits(city.database)
            publisher.kill()
            publisher.wait()
        assert rows(city.database) == before
        for _ in range(2):  # sent again it is done, and once
            subprocess.run(command, cwd=root, check=True)
        assert rows(city.database)["generation"] == before["generation"] + 1
        assert all(finding.holds for finding in check(city.database))

    def test_postgres(self, tmp_path):
        folder = cluster_dir(f"gridmap-test-kill-{os.getpid()}-{tmp_path.name[-6:]}")
        cluster = Cluster(folder, settings=TEST_SETTINGS)
        cluster.start()
        cluster.ensure_database("gridmap")
        database = Database(cluster.url("gridmap"))
        schema.migrate(database.import_engine)
        with database.load() as connection:
            schema.write_city(connection, "own", Text("试验城", "Test city"), invented=False, zone="Asia/Shanghai")
        publish(database, "governance", town(), base=None, origin="import", note="")
        city = open_city(database)
        plan = waiting(city)
        before = rows(database)
        broken = []

        def run():
            try:
                plans.publish(city, plan, REVIEWER, key="once")
            except UnavailableError as error:
                broken.append(error)

        with psycopg.connect(host=str(cluster.socket_dir), user="gridmap", dbname="gridmap") as blocker:
            blocker.execute("LOCK TABLE pointer IN SHARE MODE")
            publishing = threading.Thread(target=run)
            publishing.start()
            waits(database)
            os.kill(cluster.status().pid, signal.SIGKILL)
            publishing.join(timeout=60)
            blocker.close()
        database.close()
        cluster.start()
        try:
            assert len(broken) == 1
            assert rows(database) == before
            told = [plans.publish(city, plan, REVIEWER, key="once")["generation"] for _ in range(2)]
            assert told[0] == told[1]
            assert all(finding.holds for finding in check(database))
        finally:
            city.keeper.close()
            database.close()
            leave_cluster(folder)
