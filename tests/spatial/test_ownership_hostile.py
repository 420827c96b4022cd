"""The index on polygons made to break it, against fractions: every family of trouble, at every size."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import hostile, probes
from benchmarks.oracle import Judge
from gridmap import OwnershipIndex

POINTS = 400
FAMILIES = {family.__name__: family for family in (*hostile.FAMILIES, hostile.fan, hostile.stack)}
CENTRE = np.array([1_214_000_000, 312_000_000])


def assert_exact(frame, points, seed=3, folder=None):
    """Compare the owners and the borders of hard points with those that fractions give."""
    rng = np.random.default_rng(seed)
    judge = Judge(frame.geometry.array, frame["id"].to_numpy())
    x, y, _ = probes.mixed(rng, judge.edges, points, points // 3)
    lon, lat = probes.degrees(rng, x, y)
    want = [judge.owner_by_fractions(a, b) for a, b in zip(x.tolist(), y.tolist(), strict=True)]
    index = OwnershipIndex.from_frame(frame, id="id")
    owners, borders = index.locate_with_borders(lon, lat)
    assert list(zip(owners.tolist(), borders.tolist(), strict=True)) == want
    assert [index.owner(a, b) for a, b in zip(lon.tolist(), lat.tolist(), strict=True)] == want
    assert index.locate(lon, lat).tolist() == owners.tolist()
    some = slice(0, 60)
    covering = [index.covering(a, b) for a, b in zip(lon[some].tolist(), lat[some].tolist(), strict=True)]
    assert covering == [judge.covering(a, b) for a, b in zip(x[some].tolist(), y[some].tolist(), strict=True)]
    if folder is not None:
        index.save(folder / "hostile.index")
        assert OwnershipIndex.load(folder / "hostile.index").locate(lon, lat).tolist() == owners.tolist()


@pytest.mark.parametrize("size", [5, 40, 3_000, 1_000_000])
@pytest.mark.parametrize("name", sorted(FAMILIES))
def test_each_family_is_answered_exactly(name, size):
    rng = np.random.default_rng(size)
    assert_exact(hostile.frame(rng, FAMILIES[name](rng, CENTRE, size)), POINTS)


@pytest.mark.parametrize("size", [5, 3_000, 1_000_000])
def test_a_crowd_of_all_families_is_answered_exactly(size, tmp_path):
    rng = np.random.default_rng(size)
    crowd = hostile.crowd(rng, size, 2, blades=40, high=20)
    assert_exact(hostile.frame(rng, crowd, wide=size == 5), POINTS, folder=tmp_path)


@pytest.mark.parametrize("behind", [[], hostile.whole_earth()], ids=["gaps", "owned everywhere"])
def test_the_ends_of_the_earth_are_answered_exactly(behind, tmp_path):
    rng = np.random.default_rng(11)
    assert_exact(hostile.frame(rng, hostile.earth(rng, 2), behind, wide=bool(behind)), POINTS, folder=tmp_path)


@given(
    names=st.lists(st.sampled_from(sorted(FAMILIES)), min_size=1, max_size=4),
    size=st.sampled_from([2, 7, 64, 1_000, 10**5, 10**7]),
    seed=st.integers(0, 2**32 - 1),
    where=st.sampled_from([(0, 0), (1_214_000_000, 312_000_000), (-500_000_000, -330_000_000), (-1, 1)]),
)
@settings(max_examples=60, deadline=None)
def test_any_few_families_are_answered_exactly(names, size, seed, where):
    rng = np.random.default_rng(seed)
    few = {"fan": {"blades": 12}, "stack": {"high": 6}}
    polygons = [
        each
        for name in names
        for each in FAMILIES[name](rng, np.array(where) + rng.integers(-size, size + 1, 2), size, **few.get(name, {}))
    ]
    assert_exact(hostile.frame(rng, polygons), 90, seed)


def test_the_judge_says_the_same_by_fractions_and_by_integers_of_64_bits():
    rng = np.random.default_rng(5)
    polygons = [*hostile.crowd(rng, 40, 1, blades=20, high=6), *hostile.earth(rng, 1)]
    frame = hostile.frame(rng, polygons, hostile.whole_earth())
    judge = Judge(frame.geometry.array, frame["id"].to_numpy())
    x, y, on_edge = probes.mixed(rng, judge.edges, 900, 300)
    owners, borders = judge.owners(x, y)
    points = list(zip(x.tolist(), y.tolist(), strict=True))
    assert list(zip(owners.tolist(), borders.tolist(), strict=True)) == [judge.owner_by_fractions(*p) for p in points]
    assert [judge.owner_by_python(*p) for p in points] == [judge.owner_by_fractions(*p) for p in points]
    assert (owners[on_edge] >= 0).all()
