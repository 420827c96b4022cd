"""What the tests of maps share."""

import pytest

from gridmap.maps import MapData
from tests.maps.browsing import browser, page
from tests.maps.towns import town

__all__ = ["browser", "page"]


@pytest.fixture
def tiny() -> MapData:
    """The town as it is."""
    return town()
