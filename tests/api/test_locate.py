"""GET and POST /locate against the public contract."""

import numpy as np
import pytest
import shapely

from tests.api.checks import guarded, places, problem

PATH = "/api/v1/locate"
GOOD = {"lon": "121.4005", "lat": "31.2005", "datum": "wgs84"}


def outlines(api):
    lines = api.app.state.city.keeper.snapshot().lines
    return {int(leaf): lines.outlines[int(leaf)] for leaf in lines.leaves}


class TestOne:
    def test_the_answer_has_the_form_of_the_contract(self, api):
        leaf, outline = next(iter(outlines(api).items()))
        spot = outline.representative_point()
        answer = api.get(PATH, lon=f"{spot.x:.7f}", lat=f"{spot.y:.7f}", datum="wgs84", category="0101", floor="2")
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/json"
        guarded(answer)
        body = answer.json()
        assert list(body) == [
            "question", "status", "city", "generation", "chain", "owners", "agency", "candidates", "certain",
            "border", "nearest", "places", "warnings",
        ]  # fmt: skip
        assert set(body["question"]) == {
            "lon", "lat", "datum", "given", "at", "known_at", "accuracy_m", "category", "floor", "scheme",
        }  # fmt: skip
        assert body["question"]["at"][-6:] == "+00:00"
        assert body["city"] == {"key": "demo", "invented": True, "name": body["city"]["name"]}
        assert set(body["generation"]) == {"id", "scheme", "in_force_from"}
        assert body["chain"][-1]["id"] == leaf
        assert all(set(link) == {"level", "level_name", "id", "code", "name"} for link in body["chain"])
        assert body["owners"]
        for owner in body["owners"]:
            assert set(owner) == {"post", "holder", "phone", "subject", "why", "stands_in_for"}
            assert set(owner["post"]) == {"id", "kind", "title"}
            assert set(owner["subject"]) == {"kind", "id", "level", "name"}
            assert set(owner["why"]) == {"rule", "zh", "en"}
            assert owner["phone"] is None or "****" in owner["phone"]
        assert all(set(c) == {"id", "code", "name", "level", "share", "distance_m"} for c in body["candidates"])
        assert set(body["border"]) == {"distance_m", "neighbour"}

    def test_every_fault_at_once(self, api):
        body = problem(api.get(PATH, lon="nan", lat="", accuracy_m="-1", floor="x", at="noon", scheme="x"), 422)
        assert places(body) == {"lon", "lat", "datum", "accuracy_m", "floor", "at", "scheme"}
        assert all(set(fault) == {"place", "message", "mend", "code"} for fault in body["faults"])
        assert next(f for f in body["faults"] if f["place"] == "datum")["mend"].startswith("say wgs84")

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("lon", "nan"), ("lon", "inf"), ("lon", "-inf"), ("lon", "1e400"), ("lon", "9" * 39), ("lon", "9" * 9000),
            ("lon", "\0"), ("lat", "9e9"), ("datum", "wgs\0"), ("datum", "x" * 5000), ("datum", "EPSG:99999999999"),
            ("at", "\0"), ("at", "T"), ("category", "\0\0\0\0"), ("floor", "1e9"), ("scheme", "\0"),
            ("accuracy_m", "NaN"), ("lon", "１e５"), ("x", "1"), ("x\0", "1"), ("known_at", "2026"),
        ],
    )  # fmt: skip
    def test_hostile_values_are_refused(self, api, name, value):
        body = problem(api.get(PATH, **{**GOOD, name: value}), 422)
        assert len(body["faults"]) == 1
        assert len(str(body)) < 1000

    @pytest.mark.parametrize(
        "query", ["lon=%ED%A0%80&lat=31&datum=wgs84", "lon=1&lat=%FF&datum=%00", "%ED%A0%80=1", "datum=%ED%A0%80"]
    )
    def test_bytes_that_are_no_text(self, api, query):
        problem(api.request("GET", f"{PATH}?{query}"), 422)

    def test_a_plus_in_an_instant_may_arrive_as_a_blank(self, api):
        lon, lat = shapely.get_coordinates(next(iter(outlines(api).values())).representative_point())[0]
        query = f"lon={lon}&lat={lat}&datum=wgs84&at=2026-03-01T08:00:00+08:00"
        answer = api.request("GET", f"{PATH}?{query}")
        assert answer.status_code == 200
        assert answer.json()["question"]["at"] == "2026-03-01T08:00:00+08:00"

    def test_before_the_first_lines_there_is_no_answer(self, api):
        problem(api.get(PATH, **GOOD, at="1990-01-01T00:00:00Z"), 404)

    def test_what_was_known_then_is_asked_for(self, api):
        problem(api.get(PATH, **GOOD, known_at="1990-01-01T00:00:00Z"), 404)


