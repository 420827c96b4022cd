import json
import os
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from gridmap.model.errors import CoverageError
from gridmap.spatial.lattice import SCALE
from gridmap.spatial.measures import area_m2
from gridmap.spatial.repair import repair

REALDATA = Path(os.environ.get("GRIDMAP_REALDATA", Path(__file__).parents[3] / "shared" / "data"))
ORIGIN = np.array([1_214_000_000, 312_000_000])
UNIT = 5_000


def at(geometry, unit=UNIT):
    return shapely.transform(geometry, lambda points: (np.rint(points * unit) + ORIGIN) / SCALE)


def back(geometry, unit=UNIT):
    return shapely.transform(geometry, lambda points: (np.rint(points * SCALE) - ORIGIN) / unit)


def grids(*outlines, unit=UNIT, **columns):
    placed = [at(outline, unit) for outline in outlines]
    return gpd.GeoDataFrame(columns, geometry=placed, crs="EPSG:4326", index=range(10, 10 + len(outlines)))


def drawn(result, unit=UNIT):
    return [back(outline, unit).normalize() for outline in result.frame.geometry]


def same_ground(one, other):
    return shapely.equals(one, other)


def test_a_clean_coverage_comes_back_as_it_was():
    frame = grids(shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1), code=["a", "b"])
    result = repair(frame)
    assert not result.changes
    assert result.frame.index.equals(frame.index)
    assert result.frame["code"].tolist() == ["a", "b"]
    assert result.frame.crs == frame.crs
    assert (result.frame.geom_type == "MultiPolygon").all()
    assert all(same_ground(a, b) for a, b in zip(result.frame.geometry, frame.geometry, strict=True))
    assert frame.geom_type.tolist() == ["Polygon", "Polygon"]


def test_disputed_ground_goes_to_the_first():
    result = repair(grids(shapely.box(0, 0, 3, 2), shapely.box(2, 0, 5, 2), name=["甲", "乙"]))
    first, second = drawn(result)
    assert same_ground(first, shapely.box(0, 0, 3, 2))
    assert same_ground(second, shapely.box(3, 0, 5, 2))
    [change] = result.changes
    assert (change.kind, change.grid, change.name, change.others) == ("overlap", 10, "甲", (11,))
    assert change.area_m2 == pytest.approx(area_m2([at(shapely.box(2, 0, 3, 2))])[0])
    assert at(shapely.box(2, 0, 3, 2)).contains(shapely.Point(change.lon, change.lat))


def test_an_enclave_keeps_its_ground_and_is_cut_out():
    whole, enclave, inner = shapely.box(0, 0, 9, 9), shapely.box(3, 3, 6, 6), shapely.box(4, 4, 5, 5)
    result = repair(grids(whole, enclave, inner))
    outer, middle, core = drawn(result)
    assert same_ground(outer, whole - enclave)
    assert same_ground(middle, enclave - inner)
    assert same_ground(core, inner)
    assert {(change.kind, change.grid, change.others) for change in result.changes} == {
        ("enclave", 11, (10,)), ("enclave", 12, (10, 11))
    }  # fmt: skip


def test_a_twin_and_a_grid_buried_under_several_would_vanish():
    with pytest.raises(CoverageError) as caught:
        repair(
            grids(shapely.box(0, 0, 1, 1), shapely.box(0, 0, 1, 1), shapely.box(5, 5, 6, 6), name=["甲", "乙", "丙"])
        )
    [fault] = caught.value.faults
    assert fault.code == "vanishes"
    assert "乙" in fault.message
    assert "甲" in fault.message
    with pytest.raises(CoverageError, match="nothing would be left of 12"):
        repair(grids(shapely.box(0, 0, 2, 2), shapely.box(2, 0, 4, 2), shapely.box(0, 0, 4, 1.5)))


def test_small_gaps_go_to_the_longest_border_and_large_ones_stay():
    small, large = shapely.box(2, 2, 4, 3), shapely.box(20, 20, 40, 40)
    left = shapely.box(0, 0, 4, 60) - small
    right = shapely.box(4, 0, 60, 60) - large
    result = repair(grids(left, right))
    one, other = drawn(result)
    assert same_ground(one, shapely.box(0, 0, 4, 60))
    assert same_ground(other, right)
    [change] = result.changes
    assert (change.kind, change.grid) == ("filled", 10)
    [gap] = result.gaps_left
    assert gap.area_m2 == pytest.approx(area_m2([at(large)])[0])
    assert not repair(grids(left, right), fill_below_m2=0).changes
    assert repair(grids(left, right), fill_below_m2=1e12).after.clean


