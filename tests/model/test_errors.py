import pytest

from gridmap.model.errors import Fault, InputError


def test_an_error_lists_every_fault_on_a_line_of_its_own():
    error = InputError([Fault("lon", "is missing", "give a number"), Fault("", "what is this")], "the question")
    assert str(error) == "the question:\nlon: is missing (give a number)\nwhat is this"
    assert isinstance(error, ValueError)


def test_an_error_without_a_fault_is_a_mistake_of_ours():
    with pytest.raises(AssertionError):
        InputError([])
