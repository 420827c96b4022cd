import io

import numpy as np
import pytest
from PIL import Image

from gridmap.maps import raster

LON = np.random.default_rng(2).normal(121.46, 0.004, 3000)
LAT = np.random.default_rng(3).normal(31.225, 0.003, 3000)


class TestTileBounds:
    def test_the_world(self):
        assert raster.tile_bounds(0, 0, 0) == pytest.approx((-180, -85.0511287798, 180, 85.0511287798))

    def test_neighbours_share_an_edge(self):
        assert raster.tile_bounds(15, 27440, 13391)[2] == raster.tile_bounds(15, 27441, 13391)[0]
        assert raster.tile_bounds(15, 27440, 13391)[1] == raster.tile_bounds(15, 27440, 13392)[3]

    @pytest.mark.parametrize("tile", [(-1, 0, 0), (1, 2, 0), (1, 0, -1)])
    def test_no_such_tile(self, tile):
        with pytest.raises(ValueError, match="no tile"):
            raster.tile_bounds(*tile)


class TestRaster:
    def test_tiles_join_without_a_seam(self):
        z = 15
        east, south = raster.world(np.array([121.46]), np.array([31.225]))
        x, y = int(east[0] * 2**z), int(south[0] * 2**z)
        left, right = raster.tile_bounds(z, x, y), raster.tile_bounds(z, x + 1, y)
        both = (left[0], left[1], right[2], left[3])
        whole = raster.raster(LON, LAT, None, both, 512, 256, 24)
        halves = [raster.raster(LON, LAT, None, box, 256, 256, 24) for box in (left, right)]
        assert whole.max() > 0
        np.testing.assert_allclose(np.hstack(halves), whole, atol=whole.max() * 1e-4)

    def test_it_sums_to_the_points_in_it(self):
        box = (121.40, 31.19, 121.52, 31.26)
        width, height = raster.picture_size(box, 800)
        picture = raster.raster(LON, LAT, None, box, width, height, 12)
        south, north = np.radians(box[1]), np.radians(box[3])
        hectares = 6378137.0**2 * np.radians(box[2] - box[0]) * (np.sin(north) - np.sin(south)) / 10_000
        assert picture.mean() * hectares == pytest.approx(3000, rel=0.02)

    def test_a_weight_counts_as_so_many_points(self):
        box = (121.45, 31.22, 121.47, 31.23)
        once = raster.raster(LON, LAT, None, box, 64, 64, 8)
        thrice = raster.raster(LON, LAT, np.full(3000, 3.0), box, 64, 64, 8)
        np.testing.assert_allclose(thrice, once * 3, rtol=1e-4)

    def test_no_points(self):
        assert raster.raster(np.array([]), np.array([]), None, (0, 0, 1, 1), 8, 8, 4).max() == 0


class TestCeiling:
    def test_it_lies_within_the_picture(self):
        top = raster.ceiling(LON, LAT, None, 15, 24)
        whole = raster.raster(LON, LAT, None, (121.44, 31.21, 121.48, 31.24), 932, 816, 24)
        assert 0.4 * whole.max() < top <= whole.max() * 1.1

    def test_no_points(self):
        assert raster.ceiling(np.array([]), np.array([]), None, 15, 24) == 0

    def test_one_spot_far_in_is_bounded(self):
        assert raster.ceiling(np.array([121.4, 121.5]), np.array([31.2, 31.3]), None, 20, 60) > 0


class TestPng:
    def test_low_is_clear_and_high_is_hot(self):
        png = raster.to_png(np.array([[0.0, 100.0]], dtype=np.float32), 100)
        image = Image.open(io.BytesIO(png))
        assert image.mode == "RGBA"
        assert image.getpixel((0, 0))[3] == 0
        assert image.getpixel((1, 0))[3] > 180

    def test_nothing_at_all_is_clear(self):
        image = Image.open(io.BytesIO(raster.to_png(np.zeros((2, 2), dtype=np.float32), 0)))
        assert image.getextrema()[3] == (0, 0)