def test_a_gap_goes_to_the_longest_border_not_to_the_first():
    gap = shapely.box(4, 2, 6, 3)
    result = repair(grids(shapely.box(0, 0, 4, 6), shapely.box(4, 0, 9, 6) - gap))
    assert result.changes[0].grid == 11
    assert same_ground(drawn(result)[1], shapely.box(4, 0, 9, 6))


def test_gaps_and_overlaps_at_once_on_one_spot():
    ring = [shapely.box(0, 0, 6, 2), shapely.box(0, 4, 6, 6), shapely.box(0, 1, 2, 5), shapely.box(4, 1, 6, 5)]
    result = repair(grids(*ring), fill_below_m2=20_000)
    assert result.after.clean
    assert same_ground(shapely.union_all(drawn(result)), shapely.box(0, 0, 6, 6))
    assert [change.kind for change in result.changes] == ["overlap"] * 4 + ["filled"]


def test_an_invalid_outline_is_mended_and_told():
    bow_tie = shapely.Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])
    result = repair(grids(bow_tie, shapely.box(2, 0, 3, 2)))
    assert result.changes[0].kind == "mended"
    assert result.changes[0].reason == "Self-intersection"
    assert len(result.frame.geometry.iloc[0].geoms) == 2


def test_neighbours_get_the_missing_nodes():
    result = repair(grids(shapely.box(0, 0, 1, 2), shapely.box(1, 0, 2, 1), shapely.box(1, 1, 2, 2)))
    assert not result.changes
    assert not result.before.clean
    assert result.after.clean
    assert shapely.get_num_coordinates(result.frame.geometry.iloc[0]) == 6


def test_every_row_without_an_area_is_named():
    with pytest.raises(CoverageError) as caught:
        repair(grids(shapely.Point(0, 0), shapely.box(0, 0, 1, 1), shapely.LineString([(0, 0), (1, 1)])))
    assert [fault.code for fault in caught.value.faults] == ["not_an_area", "not_an_area"]


def test_a_scribble_is_refused():
    rng = np.random.default_rng(5)
    with pytest.raises(CoverageError) as caught:
        repair(grids(shapely.Polygon(rng.integers(0, 1000, (3000, 2))), shapely.box(2000, 0, 2001, 1)))
    assert caught.value.faults[0].code == "too_complex"


def test_the_result_is_plain_data():
    result = repair(grids(shapely.box(0, 0, 3, 2), shapely.box(2, 0, 5, 2)))
    assert json.loads(json.dumps(result.to_dict()))["counts"] == {
        "mended": 0,
        "overlap": 1,
        "enclave": 0,
        "filled": 0,
    }


def test_long_slanted_borders_that_miss_each_other_by_a_hair():
    # A node of one border lies off the other's edge by less than a lattice step, as it does in real files.
    rng = np.random.default_rng(8)
    nodes = np.column_stack([np.sort(rng.integers(1, 99_999, 40)), np.zeros(40)])
    nodes[:, 1] = np.rint(nodes[:, 0] * 0.37)
    upper = shapely.Polygon([(0, 0), *nodes, (100_000, 37_000), (0, 60_000)])
    lower = shapely.Polygon([(0, 0), (100_000, 37_000), (100_000, 0)])
    result = repair(grids(upper, lower, unit=1))
    assert not result.before.clean
    assert result.after.clean
    assert area_m2(result.frame.geometry) == pytest.approx(area_m2(grids(upper, lower, unit=1).geometry), rel=1e-4)


# Its thin triangle becomes a hole that meets its shell where the rest of the first grid touches from outside.
THIN_ACROSS_A_CORNER = [
    shapely.Polygon([(1, 2), (12, 16), (13, 18)]),
    shapely.Polygon([(0, 1), (0, 0), (17, 14), (11, 18)]),
]


def test_a_grid_on_both_sides_of_a_node_where_a_hole_meets_its_shell():
    result = repair(grids(*THIN_ACROSS_A_CORNER, unit=3))
    assert result.after.clean
    assert edges_match(result.frame.geometry.to_numpy())
    assert len(result.frame.geometry.iloc[0].geoms) == 2
    [holed] = result.frame.geometry.iloc[1].geoms
    assert len(holed.interiors) == 1
    assert [change.kind for change in result.changes] == ["overlap"]


boxes = st.builds(
    lambda x, y, width, height: shapely.box(x, y, x + width, y + height),
    st.integers(0, 12), st.integers(0, 12), st.integers(1, 6), st.integers(1, 6),
)  # fmt: skip
corners = st.lists(st.tuples(st.integers(0, 18), st.integers(0, 18)), min_size=3, max_size=9, unique=True)
scribbles = corners.map(shapely.Polygon).filter(lambda shape: shape.buffer(0).area > 0)


def repaired(shapes, **options):
    try:
        return repair(grids(*shapes, **options), fill_below_m2=1e12)
    except CoverageError as error:
        codes = {fault.code for fault in error.faults}
    # Nothing but a grid that vanishes may stand in the way.
    assert codes == {"vanishes"}
    assume(False)
    return None


