"""Memory over HTTP: any lines by date, what was believed then, the lives of grids, places and codes, differences."""

import pytest

from gridmap.app import create_app
from tests.api.checks import features, places, problem
from tests.api.conftest import serve
from tests.services.squares import at, coded, town
from tests.services.times import APRIL, BACKDATED, FEBRUARY, JANUARY, MARCH, MAY, TICK, day, live_a_year

V1 = "/api/v1"
SPOT = dict(zip(("lon", "lat"), map(repr, at(1.25, 0.75)), strict=True)) | {
    "datum": "wgs84"
}  # A2, moved: A1a, then A1b


@pytest.fixture
def year(database, put):
    return live_a_year(database, put)


@pytest.fixture
def api(database, year):
    yield from serve(database.url)


def ids(api, **params):
    return {f["properties"]["name"].removesuffix("格"): f["id"] for f in features(api.get(f"{V1}/grids", **params))}


def named(chain):
    return [link["name"] for link in chain]


def asked(api, when, known=None):
    params = {"at": when.isoformat()} | ({"known_at": known.isoformat()} if known else {})
    body = api.get(f"{V1}/locate", **SPOT, **params)
    return body.json()["generation"]["id"] if body.status_code == 200 else body.status_code


class TestLocate:
    def test_boundaries_in_force(self, api, year):
        for instant, before, after in (
            (JANUARY, year.first, year.moved),
            (BACKDATED, year.moved, year.back),
            (MAY, year.back, year.last),
        ):
            assert [asked(api, instant + step) for step in (-TICK, 0 * TICK, TICK)] == [before, after, after]

    def test_boundaries_of_belief(self, api, year):
        later = day(4, 5)
        for known, before, after in (
            (FEBRUARY, year.moved, year.cancelled),
            (MARCH, year.cancelled, year.moved),
            (APRIL, year.moved, year.back),
        ):
            assert [asked(api, later, known + step) for step in (-TICK, 0 * TICK, TICK)] == [before, after, after]

    def test_a_question_put_to_march_has_the_lines_of_march_and_what_was_known_in_march(self, api, year):
        spot = day(3, 20)
        assert asked(api, spot) == year.back
        assert asked(api, spot, day(3, 20)) == year.moved
        assert asked(api, day(4, 5), day(2, 15)) == year.cancelled
        assert asked(api, day(4, 5), day(3, 15)) == year.moved
        assert asked(api, APRIL - TICK, day(2, 15)) == year.moved
        assert asked(api, spot, day(1, 15)) == year.moved

    def test_before_anything_was_known_nothing_is_answered(self, api):
        assert asked(api, day(3, 20), day(11, 1).replace(year=2025)) == 404

    def test_names_are_of_then_too(self, api):
        body = api.get(f"{V1}/locate", **SPOT, at=day(4, 5).isoformat(), known_at=day(2, 15).isoformat()).json()
        assert named(body["chain"]) == ["D格", "A格", "四月格"]


class TestGrids:
    def test_a_list_as_it_was_believed(self, api):
        options = {"at": day(4, 5).isoformat(), "level": "neighbourhood"}
        assert set(ids(api, **options)) == {"A1", "又是A2"}
        assert set(ids(api, **options, known_at=day(2, 15).isoformat())) == {"A1", "四月"}
        assert set(ids(api, **options, known_at=day(3, 15).isoformat())) == {"A1", "A2"}
        for name in ("at", "known_at"):
            assert places(problem(api.get(f"{V1}/grids", **{name: "yesterday"}), 422)) == {name}

    def test_one_as_it_was_believed(self, api, year):
        (grid,) = {ids(api)["A2"]}
        one = api.get(f"{V1}/grids/{grid}", at=day(4, 5).isoformat(), known_at=day(2, 15).isoformat()).json()
        assert (one["properties"]["name"], one["properties"]["generation"]) == ("四月格", year.cancelled)


