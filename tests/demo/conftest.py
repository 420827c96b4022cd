"""The demo cities that these tests look at, each built once."""

import pytest

from gridmap.demo import DemoCity, build


@pytest.fixture(scope="session")
def city() -> DemoCity:
    return build()


@pytest.fixture(scope="session")
def twin_city() -> DemoCity:
    """Two sub-districts side by side."""
    return build(scale=2)


@pytest.fixture(scope="session", params=[2, 7, 20])
def other_city(request) -> DemoCity:
    """Cities of other seeds: what must hold holds for them as well."""
    return build(seed=request.param)
