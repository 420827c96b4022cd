"""Who owns a location, over HTTP: gridmap's full answer beside a bare route of as many bytes, and beside tipg.

All three are served with gridmap's own server settings, each by one process on one core; who asks has the other core.
The database that tipg asks may use both. In a round they are asked one after the other, in turn forward and backward.
"""

import json
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from operator import itemgetter, truediv
from pathlib import Path
from urllib.request import urlopen

import measuring
import numpy as np
import psycopg
import shapely
from measuring import QUICK, spread
from peers import private_cluster
from served import SCHEMA, address

from gridmap.services.demo import load
from gridmap.services.opening import OpenCity, open_city, open_database

NAMES = ("gridmap", "bare", "tipg")
TITLES = ("gridmap, GET /locate, the full answer", "a bare FastAPI route, as many bytes", "tipg, items by point")
ROUNDS = 3 if QUICK else 9
SECONDS = 1 if QUICK else 3
CONNECTIONS = 16
POINTS = 500 if QUICK else 5_000
HERE = Path(__file__).parent
TICK = os.sysconf("SC_CLK_TCK")
GRIDS = f"""
    CREATE SCHEMA {SCHEMA};
    CREATE TABLE {SCHEMA}.grid AS
        SELECT gg.grid_id AS id, gg.level, gg.code, gg.name, s.geom
        FROM generation_grid gg JOIN grid_shape s ON s.id = gg.shape_id WHERE gg.grid_id = ANY(%s);
    ALTER TABLE {SCHEMA}.grid ADD PRIMARY KEY (id);
    CREATE INDEX ON {SCHEMA}.grid USING gist (geom);
    ANALYZE {SCHEMA}.grid
"""


def points_in(city: OpenCity) -> list[tuple[float, float]]:
    """Draw points at random over the ground of the city."""
    lines = city.keeper.snapshot().lines
    ground = shapely.union_all([lines.outlines[int(leaf)] for leaf in lines.leaves])
    rng = np.random.default_rng(7)
    west, south, east, north = ground.bounds
    lon, lat = rng.uniform(west, east, 4 * POINTS).round(7), rng.uniform(south, north, 4 * POINTS).round(7)
    inside = shapely.contains_xy(ground, lon, lat)
    return list(zip(lon[inside].tolist(), lat[inside].tolist(), strict=True))[:POINTS]


def prepared(url: str) -> list[tuple[float, float]]:
    """Load the demo city into a database, lay its leaves out for tipg, and draw the points."""
    database = open_database(url, city="demo")
    load(database, seed=1, scale=1)
    city = open_city(database)
    points, leaves = points_in(city), city.keeper.snapshot().lines.leaves.tolist()
    city.close()
    with psycopg.connect(url, autocommit=True) as link:
        for command in GRIDS.split(";"):
            link.execute(command, [leaves] if "%s" in command else None)
    return points


def free_port() -> int:
    """Find a port that nobody uses."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return listening.getsockname()[1]


@contextmanager
def served(name: str, given: str, path: str) -> Iterator[tuple[int, int, int]]:
    """Serve one of them; give its process, its port, and the length of its answer at a path."""
    port = free_port()
    process = subprocess.Popen([sys.executable, HERE / "served.py", name, given, str(port)])
    try:
        yield process.pid, port, len(first_answer(process, f"http://127.0.0.1:{port}{path}"))
    finally:
        process.terminate()
        process.wait()


def first_answer(process: subprocess.Popen, url: str) -> bytes:
    """Ask until an answer comes."""
    until = time.monotonic() + 120
    while True:
        try:
            with urlopen(url) as answer:
                return answer.read()
        except OSError:
            if process.poll() is not None or time.monotonic() > until:
                raise
            time.sleep(0.1)


def cpu_seconds(process: int) -> float:
    """Tell how long a process has had a core."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def asked(process: int, port: int, core: int, addresses: str, seconds: float) -> dict[str, float]:
    """Ask for some seconds from another process on a core of its own; the server's time a question is told as well."""
    before = cpu_seconds(process)
    done = subprocess.run(
        [sys.executable, HERE / "asking.py", str(port), str(seconds), str(CONNECTIONS)],
        input=addresses, capture_output=True, text=True, check=True,
        preexec_fn=partial(os.sched_setaffinity, 0, {core}),
    )  # fmt: skip
    told: dict[str, float] = json.loads(done.stdout)
    return {**told, "cpu": (cpu_seconds(process) - before) / told["answers"] * 1e6}


def measured(url: str, points: list[tuple[float, float]]) -> tuple[dict[str, list[dict[str, float]]], int]:
    """Ask all of them in rounds; give what was told by round, and the length of gridmap's answer."""
    cores = sorted(os.sched_getaffinity(0))
    addresses = {name: "\n".join(address(name, *point) for point in points) for name in NAMES}
    one = {name: lines.partition("\n")[0] for name, lines in addresses.items()}
    rounds: dict[str, list[dict[str, float]]] = {name: [] for name in NAMES}
    with ExitStack() as stack:
        here = {"gridmap": stack.enter_context(served("gridmap", url, one["gridmap"]))}
        size = here["gridmap"][2]
        here["bare"] = stack.enter_context(served("bare", str(size), one["bare"]))
        here["tipg"] = stack.enter_context(served("tipg", url, one["tipg"]))
        for process, _, _ in here.values():
            for thread in Path(f"/proc/{process}/task").iterdir():
                os.sched_setaffinity(int(thread.name), {cores[0]})
        for turn in range(-1, ROUNDS):
            for name in NAMES if turn % 2 else NAMES[::-1]:
                process, port, _ = here[name]
                told = asked(process, port, cores[-1], addresses[name], SECONDS)
                if turn >= 0:  # the first turn warms up
                    rounds[name].append(told)
    return rounds, size


def main() -> None:
    with private_cluster() as cluster:
        cluster.ensure_database("gridmap_demo")
        url = cluster.url("gridmap_demo").replace("+psycopg", "")
        points = prepared(url)
        rounds, size = measured(url, points)
    ours, rows = rounds["gridmap"], []
    for name, title in zip(NAMES, TITLES, strict=True):
        theirs = rounds[name]
        cells = [spread(map(itemgetter(key), theirs)) for key in ("rate", "p50", "p99", "cpu")]
        ratios = [
            spread(map(truediv, map(itemgetter(key), ours), map(itemgetter(key), theirs))) + " ×"
            for key in ("rate", "p99")
        ]
        rows.append([title, *cells, *(ratios if name != "gridmap" else ["", ""])])
    busy = statistics.median(told["busy"] for told in rounds["bare"])
    measuring.write(
        "http",
        "One location over HTTP",
        ["", "answers/s", "p50 ms", "p99 ms", "server CPU µs", "gridmap: answers/s", "gridmap: p99"],
        rows,
        [
            (
                f"Least–median–greatest of {ROUNDS} rounds of {SECONDS} s, {CONNECTIONS} connections kept alive; × is"
                " the ratio within a round."
            ),
            (
                f"{len(points):,} random points in the demo city. gridmap's answer has about {size:,} bytes and the"
                " bare route's as many; tipg's names the grid, without its outline."
            ),
            (
                "Each is one process on one core, with the settings of `gridmap up`; who asks has another core, and"
                f" was busy for {busy:.0%} of the time beside the bare route."
            ),
            "Server CPU is that of the serving process for one answer; to tipg's, PostgreSQL's is to be added.",
            measuring.versions("fastapi", "uvicorn", "httptools", "uvloop", "tipg") + ".",
        ],
    )


if __name__ == "__main__":
    main()
