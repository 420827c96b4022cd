"""Real files as they are: dirt told and repaired, every row accounted for."""

import pytest

from gridmap.services.import_report import RefusedImportError
from gridmap.services.imports import ImportOptions, import_file
from gridmap.store import generations
from tests.realdata import real

pytestmark = pytest.mark.realdata

STREETS = ImportOptions("wgs84", mapping={"name": "street"}, level="subdistrict", repair=True)


def grids_of(database):
    with database.read() as connection:
        return generations.frame(connection, generations.head(connection, "governance"))


def test_the_streets_of_shanghai_are_dirty_and_can_be_repaired(database):
    path = real("shanghai/shanghai_street_named.geojson")
    with pytest.raises(RefusedImportError, match="not a clean coverage") as refusal:
        import_file(database, "grids", path, ImportOptions("wgs84", mapping={"name": "street"}, level="subdistrict"))
    counts = refusal.value.report.coverage["counts"]
    assert counts["overlaps_over_1_m2"] == 84
    assert counts["overlaps_over_1_ha"] == 46
    assert 65 <= counts["gaps"] <= 70

    report = import_file(database, "grids", path, STREETS)
    assert report.coverage["counts"] == counts
    assert (report.read, report.added, report.rejected_rows) == (251, 251, 0)
    grids = grids_of(database)
    assert len(grids) == 251
    areas = grids.set_index("name")["area_m2"] / 1e6
    assert areas["石门二路街道"] == pytest.approx(1.07, abs=0.005)
    assert areas["淮海中路街道"] == pytest.approx(1.40, abs=0.005)

    again = import_file(database, "grids", path, STREETS)
    assert (again.written, again.unchanged, again.generation) == (False, 251, report.generation)


def test_a_dry_run_accounts_for_every_notice(database):
    mapping = {"reported_at": "date", "lon": "gcj02_lng", "lat": "gcj02_lat"}
    options = ImportOptions("gcj02", mapping=mapping, partial=True, dry_run=True)
    report = import_file(database, "incidents", real("shanghai/incidents.parquet"), options)
    assert (report.read, report.added, report.rejected_rows) == (86_301, 84_325, 1_976)
    assert not report.written


def test_outlines_without_a_table_are_named_by_their_row(database):
    options = ImportOptions("wgs84", level="subdistrict", repair=True)
    report = import_file(database, "grids", real("shanghai/shanghai_street.shp"), options)
    assert report.added == report.read
    assert set(grids_of(database)["name"]) == {f"未命名 {row}" for row in range(1, report.read + 1)}


@pytest.mark.parametrize(
    ("layer", "name"), [("roads", "sh_roads"), ("buildings", "sh_buildings"), ("waters", "sh_water")]
)
def test_every_row_of_a_survey_is_accounted_for(database, layer, name):
    options = ImportOptions("wgs84", partial=True)
    report = import_file(database, layer, real(f"shanghai-bund-osm/{name}.geojson"), options)
    assert report.added > 0
    assert report.added + report.rejected_rows == report.read
    assert {each.code for each in report.rejected} <= {"wrong_kind", "invalid"}
