"""Owners on Spark: two executors say what this process says, and what goes wrong is told and leaves nothing behind."""

import json
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark import SparkContext

from gridmap.batch.locate import add_owners
from gridmap.model.errors import InputError, NotFoundError, UnavailableError
from gridmap.spatial.datums import from_wgs84
from gridmap.spatial.owners import STATUSES, plain_texts

FOUR_FILES = 4


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """Have Spark write its events into a folder, and wait for all executors before it begins."""
    folder = tmp_path_factory.mktemp("spark")
    conf = {
        "spark.eventLog.enabled": "true",
        "spark.eventLog.compress": "false",
        "spark.eventLog.dir": (folder / "events").as_uri(),
        "spark.scheduler.minRegisteredResourcesRatio": "1.0",
    }
    (folder / "events").mkdir()
    (folder / "spark-defaults.conf").write_text("".join(f"{key} {value}\n" for key, value in conf.items()))
    before = os.environ.get("SPARK_CONF_DIR")
    os.environ["SPARK_CONF_DIR"] = str(folder)
    end_java()  # one that tests before this one left would not read it
    yield folder / "events"
    if before is None:
        del os.environ["SPARK_CONF_DIR"]
    else:
        os.environ["SPARK_CONF_DIR"] = before


def end_java():
    """End the Java that pyspark keeps for the next session of this process."""
    gateway = SparkContext._gateway
    if gateway is not None:
        SparkContext._gateway = SparkContext._jvm = None
        gateway.shutdown()
        gateway.proc.stdin.close()
        gateway.proc.wait()


@pytest.fixture
def source(spots, tmp_path):
    """Return a folder of four files with the rows."""
    folder = tmp_path / "spots [1].parquet"
    folder.mkdir()
    for i in range(FOUR_FILES):
        part = spots.num_rows // FOUR_FILES
        pq.write_table(spots.slice(i * part, part), folder / f"{i}.parquet")
    return folder


def ask(table, source, target, datum="wgs84", master="local[1]", **options):
    options = {"x": "lon", "y": "lat", **options}
    return add_owners(table, str(source), str(target), datum=datum, master=master, **options)


def executors(events):
    """List the executors that ran a task, by what Spark wrote down."""
    lines = [line for path in events.rglob("events_*") for line in path.read_text().splitlines()]
    found = [json.loads(line) for line in lines]
    return {event["Task Info"]["Executor ID"] for event in found if event["Event"] == "SparkListenerTaskEnd"}


def listening():
    """List the addresses on which programs listen that this process started: as in /proc/net, low byte first."""
    children = {os.getpid()}
    parents = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents[int(path.parent.name)] = int(fields[1])
    while more := {pid for pid, parent in parents.items() if parent in children} - children:
        children |= more
    sockets = set()
    for pid in children - {os.getpid()}:
        try:
            sockets |= {str(path.readlink()) for path in Path(f"/proc/{pid}/fd").iterdir()}
        except OSError:
            continue
    found = set()
    for name in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and f"socket:[{fields[9]}]" in sockets:
                found.add(fields[1].partition(":")[0])
    return found


LOOPBACK = {"0100007F", "0000000000000000FFFF00000100007F", "00000000000000000000000001000000"}


def test_two_executors_say_what_this_process_says(table, spots, source, tmp_path, recorded, capfd):
    told, heard = [], set()

    def tell(done, total):
        told.append((done, total))
        heard.update(listening())

    target = tmp_path / "owned"
    counts = ask(table, source, target, master="local-cluster[2,1,1024]", on_progress=tell)
    expected = plain_texts(table.add_to(spots.combine_chunks().to_batches()[0], "wgs84", "lon", "lat"))
    found = pq.read_table(target)
    assert found.schema.names == ["n", "lon", "lat", "Status", *expected.schema.names[4:]]
    assert found.sort_by("n").to_pylist() == pa.Table.from_batches([expected]).to_pylist()
    statuses = expected.column("status").to_pylist()
    assert counts == {status: statuses.count(status) for status in STATUSES}
    assert min(counts.values()) > 10
    assert executors(recorded) == {"0", "1"}
    assert len(list(target.glob("part-*"))) > 1
    assert (target / "_SUCCESS").exists()
    assert told[-1] == (1, 1)
    assert heard
    assert heard <= LOOPBACK
    assert capfd.readouterr().err == ""


def test_another_datum_and_other_columns(table, tmp_path):
    x, y = from_wgs84([121.4005, 121.41], [31.2005, 31.2], "gcj02")
    pq.write_table(pa.table({"x": [str(each) for each in x], "y": y, "grid_id": ["a", "b"]}), tmp_path / "in.parquet")
    counts = ask(table, tmp_path / "in.parquet", tmp_path / "out", "gcj02", x="x", y="y")
    assert counts == {"inside": 1, "on_border": 1}
    found = pq.read_table(tmp_path / "out")
    batch = pa.record_batch({"x": x, "y": y})
    expected = table.add_to(batch, "gcj02", "x", "y").column("grid_id").to_pylist()
    assert sorted(found["grid_id"].to_pylist()) == sorted(expected)


def test_what_cannot_be_read_is_told_and_leaves_nothing_behind(table, spots, source, tmp_path):
    target = tmp_path / "out"
    with pytest.raises(NotFoundError, match="nowhere"):
        ask(table, tmp_path / "nowhere.parquet", target)
    with pytest.raises(InputError) as raised:
        ask(table, source, target, x="east", y="north")
    assert [fault.code for fault in raised.value.faults] == ["missing"] * 2
    with pytest.raises(InputError, match="datum"):
        ask(table, source, target, datum="mars")
    (tmp_path / "in.parquet").write_text("lon,lat\n121.4,31.2\n")
    with pytest.raises(InputError, match=r"in\.parquet: cannot be read.*reads Parquet"):
        ask(table, tmp_path / "in.parquet", target)
    assert not target.exists()


def test_a_file_that_is_found_damaged_on_the_way(table, source, tmp_path):
    damaged = source / "3.parquet"
    content = bytearray(damaged.read_bytes())
    content[4:2000] = bytes(1996)
    damaged.write_bytes(content)
    with pytest.raises(InputError, match="cannot be read"):
        ask(table, source, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_target_that_is_there_stays_as_it_is(table, source, tmp_path):
    target = tmp_path / "out"
    target.mkdir()
    (target / "kept").touch()
    with pytest.raises(InputError, match="is there already"):
        ask(table, source, target)
    assert [path.name for path in target.iterdir()] == ["kept"]


def test_a_target_that_cannot_be_written(table, source, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UnavailableError, match="Spark gave up"):
        ask(table, source, tmp_path / "file" / "out")


def test_a_job_that_is_interrupted_leaves_nothing_behind(table, source, tmp_path):
    def interrupt(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ask(table, source, tmp_path / "out", on_progress=interrupt)
    assert not (tmp_path / "out").exists()
