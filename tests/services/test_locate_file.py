"""Files of locations: the same rows with owners, whole or not at all."""

import csv
import errno
import gzip
import os
from contextlib import contextmanager

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
import pytest

from gridmap.model.errors import InputError, NotFoundError
from gridmap.services import row_files
from gridmap.services.locate_file import locate_file
from gridmap.spatial.datums import from_wgs84
from tests.services.squares import at, town

SPOTS = [(0.5, 0.5), (1, 1), (3, 1), (9, 9)]
NAMES = ["A1a格", "A2格", "B格", None]


def rows():
    points = [at(*spot) for spot in SPOTS]
    return [
        {"no": f"00{i}", "lon": f"{x:.7f}", "lat": f"{y:.7f}", "note": f"甲,“{i}”\n乙"}
        for i, (x, y) in enumerate(points)
    ]


def write(path, table):
    how = gzip.open if path.suffix == ".gz" else open
    with how(path, "wt", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(table[0]))
        writer.writeheader()
        writer.writerows(table)
    return path


def read(path):
    if path.suffix == ".parquet":
        return pq.read_table(path).to_pandas()
    if path.suffix in {".arrow", ".feather"}:
        return pa.ipc.open_file(path).read_pandas()
    return pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")


def owner(table):
    """Give the name of the finest grid of each row."""
    levels = ["microgrid", "neighbourhood", "subdistrict"]
    found = table[levels].replace("", None).bfill(axis=1).iloc[:, 0]
    return [None if pd.isna(name) else name for name in found]


def write_any(path, table):
    """Write rows in the form that the name tells."""
    if path.suffix in {".csv", ".gz"}:
        write(path, table)
    elif path.suffix == ".parquet":
        pd.DataFrame(table).to_parquet(path)
    else:
        pyarrow.feather.write_feather(pd.DataFrame(table), path, chunksize=3)


@pytest.mark.parametrize("source", ["in.csv", "in.csv.gz", "in.parquet", "in.arrow", "in.feather"])
@pytest.mark.parametrize("target", ["out.csv", "out.csv.gz", "out.parquet", "out.arrow", "out.feather"])
def test_every_form_in_and_out(shared_city, tmp_path, source, target):
    numeric = "csv" not in source
    table = [{**row, "lon": float(row["lon"]), "lat": float(row["lat"])} if numeric else row for row in rows()]
    write_any(tmp_path / source, table)
    counts = locate_file(shared_city, tmp_path / source, tmp_path / target, datum="wgs84")
    assert counts == {"inside": 2, "on_border": 1, "outside": 1}
    found = read(tmp_path / target)
    assert found["no"].tolist() == ["000", "001", "002", "003"]
    assert found["note"].tolist() == [row["note"] for row in rows()]
    assert found["status"].tolist() == ["inside", "on_border", "inside", "outside"]
    assert owner(found) == NAMES
    assert {path.name for path in tmp_path.iterdir()} == {source, target}


def test_texts_come_out_as_they_went_in(shared_city, tmp_path):
    table = [{**row, "house": text} for row, text in zip(rows(), ["0012", "1e5", "NULL", " nan "], strict=True)]
    write(tmp_path / "in.csv", table)
    locate_file(shared_city, tmp_path / "in.csv", tmp_path / "out.csv", datum="wgs84")
    found = read(tmp_path / "out.csv")
    for column in table[0]:
        assert found[column].tolist() == [row[column] for row in table]


def test_rows_that_cannot_be_read_keep_their_place(shared_city, tmp_path):
    good = rows()[0]
    bad = [
        ("", "31.2"),
        ("abc", "31.2"),
        ("nan", "31.2"),
        ("inf", "31.2"),
        ("1e400", "31.2"),
        ("181", "0"),
        ("0", "-91"),
    ]
    table = [good, *({**good, "lon": x, "lat": y} for x, y in bad), good]
    write(tmp_path / "in.csv", table)
    counts = locate_file(shared_city, tmp_path / "in.csv", tmp_path / "out.csv", datum="wgs84")
    assert counts == {"inside": 2, "unreadable": len(bad)}
    found = read(tmp_path / "out.csv")
    assert found["status"].tolist() == ["inside", *["unreadable"] * len(bad), "inside"]
    assert found["grid_id"].tolist()[1:-1] == [""] * len(bad)
    assert found["lon"].tolist() == [row["lon"] for row in table]


