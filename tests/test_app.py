"""The service as a whole: headers, bounds, outages, secrets, and the addresses outside /api."""

import json

import pytest
from sqlalchemy import text

from gridmap.services import snapshot
from gridmap.store.database import Database
from tests.api.checks import guarded, problem
from tests.api.conftest import api, squares

__all__ = ["api", "squares"]

NOWHERE = "postgresql+psycopg://gridmap@/gridmap?host=/nonexistent"
SPOT = {"lon": "121.4005", "lat": "31.2005", "datum": "wgs84"}


def all_addresses(app):
    """List every GET address of the service, each once, with something in its places."""
    paths = json.loads(json.dumps(app.openapi()))["paths"]
    filled = {"grid_id": "1", "place_id": "1", "plan": "1", "incident": "1", "code": "1", "z": "15", "x": "1", "y": "1"}
    return [path.format(**filled) for path, methods in paths.items() if "get" in methods]


class TestHeaders:
    def test_every_answer_is_guarded(self, api):
        for path in [
            *all_addresses(api.app),
            "/healthz",
            "/readyz",
            "/",
            "/docs",
            "/openapi.json",
            "/nothing",
            "/maps/x",
        ]:
            answer = api.get(path)
            assert answer.status_code < 500, (path, answer.text)
            guarded(answer)

    def test_refusals_of_the_door_are_guarded_too(self, api):
        problem(api.request("DELETE", "/api/v1/locate"), 405)
        problem(api.get("/api/v1/nothing"), 404)
        problem(api.get("/api/v2/locate"), 404)

    def test_an_unexpected_error_tells_nothing(self, squares, monkeypatch, capsys):
        def broken(*_args, **_options):
            raise RuntimeError("secret-of-the-house")

        monkeypatch.setattr(squares.app.state.city.keeper, "now", broken)
        answer = squares.get("/api/v1/locate", **SPOT)
        body = problem(answer, 500)
        assert body["title"] == "Something went wrong here"
        assert "secret-of-the-house" not in answer.text
        assert "secret-of-the-house" in capsys.readouterr().out


class TestHealth:
    def test_alive_and_ready(self, api):
        assert api.get("/healthz").json()["status"] == "alive"
        assert api.get("/readyz").json() == {"status": "ready"}

    def test_without_its_database_it_lives_but_is_not_ready(self, squares, monkeypatch):
        keeper = squares.app.state.city.keeper
        assert squares.get("/api/v1/locate", **SPOT).status_code == 200
        good, keeper.database = keeper.database, Database(NOWHERE)
        squares.app.state.city.database = keeper.database
        monkeypatch.setattr(snapshot, "STALE_SECONDS", -1.0)
        assert squares.get("/healthz").status_code == 200
        for path, options in (
            ("/readyz", {}),
            ("/api/v1/locate", SPOT),
            ("/api/v1/locate", {**SPOT, "at": "2026-01-01T00:00:00Z"}),
            ("/api/v1/grids", {}),
            ("/api/v1/stats", {"layer": "shops", "level": "microgrid"}),
            ("/api/v1/places", {"q": "x"}),
            ("/api/v1/generations", {}),
            ("/api/v1/gaps", {}),
        ):
            answer = squares.get(path, **options)
            problem(answer, 503)
            assert answer.headers["retry-after"] == "1"
        answer = squares.post("/api/v1/locate", json={"datum": "wgs84", "points": [[121.4, 31.2]]})
        problem(answer, 503)
        monkeypatch.undo()
        keeper.database = squares.app.state.city.database = good
        assert squares.get("/api/v1/locate", **SPOT).status_code == 200

    def test_before_the_first_lines_it_says_what_to_do(self, database):
        from tests.api.conftest import serve

        for service in serve(database.url):
            assert "gridmap import grids" in problem(service.get("/api/v1/locate", **SPOT), 404)["detail"]
            assert service.get("/readyz").status_code == 200
            assert service.get("/api/v1/schemes").json() == []
            assert service.get("/api/v1/gaps").json()["features"] == []
            assert service.get("/").status_code == 200


class TestBodies:
    def test_a_body_said_to_be_too_large_is_refused_unread(self, api):
        answer = api.post("/api/v1/locate", content=b"{}", headers={"content-length": str(65 << 20)})
        problem(answer, 413)

    def test_a_body_that_grows_too_large_is_cut_off(self, api):
        sent = 0

        async def endless():
            nonlocal sent
            for _ in range(200):
                sent += 1
                yield b" " * (1 << 20)

        answer = api.post("/api/v1/locate", content=endless(), headers={"content-type": "application/json"})
        problem(answer, 413)
        assert sent <= 66

    @pytest.mark.parametrize("length", ["-1", "x", "1e9", "９"])
    def test_a_length_that_is_none(self, api, length):
        answer = api.post("/api/v1/locate", content=b"{}", headers={"content-length": length.encode()})
        assert answer.status_code in {400, 413, 422}
        guarded(answer)


class TestSecrets:
    def test_no_telephone_number_is_seen_whole(self, api):
        with api.app.state.city.database.read() as connection:
            phones = connection.execute(text("SELECT DISTINCT phone FROM holder_contact")).scalars().all()
            grids = connection.execute(text("SELECT grid_id FROM generation_grid")).scalars().all()
        assert len(phones) > 5
        lines = api.app.state.city.keeper.snapshot().lines
        spots = [outline.representative_point() for outline in lines.outlines.values()]
        texts = [api.get("/api/v1/locate", lon=p.x, lat=p.y, datum="wgs84", accuracy_m=50).text for p in spots]
        texts += [api.get(f"/api/v1/grids/{grid}").text for grid in grids]
        texts += [api.get(path).text for path in [*all_addresses(api.app), "/", "/maps/overview", "/maps/heat"]]
        said = "\n".join(texts)
        assert "****" in said
        seen = [phone for phone in phones if phone in said]
        assert seen == []


class TestDocs:
    def test_the_page_is_served_by_ourselves_without_inline_scripts(self, api):
        page = api.get("/docs")
        assert page.status_code == 200
        assert "text/html" in page.headers["content-type"]
        assert "http://" not in page.text
        assert "https://" not in page.text
        assert "unsafe" not in page.headers["content-security-policy"]
        import re

        sources = re.findall(r'(?:src|href)="([^"]+)"', page.text)
        assert any("swagger-ui-bundle.js" in source for source in sources)
        for source in sources:
            if not source.startswith("data:"):
                assert api.get(source).status_code == 200, source
        assert not re.search(r"<script(?![^>]*\bsrc=)[^>]*>", page.text)
        assert not re.search(r"\son\w+=", page.text)
        init = next(source for source in sources if source.endswith(".js") and "swagger-ui-bundle" not in source)
        assert "validatorUrl: null" in api.get(init).text

    def test_every_operation_is_described(self, api):
        described = api.get("/openapi.json").json()
        assert described["info"]["title"] == "gridmap"
        for path, methods in described["paths"].items():
            for method, operation in methods.items():
                assert operation["summary"], (path, method)
                assert operation["description"], (path, method)
                assert operation["tags"], (path, method)
                assert "application/problem+json" in operation["responses"]["default"]["content"], (path, method)
                good = operation["responses"].get("200", operation["responses"].get("201"))["content"]
                assert good, (path, method)
                assert "HTTPValidationError" not in str(operation)
