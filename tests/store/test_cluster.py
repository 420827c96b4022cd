"""The private PostGIS: started once, shared, and back after every kill."""

import fcntl
import os
import pwd
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine, text

from gridmap.model.errors import SetupError, UnavailableError
from gridmap.store import _postgres_programs as programs
from gridmap.store.cluster import Cluster, default_data_dir
from tests.clusters import cluster_dir, make_database


@pytest.fixture
def own() -> Iterator[Cluster]:
    """A cluster of this test alone, not started."""
    one = Cluster(cluster_dir(f"gridmap-own-{uuid.uuid4().hex[:8]}"), settings={"shared_buffers": "16MB"})
    yield one
    one.stop()
    shutil.rmtree(one.data_dir)


def connect(cluster: Cluster, database: str = "postgres") -> psycopg.Connection:
    return psycopg.connect(host=str(cluster.socket_dir), user="gridmap", dbname=database, autocommit=True)


def in_another_process(cluster: Cluster) -> subprocess.Popen[str]:
    code = (
        "import sys; from pathlib import Path; from gridmap.store.cluster import Cluster;"
        "c = Cluster(Path(sys.argv[1])); c.start(); print(c.status().pid)"
    )
    command = [sys.executable, "-c", code, str(cluster.data_dir)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def wait_gone(pid: int) -> None:
    deadline = time.monotonic() + 10
    while Path("/proc", str(pid)).exists() and time.monotonic() < deadline:
        time.sleep(0.02)


class TestStart:
    def test_states_from_absent_to_stopped(self, own):
        assert own.status().state == "absent"
        own.start()
        assert own.status().state == "running"
        assert own.status().version.split(".")[0] == (own.data_dir / "postgres/data/PG_VERSION").read_text().strip()
        own.stop()
        own.stop()
        assert own.status().state == "stopped"
        assert own.status().pid is None

    def test_two_processes_at_once_share_one_server(self, own):
        both = [in_another_process(own), in_another_process(own)]
        said = [process.communicate(timeout=60)[0].strip() for process in both]
        assert [process.returncode for process in both] == [0, 0], said
        assert said[0] == said[1] == str(own.status().pid)

    def test_joins_the_running_one(self, own):
        own.start()
        pid = own.status().pid
        Cluster(own.data_dir).start()
        assert own.status().pid == pid

    def test_a_half_made_folder_is_made_anew(self, own):
        own.start()
        own.stop()
        home = own.data_dir / "postgres"
        (home / "data").rename(home / "data.new")
        (home / "data.new" / "PG_VERSION").unlink()
        own.start()
        assert own.status().running
        assert not (home / "data.new").exists()

    def test_a_swept_away_socket_is_put_back(self, own):
        own.start()
        (own.socket_dir / ".s.PGSQL.5432").unlink()
        own.start()
        assert own.status().running

    def test_a_long_path_gets_a_short_socket(self):
        deep = Cluster(Path("/tmp") / ("long-" * 30))
        assert len(os.fsencode(deep.socket_dir / ".s.PGSQL.5432")) <= 107
        near = Cluster(Path("/tmp/short"))
        assert near.socket_dir == Path("/tmp/short/postgres/run")

    def test_a_long_path_starts(self):
        folder = cluster_dir(f"gridmap-own-{uuid.uuid4().hex[:8]}{'-long' * 20}")
        deep = Cluster(folder)
        try:
            deep.start()
            assert deep.status().running
        finally:
            deep.stop()
            shutil.rmtree(folder)
            shutil.rmtree(deep.socket_dir)

    def test_a_path_that_cannot_be_quoted_is_refused(self):
        with pytest.raises(SetupError, match="choose another"):
            Cluster(Path('/tmp/a"b'))


class TestSettings:
    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("listen_addresses", ""),
            ("data_checksums", "on"),
            ("server_encoding", "UTF8"),
            ("lc_ctype", "C.UTF-8"),
            ("TimeZone", "UTC"),
        ],
    )
    def test_is_set(self, cluster, name, value):
        with connect(cluster) as link:
            assert link.execute("SELECT current_setting(%s)", [name]).fetchone() == (value,)

    def test_writes_reach_the_disk_unless_told_otherwise(self, own):
        own.start()
        with connect(own) as link:
            assert link.execute("SELECT current_setting('fsync')").fetchone() == ("on",)