def test_metres_where_the_system_cannot_be_used_are_unreadable(shared_city, tmp_path):
    x, y = (float(v[0]) for v in from_wgs84([121.4005], [31.2005], "EPSG:4549"))
    frame = pd.DataFrame({"lon": [x, 1e8, x], "lat": [y, 1e8, np.inf]})
    frame.to_parquet(tmp_path / "in.parquet")
    counts = locate_file(shared_city, tmp_path / "in.parquet", tmp_path / "out.parquet", datum="EPSG:4549")
    assert counts == {"inside": 1, "unreadable": 2}
    assert read(tmp_path / "out.parquet")["status"].tolist()[1:] == ["unreadable"] * 2


def test_columns_by_other_names_and_types(shared_city, tmp_path):
    points = [at(*spot) for spot in SPOTS]
    table = pa.table(
        {
            "x": pa.array([f"{x:.7f}" for x, _ in points]).dictionary_encode(),
            "y": pa.array([y for _, y in points], pa.float32()),
            "status": [1, 2, 3, 4],
        }
    )
    pq.write_table(table, tmp_path / "in.parquet")
    locate_file(shared_city, tmp_path / "in.parquet", tmp_path / "out.parquet", datum="wgs84", x="x", y="y")
    found = read(tmp_path / "out.parquet")
    assert found["status"].tolist()[0] == "inside"
    assert list(found.columns).count("status") == 1


def test_many_chunks_are_one_file(shared_city, tmp_path, monkeypatch):
    monkeypatch.setattr(row_files, "CHUNK_ROWS", 3)
    monkeypatch.setattr(row_files, "_CSV_BLOCK_BYTES", 256)
    told = []
    table = [row for _ in range(20) for row in rows()]
    for source in ("in.csv", "in.parquet", "in.arrow"):
        write_any(tmp_path / source, table)
        counts = locate_file(
            shared_city,
            tmp_path / source,
            tmp_path / "out.csv",
            datum="wgs84",
            on_progress=lambda *done: told.append(done),
        )
        assert counts == {"inside": 40, "on_border": 20, "outside": 20}
        assert owner(read(tmp_path / "out.csv")) == NAMES * 20
        assert told[-1][0] == told[-1][1]
        assert len(told) > 3


@pytest.mark.parametrize("name", ["in.csv", "in.csv.gz", "in.parquet", "in.arrow"])
@pytest.mark.parametrize("target", ["out.csv", "out.csv.gz", "out.parquet", "out.feather"])
def test_a_file_without_rows_stays_one(shared_city, tmp_path, name, target):
    empty = pa.table({"lon": pa.array([], pa.float64()), "lat": pa.array([], pa.float64())})
    if name.endswith("parquet"):
        pq.write_table(empty, tmp_path / name)
    elif name.endswith("arrow"):
        pa.ipc.new_file(tmp_path / name, empty.schema).close()
    elif name.endswith("gz"):
        (tmp_path / name).write_bytes(gzip.compress(b"lon,lat\n"))
    else:
        (tmp_path / name).write_text("lon,lat\n")
    assert locate_file(shared_city, tmp_path / name, tmp_path / target, datum="wgs84") == {}
    found = read(tmp_path / target)
    assert len(found) == 0
    assert {"lon", "lat", "status", "grid_id", "microgrid"} <= set(found.columns)


@pytest.mark.parametrize(
    ("name", "content", "word"),
    [
        ("in.csv", b"a,b\n1,2\n", "column lon"),
        ("in.csv", "lon,lat,街\n1,2,甲\n".encode("gbk"), "UTF-8"),
        ("in.csv", "lon,lat,x\n1,2,甲\n".encode("gbk"), "UTF"),
        ("in.csv", b"lon,lat\n1,2\n1,2,3\n", "cannot be read"),
        ("in.csv", b"lon,lat,lon\n1,2,3\n", "twice"),
        ("in.csv", b"", "lon"),
        ("in.csv.gz", b"not gzip", "cannot be read"),
        ("in.csv.gz", gzip.compress(b"lon,lat\n1,2\n" * 999, mtime=0)[:-20], "cannot be read"),
        ("in.parquet", b"PAR1", "cannot be read"),
        ("in.arrow", b"ARROW1", "cannot be read"),
        ("in.xlsx", b"", "neither"),
    ],
)
def test_a_bad_file_leaves_nothing_behind(shared_city, tmp_path, name, content, word):
    (tmp_path / name).write_bytes(content)
    (tmp_path / "out.csv").write_text("before")
    with pytest.raises(InputError, match=word):
        locate_file(shared_city, tmp_path / name, tmp_path / "out.csv", datum="wgs84")
    assert (tmp_path / "out.csv").read_text() == "before"
    assert {path.name for path in tmp_path.iterdir()} == {name, "out.csv"}


