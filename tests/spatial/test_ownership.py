"""The edge rule, against exact arithmetic: one owner on borders, in holes, plugs, exclaves and overlaps."""

from itertools import pairwise
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import MultiPolygon, Polygon, box

from gridmap import OwnershipIndex
from gridmap.model.errors import InputError
from gridmap.spatial import _build, _cells

STEP = 1e-7


def frame(*geometries, ids=None):
    ids = list(range(1, len(geometries) + 1)) if ids is None else ids
    return gpd.GeoDataFrame({"id": ids}, geometry=list(geometries), crs=4326)


def index(*geometries, ids=None):
    return OwnershipIndex.from_frame(frame(*geometries, ids=ids), id="id")


def steps(*points):
    """Make a polygon from lattice integers."""
    return Polygon([(x / 1e7, y / 1e7) for x, y in points])


def side(point, rings):
    """Place a point by integer arithmetic alone: 0 outside, 1 inside, 2 on the border (even-odd over all rings)."""
    x, y = point
    odd = False
    for ring in rings:
        for (ax, ay), (bx, by) in pairwise(ring):
            cross = (bx - ax) * (y - ay) - (by - ay) * (x - ax)
            if cross == 0 and min(ax, bx) <= x <= max(ax, bx) and min(ay, by) <= y <= max(ay, by):
                return 2
            if (ay > y) != (by > y) and (cross > 0) == (by > ay):
                odd = not odd
    return int(odd)


def rings_of(geometry):
    polygons = shapely.get_parts(geometry)
    rings = shapely.get_rings(polygons)
    return [[(round(x * 1e7), round(y * 1e7)) for x, y in ring.coords] for ring in rings]


def expected(points, geometries, ids):
    order = np.argsort(ids)
    rings = [rings_of(g) for g in geometries]
    return [next((int(k) for k in order if side(p, rings[k])), -1) for p in points]


class TestEdgeRule:
    SQUARES = (box(0, 0, 1, 1), box(1, 0, 2, 1), box(0, 1, 1, 2), box(1, 1, 2, 2))

    def test_interior_has_its_owner(self):
        got = index(*self.SQUARES).locate([0.5, 1.5, 0.5, 1.5], [0.5, 0.5, 1.5, 1.5])
        assert got.tolist() == [0, 1, 2, 3]
        assert got.dtype == np.int64

    def test_border_belongs_to_the_smallest_id_not_the_first_row(self):
        got = index(*self.SQUARES, ids=[40, 30, 20, 10]).locate([1, 1, 0.5, 1.5, 1], [0.5, 1.5, 1, 1, 1])
        assert got.tolist() == [1, 3, 2, 3, 3]

    def test_outer_border_and_corners_are_covered(self):
        got = index(*self.SQUARES).locate([0, 2, 2, 0, 1], [0, 0, 2, 2, 2])
        assert got.tolist() == [0, 1, 3, 2, 2]

    def test_one_step_beyond_is_outside(self):
        x = [-STEP, 2 + STEP, 0.5, 0.5]
        y = [0.5, 0.5, -STEP, 2 + STEP]
        assert index(*self.SQUARES).locate(x, y).tolist() == [-1, -1, -1, -1]

    def test_one_step_either_side_of_a_shared_border(self):
        got = index(*self.SQUARES).locate([1 - STEP, 1, 1 + STEP], [0.5, 0.5, 0.5])
        assert got.tolist() == [0, 0, 1]

    def test_an_ulp_beside_the_border_is_read_as_on_it(self):
        x = [np.nextafter(1, 0), 1.0, np.nextafter(1, 2)]
        assert index(*self.SQUARES).locate(x, [0.5] * 3).tolist() == [0, 0, 0]

    def test_hole_is_nobody_and_its_rim_is_covered(self):
        ring = Polygon(box(0, 0, 3, 3).exterior, [box(1, 1, 2, 2).exterior])
        assert index(ring).locate([1.5, 1, 0.5], [1.5, 1.5, 0.5]).tolist() == [-1, 0, 0]

    def test_plug_in_a_hole(self):
        ring = Polygon(box(0, 0, 3, 3).exterior, [box(1, 1, 2, 2).exterior])
        got = index(ring, box(1, 1, 2, 2), ids=[2, 1]).locate([1.5, 1, 2.5], [1.5, 1.5, 0.5])
        assert got.tolist() == [1, 1, 0]

    def test_exclave(self):
        parts = MultiPolygon([box(0, 0, 1, 1), box(4, 4, 5, 5)])
        got = index(parts, box(1, 0, 4, 5)).locate([0.5, 4.5, 2, 4], [0.5, 4.5, 2, 4.5])
        assert got.tolist() == [0, 0, 1, 0]

    def test_overlap_goes_to_the_smallest_id(self):
        got = index(box(0, 0, 2, 2), box(1, 1, 3, 3), ids=[9, 4]).locate([1.5, 0.5, 2.5], [1.5, 0.5, 2.5])
        assert got.tolist() == [1, 0, 1]

    def test_polygon_inside_another(self):
        got = index(box(0, 0, 9, 9), box(4, 4, 5, 5), ids=[2, 1]).locate([4.5, 1, 4], [4.5, 1, 4.5])
        assert got.tolist() == [1, 0, 1]

    def test_corner_touch(self):
        assert index(box(0, 0, 1, 1), box(1, 1, 2, 2)).locate([1, 1.5], [1, 0.5]).tolist() == [0, -1]

    def test_whole_earth_does_not_overflow(self):
        earth = index(Polygon([(-180, -90), (180, -90), (180, 90)]), Polygon([(-180, -90), (180, 90), (-180, 90)]))
        x = [179.9999999, -179.9999999, 0.0, 180, -180, 0.0000002, 0.0000001]
        y = [89.9999998, -89.9999998, 0.0, -90, 90, 0.0000001, 0.0000001]
        points = [(round(a * 1e7), round(b * 1e7)) for a, b in zip(x, y, strict=True)]
        triangles = [
            Polygon([(-180, -90), (180, -90), (180, 90)]),
            Polygon([(-180, -90), (180, 90), (-180, 90)]),
        ]
        assert earth.locate(x, y).tolist() == expected(points, triangles, [1, 2])

    def test_sliver_one_step_wide(self):
        slivers = [steps((0, 0), (1, 0), (1, 10**7), (0, 10**7)), steps((1, 0), (2, 0), (2, 10**7), (1, 10**7))]
        got = index(*slivers, ids=[2, 1]).locate([0, STEP, 2 * STEP, 3 * STEP], [0.5] * 4)
        assert got.tolist() == [0, 1, 1, -1]