def edges_match(parts):
    """Whether no node lies inside an edge and no edge has two parts on one side, in whole numbers.

    Not GEOS's `coverage_is_valid`: it is wrong where a hole meets its shell.
    """
    rings = shapely.get_rings(shapely.orient_polygons(shapely.get_parts(parts)))
    points, ring = shapely.get_coordinates(rings, return_index=True)
    points = np.rint(points * SCALE).astype(np.int64) - ORIGIN
    same = ring[1:] == ring[:-1]
    start, along = points[:-1][same], np.diff(points, axis=0)[same]
    (x, y), (to_x, to_y) = along.T[:, :, None], (points - start[:, None]).transpose(2, 0, 1)
    share = x * to_x + y * to_y
    inside = (x * to_y == y * to_x) & (share > 0) & (share < x * x + y * y)
    edges = np.hstack([start, along])
    return not inside.any() and len(np.unique(edges, axis=0)) == len(edges)


CELLS = np.stack(np.meshgrid(np.arange(18) + 0.5, np.arange(18) + 0.5), axis=-1).reshape(-1, 2)


def holding(shapes):
    """Which shapes contain which cells, a row for each shape."""
    return np.array([shapely.contains_xy(shape, CELLS) for shape in shapes])


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.filter_too_much])
@given(st.lists(boxes, min_size=1, max_size=9))
@example([shapely.box(0, 0, 3, 4), shapely.box(0, 0, 4, 1), shapely.box(3, 4, 4, 5), shapely.box(4, 0, 5, 4)])
def test_messy_boxes_become_a_coverage_by_the_rule(shapes):
    result = repaired(shapes)
    parts = drawn(result)
    assert shapely.is_valid(parts).all()
    assert edges_match([at(part) for part in parts])
    assert result.after.clean
    # what is enclosed is filled, be it by corners that touch
    lines = shapely.union_all(shapely.boundary(shapely.get_parts(shapely.union_all(shapes))))
    filled = shapely.union_all(shapely.get_parts(shapely.polygonize(shapely.get_parts(lines))))
    assert same_ground(shapely.union_all(parts), filled)
    claims, owns = holding(shapes), holding(parts)
    assert (owns.sum(axis=0) == holding([filled])[0]).all()
    claimed = claims.any(axis=0)
    owner, first = owns.argmax(axis=0)[claimed], claims.argmax(axis=0)[claimed]
    assert claims[owner, np.flatnonzero(claimed)].all()
    enclaves = [change.grid - 10 for change in result.changes if change.kind == "enclave"]
    assert ((owner == first) | np.isin(owner, enclaves)).all()


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.filter_too_much])
@given(st.lists(scribbles, min_size=1, max_size=6), st.sampled_from([1, 3, 997]))
@example(THIN_ACROSS_A_CORNER, 3)
def test_scribbles_become_a_coverage(shapes, unit):
    result = repaired(shapes, unit=unit)
    parts = result.frame.geometry.to_numpy()
    assert len(parts) == len(shapes)
    assert shapely.is_valid(parts).all()
    assert edges_match(parts)
    assert result.after.clean
    assert (np.rint(shapely.get_coordinates(parts) * SCALE) / SCALE == shapely.get_coordinates(parts)).all()
    again = repair(result.frame, before=result.after, fill_below_m2=1e12)
    assert not again.changes
    assert all(same_ground(a, b) for a, b in zip(again.frame.geometry, parts, strict=True))


@pytest.mark.realdata
@pytest.mark.skipif(not REALDATA.is_dir(), reason=f"no real data at {REALDATA}")
def test_the_streets_of_shanghai_become_clean():
    streets = gpd.read_file(REALDATA / "shanghai" / "shanghai_street_named.geojson")
    result = repair(streets.rename(columns={"street": "name"}))
    assert len(result.frame) == 251
    assert result.after.clean
    km2 = dict(zip(result.frame["name"], area_m2(result.frame.geometry) / 1e6, strict=True))
    assert km2["石门二路街道"] == pytest.approx(1.07, abs=0.01)
    assert km2["淮海中路街道"] == pytest.approx(1.40, abs=0.01)


@pytest.mark.realdata
@pytest.mark.skipif(not REALDATA.is_dir(), reason=f"no real data at {REALDATA}")
def test_a_dense_city_of_12774_areas_becomes_clean():
    areas = gpd.read_parquet(REALDATA / "tainan" / "base.parquet")
    result = repair(areas)
    assert len(result.frame) == 12_774
    assert not result.before.clean
    assert result.after.clean
    assert not result.frame.geometry.has_z.any()
    changed = sum(change.area_m2 for change in result.changes)
    assert changed < 20
