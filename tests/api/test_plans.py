"""Plans over HTTP: the verbs of the contract, who asks, what is answered when it cannot be done."""

from datetime import datetime
from urllib.parse import quote

import pytest

from tests.services.squares import at

AUTHOR, REVIEWER = {"Gridmap-User": quote("王工")}, {"Gridmap-User": quote("李工")}
API = "/api/v1/plans"


@pytest.fixture
def ids(squares):
    found = squares.get("/api/v1/grids").json()["features"]
    return {each["properties"]["name"].removesuffix("格"): each["id"] for each in found}


@pytest.fixture
def plan(squares):
    response = squares.post(API, json={"title": "东移"}, headers=AUTHOR)
    assert response.status_code == 201
    return f"{API}/{response.json()['id']}"


def draw(squares, plan, after=None, who=AUTHOR, **edit):
    body = {"edit": edit} | ({} if after is None else {"after": after})
    return squares.post(f"{plan}/edits", json=body, headers=who)


def test_the_whole_way(squares, plan, ids):
    line = [at(3, -0.5), at(3, 2.5)]
    told = draw(squares, plan, 0, kind="split", grid=ids["B"], line=line, datum="wgs84", names=["东格"])
    assert told.status_code == 201
    body = told.json()
    names = {each["properties"]["name"]: each["properties"] for each in body["outlines"]["features"]}
    assert names["东格"]["new"]
    assert names["东格"]["leaf"]
    assert (body["edit"], body["outlines"]["gone"]) == (1, [])
    table = squares.get(f"{plan}/table", level="subdistrict").json()
    assert [row["name"] for row in table["rows"]] == ["A格", "B格", "东格"]
    assert squares.get(f"{plan}/check").json()["counts"]["error"] == 0
    impact = squares.get(f"{plan}/impact").json()
    assert [(m["from"]["name"], m["to"]["name"]) for m in impact["moves"]] == [("B格", "东格")]
    assert impact["moves"][0]["area_m2"] == pytest.approx(2 * 111.2 * 95.1, rel=0.01)
    assert squares.get(f"{plan}/diff").json()["counts"]["added"] == 1
    assert squares.get(f"{API}/compare", plan=plan.rsplit("/", 1)[1], level="subdistrict").json()["columns"][1]["title"]
    assert squares.post(f"{plan}/submit", json={}, headers=AUTHOR).json()["state"] == "submitted"
    assert squares.post(f"{plan}/approve", json={}, headers=AUTHOR).status_code == 403
    warnings = [f for f in squares.get(f"{plan}/check").json()["findings"] if f["severity"] == "warning"]
    refused = squares.post(f"{plan}/approve", json={}, headers=REVIEWER)
    assert refused.status_code == (422 if warnings else 200)
    if warnings:
        words = {each["key"]: "可以" for each in warnings}
        assert squares.post(f"{plan}/approve", json={"words": words}, headers=REVIEWER).status_code == 200
    start = "2100-01-01T00:00:00+08:00"
    told = squares.post(f"{plan}/publish", json={"in_force_from": start}, headers=REVIEWER).json()
    assert datetime.fromisoformat(told["in_force_from"]) == datetime.fromisoformat(start)
    lon, lat = at(3.5, 1)
    squares.app.state.city.keeper.look()
    chains = [
        squares.get("/api/v1/locate", lon=lon, lat=lat, datum="wgs84", at=instant).json()["chain"][-1]["name"]
        for instant in ("2099-12-31T23:59:59.999999+08:00", start)
    ]
    assert chains == ["B格", "东格"]
    assert squares.post(f"{plan}/cancel", json={"note": "暂缓"}, headers=REVIEWER).json()["state"] == "cancelled"
    one = squares.get(plan).json()
    assert [step["action"] for step in one["steps"]] == ["open", "submit", "approve", "publish", "cancel"]


def test_undo_and_redo(squares, plan, ids):
    draw(squares, plan, kind="merge", grids=[ids["A1a"], ids["A1b"]])
    told = squares.post(f"{plan}/undo", json={"after": 1}, headers=AUTHOR).json()
    assert (told["edit"], told["plan"]["head"]) == (None, None)
    assert {each["id"] for each in told["outlines"]["features"]} >= {ids["A1a"], ids["A1b"]}
    told = squares.post(f"{plan}/redo", json={}, headers=AUTHOR).json()
    assert told["outlines"]["gone"] == [ids["A1b"]]


