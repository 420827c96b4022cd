"""Grids of a file: dirt told, repaired when asked, published through the gate, found again by their keys."""

import geopandas as gpd
import numpy as np
import pytest
import shapely

from gridmap.services.import_report import RefusedCoverageError, RefusedImportError
from gridmap.services.imports import ImportOptions, import_file
from gridmap.spatial.datums import from_wgs84
from gridmap.store import generations, imports
from tests.services.squares import box, hole


@pytest.fixture
def put(database, tmp_path):
    """Return a function that imports rectangles, or shapes, as grids of a level."""

    def run(level, shapes, *, columns=None, **options):
        path = tmp_path / "grids.geojson"
        drawn = [box(*shape) if isinstance(shape, tuple) else shape for shape in shapes.values()]
        frame = gpd.GeoDataFrame({"name": list(shapes), **(columns or {})}, geometry=drawn, crs=4326)
        path.unlink(missing_ok=True)
        frame.to_file(path, driver="GeoJSON", COORDINATE_PRECISION=7)
        return import_file(database, "grids", path, ImportOptions("wgs84", level=level, **options))

    return run


def grids(database):
    """Give the grids published last, by key."""
    with database.read() as connection:
        head = generations.head(connection, "governance")
        frame = generations.frame(connection, -1 if head is None else head)
    return frame.set_index("key", drop=False)


def counts(report):
    return report.added, report.changed, report.unchanged, report.retired


TWO = {"甲": (0, 0, 1, 1), "乙": (1, 0, 2, 1)}
DIRTY = {"甲": (0, 0, 2, 1), "乙": (1, 0, 3, 1), "丙": (0, 1, 3, 2)}


def test_clean_grids_are_published_and_the_same_again_publish_nothing(database, put):
    first = put("subdistrict", TWO)
    assert (counts(first), first.written) == ((2, 0, 0, 0), True)
    assert first.coverage["clean"]
    again = put("subdistrict", TWO)
    assert (counts(again), again.written, again.generation) == ((0, 0, 2, 0), False, first.generation)
    with database.read() as connection:
        assert len(imports.recent(connection)) == 2


def test_a_grid_keeps_its_id_when_its_outline_changes(database, put):
    put("subdistrict", TWO)
    before = grids(database)["id"]
    report = put("subdistrict", {"乙": (1, 0, 3, 1), "丙": (3, 0, 4, 1), "甲": (0, 0, 1, 1)})
    after = grids(database)["id"]
    assert counts(report) == (1, 1, 1, 0)
    assert (after[["甲", "乙"]] == before[["甲", "乙"]]).all()


def test_what_the_file_no_longer_names_leaves_force_and_is_told(put):
    put("subdistrict", TWO)
    report = put("subdistrict", {"甲": (0, 0, 2, 1)})
    assert counts(report) == (0, 1, 0, 1)
    assert report.warnings[0].en == "1 grids leave force: 乙"


class TestDirt:
    def test_is_told_in_full_and_refused(self, database, put):
        with pytest.raises(RefusedCoverageError) as refused:
            put("subdistrict", DIRTY)
        report, faults = refused.value.report, refused.value.faults
        assert report.coverage["counts"]["overlaps_over_1_ha"] == 1
        assert report.coverage["overlaps"][0]["names"] == ("甲", "乙")
        assert report.coverage["overlaps"][0]["area_m2"] == pytest.approx(95.3 * 110.9, rel=0.01)
        assert faults[0].code == "overlap"
        assert "1 overlaps" in faults[-1].message
        assert "--repair" in faults[-1].mend
        assert len(grids(database)) == 0

    def test_is_repaired_when_asked_and_every_change_is_listed(self, database, put):
        report = put("subdistrict", DIRTY, repair=True)
        assert [(each["kind"], each["name"]) for each in report.repair["changes"]] == [("overlap", "甲")]
        assert report.repair["after"]["clean"]
        areas = grids(database)["area_m2"]
        assert areas["甲"] == pytest.approx(2 * areas["乙"], rel=1e-6)

    def test_a_small_gap_is_a_fault_and_a_large_one_may_be_meant(self, put):
        ring = {"湖滨": hole(0, 0, 6, 6, (1, 1, 4, 4))}
        with pytest.raises(RefusedImportError, match="1 gaps"):
            put("subdistrict", {"甲": hole(0, 0, 3, 3, (1.4, 1.4, 1.6, 1.6))})
        report = put("subdistrict", ring)
        assert report.written
        assert "1 large gaps are left, 9." in report.warnings[0].en

    def test_a_grid_that_would_vanish_is_refused_even_so(self, put):
        with pytest.raises(RefusedImportError, match="nothing would be left"):
            put("subdistrict", {"甲": (0, 0, 2, 2), "乙": (0, 0, 2, 2)}, repair=True)

    def test_a_dry_run_tells_and_writes_nothing(self, database, put):
        report = put("subdistrict", DIRTY, repair=True, dry_run=True)
        assert (counts(report), report.written, report.generation) == ((3, 0, 0, 0), False, None)
        assert len(grids(database)) == 0


