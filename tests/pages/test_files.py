import pytest
from fastapi import FastAPI

from gridmap import pages
from gridmap.api import problems
from gridmap.maps import assets
from tests.pages.clients import Client


@pytest.fixture(scope="module")
def client() -> Client:
    app = FastAPI()
    app.include_router(pages.router())
    app.add_middleware(pages.SecurityHeaders)
    problems.install(app)
    return Client(app)


class TestStatic:
    def test_an_address_with_its_hash_is_kept_for_ever(self, client):
        answer = client.get(assets.address(assets.OWN / "scene.js"))
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/javascript")
        assert "immutable" in answer.headers["cache-control"]

    @pytest.mark.parametrize("query", ["", "?v=000000000000"])
    def test_without_or_with_an_old_hash_it_is_asked_about(self, client, query):
        assert client.get(f"/static/map/scene.js{query}").headers["cache-control"] == "no-cache"

    def test_a_true_copy_is_not_sent_again(self, client):
        tag = client.get("/static/map/scene.js").headers["etag"]
        again = client.get("/static/map/scene.js", headers={"If-None-Match": f'"x", W/{tag}'})
        assert again.status_code == 304
        assert again.content == b""

    def test_every_font_part_and_picture_that_styles_name_is_served(self, client):
        sheet = assets.library("leaflet_css").read_text()
        assert "images/layers.png" in sheet
        assert client.get("/static/vendor/leaflet/dist/images/layers.png").headers["content-type"] == "image/png"

    @pytest.mark.parametrize(
        "path",
        [
            "map/../figure.py",
            "map/%2e%2e/figure.py",
            "..%2f..%2froutes.py",
            "%2e%2e/templates/desk.html",
            "map//etc/passwd",
            "%2fetc%2fpasswd",
            "map/scene.js%00.png",
            "desk",
            "",
            "vendor/leaflet/LICENSE",
            "map/..%5cfigure.py",
        ],
    )
    def test_nothing_else_is_served(self, client, path):
        answer = client.get(f"/static/{path}")
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"


class TestHeaders:
    def test_answers_of_errors_carry_the_policy_too(self, client):
        headers = client.get("/static/nothing.js").headers
        assert headers["content-security-policy"].startswith("default-src 'self'")
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"

    def test_the_policy_has_no_hole(self, client):
        policy = client.get("/static/map/scene.js").headers["content-security-policy"]
        assert "unsafe" not in policy
        assert "http" not in policy
        assert "*" not in policy


class TestClasses:
    def test_figures_come_back_classed(self, client):
        answer = client.post("/desk/classes", json={"values": [1, 2, 3, 40, 50, 60]})
        assert answer.status_code == 200
        body = answer.json()
        assert len(body["limits"]) == len(body["labels"]) + 1 == len(body["colours"]) + 1

    @pytest.mark.parametrize(
        "body", ['{"values": [NaN]}', '{"values": [1e999]}', '{"values": "x"}', '{"values": [1], "more": 1}', "[]"]
    )
    def test_what_is_no_figure_is_refused(self, client, body):
        answer = client.post("/desk/classes", content=body, headers={"Content-Type": "application/json"})
        assert 400 <= answer.status_code < 500

    def test_too_many_are_refused(self, client):
        assert 400 <= client.post("/desk/classes", json={"values": [1.0] * 50_001}).status_code < 500
