"""The short way: the same answers as by the framework's own, and the same refusals."""

import pytest

from gridmap.api import SHORTCUTS
from tests.api.checks import problem

PATH = "/api/v1/locate"
SPOT = {"lon": "121.4585", "lat": "31.2304", "datum": "gcj02", "at": "2026-03-01T08:00:00+08:00"}


@pytest.fixture
def long_way(api, monkeypatch):
    """Ask a service that has no short ways."""

    def get(**params):
        with monkeypatch.context() as patch:
            for endpoint in list(SHORTCUTS):
                patch.delitem(SHORTCUTS, endpoint)
            return api.get(PATH, **params)

    return get


def test_whatever_goes_the_short_way_is_described(api):
    paths = api.app.openapi()["paths"]
    assert SHORTCUTS
    for (method, path), endpoint in SHORTCUTS.items():
        assert paths[path][method.lower()]["description"] in " ".join(endpoint.__doc__.split())


def test_it_is_taken(api, monkeypatch):
    async def short(_request):
        raise RuntimeError

    monkeypatch.setitem(SHORTCUTS, ("GET", PATH), short)
    problem(api.get(PATH, **SPOT), 500)


@pytest.mark.parametrize("question", [SPOT, {**SPOT, "accuracy_m": "30", "floor": "2"}, {**SPOT, "lon": "1"}])
def test_both_ways_lead_to_the_same_answer(api, long_way, question):
    short, long = api.get(PATH, **question), long_way(**question)
    assert short.status_code == 200
    assert (short.content, short.headers) == (long.content, long.headers)


@pytest.mark.parametrize(
    "question",
    [{}, {**SPOT, "lon": "x", "floor": "y"}, {**SPOT, "strange": "1"}, {**SPOT, "at": "1990-01-01T00:00:00Z"}],
)
def test_both_ways_refuse_alike(api, long_way, question):
    short, long = api.get(PATH, **question), long_way(**question)
    problem(short, short.status_code)
    assert (short.status_code, short.content, short.headers) == (long.status_code, long.content, long.headers)


def test_other_methods_and_addresses_go_on(api):
    problem(api.request("PUT", PATH), 405)
    problem(api.get(f"{PATH}/x"), 404)
    assert api.post(PATH, json={"datum": "wgs84", "points": []}).status_code == 200
    assert api.get("/healthz").status_code == 200


def test_of_a_name_given_twice_the_last_counts(api):
    answer = api.request("GET", f"{PATH}?lon=x&lat=31.2304&datum=gcj02&lon=121.4585")
    assert answer.json()["question"]["given"] == {"x": 121.4585, "y": 31.2304}


def test_strange_and_long_parameters_are_told_together(api):
    body = problem(api.get(PATH, **{**SPOT, "floor": "9" * 9, "z" * 500: "1", "y": ""}), 422)
    assert [(fault["place"], fault["code"]) for fault in body["faults"]] == [
        ("floor", "too_long"), ("z" * 40, "unknown"), ("y", "unknown")
    ]  # fmt: skip
