"""Clusters and databases for tests; the fixtures in conftest.py hand them out."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

from gridmap.store.cluster import Cluster, default_data_dir

# what a test database must survive is a killed process, not a power cut
TEST_SETTINGS = {"fsync": "off", "shared_buffers": "128MB", "max_connections": "200"}


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Let one test worker at a time in."""
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def cluster_dir(name: str) -> Path:
    """Make a data folder short enough for a socket, which the server's user can reach."""
    folder = Path(tempfile.gettempdir()) / name
    folder.mkdir(mode=0o755, exist_ok=True)
    # where set-up had to unpack PostgreSQL, the tests use the same
    unpacked = Path(os.environ.get("GRIDMAP_DATA_DIR") or default_data_dir()) / "system"
    if unpacked.is_dir() and not (folder / "system").exists():
        (folder / "system").symlink_to(unpacked)
    return folder


def leave_cluster(folder: Path) -> None:
    """Stop and remove a run's cluster when none of the processes that used it lives any more."""
    users = folder / "users"
    with locked(folder.with_suffix(".lock")):
        for user in users.iterdir() if users.is_dir() else ():
            if user.name == str(os.getpid()) or not Path("/proc", user.name).exists():
                user.unlink()
        if not users.is_dir() or any(users.iterdir()):
            return
        Cluster(folder).stop()
        shutil.rmtree(folder, ignore_errors=True)
        folder.with_suffix(".lock").unlink(missing_ok=True)


def make_database(cluster: Cluster, name: str, template: str | None = None) -> str:
    """Make a database, as a copy of a template when one is named; return its address."""
    if template is None:
        cluster.ensure_database(name)
        return cluster.url(name)
    with psycopg.connect(host=str(cluster.socket_dir), user="gridmap", dbname="postgres", autocommit=True) as link:
        link.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template)))
    return cluster.url(name)


def drop_database(cluster: Cluster, name: str) -> None:
    """Drop a database, whoever is still connected."""
    with psycopg.connect(host=str(cluster.socket_dir), user="gridmap", dbname="postgres", autocommit=True) as link:
        link.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def rename_database(cluster: Cluster, old: str, new: str) -> None:
    """Give a database its name when it is whole, so that a killed run leaves none that only looks so."""
    with psycopg.connect(host=str(cluster.socket_dir), user="gridmap", dbname="postgres", autocommit=True) as link:
        link.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(old), sql.Identifier(new)))