class TestMany:
    def test_thousands_together_are_those_asked_one_by_one(self, api):
        shapes = list(outlines(api).values())
        rng = np.random.default_rng(5)
        west, south, east, north = shapely.total_bounds(shapes)
        random = np.column_stack([rng.uniform(west - 0.001, east, 2000), rng.uniform(south, north, 2000)])
        vertices = shapely.get_coordinates(shapes)
        points = np.concatenate([random, vertices])
        body = api.post(PATH, json={"datum": "wgs84", "points": points.tolist()}).json()
        assert set(body["status"]) >= {"inside", "on_border", "outside"}
        assert len(body["status"]) == len(body["grid"]) == len(points)
        for row in [*range(0, 2000, 20), *range(2000, len(points), 20)]:
            lon, lat = points[row]
            one = api.get(PATH, lon=repr(float(lon)), lat=repr(float(lat)), datum="wgs84").json()
            assert one["status"] == body["status"][row]
            assert [link["id"] for link in one["chain"]] == body["chains"].get(str(body["grid"][row]), [])
            assert one["generation"]["id"] == body["generation"]
        for chain in body["chains"].values():
            assert all(str(grid) in body["grids"] for grid in chain)

    def test_none(self, api):
        assert api.post(PATH, json={"datum": "wgs84", "points": []}).json()["status"] == []

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"null",
            b"[]",
            b"{}",
            b'{"datum": "wgs84"}',
            b'{"datum": "wgs84", "points": [[1]]}',
            b'{"datum": "wgs84", "points": [[1, 2, 3]]}',
            b'{"datum": "wgs84", "points": [["x", 2]]}',
            b'{"datum": "wgs84", "points": [[NaN, 2]]}',
            b'{"datum": "wgs84", "points": [[Infinity, 2]]}',
            b'{"datum": "wgs84", "points": [[1e400, 2]]}',
            b'{"datum": "wgs84", "points": [[null, 2]]}',
            b'{"datum": "wgs84", "points": [[500, 2]]}',
            b'{"datum": "wgs84", "points": [], "at": "2026-01-01T00:00:00Z"}',
            b'{"datum": "wgs85", "points": []}',
            b'{"datum": "\\ud800", "points": []}',
            b'{"datum": "\\u0000", "points": []}',
            b'{"datum": "wgs84", "points": [], "\\ud800": 1}',
            b'{"datum": "' + b"x" * 100_000 + b'", "points": []}',
        ],
    )
    def test_hostile_bodies_are_refused(self, api, body):
        problem(api.post(PATH, content=body, headers={"content-type": "application/json"}), 422)

    @pytest.mark.parametrize("body", [b"[" * 100_000, b'{"datum": \xff}', b"\xff\xfe", b'{"a":' * 50_000])
    def test_what_is_no_json_is_refused(self, api, body):
        answer = api.post(PATH, content=body, headers={"content-type": "application/json"})
        problem(answer, answer.status_code)
        assert answer.status_code in {400, 422}

    def test_another_type_of_content_is_refused(self, api):
        answer = api.post(PATH, content=b"lon,lat\n1,2\n", headers={"content-type": "text/csv"})
        problem(answer, 422)