def test_grids_of_a_draft(squares, plan, ids):
    draw(squares, plan, kind="rename", grid=ids["B"], name="乙格")
    assert len(squares.get(f"{plan}/grids").json()["features"]) == 7
    assert [f["id"] for f in squares.get(f"{plan}/grids", only_changed=True).json()["features"]] == [ids["B"]]
    found = squares.get(f"{plan}/grids", level="microgrid").json()["features"]
    assert {each["properties"]["level"] for each in found} == {"microgrid"}
    assert squares.get(f"{plan}/grids", grid=ids["B"]).json()["features"][0]["properties"]["changed"]
    assert squares.get(f"{plan}/grids", grid=999).status_code == 404
    assert squares.get(f"{plan}/grids", level="nonsense").status_code == 404


def test_conflict_names_the_grids_and_rebase_goes_on(squares, ids):
    listed = []
    for title in ("甲", "乙"):
        plan = f"{API}/{squares.post(API, json={'title': title}, headers=AUTHOR).json()['id']}"
        draw(squares, plan, kind="rename", grid=ids["B"], name=f"{title}格")
        squares.post(f"{plan}/submit", json={}, headers=AUTHOR)
        squares.post(f"{plan}/approve", json={}, headers=REVIEWER)
        listed.append(plan)
    assert squares.post(f"{listed[0]}/publish", json={}, headers=REVIEWER).status_code == 200
    refused = squares.post(f"{listed[1]}/publish", json={}, headers=REVIEWER)
    assert refused.status_code == 409
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["grids"] == [{"id": ids["B"], "name": "B格"}]
    told = squares.post(f"{listed[1]}/rebase", json={}, headers=AUTHOR).json()
    assert (told["plan"]["state"], told["dropped"]) == ("draft", [])


class TestRefusals:
    def test_nobody_asks(self, squares):
        for headers in ({}, {"Gridmap-User": " "}, {"Gridmap-User": quote("\0")}):
            refused = squares.post(API, json={"title": "甲"}, headers=headers)
            assert refused.status_code == 422
            assert refused.json()["faults"]

    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"title": ""},
            {"title": "x" * 201},
            {"title": "甲", "more": 1},
            {"title": "甲", "scheme": "x" * 41},
        ],
    )
    def test_a_plan_of_nothing(self, squares, body):
        assert squares.post(API, json=body, headers=AUTHOR).status_code == 422

    @pytest.mark.parametrize(
        ("edit", "place"),
        [
            ({"kind": "explode"}, "edit"),
            ({"kind": "split", "grid": 1, "line": [[1, 2], [3, 4]]}, "datum"),
            ({"kind": "split", "grid": 1, "line": [[1, 2], [3, "x"]], "datum": "wgs84"}, "line"),
            ({"kind": "merge", "grids": [1]}, "grids"),
            ({"kind": "rename", "grid": 1, "name": ""}, "name"),
            ({"kind": "assign", "grids": list(range(1, 6000)), "parent": 1}, "grids"),
        ],
    )
    def test_faulty_edits_name_the_place(self, squares, plan, edit, place):
        refused = draw(squares, plan, **edit)
        assert refused.status_code == 422
        assert any(place in fault["place"] for fault in refused.json()["faults"])

    def test_nan_is_no_coordinate(self, squares, plan, ids):
        raw = f'{{"edit":{{"kind":"split","grid":{ids["B"]},"datum":"wgs84","line":[[NaN,1],[2,3]]}}}}'
        refused = squares.post(f"{plan}/edits", content=raw, headers=AUTHOR | {"Content-Type": "application/json"})
        assert refused.status_code == 422

    def test_a_stale_edit(self, squares, plan, ids):
        draw(squares, plan, kind="rename", grid=ids["B"], name="乙格")
        refused = draw(squares, plan, 0, kind="rename", grid=ids["B"], name="丙格")
        assert refused.status_code == 409
        assert refused.json()["head"] == 1

    def test_no_such_plan(self, squares):
        for path in ("", "/grids", "/check", "/impact", "/diff"):
            assert squares.get(f"{API}/999{path}").status_code == 404

    def test_a_key_of_another_request(self, squares):
        headers = AUTHOR | {"Idempotency-Key": "k"}
        first, again = [squares.post(API, json={"title": "甲"}, headers=headers).json()["id"] for _ in range(2)]
        assert first == again
        assert squares.post(API, json={"title": "乙"}, headers=headers).status_code == 409
        assert (
            squares.post(API, json={"title": "甲"}, headers=REVIEWER | {"Idempotency-Key": "k"}).json()["id"] != first
        )

    def test_a_date_without_offset(self, squares, plan):
        refused = squares.post(f"{plan}/submit", json={"in_force_from": "2100-01-01T00:00:00"}, headers=AUTHOR)
        assert refused.status_code == 422
