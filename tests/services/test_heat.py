"""Heat as pictures: tiles join without a seam, and nothing is drawn where nothing was reported."""

import io
from datetime import UTC, datetime

import numpy as np
import pytest
from PIL import Image

from gridmap.maps import raster
from gridmap.model.errors import InputError
from gridmap.services.heat import Heat, Period

ZOOM = 15


def pixels(png):
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGBA"))


@pytest.fixture
def heat(demo):
    return Heat(demo.database)


@pytest.fixture
def middle(demo):
    west, south, east, north = demo.keeper.snapshot().lines.outlines[1].bounds
    (x,), (y,) = raster.world(np.array([(west + east) / 2]), np.array([(south + north) / 2]))
    return int(x * 2**ZOOM), int(y * 2**ZOOM)


def test_tiles_are_cut_from_one_picture(heat, middle):
    x, y = middle
    west, south, _, _ = raster.tile_bounds(ZOOM, x, y + 1)
    _, _, east, north = raster.tile_bounds(ZOOM, x + 1, y)
    whole = pixels(heat.picture((west, south, east, north), ZOOM, Period()))
    assert whole.shape == (512, 512, 4)
    for column in (0, 1):
        for row in (0, 1):
            tile = pixels(heat.tile(ZOOM, x + column, y + row, Period())).astype(int)
            part = whole[row * 256 : row * 256 + 256, column * 256 : column * 256 + 256].astype(int)
            assert np.abs(tile - part).max() <= 3  # one step of the colour scale
    assert whole[..., 3].max() > 0


def test_a_period_without_incidents_is_clear(heat, middle):
    empty = Period(datetime(1990, 1, 1, tzinfo=UTC), datetime(1990, 2, 1, tzinfo=UTC))
    assert pixels(heat.tile(ZOOM, *middle, empty))[..., 3].max() == 0
    assert np.isfinite(heat.ceiling(ZOOM, empty))
    assert pixels(heat.picture((121.4, 31.2, 121.41, 31.21), ZOOM, empty))[..., 3].max() == 0


def test_an_empty_city(square_city):
    heat = Heat(square_city.database)
    assert pixels(heat.tile(ZOOM, 0, 0, Period()))[..., 3].max() == 0
    png, top = heat.whole((121.4, 31.2, 121.404, 31.202), Period())
    assert pixels(png)[..., 3].max() == 0
    assert np.isfinite(top)


@pytest.mark.parametrize("tile", [(-1, 0, 0), (23, 0, 0), (3, 8, 0), (3, 0, 8), (3, -1, 0), (10**9, 0, 0)])
def test_what_is_no_tile(heat, tile):
    with pytest.raises(InputError):
        heat.tile(*tile, Period())


@pytest.mark.parametrize("bounds", [(1, 0, 0, 1), (0, 1, 1, 0), (0, 0, 0, 0), (-180, -80, 180, 80)])
def test_what_is_no_box_or_too_large(heat, bounds):
    with pytest.raises(InputError):
        heat.picture(bounds, 22, Period())


def test_only_a_few_periods_are_kept(heat, middle):
    for year in range(2000, 2020):
        heat.tile(ZOOM, *middle, Period(datetime(year, 1, 1, tzinfo=UTC), datetime(year, 1, 2, tzinfo=UTC)))
    assert len(heat._kept) <= 8
