"""What one city exports another imports, and then both hold the same."""

import pandas as pd
import pytest

from gridmap.services.imports import ImportOptions, import_file
from gridmap.services.opening import open_city
from gridmap.services.writing import export_layer, write_frame
from gridmap.store import generations, places


@pytest.fixture
def carry(demo, database, tmp_path):
    """Return a function that carries a layer of the demo city over into an empty one."""

    def run(layer, ending, **options):
        path = tmp_path / f"{layer}{ending}"
        write_frame(export_layer(demo, layer, options.get("level"), None), path)
        return import_file(database, layer, path, ImportOptions("wgs84", **options))

    return run


@pytest.mark.parametrize("ending", [".csv", ".geojson", ".gpkg", ".parquet"])
def test_houses_and_the_shops_in_them(carry, demo, database, ending):
    for layer, kind in (("buildings", "building"), ("shops", "shop")):
        report = carry(layer, ending)
        assert (report.warnings, report.rejected) == ([], [])
        with demo.database.read() as connection:
            there = places.frame(connection, kind)
        with database.read() as connection:
            here = places.frame(connection, kind)
        assert report.added == len(there)
        plain = [column for column in there.columns if column not in {"id", "parent", "geometry"}]
        pd.testing.assert_frame_equal(here[plain], there[plain])
        assert (here.geometry == there.geometry).all()
        assert (here["parent"].notna() == there["parent"].notna()).all()
    assert here["parent"].notna().any()


def test_every_layer_has_a_way_back(carry, demo):
    for layer in ("compounds", "roads", "components", "greens", "waters", "incidents"):
        report = carry(layer, ".parquet")
        assert report.rejected == []
        assert report.added == len(export_layer(demo, layer, None, None)), layer


def test_grids_of_every_level(carry, demo, database):
    city = open_city(demo.database)
    levels = city.keeper.snapshot().lines.levels()
    for level in levels:
        report = carry("grids", ".geojson", level=level)
        assert report.coverage["clean"], level
        assert report.written
    with database.read() as connection:
        here = generations.frame(connection, generations.head(connection, "governance"))
    with demo.database.read() as connection:
        there = generations.frame(connection, generations.in_force(connection, "governance").id)
    assert names_and_parents(here) == names_and_parents(there)
    assert (here.geometry == there.geometry).all()
    city.keeper.close()


def names_and_parents(grids):
    name = grids.set_index("id")["name"]
    return {(g.level, g.name, None if pd.isna(g.parent) else name[g.parent]) for g in grids.itertuples()}
