import json
import os
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

from gridmap.model.errors import InputError
from gridmap.spatial import coverage
from gridmap.spatial.coverage import check, check_nesting, find_gaps
from gridmap.spatial.measures import area_m2

REALDATA = Path(os.environ.get("GRIDMAP_REALDATA", Path(__file__).parents[3] / "shared" / "data"))
UNIT = 0.001
SQUARE = shapely.box(121.4, 31.2, 121.5, 31.3)


def at(geometry):
    """Put a drawing of small integers near Shanghai, 1e-3° a unit, on the lattice."""
    return shapely.transform(geometry, lambda points: np.rint((points * UNIT + (121.4, 31.2)) * 1e7) / 1e7)


def grids(*outlines, **columns):
    placed = [None if outline is None else at(outline) for outline in outlines]
    return gpd.GeoDataFrame(columns, geometry=placed, crs="EPSG:4326", index=range(10, 10 + len(outlines)))


def squares(columns=3, rows=3):
    return [shapely.box(x, y, x + 1, y + 1) for y in range(rows) for x in range(columns)]


BOW_TIE = shapely.Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])


def test_a_board_of_squares_is_clean():
    report = check(grids(*squares()))
    assert report.clean
    assert report.grids == 9
    assert not report.faults()
    assert not report.slivers


def test_a_missing_middle_cell_is_a_gap_with_its_place_area_and_neighbours():
    board = squares()
    del board[4]
    report = check(grids(*board, name=list("abcdefgh")))
    [gap] = report.gaps
    assert not report.clean
    assert report.tiles
    assert gap.area_m2 == pytest.approx(area_m2([at(shapely.box(1, 1, 2, 2))])[0])
    assert at(shapely.box(1, 1, 2, 2)).contains(shapely.Point(gap.lon, gap.lat))
    assert gap.names == tuple("abcdefgh")
    assert "a gap of" in str(report.faults()[0])


def test_an_island_inside_a_gap_is_no_gap_and_its_own_hole_is_one():
    ring = shapely.box(0, 0, 10, 10) - shapely.box(1, 1, 9, 9)
    island = shapely.box(3, 3, 7, 7) - shapely.box(4, 4, 6, 6)
    report = check(grids(ring, island))
    sizes = [gap.area_m2 for gap in report.gaps]
    outer = at(shapely.box(1, 1, 9, 9) - shapely.box(3, 3, 7, 7))
    assert sizes == pytest.approx([area_m2([outer])[0], area_m2([at(shapely.box(4, 4, 6, 6))])[0]])
    assert report.gaps[1].grids == (11,)


def test_an_island_that_fills_its_hole_leaves_none():
    assert len(find_gaps(np.array([shapely.box(0, 0, 9, 9) - shapely.box(3, 3, 6, 6), shapely.box(3, 3, 6, 6)]))) == 0


def test_every_overlapping_pair_is_listed_largest_first():
    report = check(
        grids(shapely.box(0, 0, 4, 4), shapely.box(3, 0, 7, 4), shapely.box(2, 0, 4, 4), shapely.box(9, 9, 10, 10))
    )
    assert [defect.grids for defect in report.overlaps] == [(10, 12), (10, 11), (11, 12)]
    expected = area_m2([at(shapely.box(2, 0, 4, 4)), at(shapely.box(3, 0, 4, 4))])
    assert [defect.area_m2 for defect in report.overlaps] == pytest.approx([expected[0], expected[1], expected[1]])
    assert report.overlaps_over(expected[1] * 1.1) == 1
    assert report.overlaps_over(0) == 3


def test_an_overlap_of_one_lattice_step_is_seen():
    step = 1e-7
    left = shapely.box(121.4, 31.2, 121.4 + step, 31.3)
    right = shapely.box(121.4, 31.2, 121.5, 31.3)
    report = check(gpd.GeoDataFrame(geometry=[left, right], crs="EPSG:4326"))
    assert len(report.overlaps) == 1
    assert report.overlaps[0].area_m2 == pytest.approx(area_m2([left])[0], rel=1e-3)
    assert report.slivers[0].grids == (0,)


@pytest.mark.parametrize(
    ("outline", "reason"),
    [
        (BOW_TIE, "Self-intersection"),
        (shapely.MultiPolygon([shapely.box(0, 0, 2, 2), shapely.box(1, 1, 3, 3)]), "Self-intersection"),
        (shapely.Polygon([(0, 0), (4, 0), (4, 4), (0, 4)], [[(5, 5), (6, 5), (6, 6)]]), "Hole lies outside shell"),
    ],
)
def test_invalid_outlines_are_listed_with_reason_and_place(outline, reason):
    report = check(grids(outline))
    [defect] = report.invalid
    assert defect.reason == reason
    assert at(shapely.box(0, 0, 6, 6)).covers(shapely.Point(defect.lon, defect.lat))
    assert not report.clean


def test_what_is_no_area_is_listed():
    report = check(
        grids(shapely.Point(1, 1), None, shapely.Polygon(), shapely.LineString([(0, 0), (1, 1)]), squares()[0])
    )
    assert [defect.reason for defect in report.not_areas] == [
        "a Point",
        "no outline",
        "an empty outline",
        "a LineString",
    ]
    assert not report.clean


def test_coordinates_that_are_not_finite_are_told():
    with np.errstate(invalid="ignore"):
        bad = [shapely.Polygon([(0, 0), (1, 0), (1, value), (0, 1)]) for value in (np.nan, np.inf, -np.inf)]
    report = check(gpd.GeoDataFrame(geometry=[*bad, SQUARE]))
    assert [defect.grids for defect in report.not_areas] == [(0,), (1,), (2,)]
    assert {defect.reason for defect in report.not_areas} == {"coordinates that are not finite"}


