import hashlib
import inspect

import numpy as np
import pandas as pd
import pytest
import shapely

from gridmap import demo
from gridmap.demo import DemoCity, build
from gridmap.model.errors import InputError

FRAMES = ("grids", "places", "posts", "holders", "assignments", "absences", "incidents", "addresses")


def digest(city: DemoCity) -> str:
    """Hash every byte of every frame."""
    seen = hashlib.sha256()
    for name in FRAMES:
        frame = getattr(city, name)
        if "geometry" in frame:
            for piece in shapely.to_wkb(frame.geometry.values):
                seen.update(piece)
            frame = frame.drop(columns="geometry")
        seen.update(frame.to_json(orient="split", date_format="iso").encode())
    return seen.hexdigest()


def of_kind(city: DemoCity, kind: str) -> pd.DataFrame:
    return city.places[city.places.kind == kind]


def total(city: DemoCity, kind: str, field: str) -> int:
    return sum(properties[field] for properties in of_kind(city, kind).properties)


def check_counts(city: DemoCity) -> None:
    assert 560 <= len(of_kind(city, "building")) <= 680
    assert total(city, "building", "tower") == 31
    assert len(of_kind(city, "shop")) == 550
    assert 30 <= len(of_kind(city, "compound")) <= 40
    assert 250 <= len(of_kind(city, "component")) <= 350
    assert len(of_kind(city, "camera")) == 40
    assert 21_500 <= total(city, "building", "residents") <= 22_500
    assert 98_000 <= total(city, "building", "workers") <= 102_000
    assert 7_000 <= total(city, "compound", "households") <= 10_000
    assert len(city.incidents) == 20_000
    levels = city.grids.level.value_counts().to_dict()
    assert levels == {"district": 1, "subdistrict": 1, "block": 4, "neighbourhood": 11, "microgrid": 35}


def test_counts(city):
    check_counts(city)


def test_counts_of_other_seeds(other_city):
    check_counts(other_city)


def test_says_that_it_is_invented(city):
    assert "虚构" in city.title["zh"]
    assert "invented" in city.title["en"]


def test_same_seed_gives_the_same_bytes(city):
    assert digest(build()) == digest(city)


def test_other_seed_gives_another_city(city, other_city):
    assert digest(other_city) != digest(city)


def test_keys_are_unique(twin_city):
    for name in ("grids", "places", "posts", "holders", "incidents"):
        assert getattr(twin_city, name).key.is_unique, name


def test_times_are_utc(city):
    for frame, column in (
        (city.incidents, "reported_at"),
        (city.incidents, "closed_at"),
        (city.assignments, "start"),
        (city.assignments, "end"),
        (city.absences, "start"),
        (city.absences, "end"),
    ):
        assert str(frame[column].dt.tz) == "UTC"


def test_coordinates_are_on_the_lattice(city):
    for frame in (city.grids, city.places, city.incidents):
        assert frame.crs.to_epsg() == 4326
        assert not frame.geometry.isna().any()
        assert frame.geometry.is_valid.all()
        xy = shapely.get_coordinates(frame.geometry.values)
        assert (np.round(xy, 7) == xy).all()


def test_absent_words_are_none(city):
    assert city.grids.parent.iloc[0] is None
    assert city.places.parent.iloc[0] is None
    assert set(city.addresses.lane.map(type)) == {str, type(None)}


@pytest.mark.parametrize(
    ("seed", "scale", "places"), [(-1, 1, ["seed"]), (1, 0, ["scale"]), (-3, 9999, ["seed", "scale"])]
)
def test_refuses_what_it_cannot_build(seed, scale, places):
    with pytest.raises(InputError) as caught:
        build(seed, scale)
    assert [fault.place for fault in caught.value.faults] == places


def test_scale_doubles_everything(city, twin_city):
    assert len(twin_city.incidents) == 2 * len(city.incidents)
    assert len(of_kind(twin_city, "shop")) == 1100
    assert total(twin_city, "building", "tower") == 62
    assert (twin_city.grids.level == "microgrid").sum() == 70


def test_build_says_its_defaults():
    assert str(inspect.signature(demo.build)) == "(seed: int = 1, scale: int = 1) -> gridmap.demo.city.DemoCity"


def test_properties_fit_their_layers(city):
    layers = pytest.importorskip("gridmap.model.layers")
    declared = {layer.kind: layer for layer in layers.load_layers().values() if getattr(layer, "kind", None)}
    for kind, properties in zip(city.places.kind, city.places.properties, strict=True):
        assert set(properties) <= set(declared[kind].fields), kind
