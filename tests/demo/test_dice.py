import numpy as np
import pytest

from gridmap.demo.dice import between, dice, share_out


def test_same_subject_same_dice():
    assert dice(1, "streets", 2).integers(1000) == dice(1, "streets", 2).integers(1000)


@pytest.mark.parametrize("other", [(2, "streets", 2), (1, "parcels", 2), (1, "streets", 3)])
def test_other_subject_other_dice(other):
    assert (dice(1, "streets", 2).random(8) != dice(*other).random(8)).all()


def test_between_is_rounded_to_a_millimetre():
    value = between(dice(1, "x"), 3, 4)
    assert 3 <= value <= 4
    assert round(value, 3) == value


def test_share_out_keeps_the_total():
    shares = share_out(100, [1, 1, 1, 0])
    assert shares.tolist() == [34, 33, 33, 0]
    assert share_out(7, np.array([0.5, 0.25, 0.25])).sum() == 7