class TestRetired:
    @pytest.fixture
    def retired(self, database, put):
        put(coded(town(), A2="310199001001009"))
        before = publish_without_a2(put)
        for service in serve(database.url):
            yield service, before

    def test_a_retired_id_says_who_holds_its_ground(self, retired):
        api, change = retired
        grid = ids(api, at=(change - TICK).isoformat())["A2"]
        body = problem(api.get(f"{V1}/grids/{grid}"), 410)
        assert body["type"] == "/problems/gone"
        assert body["retired"]["name"] == "A2格"
        assert [(each["name"], each["share"]) for each in body["successors"]] == [("A1格", 1.0)]
        assert api.get(f"{V1}/grids/{grid}", at=(change - TICK).isoformat()).status_code == 200
        problem(api.get(f"{V1}/grids/{grid}", at=change.isoformat()), 410)

    def test_its_life_goes_on_being_told(self, retired):
        api, change = retired
        grid = ids(api, at=(change - TICK).isoformat())["A2"]
        body = api.get(body_path := f"{V1}/grids/{grid}/history").json()
        assert body_path.startswith(V1)
        assert (body["state"], body["spans"][-1]["until"]) == ("retired", change.isoformat())
        assert body["successors"][0]["name"] == "A1格"

    def test_its_code_still_leads_somewhere(self, retired):
        api, change = retired
        body = api.get(f"{V1}/codes/310199001001009").json()
        assert (body["grid"]["name"], body["state"], body["current"], body["present_code"]) == (
            "A2格",
            "retired",
            False,
            None,
        )
        assert body["spans"][-1]["until"] == change.isoformat()
        assert body["successors"][0]["share"] == 1.0


def publish_without_a2(put):
    made = put(town(A1=(0, 0, 2, 2), A2=None, A1a=(0, 0, 2, 1), A1b=(0, 1, 2, 2)))
    return made.in_force_from


class TestHistories:
    def test_a_grid(self, api, year):
        grid = ids(api)["A2"]
        body = api.get(f"{V1}/grids/{grid}/history").json()
        assert [span["changes"] for span in body["spans"]] == [
            ["added"],
            ["reshaped"],
            ["reshaped", "renamed"],
            ["reshaped", "renamed"],
        ]
        assert "geometry" not in body["spans"][0]
        shaped = api.get(f"{V1}/grids/{grid}/history", shapes="true").json()
        assert shaped["spans"][0]["geometry"]["type"] == "MultiPolygon"
        problem(api.get(f"{V1}/grids/999999/history"), 404)
        problem(api.get(f"{V1}/grids/{10**30}/history"), 404)

    def test_a_location(self, api, year):
        body = api.get(f"{V1}/history", **SPOT).json()
        assert [named(span["chain"])[-1] for span in body["spans"]] == ["A2格", "A1a格", "又是A2格", "A1b格"]
        assert body["spans"][1]["from"] == JANUARY.isoformat()
        then = api.get(f"{V1}/history", **SPOT, known_at=day(2, 15).isoformat()).json()
        assert [named(span["chain"])[-1] for span in then["spans"]] == ["A2格", "A1a格", "四月格"]
        body = problem(api.get(f"{V1}/history", lon="x", known_at="y"), 422)
        assert places(body) == {"lon", "lat", "datum", "known_at"}
        problem(api.get(f"{V1}/history", **SPOT, scheme="x"), 422)

    def test_codes(self, api):
        problem(api.get(f"{V1}/codes/310199001001001"), 404)
        problem(api.get(f"{V1}/codes/1", scheme="x"), 404)
        problem(api.get(f"{V1}/codes/%00"), 422)


class TestDiff:
    def test_two_generations(self, api, year):
        body = api.get(f"{V1}/generations/diff", **{"from": year.first, "to": year.moved}).json()
        assert (body["from"]["id"], body["to"]["id"]) == (year.first, year.moved)
        assert body["counts"]["reshaped"] == 4
        assert {(m["from"]["name"], m["to"]["name"]) for m in body["moves"]} == {("A2格", "A1a格"), ("A2格", "A1b格")}

    def test_two_instants(self, api, year):
        body = api.get(
            f"{V1}/generations/diff", **{"from": (JANUARY - TICK).isoformat(), "to": JANUARY.isoformat()}
        ).json()
        assert (body["from"]["id"], body["to"]["id"]) == (year.first, year.moved)

    @pytest.mark.parametrize(
        ("options", "status"),
        [
            ({"from": "1", "to": "999"}, 404),
            ({"from": "x", "to": "1"}, 422),
            ({"to": "1"}, 422),
            ({"from": "1", "to": "2", "level": "ward"}, 404),
            ({"from": "1990-01-01T00:00:00Z", "to": "1"}, 404),
            ({"from": "9" * 40, "to": "1"}, 404),
        ],
    )
    def test_refusals(self, api, options, status):
        problem(api.get(f"{V1}/generations/diff", **options), status)


def test_everything_is_described():
    paths = create_app().openapi()["paths"]
    assert {f"{V1}/history", f"{V1}/codes/{{code}}", f"{V1}/grids/{{grid_id}}/history"} <= set(paths)
