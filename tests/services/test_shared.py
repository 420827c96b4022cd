"""Both ways of telling an answer tell the same."""

import numpy as np
import orjson
import shapely

from gridmap.services.asking import ask
from gridmap.services.shared import DATA, JSON, Shared
from gridmap.spatial.datums import from_wgs84


def test_a_part_is_the_same_in_both_ways():
    part = Shared.of([{"name": "格", "share": 0.5, "none": None}])
    assert orjson.loads(orjson.dumps({"part": part[JSON]})) == {"part": part[DATA]}


def test_answers_are_the_same_as_data_and_as_json(demo):
    shapes = list(demo.keeper.snapshot().lines.outlines.values())
    west, south, east, north = shapely.total_bounds(shapes)
    rng = np.random.default_rng(11)
    lon, lat = rng.uniform(west - 0.001, east + 0.001, 400), rng.uniform(south - 0.001, north + 0.001, 400)
    vertices = shapely.get_coordinates(shapes)[::40]
    lon, lat = np.concatenate([lon, vertices[:, 0]]), np.concatenate([lat, vertices[:, 1]])
    told = set()
    for row, datum in enumerate(("wgs84", "gcj02", "bd09", "cgcs2000") * (len(lon) // 4)):
        x, y = (float(each[0]) for each in from_wgs84(lon[row : row + 1], lat[row : row + 1], datum))
        question = {"lon": x, "lat": y, "datum": datum, "accuracy_m": (None, 10, 300)[row % 3], "floor": row % 5}
        answer = ask(demo, question)
        assert orjson.loads(answer.to_json()) == orjson.loads(orjson.dumps(answer.to_dict()))
        told.add(answer.status)
    assert told == {"inside", "on_border", "outside"}
