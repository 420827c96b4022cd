"""Files of rows: chunks that are bounded whatever the rows are like, and what is written comes back."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gridmap.model.errors import InputError
from gridmap.services import row_files
from gridmap.services.row_files import chunks, refuse_ending, writer


def written(path, batches, added=frozenset()):
    with writer(path, path, set(added)) as write:
        for batch in batches:
            write(batch)
    return path


def test_wide_rows_come_in_smaller_chunks(tmp_path):
    table = pa.table({"lon": np.zeros(40_000), "note": ["长" * 400] * 40_000})  # 1,2 kB a row, and one word in the file
    pq.write_table(table, tmp_path / "in.parquet")
    sizes = [batch.nbytes for batch, _, _ in chunks(tmp_path / "in.parquet")]
    assert len(sizes) > 2
    assert max(sizes) < 20 << 20
    assert sum(batch.num_rows for batch, _, _ in chunks(tmp_path / "in.parquet")) == 40_000


def test_parquet_in_one_great_row_group_is_read_in_chunks(tmp_path):
    pq.write_table(pa.table({"lon": np.arange(500_000.0)}), tmp_path / "in.parquet", row_group_size=500_000)
    found = list(chunks(tmp_path / "in.parquet"))
    assert max(batch.num_rows for batch, _, _ in found) <= row_files.CHUNK_ROWS
    assert [done for _, done, _ in found][-1] == 500_000
    assert np.concatenate([batch.column(0).to_numpy() for batch, _, _ in found]).tolist() == list(range(500_000))


def test_what_was_read_of_parquet_is_let_go(tmp_path):
    fractions = np.random.default_rng(1).random(4_000_000)  # 32 MB
    pq.write_table(pa.table({"lon": fractions}), tmp_path / "in.parquet", row_group_size=200_000)
    before, most = pa.total_allocated_bytes(), 0
    for _ in chunks(tmp_path / "in.parquet"):
        most = max(most, pa.total_allocated_bytes() - before)
    assert most < 8 << 20


def test_arrow_in_one_great_batch_is_handed_out_in_chunks(tmp_path):
    whole = pa.record_batch({"lon": np.arange(300_000.0)})
    with pa.ipc.new_file(tmp_path / "in.arrow", whole.schema) as file:
        file.write_batch(whole)
    found = [batch for batch, _, _ in chunks(tmp_path / "in.arrow")]
    assert max(batch.num_rows for batch in found) <= row_files.CHUNK_ROWS
    assert pa.Table.from_batches(found).column(0).to_pylist() == list(range(300_000))


@pytest.mark.parametrize("name", ["out.parquet", "out.arrow", "out.feather", "out.csv", "out.csv.gz"])
def test_dictionaries_that_change_on_the_way(tmp_path, name):
    words = [["甲", "乙"], ["丙", "甲"], [None, "丁"]]
    batches = [
        pa.record_batch({"word": pa.array(pair).dictionary_encode(), "name": pa.array(["一"] * 2).dictionary_encode()})
        for pair in words
    ]
    path = written(tmp_path / name, batches, {"name"})
    back = pa.Table.from_batches([row_files.plain_texts(batch) for batch, _, _ in chunks(path)])
    assert back.column("word").to_pylist() == [word for pair in words for word in pair]
    assert back.column("name").to_pylist() == ["一"] * 6


def test_parquet_keeps_our_texts_in_dictionaries_and_wastes_none_on_fractions(tmp_path):
    batch = pa.record_batch(
        {
            "lon": np.random.default_rng(1).random(5000),
            "at": [{"x": 0.5}] * 5000,
            "shop": ["面馆"] * 5000,
            "name": pa.array(["一", "二"] * 2500).dictionary_encode(),
        }
    )
    meta = pq.ParquetFile(written(tmp_path / "out.parquet", [batch] * 3, {"name"})).metadata.row_group(0)
    columns = {meta.column(i).path_in_schema: meta.column(i) for i in range(meta.num_columns)}
    assert {path for path, one in columns.items() if one.has_dictionary_page} == {"shop", "name"}
    assert {path for path, one in columns.items() if one.is_stats_set} == {"lon", "at.x", "shop"}
    assert pq.read_schema(tmp_path / "out.parquet").field("name").type == pa.dictionary(pa.int32(), pa.string())


@pytest.mark.parametrize("name", ["out.xlsx", "parquet", "out.gz", "out.arrows"])
def test_other_endings_are_refused(tmp_path, name):
    with pytest.raises(InputError, match=r"neither .csv, .csv.gz, .parquet, .arrow nor .feather"):
        refuse_ending(tmp_path / name)