coordinate = st.integers(-40, 40)


@st.composite
def star(draw):
    """Draw a star-shaped polygon: simple, with any slopes, sometimes with a hole."""
    cx, cy = draw(coordinate), draw(coordinate)
    n = draw(st.integers(3, 9))
    angles = np.sort(draw(st.lists(st.floats(0, 6.28), min_size=n, max_size=n, unique=True)))
    radii = draw(st.lists(st.integers(2, 30), min_size=n, max_size=n))
    ring = [(cx + round(r * np.cos(a)), cy + round(r * np.sin(a))) for a, r in zip(angles, radii, strict=True)]
    return steps(*ring)


@given(st.lists(star(), min_size=1, max_size=5), st.permutations(range(5)), st.sampled_from([1, 977, 10**6]))
@settings(max_examples=150, deadline=None)
def test_every_lattice_point_agrees_with_exact_arithmetic(polygons, order, stretch):
    polygons = [shapely.transform(p, lambda c: np.rint(c * 1e7) * stretch / 1e7) for p in polygons]
    polygons = [p for p in polygons if p.area > 0]
    if not polygons:
        return
    ids = [order[k] + 1 for k in range(len(polygons))]
    grid = [(x * stretch, y * stretch) for x in range(-75, 76, 3) for y in range(-75, 76, 3)]
    grid += [(x + dx, y) for p in polygons for ring in rings_of(p) for x, y in ring for dx in (-1, 0, 1)]
    got = index(*polygons, ids=ids).locate([x / 1e7 for x, _ in grid], [y / 1e7 for _, y in grid])
    assert got.tolist() == expected(grid, polygons, ids)


def test_borders_are_told_apart_in_a_batch():
    owners, on_border = index(*TestEdgeRule.SQUARES).locate_with_borders([0.5, 1, 1, 9], [0.5, 0.5, 1, 9])
    assert owners.tolist() == [0, 0, 0, -1]
    assert on_border.tolist() == [False, True, True, False]


