import re
from types import SimpleNamespace

import pytest
from fastapi import FastAPI

from gridmap import pages
from gridmap.api import problems
from gridmap.model.cities import CityCard
from gridmap.model.errors import NotFoundError
from gridmap.model.words import Text
from tests.maps.towns import figured, heated, town
from tests.pages.clients import Client

HOSTILE = "${alert(1)}</script><script>alert(2)</script>{{ 7*7 }}"
BUNDLES = {"overview": town, "choropleth": figured, "heat": heated}


def app_of(card: CityCard | None) -> FastAPI:
    def snapshot() -> SimpleNamespace:
        if card is None:
            raise NotFoundError("no lines are in force")
        return SimpleNamespace(city=card)

    app = FastAPI()
    app.include_router(pages.router())
    app.add_middleware(pages.SecurityHeaders)
    problems.install(app)
    app.state.city = SimpleNamespace(keeper=SimpleNamespace(snapshot=snapshot))
    app.state.asked = []

    def read(name: str, **options: object) -> object:
        app.state.asked.append((name, options))
        return BUNDLES[name](lambda text: text + HOSTILE, lang=options["lang"])

    app.state.map_data = read
    return app


@pytest.fixture
def client() -> Client:
    return Client(app_of(CityCard("own", Text(f"城{HOSTILE}", f"City{HOSTILE}"), False, "Asia/Shanghai")))


def nonce_of(answer) -> str:
    return re.search(r"'nonce-([^']+)'", answer.headers["content-security-policy"]).group(1)


class TestDesk:
    @pytest.mark.parametrize("path", ["/", "/plan"])
    def test_every_script_runs_by_file_or_nonce(self, client, path):
        answer = client.get(path)
        nonce = nonce_of(answer)
        for tag in re.findall(r"<script[^>]*>", answer.text):
            assert f'nonce="{nonce}"' in tag or 'type="application/json"' in tag

    def test_each_response_has_a_nonce_of_its_own(self, client):
        assert nonce_of(client.get("/")) != nonce_of(client.get("/"))

    @pytest.mark.parametrize("path", ["/", "/plan"])
    def test_a_hostile_city_name_stays_inside_the_data(self, client, path):
        assert "<script>alert" not in client.get(path).text

    def test_a_city_without_lines_has_a_desk(self):
        assert Client(app_of(None)).get("/").status_code == 200

    def test_no_foreign_host(self, client):
        assert not re.search(r"""(?:src|href|url)\s*[=(]\s*["']?(?:https?:)?//""", client.get("/").text)


class TestLanguage:
    def test_chinese_unless_told_otherwise(self, client):
        assert '<html lang="zh-CN">' in client.get("/", headers={"Accept-Language": "fr"}).text

    def test_the_browser_may_prefer_english(self, client):
        assert '<html lang="en">' in client.get("/", headers={"Accept-Language": "fr, en-GB;q=0.9, zh;q=0.5"}).text

    def test_what_the_address_says_is_remembered(self, client):
        assert '<html lang="en">' in client.get("/?lang=en").text
        assert '<html lang="en">' in client.get("/").text
        assert '<html lang="zh-CN">' in client.get("/?lang=zh").text

    def test_an_unknown_language_is_passed_over(self, client):
        assert client.get('/?lang="><script>').text.count('<html lang="zh-CN">') == 1


class TestMaps:
    @pytest.mark.parametrize("name", BUNDLES)
    def test_it_is_served_under_the_policy(self, client, name):
        answer = client.get(f"/maps/{name}")
        assert answer.status_code == 200
        nonce = nonce_of(answer)
        assert all(f'nonce="{nonce}"' in tag for tag in re.findall(r"<(?:script|style)[\s>][^>]*>?", answer.text))
        assert "<script>alert" not in answer.text

    def test_its_options_are_handed_on(self, client):
        client.get("/maps/heat?level=block&from=2026-01-01T00:00:00%2B08:00&category=0101&lang=en")
        name, options = client.app.state.asked[-1]
        assert name == "heat"
        assert options["level"] == "block"
        assert options["start"].isoformat() == "2026-01-01T00:00:00+08:00"
        assert options["category"] == "0101"
        assert options["lang"] == "en"
        assert options["end"] is options["measure"] is options["layer"] is None

    def test_an_unknown_map(self, client):
        answer = client.get("/maps/nothing")
        assert answer.status_code == 404
        assert "overview" in answer.json()["detail"]

    @pytest.mark.parametrize("query", ["from=yesterday", "category=123456", f"level={'x' * 99}"])
    def test_options_are_bounded(self, client, query):
        assert 400 <= client.get(f"/maps/heat?{query}").status_code < 500
