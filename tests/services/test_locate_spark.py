"""A city's locations on Spark: what comes out is what `locate_file` writes, but for the order of the rows."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gridmap.model.errors import InputError
from gridmap.services.locate_file import locate_file
from gridmap.services.locate_spark import locate_on_spark
from tests.services.squares import SOUTH, STEP, WEST


def test_the_same_columns_counts_and_rows(shared_city, tmp_path):
    rng = np.random.default_rng(8)
    steps = np.concatenate([rng.uniform(-1, 5, (3000, 2)), rng.integers(0, 5, (500, 2))])
    lon, lat = WEST + steps[:, 0] * STEP, SOUTH + steps[:, 1] * STEP
    table = pa.table({"n": np.arange(len(lon)), "lon": [f"{x:.7f}" for x in lon], "lat": lat.round(7), "grid_id": lat})
    table = table.set_column(1, "lon", pa.array([None, "here", *table["lon"].to_pylist()[2:]]))
    pq.write_table(table, tmp_path / "in.parquet")
    source = str(tmp_path / "in.parquet")
    counts = locate_file(shared_city, source, tmp_path / "here.parquet", datum="wgs84")
    there = locate_on_spark(shared_city, source, str(tmp_path / "there"), datum="WGS-84", master="local[1]")
    assert there == counts
    assert set(counts) == {"inside", "on_border", "outside", "unreadable"}
    mine, theirs = (pq.read_table(tmp_path / name).to_pandas().astype(str) for name in ("here.parquet", "there"))
    assert theirs.sort_values("n", key=lambda n: n.astype(int)).to_csv(index=False) == mine.to_csv(index=False)


def test_the_datum_is_never_guessed(shared_city, tmp_path):
    with pytest.raises(InputError, match="never guessed"):
        locate_on_spark(shared_city, "in.parquet", str(tmp_path / "out"), datum="")