class TestExplain:
    def test_names_all_who_cover_a_border_point(self):
        told = index(*TestEdgeRule.SQUARES, ids=[4, 3, 2, 1]).explain(1, 1)
        assert told.status == "on_border"
        assert told.covering == (3, 2, 1, 0)
        assert told.owner == 3
        assert told.nearest_m == 0.0

    def test_inside_tells_the_nearest_other(self):
        told = index(box(0, 0, 1, 1), box(1, 0, 2, 1)).explain(0.999, 0.5)
        assert (told.status, told.owner, told.nearest) == ("inside", 0, 1)
        assert told.nearest_m == pytest.approx(111.3, abs=0.1)

    def test_nowhere_tells_the_nearest(self):
        told = index(box(0, 0, 1, 1), box(3, 0, 4, 1)).explain(2.9, 0.5)
        assert (told.status, told.owner, told.covering, told.nearest) == ("nowhere", -1, (), 1)
        assert told.nearest_m == pytest.approx(11131, abs=2)

    def test_within_lists_by_distance(self):
        near = index(box(0, 0, 1, 1), box(1, 0, 2, 1), box(1.001, 1, 2, 2)).within(0.9999, 0.9999, 200)
        assert [row for row, _ in near] == [0, 1, 2]
        assert near[0][1] == 0.0


def metres_from(point, geometry):
    """Measure by Shapely in a plane around the point, independent of the index."""
    latitude = np.radians(point[1])
    w = 1 - 0.0066943799901413165 * np.sin(latitude) ** 2
    scale = np.radians([6378137 / w**0.5 * np.cos(latitude), 6378137 * (1 - 0.0066943799901413165) / w**1.5])
    flat = shapely.transform(geometry, lambda c: (c - point) * scale)
    return shapely.distance(shapely.Point(0, 0), flat.boundary)


def scattered(rng, count):
    """Scatter small convex polygons that overlap now and then, in no order."""
    centres = rng.uniform([121, 31], [121.05, 31.05], (count, 2))
    hulls = [shapely.MultiPoint(c + rng.normal(0, 0.002, (7, 2))).convex_hull for c in centres]
    return [shapely.transform(hull, lambda c: np.rint(c * 1e7) / 1e7) for hull in hulls]


class TestReach:
    """Nearest and within go down boxes only where something better may be; looking at every polygon must agree."""

    @pytest.mark.parametrize("count", [1, 2, 17, 400])
    def test_nearest_of_all(self, count):
        rng = np.random.default_rng(count)
        polygons = scattered(rng, count)
        made = index(*polygons, ids=rng.permutation(count) + 1)
        for point in rng.uniform([120.99, 30.99], [121.06, 31.06], (60, 2)):
            told = made.explain(*point)
            if len(told.covering) > 1:
                assert (told.nearest, told.nearest_m) == (told.covering[1], 0.0)
                continue
            away = [metres_from(point, each) if row != told.owner else np.inf for row, each in enumerate(polygons)]
            if np.isinf(min(away)):
                assert told.nearest == -1
                continue
            assert told.nearest_m == pytest.approx(min(away), abs=0.02)
            assert away[told.nearest] == pytest.approx(min(away), abs=0.02)

    def test_of_those_equally_near_the_first_is_named(self):
        corner = (121.0000003, 31.0000007)
        around = [(0.01, 0.002), (0.007, 0.009), (-0.003, 0.01), (-0.01, 0.004)]
        blades = [Polygon([corner, *np.add(corner, pair)]) for pair in pairwise(around)]
        made = index(*blades)
        for point in np.random.default_rng(4).uniform([120.999, 30.9], [121.001, 30.99], (500, 2)):
            told = made.explain(*point)
            assert (told.owner, told.nearest) == (-1, 0)

    @pytest.mark.parametrize("radius", [0.0, 30.0, 500.0])
    def test_within_of_all(self, radius):
        rng = np.random.default_rng(9)
        polygons = scattered(rng, 300)
        made = index(*polygons)
        for point in rng.uniform([121, 31], [121.05, 31.05], (40, 2)):
            inside = [each.covers(shapely.Point(np.rint(point * 1e7) / 1e7)) for each in polygons]
            away = [0.0 if covers else metres_from(point, each) for covers, each in zip(inside, polygons, strict=True)]
            got = made.within(*point, radius)
            assert {row for row, _ in got} == {row for row, metres in enumerate(away) if metres <= radius}
            assert [metres for _, metres in got] == pytest.approx([away[row] for row, _ in got], abs=0.02)
            assert got == sorted(got, key=lambda item: (item[1], made.ids[item[0]]))

    def test_all_who_lie_beneath_one_that_fills_the_cells_are_named(self):
        towers = [box(0.1 * k, 0.1 * k, 1 + 0.1 * k, 1 + 0.1 * k) for k in range(9)]
        made = index(*towers, ids=[9, 8, 7, 6, 5, 4, 3, 2, 1])
        assert made.covering(0.95, 0.95) == [8, 7, 6, 5, 4, 3, 2, 1, 0]
        assert made.covering(0.85, 1.0) == [8, 7, 6, 5, 4, 3, 2, 1, 0]
        assert made.covering(1.75, 1.75) == [8]
        assert made.explain(1.2, 1.2).owner == 8
        assert made.explain(1.2, 1.2).covering == (8, 7, 6, 5, 4, 3, 2)