class TestDatabase:
    def test_has_the_extensions_and_chinese_trigrams(self, fresh_database: Callable[..., str]):
        engine = create_engine(fresh_database())
        with engine.connect() as link:
            held = set(link.execute(text("SELECT extname FROM pg_extension")).scalars())
            grams = link.execute(text("SELECT cardinality(show_trgm('南京西路'))")).scalar()
            covered = link.execute(text("SELECT ST_Covers(ST_MakeEnvelope(0,0,1,1), ST_Point(1,1))")).scalar()
        engine.dispose()
        assert {"postgis", "pg_trgm", "btree_gist"} <= held
        assert grams > 0
        assert covered is True

    def test_a_copy_holds_what_its_template_holds(self, cluster, fresh_database: Callable[..., str]):
        template = f"template_{uuid.uuid4().hex[:8]}"
        make_database(cluster, template)
        with connect(cluster, template) as link:
            link.execute("CREATE TABLE kept (n int)")
        engine = create_engine(fresh_database(template))
        with engine.connect() as link:
            assert link.execute(text("SELECT count(*) FROM kept")).scalar() == 0
        engine.dispose()

    def test_twice_is_once(self, own):
        own.start()
        own.ensure_database("city")
        own.ensure_database("city")
        with connect(own, "city") as link:
            assert link.execute("SELECT current_database()").fetchone() == ("city",)

    @pytest.mark.parametrize("name", ["", "City", "a-b", 'x"; DROP', "x" * 64, "1a"])
    def test_other_names_are_refused(self, cluster, name):
        with pytest.raises(ValueError, match="not a database name"):
            cluster.ensure_database(name)

    def test_without_a_server_says_so(self, own):
        with pytest.raises(UnavailableError):
            own.ensure_database("city")


@pytest.mark.kill
class TestKill:
    def test_what_was_committed_is_there_after_kill_9(self, own):
        own.start()
        with connect(own) as link:
            link.execute("CREATE TABLE kept (n int)")
            link.execute("INSERT INTO kept SELECT generate_series(1, 1000)")
            pid = own.status().pid
            os.kill(pid, signal.SIGKILL)
        own.start()
        assert own.status().pid != pid
        with connect(own) as link:
            assert link.execute("SELECT count(*), sum(n) FROM kept").fetchone() == (1000, 500500)

    def test_the_server_outlives_whoever_started_it(self, own):
        starter = in_another_process(own)
        pid = int(starter.stdout.readline())
        starter.kill()
        starter.communicate()
        assert own.status().running
        assert own.status().pid == pid

    def test_a_starter_killed_half_way_leaves_nothing_in_the_way(self, own):
        starter = in_another_process(own)
        deadline = time.monotonic() + 30
        while not (own.data_dir / "postgres/data.new").exists() and time.monotonic() < deadline:
            time.sleep(0.005)
        initdb = int(Path(f"/proc/{starter.pid}/task/{starter.pid}/children").read_text().split()[0])
        os.kill(initdb, signal.SIGSTOP)
        starter.kill()
        starter.wait()
        try:  # the orphan still writes: nobody may begin anew beside it
            with (own.data_dir / "postgres/lock").open("rb") as lock, pytest.raises(BlockingIOError):
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        finally:
            os.kill(initdb, signal.SIGCONT)
        starter.stdout.close()
        own.start()
        assert own.status().running

    def test_a_pid_that_went_to_another_process(self, own):
        """The trap: the number in the stale file lives again, as another process of the server's user."""
        own.start()
        pid = own.status().pid
        os.kill(pid, signal.SIGKILL)
        wait_gone(pid)
        home = own.data_dir / "postgres"
        owner = home.stat()
        other = subprocess.Popen(
            ["/bin/sleep", "60"], user=owner.st_uid if os.geteuid() == 0 else None, cwd="/", start_new_session=True
        )
        try:
            for stale in (home / "data/postmaster.pid", own.socket_dir / ".s.PGSQL.5432.lock"):
                lines = stale.read_text().splitlines()
                stale.write_text("\n".join([str(other.pid), *lines[1:], ""]))
            own.start()
            assert own.status().running
            assert own.status().pid != other.pid
        finally:
            other.kill()
            other.wait()

    def test_garbage_in_the_pid_file(self, own):
        own.start()
        own.stop()
        (own.data_dir / "postgres/data/postmaster.pid").write_text("99999999\n")
        own.start()
        assert own.status().running