def test_duplicates_are_told_whatever_their_start_and_turn():
    square = shapely.Polygon([(0, 0), (1, 0), (1, 1), (0, 1)])
    again = shapely.Polygon([(1, 1), (1, 0), (0, 0), (0, 1)])
    report = check(grids(square, again, shapely.box(1, 0, 2, 1)))
    [defect] = report.duplicates
    assert defect.grids == (10, 11)
    assert len(report.overlaps) == 1


def test_a_missing_node_on_a_common_border_is_told():
    report = check(grids(shapely.box(0, 0, 1, 2), shapely.box(1, 0, 2, 1), shapely.box(1, 1, 2, 2)))
    assert not report.overlaps
    assert not report.gaps
    assert not report.clean
    assert 10 in {defect.grids[0] for defect in report.unmatched}


# A hole that meets its shell at a node, what fills it, and a neighbour that touches that node from outside.
PIERCED = [
    shapely.Polygon([(0, 0), (4, 0), (4, 2), (4, 4), (0, 4)], [[(4, 2), (2, 1), (2, 3)]]),
    shapely.Polygon([(4, 2), (2, 1), (2, 3)]),
    shapely.Polygon([(4, 2), (5, 1), (9, 1), (9, 3), (5, 3)]),
]


def test_a_neighbour_at_the_node_where_a_hole_meets_its_shell_is_clean():
    assert check(grids(*PIERCED)).clean


def test_of_true_and_false_alarms_about_nodes_the_true_are_told_with_their_place():
    report = check(grids(*PIERCED, shapely.box(9, 1, 10, 9)))
    assert {defect.grids for defect in report.unmatched} == {(12,), (13,)}
    border = at(shapely.box(9, 1, 9, 9))
    assert all(border.covers(shapely.Point(defect.lon, defect.lat)) for defect in report.unmatched)
    assert not report.overlaps


def test_a_scribble_is_told_and_does_not_hang():
    rng = np.random.default_rng(5)
    report = check(grids(shapely.Polygon(rng.integers(0, 1000, (3000, 2))), shapely.box(2000, 0, 2001, 1)))
    assert "too tangled" in report.invalid[0].reason


def test_masses_of_overlaps_are_refused(monkeypatch):
    monkeypatch.setattr(coverage, "_MOST_PAIRS", 3)
    with pytest.raises(InputError, match="more than 3 pairs") as caught:
        check(grids(*[shapely.box(0, 0, 2, 2 + k) for k in range(5)]))
    assert caught.value.faults[0].code == "too_large"


def test_the_report_is_plain_data():
    report = check(grids(BOW_TIE, *squares()[:2], shapely.Point(0, 0), name=["甲", None, "乙", "丙"]))
    data = json.loads(json.dumps(report.to_dict(), ensure_ascii=False))
    assert data["counts"]["invalid"] == 1
    assert data["invalid"][0]["names"] == ["甲"]
    assert sorted(overlap["grids"] for overlap in data["overlaps"]) == [[10, 11], [10, 12]]
    assert not data["clean"]
    assert any("甲 (10) and 11 overlap" in str(fault) for fault in report.faults())


def test_faults_name_the_largest_and_count_the_rest():
    report = check(
        grids(
            *[shapely.box(3 * k, 0, 3 * k + 2, 1) for k in range(30)],
            *[shapely.box(3 * k, 0, 3 * k + 1, 1) for k in range(30)],
        )
    )
    faults = report.faults(most=5)
    assert [fault.code for fault in faults] == ["overlap"] * 5 + ["more"]
    assert "25 more" in faults[-1].message


def test_no_grids_at_all():
    assert check(grids()).clean


def test_nested_squares_are_clean():
    children = grids(*squares(4, 1), parent=["w", "w", "e", "e"])
    parents = gpd.GeoDataFrame(geometry=[at(shapely.box(0, 0, 2, 1)), at(shapely.box(2, 0, 4, 1))], index=["w", "e"])
    assert check_nesting(children, parents).clean


def test_nesting_faults():
    children = grids(
        *squares(4, 1), shapely.box(9, 9, 10, 10), shapely.box(8, 8, 9, 9), parent=["w", "w", "w", "e", "x", None]
    )
    parents = gpd.GeoDataFrame(
        {"name": ["西", "东"]},
        geometry=[at(shapely.box(0, 0, 2, 1)), at(shapely.box(2, 0, 4, 1))],
        index=["w", "e"],
    )
    report = check_nesting(children, parents)
    square = area_m2([at(shapely.box(2, 0, 3, 1))])[0]
    assert [defect.grids for defect in report.orphans] == [(14,), (15,)]
    assert [(defect.grids, defect.reason) for defect in report.outside] == [((12,), "西")]
    assert [(defect.grids, defect.names) for defect in report.untiled] == [(("e",), ("东",))]
    assert report.outside[0].area_m2 == pytest.approx(square)
    assert report.untiled[0].area_m2 == pytest.approx(square)
    assert len(report.faults()) == 4
    assert not json.loads(json.dumps(report.to_dict()))["clean"]
    assert not check_nesting(children, parents, ignore_below_m2=square * 2).outside


@pytest.mark.realdata
@pytest.mark.skipif(not REALDATA.is_dir(), reason=f"no real data at {REALDATA}")
def test_the_streets_of_shanghai_have_the_dirt_they_are_known_for():
    report = check(gpd.read_file(REALDATA / "shanghai" / "shanghai_street_named.geojson"))
    assert report.grids == 251
    assert not report.invalid
    assert report.overlaps_over(1.0) == 84
    assert report.overlaps_over(10_000.0) == 46
    assert 65 <= len(report.gaps) <= 70
