import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridmap.maps.classes import MOST_CLASSES, classify

FIGURES = st.lists(st.floats(-1e9, 1e9, allow_nan=False).map(lambda v: round(v, 3)), min_size=1, max_size=60)


class TestClassify:
    @settings(deadline=None)  # the first call compiles
    @given(FIGURES, st.integers(1, 12))
    def test_every_figure_has_one_class_and_limits_ascend(self, values, k):
        found = classify(values, k)
        assert list(found.limits) == sorted(found.limits)
        assert len(found.limits) == len(found.labels) + 1 <= MOST_CLASSES + 1
        assert found.limits[0] <= min(values)
        assert found.limits[-1] >= max(values)
        assert all(0 <= found.of(value) < len(found.labels) for value in values)

    @settings(deadline=None)
    @given(FIGURES)
    def test_no_class_is_empty(self, values):
        found = classify(values)
        assert {found.of(value) for value in values} == set(range(len(found.labels)))

    @pytest.mark.parametrize("values", [[0.0, 6032917.0, 6036860.0], [0.0, 0.0, 6032917.0, 6036860.0]])
    def test_figures_close_together_and_far_from_the_rest(self, values):
        found = classify(values)
        assert {found.of(value) for value in values} == set(range(len(found.labels)))

    def test_limits_are_figures_that_people_say(self):
        values = np.random.default_rng(1).integers(0, 900, 40)
        for limit in classify(values).limits:
            assert limit % 10 == 0

    def test_rounding_never_moves_a_figure(self):
        assert [classify([97, 98, 1003, 1004], 2).of(v) for v in (97, 98, 1003, 1004)] == [0, 0, 1, 1]

    def test_whole_figures_get_ranges_that_do_not_touch(self):
        assert classify([1, 2, 3, 50, 51, 52], 2).labels == ("0–49", "50–60")

    @pytest.mark.parametrize("values", [[], [math.nan], [math.inf, -math.inf]])
    def test_nothing_to_class(self, values):
        assert classify(values).labels == ("0",)

    def test_one_figure(self):
        assert classify([5, 5, 5]).labels == ("5",)

    def test_a_long_list_is_classed_in_bounded_time_and_no_class_is_empty(self):
        values = np.random.default_rng(4).gamma(2, 500, 50_000).round()
        found = classify(values)
        assert {found.of(value) for value in values} == set(range(len(found.labels)))

    def test_nan_is_passed_over(self):
        assert classify([1, math.nan, 2], 2) == classify([1, 2], 2)