class TestCells:
    """Cells adapt to what is there, and together stay within a multiple of the vertices."""

    @staticmethod
    def city(side, size, west=121.4, south=31.2):
        step = size / side
        at = np.rint((np.arange(side + 1) * step) * 1e7).astype(np.int64)
        x, y = at + round(west * 1e7), at + round(south * 1e7)
        return [steps((x[i], y[j]), (x[i + 1], y[j]), (x[i + 1], y[j + 1]), (x[i], y[j + 1]))
                for i in range(side) for j in range(side)]  # fmt: skip

    def met(self, made, lon, lat):
        """Count the edges that each point meets in its record."""
        frame, _, words, _ = made._index
        counts = []
        for x, y in zip(np.rint(lon * 1e7).astype(int), np.rint(lat * 1e7).astype(int), strict=True):
            value, _shift = _cells._cell(x - frame[0], y - frame[1], made._index)
            counts.append(0 if value >= _cells.NO_OWNER else int(words[_cells.place_of(value)]))
        return np.array(counts)

    def test_a_dense_quarter_in_an_empty_world(self):
        quarter = self.city(60, 0.01)
        made = index(*quarter, box(-180, -90, 180, 90))
        rng = np.random.default_rng(3)
        lon, lat = rng.uniform(121.4, 121.41, 2000), rng.uniform(31.2, 31.21, 2000)
        assert self.met(made, lon, lat).max() <= 8
        assert (made.locate(lon, lat) < len(quarter)).all()
        assert made.locate([0.0], [0.0]).tolist() == [len(quarter)]
        assert made.nbytes < 256 * 5 * len(made)

    @pytest.mark.parametrize(
        "polygons",
        [
            [box(k / 1000, 0, (k + 1) / 1000, 1) for k in range(1000)],
            [box(k / 300, 0, (k + 1) / 300, 1) for k in range(300)]
            + [box(0, k / 300, 1, (k + 1) / 300) for k in range(300)],
            [Polygon([(k / 500, 0), ((k + 1) / 500, 0), (1, 1)]) for k in range(500)],
            [box(k * 1e-7, k * 1e-7, 1 + k * 1e-7, 1 + k * 1e-7) for k in range(500)],
            [box(-180, -90, 180, 90), box(0, 0, 2e-7, 2e-7)] * 1
            + [box(0, 0, 1e-7 * k, 1e-7 * k) for k in range(3, 400)],
        ],
        ids=["stripes", "crossing stripes", "one vertex", "shifted by a step", "nested about a point"],
    )
    def test_memory_is_a_multiple_of_the_vertices_whatever_their_shape(self, polygons):
        made = index(*polygons)
        assert made.nbytes < 256 * shapely.get_num_coordinates(polygons).sum()

    @pytest.mark.parametrize("places", [20, 400])
    def test_more_than_can_be_numbered_is_refused(self, monkeypatch, places):
        monkeypatch.setattr(_build, "_MOST_PLACES", places)
        with pytest.raises(InputError, match="too many vertices"):
            index(*self.city(12, 1.0))

    def test_points_are_answered_alike_in_blocks_of_any_length(self):
        made = index(*self.city(8, 1.0))
        rng = np.random.default_rng(6)
        lon, lat = rng.uniform(121.3, 122.5, 1500), rng.uniform(31.1, 32.3, 1500)
        alone = [made.owner(x, y)[0] for x, y in zip(lon, lat, strict=True)]
        for length in (1, 2, 255, 256, 257, 511, 513, 1500):
            assert made.locate(lon[:length], lat[:length]).tolist() == alone[:length]

    def test_more_than_a_page_of_polygons_meet_in_one_vertex(self):
        angle = np.linspace(0, 2 * np.pi, 101)
        rim = np.column_stack([np.cos(angle), np.sin(angle)])
        blades = [Polygon([(0, 0), a, b]) for a, b in pairwise(rim)]
        ids = np.random.default_rng(2).permutation(100) + 1
        made = index(*blades, ids=ids)
        assert made.explain(0, 0).covering == tuple(np.argsort(ids))
        assert made.locate([0.0], [0.0]).tolist() == [int(np.argmin(ids))]
        middle = (angle[:-1] + angle[1:]) / 2
        assert made.locate(np.cos(middle) * 1e-5, np.sin(middle) * 1e-5).tolist() == list(range(100))