class TestStrangers:
    def test_another_user_cannot_reach_the_socket(self, cluster):
        if os.geteuid() != 0:
            folder = (cluster.data_dir / "postgres").stat()
            assert folder.st_mode & 0o077 == 0
            return
        done = self._as_nobody(cluster)
        assert done.returncode != 0
        assert "Permission denied" in done.stdout

    def test_nor_through_an_opened_door(self, own):
        """Even with every folder open the server asks the kernel who is there."""
        own.start()
        if os.geteuid() != 0:
            rules = (own.data_dir / "postgres/access/hba").read_text()
            assert rules == "local all all peer map=gridmap\n"
            return
        for folder in (own.data_dir / "postgres", own.socket_dir):
            folder.chmod(0o755)
        (own.socket_dir / ".s.PGSQL.5432").chmod(0o777)
        done = self._as_nobody(own)
        assert done.returncode != 0
        assert "authentication failed" in done.stdout

    @staticmethod
    def _as_nobody(cluster: Cluster) -> subprocess.CompletedProcess[str]:
        psql = programs.find_programs([Path("/"), cluster.data_dir / "system"]).bin / "psql"
        nobody = pwd.getpwnam("nobody")
        return subprocess.run(
            [psql, "-h", cluster.socket_dir, "-U", "gridmap", "-d", "postgres", "-c", "SELECT 1"],
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd="/",
            env={"PATH": "/usr/bin:/bin"},
            user=nobody.pw_uid,
            group=nobody.pw_gid,
            extra_groups=[],
        )

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to somebody else")
    def test_a_folder_of_somebody_else_is_refused(self, own):
        own.start()
        nobody = pwd.getpwnam("nobody")
        assert own.status().user != "nobody"
        pid = os.fork()
        if pid == 0:  # a child that becomes nobody: its exit code is the answer
            os.setgid(nobody.pw_gid)
            os.setuid(nobody.pw_uid)
            try:
                Cluster(own.data_dir).start()
            except SetupError:
                os._exit(42)
            os._exit(1)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 42


class TestPrograms:
    @staticmethod
    def install(root: Path, major: int, *, postgis: bool = True) -> None:
        folder = root / f"usr/lib/postgresql/{major}/bin"
        folder.mkdir(parents=True)
        for name in ("initdb", "pg_ctl", "postgres"):
            (folder / name).write_text("#!/bin/sh\n")
            (folder / name).chmod(0o755)
        if postgis:
            control = root / f"usr/share/postgresql/{major}/extension/postgis.control"
            control.parent.mkdir(parents=True)
            control.touch()

    def test_the_newest_is_taken(self, tmp_path):
        self.install(tmp_path, 15)
        self.install(tmp_path, 17)
        self.install(tmp_path, 18, postgis=False)
        assert programs.find_programs([tmp_path]).major == 17

    def test_the_data_folders_version_is_taken(self, tmp_path):
        self.install(tmp_path, 15)
        self.install(tmp_path, 17)
        assert programs.find_programs([tmp_path], 15).major == 15

    def test_missing(self, tmp_path):
        with pytest.raises(SetupError, match="PostgreSQL with PostGIS is missing: run `make setup`"):
            programs.find_programs([tmp_path])

    def test_too_old(self, tmp_path):
        self.install(tmp_path, 14)
        with pytest.raises(SetupError, match="is missing"):
            programs.find_programs([tmp_path])

    def test_without_postgis(self, tmp_path):
        self.install(tmp_path, 16, postgis=False)
        with pytest.raises(SetupError, match="postgresql-16-postgis-3"):
            programs.find_programs([tmp_path])

    def test_another_version_than_the_data(self, tmp_path):
        self.install(tmp_path, 17)
        with pytest.raises(SetupError, match="made by PostgreSQL 15, but this machine has 17"):
            programs.find_programs([tmp_path], 15)

    def test_each_message_is_one_line(self, tmp_path):
        with pytest.raises(SetupError) as caught:
            programs.find_programs([tmp_path])
        assert "\n" not in str(caught.value)

    def test_unpacked_ones_are_told_where_their_libraries_are(self, tmp_path):
        self.install(tmp_path, 15)
        (tmp_path / "usr/lib/x86_64-linux-gnu/blas").mkdir(parents=True)
        found = programs.find_programs([tmp_path]).environment
        assert str(tmp_path / "usr/lib/x86_64-linux-gnu/blas") in found["LD_LIBRARY_PATH"].split(":")
        assert found["PROJ_LIB"] == str(tmp_path / "usr/share/proj")

    def test_installed_ones_need_nothing(self):
        assert programs._environment(Path("/")) == {}


class TestDefaultDataDir:
    def test_root(self, monkeypatch):
        monkeypatch.setattr(os, "geteuid", lambda: 0)
        assert default_data_dir() == Path("/var/lib/gridmap")

    def test_others(self, monkeypatch):
        monkeypatch.setattr(os, "geteuid", lambda: 1000)
        monkeypatch.setenv("XDG_DATA_HOME", "/x/share")
        assert default_data_dir() == Path("/x/share/gridmap")

    def test_a_relative_xdg_folder_is_ignored(self, monkeypatch):
        monkeypatch.setattr(os, "geteuid", lambda: 1000)
        monkeypatch.setenv("XDG_DATA_HOME", "share")
        monkeypatch.setenv("HOME", "/home/li")
        assert default_data_dir() == Path("/home/li/.local/share/gridmap")