def test_refusals(shared_city, tmp_path):
    write(tmp_path / "in.csv", rows())
    with pytest.raises(InputError, match="never guessed"):
        locate_file(shared_city, tmp_path / "in.csv", tmp_path / "out.csv", datum="")
    with pytest.raises(InputError, match="neither"):
        locate_file(shared_city, tmp_path / "in.csv", tmp_path / "out.xlsx", datum="wgs84")
    with pytest.raises(NotFoundError):
        locate_file(shared_city, tmp_path / "nothing.csv", tmp_path / "out.csv", datum="wgs84")
    with pytest.raises(InputError) as raised:
        locate_file(shared_city, tmp_path / "in.csv", tmp_path / "out.csv", datum="wgs84", x="a", y="b")
    assert len(raised.value.faults) == 2
    assert {path.name for path in tmp_path.iterdir()} == {"in.csv"}


def test_a_name_of_ours_is_no_formula_in_a_spreadsheet(square_city, put, tmp_path):
    frame = town()
    frame.loc[frame["key"].eq("A1a"), "name"] = "=1+1"
    put(frame)
    square_city.keeper.look()
    write(tmp_path / "in.csv", rows())
    for target in ("out.csv", "out.csv.gz", "out.parquet"):
        locate_file(square_city, tmp_path / "in.csv", tmp_path / target, datum="wgs84")
    assert read(tmp_path / "out.csv")["microgrid"][0] == "'=1+1"
    assert read(tmp_path / "out.csv.gz")["microgrid"][0] == "'=1+1"
    assert read(tmp_path / "out.parquet")["microgrid"][0] == "=1+1"


def test_no_more_than_a_few_chunks_are_in_hand(shared_city, tmp_path, monkeypatch):
    taken = told = most = 0
    whole = pa.record_batch({"lon": [at(0.5, 0.5)[0]] * 10, "lat": [at(0.5, 0.5)[1]] * 10})

    def chunks(source):
        nonlocal taken, most
        for number in range(100):
            taken, most = taken + 1, max(most, taken + 1 - told)
            yield whole, number + 1, 100

    def tell(done, total):
        nonlocal told
        assert (done, total) == (told + 1, 100)
        told += 1

    monkeypatch.setattr(row_files, "chunks", chunks)
    (tmp_path / "in.parquet").touch()
    counts = locate_file(
        shared_city, tmp_path / "in.parquet", tmp_path / "out.parquet", datum="wgs84", on_progress=tell
    )
    assert counts == {"inside": 1000}
    assert told == 100
    assert most <= (os.cpu_count() or 1) + 3


def test_a_disk_that_fills_up_leaves_nothing_behind(shared_city, tmp_path, monkeypatch):
    @contextmanager
    def writer(target, scratch, added):
        def write(batch):
            raise OSError(errno.ENOSPC, "no space left")

        yield write

    monkeypatch.setattr(row_files, "writer", writer)
    write(tmp_path / "in.csv", rows())
    with pytest.raises(OSError, match="no space"):
        locate_file(shared_city, tmp_path / "in.csv", tmp_path / "out.csv", datum="wgs84")
    assert {path.name for path in tmp_path.iterdir()} == {"in.csv"}


def test_a_file_may_be_written_over_itself(shared_city, tmp_path):
    write(tmp_path / "in.csv", rows())
    locate_file(shared_city, tmp_path / "in.csv", tmp_path / "in.csv", datum="wgs84")
    assert owner(read(tmp_path / "in.csv")) == NAMES