class TestInput:
    def test_all_faults_at_once(self):
        bad = frame(box(0, 0, 1, 1), shapely.Point(0, 0), box(190, 0, 191, 1), ids=[1, 1, 2])
        with pytest.raises(InputError) as caught:
            OwnershipIndex.from_frame(bad, id="id")
        assert {f.code for f in caught.value.faults} == {"duplicate", "not_polygon", "out_of_range"}

    @pytest.mark.parametrize("value", [np.nan, np.inf, 180.1, -181])
    def test_coordinates_not_on_earth_are_named(self, value):
        with pytest.raises(InputError, match="row 2, lon"):
            index(box(0, 0, 1, 1)).locate([0.5, value], [0.5, 0.5])

    def test_empty_frame_owns_nothing(self):
        assert index().locate([0.5], [0.5]).tolist() == [-1]

    def test_other_crs_is_refused(self):
        with pytest.raises(InputError, match="EPSG:4326"):
            OwnershipIndex.from_frame(frame(box(0, 0, 1, 1)).to_crs(3857), id="id")

    def test_lengths_have_to_agree(self):
        with pytest.raises(InputError):
            index(box(0, 0, 1, 1)).locate([0.5, 0.6], [0.5])


class TestFile:
    def test_saved_and_loaded_answers_the_same(self, tmp_path: Path):
        made = index(*TestEdgeRule.SQUARES, ids=[4, 3, 2, 1])
        made.save(tmp_path / "squares.index")
        loaded = OwnershipIndex.load(tmp_path / "squares.index")
        rng = np.random.default_rng(5)
        x, y = rng.integers(-2, 23, 500) / 10, rng.integers(-2, 23, 500) / 10
        assert (loaded.locate(x, y) == made.locate(x, y)).all()
        assert loaded.explain(1, 1) == made.explain(1, 1)
        assert [p.name for p in tmp_path.iterdir()] == ["squares.index"]

    def test_damage_is_told(self, tmp_path: Path):
        path = tmp_path / "squares.index"
        index(*TestEdgeRule.SQUARES).save(path)
        data = bytearray(path.read_bytes())
        data[-100] ^= 1
        path.write_bytes(data)
        with pytest.raises(InputError, match="damaged"):
            OwnershipIndex.load(path)

    def test_cut_short_and_foreign_files_are_told(self, tmp_path: Path):
        path = tmp_path / "squares.index"
        index(*TestEdgeRule.SQUARES).save(path)
        path.write_bytes(path.read_bytes()[:-300])
        with pytest.raises(InputError, match="cut short"):
            OwnershipIndex.load(path)
        path.write_bytes(b"PK\3\4 no index")
        with pytest.raises(InputError, match="not a saved"):
            OwnershipIndex.load(path)


def test_many_threads_get_the_answers_of_one():
    rng = np.random.default_rng(1)
    x, y = rng.uniform(-0.5, 2.5, 400_000), rng.uniform(-0.5, 2.5, 400_000)
    squares = index(*TestEdgeRule.SQUARES)
    want = np.where((x < 0) | (x > 2) | (y < 0) | (y > 2), -1, (x > 1) + 2 * (y > 1))
    assert (squares.locate(x, y) == want).mean() > 0.99999
    assert squares.owner(float(x[0]), float(y[0]))[0] == squares.locate(x, y)[0]
