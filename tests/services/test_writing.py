"""Frames as files and back."""

from datetime import UTC, datetime

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from gridmap.model.errors import InputError, NotFoundError
from gridmap.services.joins import Ask, join_frame
from gridmap.services.writing import export_layer, write_frame
from tests.services.squares import box

FORMULAS = ["=1+1", "+1", "-1", "@x", "\tx", "\rx"]


@pytest.mark.parametrize("layer", ["grids", "buildings", "shops", "roads", "incidents"])
@pytest.mark.parametrize("ending", ["csv", "parquet", "geojson", "gpkg"])
def test_a_layer_survives_the_way_out_and_back(demo, tmp_path, layer, ending):
    frame = export_layer(demo, layer, None, None).head(300)
    target = tmp_path / "deep" / f"{layer}.{ending}"
    write_frame(frame, target)
    if ending == "csv":
        back = pd.read_csv(target, dtype=str, keep_default_na=False)
        shapes = (
            shapely.points(back["lon"].astype(float), back["lat"].astype(float))
            if "lon" in back
            else shapely.from_wkt(back["wkt"].to_numpy(dtype=object))
        )
    else:
        back = gpd.read_parquet(target) if ending == "parquet" else gpd.read_file(target)
        shapes = back.geometry.to_numpy()
        assert back.crs.to_epsg() == 4326
    assert back["id"].astype(int).tolist() == frame["id"].tolist()
    assert shapely.equals_exact(shapely.normalize(shapes), shapely.normalize(frame.geometry.to_numpy()), 1e-9).all()
    assert list((tmp_path / "deep").iterdir()) == [target]


@pytest.mark.parametrize("ending", ["csv", "parquet", "geojson", "gpkg"])
def test_a_join_with_its_row_for_none(demo, tmp_path, ending):
    for by in ((), ("day",), ("month", "category")):
        write_frame(join_frame(demo, Ask("incidents", "block"), by), tmp_path / f"out.{ending}")
        assert (tmp_path / f"out.{ending}").stat().st_size > 100


def test_formulas_are_defused_in_csv_alone(tmp_path):
    frame = gpd.GeoDataFrame({"name": [*FORMULAS, "甲", None, "a=b"]}, geometry=[box(0, 0, 1, 1)] * 9, crs=4326)
    write_frame(frame, tmp_path / "a.csv")
    write_frame(frame, tmp_path / "a.parquet")
    with (tmp_path / "a.csv").open(encoding="utf-8-sig", newline="") as file:
        back = pd.read_csv(file, keep_default_na=False)
    assert back["name"].tolist() == [*(f"'{text}" for text in FORMULAS), "甲", "", "a=b"]
    assert gpd.read_parquet(tmp_path / "a.parquet")["name"].tolist()[:6] == FORMULAS


def test_an_unknown_ending_writes_nothing(tmp_path):
    frame = gpd.GeoDataFrame({"name": ["a"]}, geometry=[box(0, 0, 1, 1)], crs=4326)
    with pytest.raises(InputError, match="csv"):
        write_frame(frame, tmp_path / "a.xls")
    assert list(tmp_path.iterdir()) == []


def test_a_write_that_fails_leaves_the_file_of_before(tmp_path, monkeypatch):
    frame = gpd.GeoDataFrame({"name": ["a"]}, geometry=[box(0, 0, 1, 1)], crs=4326)
    (tmp_path / "a.csv").write_text("before")
    monkeypatch.setattr(pd.DataFrame, "to_csv", lambda *_a, **_o: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        write_frame(frame, tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_text() == "before"
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]


def test_refusals(demo):
    with pytest.raises(NotFoundError):
        export_layer(demo, "ponds", None, None)
    with pytest.raises(NotFoundError):
        export_layer(demo, "grids", "ward", None)
    with pytest.raises(InputError):
        export_layer(demo, "shops", "block", None)
    with pytest.raises(InputError):
        export_layer(demo, "shops", None, datetime.now(UTC))
    assert set(export_layer(demo, "grids", "block", None)["level"]) == {"block"}
