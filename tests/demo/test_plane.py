import numpy as np
from pyproj import Geod

from gridmap.demo.plane import ORIGIN, to_degrees, to_metres


def test_there_and_back():
    xy = np.array([[0.0, 0.0], [512.3, -498.7], [-600.0, 600.0]])
    assert np.abs(to_metres(to_degrees(xy)) - xy).max() < 0.006


def test_metres_are_metres():
    xy = np.array([[600.0, 0.0], [0.0, 600.0], [-600.0, -600.0]])
    lonlat = to_degrees(xy)
    _, _, distance = Geod(ellps="WGS84").inv(np.full(3, ORIGIN[0]), np.full(3, ORIGIN[1]), lonlat[:, 0], lonlat[:, 1])
    assert np.abs(distance - np.hypot(*xy.T)).max() < 0.1
