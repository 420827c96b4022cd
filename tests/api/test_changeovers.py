"""Open incidents at a change of lines over HTTP: who is responsible, what was done, and what is yet to be decided."""

from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import quote

import pytest
from sqlalchemy import text

from gridmap.model.layers import schemes
from gridmap.services import changeovers as module
from gridmap.services.generations import publish
from tests.api.checks import features, places, problem
from tests.services.squares import at, moved

V1 = "/api/v1"
WANG = {"Gridmap-User": quote("王工")}


@pytest.fixture
def rule(monkeypatch):
    changed = {"governance": replace(schemes()["governance"], open_incidents="ask")}
    monkeypatch.setattr(module, "schemes", lambda: changed)


@pytest.fixture
def change(squares, database):
    """Return a function that moves the line under an open incident; the other keeps its ground."""
    with database.write() as connection:
        for key, spot in (("moving", (1.25, 0.5)), ("staying", (0.5, 0.5))):
            connection.execute(
                text("""
                    INSERT INTO incident (key, reported_at, state, geom, hash)
                    VALUES (:key, clock_timestamp() - interval '1 day', 'dispatched',
                            ST_SetSRID(ST_MakePoint(:lon, :lat), 4326), decode(md5(:key), 'hex'))
                """),
                {"key": key, "lon": at(*spot)[0], "lat": at(*spot)[1]},
            )

    def run():
        base = squares.get(f"{V1}/generations").json()[0]["id"]
        made = publish(database, "governance", moved(), base=base, origin="import", note="")
        squares.app.state.city.keeper.look()
        return made.id

    return run


def incidents(api):
    return {f["properties"]["key"]: f["properties"] for f in features(api.get(f"{V1}/incidents"))}


def grids(api):
    return {f["properties"]["name"].removesuffix("格"): f["id"] for f in features(api.get(f"{V1}/grids"))}


def test_by_default_the_old_owner_keeps_it(squares, change):
    ids, before = grids(squares), incidents(squares)
    assert {key: each["grid"] for key, each in before.items()} == {"moving": ids["A2"], "staying": ids["A1a"]}
    assert {each["changeover"] for each in before.values()} == {None}
    made = change()
    after = incidents(squares)
    assert {key: each["grid"] for key, each in after.items()} == {"moving": ids["A2"], "staying": ids["A1a"]}
    assert after["moving"]["changeover"] | {"id": 0} == {
        "id": 0, "generation": made, "from": ids["A2"], "to": ids["A1a"], "rule": "stay", "done": "stayed", "by": None,
    }  # fmt: skip
    body = squares.get(f"{V1}/incidents/{after['moving']['id']}").json()["properties"]
    assert (body["responsible"]["name"], body["pending"]) == ("A2格", False)
    (told,) = body["changeovers"]
    assert (told["from"]["name"], told["to"]["name"], told["rule"], told["done"]) == ("A2格", "A1a格", "stay", "stayed")
    assert set(told["why"]) == {"zh", "en"}
    listed = squares.get(f"{V1}/changeovers", generation=made).json()["changeovers"]
    assert [each["id"] for each in listed] == [told["id"]]
    assert squares.get(f"{V1}/changeovers", open="true").json() == {"changeovers": []}
    answer = squares.post(f"{V1}/changeovers/{told['id']}/answer", json={"answer": "move"}, headers=WANG)
    assert "stay" in problem(answer, 409)["detail"]


def test_asked_pending_and_answered(squares, change, rule):
    ids = grids(squares)
    change()
    (waiting,) = squares.get(f"{V1}/changeovers", open="true").json()["changeovers"]
    assert (waiting["done"], waiting["responsible"]["id"]) == ("pending", ids["A2"])
    where = f"{V1}/changeovers/{waiting['id']}/answer"
    assert places(problem(squares.post(where, json={"answer": "move"}), 422)) == {"Gridmap-User"}
    problem(squares.post(where, json={"answer": "perhaps"}, headers=WANG), 422)
    problem(squares.post(where, json={"answer": "move", "by": "x"}, headers=WANG), 422)
    told = squares.post(where, json={"answer": "move", "note": "近"}, headers=WANG).json()
    assert (told["done"], told["by"], told["note"], told["responsible"]["id"]) == ("moved", "王工", "近", ids["A1a"])
    assert incidents(squares)["moving"]["grid"] == ids["A1a"]
    squares.post(where, json={"answer": "stay"}, headers=WANG)
    assert incidents(squares)["moving"]["grid"] == ids["A2"]
    assert squares.get(f"{V1}/changeovers", open="true").json() == {"changeovers": []}


def test_who_was_responsible_at_an_instant(squares, change, monkeypatch):
    changed = {"governance": replace(schemes()["governance"], open_incidents="move")}
    monkeypatch.setattr(module, "schemes", lambda: changed)
    before = datetime.now(UTC)
    incident = incidents(squares)["moving"]["id"]
    change()
    now = squares.get(f"{V1}/incidents/{incident}").json()["properties"]
    then = squares.get(f"{V1}/incidents/{incident}", at=before.isoformat()).json()["properties"]
    assert (now["responsible"]["name"], then["responsible"]["name"], then["changeovers"]) == ("A1a格", "A2格", [])


def test_refusals(squares, change):
    change()
    problem(squares.get(f"{V1}/incidents/999"), 404)
    problem(squares.get(f"{V1}/incidents/{10**30}"), 404)
    problem(squares.get(f"{V1}/incidents/1", scheme="x"), 404)
    problem(squares.get(f"{V1}/changeovers", generation=999), 404)
    problem(squares.get(f"{V1}/changeovers", scheme="x"), 404)
    problem(squares.get(f"{V1}/changeovers", open="perhaps"), 422)
    problem(squares.post(f"{V1}/changeovers/999/answer", json={"answer": "stay"}, headers=WANG), 404)
    problem(squares.post(f"{V1}/changeovers/{10**30}/answer", json={"answer": "stay"}, headers=WANG), 404)
    assert len(squares.get(f"{V1}/changeovers", limit=1).json()["changeovers"]) == 1