class TestRows:
    def test_that_are_no_areas_keep_all_out(self, database, put):
        with pytest.raises(RefusedImportError) as refused:
            put("block", {"甲": (0, 0, 1, 1), "乙": shapely.Point(121.4, 31.2)})
        assert [(r.row, r.code) for r in refused.value.report.rejected] == [(2, "wrong_kind")]
        assert "--partial" not in refused.value.faults[-1].mend

    def test_with_the_code_of_another(self, put):
        with pytest.raises(RefusedImportError) as refused:
            put("block", TWO, columns={"code": ["310106001", "310106001"]})
        assert [(r.row, r.field, r.code) for r in refused.value.report.rejected] == [(2, "code", "duplicate")]

    def test_with_a_code_that_is_too_long(self, put):
        with pytest.raises(RefusedImportError, match="longer than 40"):
            put("block", TWO, columns={"code": ["3" * 41, "1"]})

    def test_without_a_name_get_that_of_their_row(self, database, put):
        report = put("block", TWO, columns={"name": ["甲", None]})
        assert list(grids(database)["name"]) == ["甲", "未命名 2"]
        assert any("1 grids have no name" in note.en for note in report.notes)

    def test_of_one_name_are_told_apart(self, database, put):
        put("block", TWO, columns={"name": ["甲", "甲"]})
        assert list(grids(database).index) == ["甲", "甲 #2"]


def test_a_file_without_rows_is_refused(database, tmp_path):
    path = tmp_path / "grids.geojson"
    path.write_text('{"type":"FeatureCollection","features":[]}', encoding="utf-8")
    with pytest.raises(RefusedImportError, match="holds no grids"):
        import_file(database, "grids", path, ImportOptions("wgs84", level="block"))


def test_a_code_is_never_another_grid_s(put):
    put("block", TWO, columns={"key": ["a", "b"], "code": ["1", "2"]})
    with pytest.raises(RefusedImportError, match="never used again") as refused:
        put("block", TWO, columns={"key": ["a", "b"], "code": ["2", "1"]})
    assert refused.value.report.changed == 2


class TestLevels:
    def test_children_find_their_parents_and_must_tile_them(self, database, put):
        put("subdistrict", TWO)
        with pytest.raises(RefusedImportError, match="do not fit the subdistrict level"):
            put("microgrid", {"a": (0, 0, 1, 0.5)})
        report = put("microgrid", {"b1": (1, 0, 2, 1)})
        found = grids(database)
        assert report.nesting["clean"]
        assert found.loc["b1", "parent"] == found.loc["乙", "id"]

    def test_a_level_above_comes_later(self, database, put):
        put("microgrid", {"a": (0, 0, 1, 1), "b": (1, 0, 2, 1), "c": (2, 0, 3, 1)})
        before = grids(database)["id"]
        put("subdistrict", {"西": (0, 0, 2, 1), "东": (2, 0, 3, 1)})
        found = grids(database)
        assert (found["id"][before.index] == before).all()
        assert list(found.loc[["a", "b", "c"], "parent"]) == list(found.loc[["西", "西", "东"], "id"])

    def test_lower_levels_that_do_not_fit_go_only_when_asked(self, database, put):
        put("subdistrict", TWO)
        put("microgrid", {"a": (0, 0, 1, 1), "b": (1, 0, 2, 1)})
        assert counts(put("subdistrict", {"甲": (0, 0, 2, 1)})) == (0, 1, 0, 1)
        assert set(grids(database).index) == {"甲", "a", "b"}
        across = {"全": (0, 0, 2, 2)}
        with pytest.raises(RefusedImportError, match="retire-below"):
            put("subdistrict", across)
        report = put("subdistrict", across, retire_below=True)
        assert set(grids(database).index) == {"全"}
        assert report.retired == 3


def test_a_wrong_datum_is_told_by_where_the_grids_lie(put):
    put("subdistrict", {"全": (0, 0, 10, 10)})
    shifted = {f"{n}": (n * 0.3, 0, n * 0.3 + 0.3, 0.3) for n in range(30)}
    moved = {key: shapely.transform(box(*shape), _to_gcj02) for key, shape in shifted.items()}
    with pytest.raises(RefusedImportError) as refused:
        put("block", moved, repair=True)
    assert any("would as gcj02" in warning.en for warning in refused.value.report.warnings)


def _to_gcj02(points):
    return np.column_stack(from_wgs84(points[:, 0], points[:, 1], "gcj02"))
