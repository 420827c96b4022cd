"""The desk over the real service, in a browser."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

SPOT = "lon=121.4585&lat=31.2304&datum=wgs84"
SIZES = {"desk": (1440, 900), "wall": (1920, 1080), "phone": (390, 844)}


@pytest.fixture
def desk(page, served_city):
    """A function that opens the desk with a query and waits until it stands still."""

    def open_(query=""):
        page.goto(f"{served_city}/?{query}")
        page.wait_for_selector("body[data-ready=yes]")
        page.wait_for_load_state("networkidle")
        return page

    return open_


def query(page):
    return {key: values[0] for key, values in parse_qs(urlsplit(page.url).query).items()}


class TestAsking:
    def test_a_click_asks_and_the_address_says_so(self, desk):
        page = desk()
        page.locator("#map").click(position={"x": 520, "y": 430})
        page.wait_for_selector(".card .name")
        assert len(page.locator(".crumbs li").all()) == 5
        assert query(page)["datum"] == "wgs84"
        assert re.search(r"\d{3}\*{4}\d{4}", page.locator("#answer").inner_text())

    def test_a_link_shows_the_same_answer(self, desk):
        first = desk(SPOT + "&accuracy_m=30&show=areas&level=neighbourhood&measure=buildings.residents")
        said = first.locator(".person").first.inner_text()
        again = desk(urlsplit(first.url).query)
        assert again.locator(".person").first.inner_text() == said
        assert again.locator("#measure").input_value() == "buildings.residents"
        assert again.locator("[name=level]:checked").get_attribute("value") == "neighbourhood"

    def test_doubt_is_said_in_words(self, desk):
        page = desk(SPOT + "&accuracy_m=30&lang=en")
        said = page.locator(".sure").inner_text()
        assert re.search(r"m from .+; within your 30 m accuracy: \d+% / \d+%", said)
        assert page.locator(".candidate").count() == 2

    def test_back_goes_back(self, desk):
        page = desk(SPOT)
        before = page.locator(".crumbs").inner_text()
        page.locator("#map").click(position={"x": 300, "y": 200})
        expect(page.locator(".crumbs")).not_to_have_text(before, use_inner_text=True)
        page.go_back()
        expect(page.locator(".crumbs")).to_have_text(before, use_inner_text=True)

    def test_far_outside_it_says_outside(self, desk):
        page = desk("lon=121.2&lat=31.1&datum=wgs84")
        assert page.locator(".card").get_attribute("data-status") == "outside"
        assert "km" in page.locator(".sure").inner_text()

    def test_a_wrong_question_is_told_with_its_mend(self, desk, page):
        page.watch.expect("422")
        page.watch.expect("/api/v1/locate")
        opened = desk("lon=999&lat=31&datum=wgs84")
        assert opened.locator(".card.failed").is_visible()

    def test_another_category_asks_again(self, desk):
        page = desk(SPOT)
        code = page.locator("#category option").nth(1).get_attribute("value")
        with page.expect_response(lambda r: f"category={code}" in r.url and "/locate" in r.url):
            page.locator("#category").select_option(code)
        assert query(page)["category"] == code


class TestCoordinates:
    def test_the_datum_is_asked_for_and_none_is_chosen(self, desk):
        page = desk()
        page.locator("#q").fill("121.4585, 31.2304")
        assert page.locator("[name=datum]:checked").count() == 0
        page.keyboard.press("Enter")
        assert page.locator(".datum.wanted").is_visible()
        assert page.locator(".card").count() == 0
        page.get_by_label("GCJ-02").check()
        page.wait_for_selector(".card .crumbs")
        assert query(page)["datum"] == "gcj02"

    @pytest.mark.parametrize(
        ("text", "pair"),
        [
            ("121.4585,31.2304", [121.4585, 31.2304]),
            ("31.2304 121.4585", [121.4585, 31.2304]),
            ("（121.4585，31.2304）", [121.4585, 31.2304]),
            ("经度121.4585 纬度31.2304", [121.4585, 31.2304]),
            ("357000 3456000", [357000, 3456000]),
            ("愚园路532弄50号", None),
            ("121.4585", None),
        ],
    )
    def test_pairs_are_read(self, desk, text, pair):
        page = desk()
        read = page.evaluate("async text => (await import('desk/coordinates')).coordinates(text)", text)
        assert (read and [read["x"], read["y"]]) == pair

    def test_an_epsg_code_must_be_one(self, desk):
        page = desk()
        page.locator("#q").fill("357000 3456000")
        page.locator("[name=datum]").check()
        page.locator("#epsg").fill("45")
        page.keyboard.press("Enter")
        assert page.locator(".datum.wanted").is_visible()


class TestSearch:
    def test_slash_types_arrows_walk_enter_picks_escape_clears(self, desk):
        page = desk()
        page.keyboard.press("/")
        page.keyboard.type("大厦")
        page.wait_for_selector("#hits [role=option]")
        page.wait_for_load_state("networkidle")
        page.keyboard.press("ArrowDown")
        assert page.locator("#hits [role=option]").nth(1).get_attribute("aria-selected") == "true"
        page.keyboard.press("Enter")
        page.wait_for_selector(".card .name")
        page.keyboard.press("/")
        page.keyboard.press("Escape")
        assert page.locator("#q").input_value() == ""

    def test_pinyin_finds(self, desk):
        page = desk()
        page.locator("#q").fill("dasha")
        page.wait_for_selector("#hits [role=option]")
        assert "大厦" in page.locator("#hits").inner_text()

    @pytest.mark.parametrize("retired", [False, True])
    def test_an_old_code_leads_to_whoever_has_the_ground(self, desk, page, retired):
        opened = desk("lang=en")
        (grid,) = opened.evaluate("fetch('/api/v1/grids?level=neighbourhood&limit=1').then(r => r.json())")["features"]
        now = {"id": grid["id"], "level": "neighbourhood", "code": None, "name": grid["properties"]["name"]}
        body = {"grid": now, "current": False} if not retired else {
            "grid": {**now, "id": 10**6, "name": "旧格"}, "current": False, "successors": [{**now, "share": 1.0}],
        }  # fmt: skip
        page.route("**/api/v1/codes/310199009009009*", lambda route: route.fulfill(json=body))
        opened.locator("#q").fill("310199009009009")
        hit = opened.locator("#hits [role=option]").first
        expect(hit).to_contain_text(now["name"])
        expect(hit).to_contain_text("旧格, which is no more" if retired else f"an old code of {now['name']}")
        hit.click()
        expect(opened.locator("#figures")).to_contain_text(now["name"])

    def test_nothing_found_says_what_to_try(self, desk):
        page = desk("lang=en")
        page.locator("#q").fill("zzzzqqqq")
        expect(page.locator(".hit-note")).to_contain_text("Nothing found")

    def test_a_broken_line_is_said_and_mended(self, desk, page):
        page.watch.expect("/api/v1/places")
        page.watch.expect("ERR_FAILED")
        opened = desk("lang=en")
        opened.route("**/api/v1/places?q=*", lambda route: route.abort())
        opened.locator("#q").fill("somewhere")
        expect(opened.locator(".hit-note")).to_contain_text("cannot be reached")
        opened.unroute("**/api/v1/places?q=*")
        opened.locator(".hit-note button").click()
        expect(opened.locator(".hit-note")).to_contain_text("Nothing found")


class TestThemes:
    def test_figures_colour_the_map_and_the_legend_tells_all(self, desk):
        page = desk("show=areas")
        legend = page.locator("#legend").inner_text()
        assert "单位" in legend
        assert "不在任何网格" in legend
        assert "来源" in legend
        assert 5 <= page.locator(".gm-classes li").count() <= 7

    def test_heat_comes_as_tiles_with_its_scale(self, desk):
        page = desk("show=heat")
        assert page.locator("img.gm-tile, .gm-tile img").count() > 0
        expect(page.locator("#legend")).to_contain_text("≥")

    def test_figures_of_the_levels_add_up(self, desk):
        page = desk()
        whole = page.locator(".tile dd").first.inner_text()
        assert int(whole.replace(",", "")) == 20_000

    def test_a_period_goes_into_the_question(self, desk):
        page = desk()
        with page.expect_response(lambda r: "layer=incidents" in r.url and "from=" in r.url and "to=" in r.url):
            page.locator("[name=period][value='30']").check(force=True)
        assert {"from", "to"} <= set(query(page))

    def test_layers_switch(self, desk):
        page = desk()
        page.locator(".layers summary").click()
        page.get_by_role("checkbox", name="沿街商铺").uncheck()
        assert "shop" in query(page)["hide"].split(",")


class TestEverywhere:
    @pytest.mark.parametrize("lang", ["zh", "en"])
    @pytest.mark.parametrize("size", SIZES)
    def test_it_fits(self, desk, page, size, lang):
        wide, tall = SIZES[size]
        page.set_viewport_size({"width": wide, "height": tall})
        opened = desk(f"{SPOT}&accuracy_m=15&lang={lang}")
        assert opened.evaluate("document.documentElement.scrollWidth") == wide
        assert opened.evaluate("document.documentElement.scrollHeight") == tall
        cut = opened.evaluate(
            "[...document.querySelectorAll('.segment-row, .crumbs, .person, .tiles')]"
            ".filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.className)"
        )
        assert cut == []

    def test_targets_on_a_phone_are_for_fingers(self, desk, page):
        page.set_viewport_size(dict(zip(("width", "height"), SIZES["phone"], strict=True)))
        opened = desk(SPOT)
        small = [
            target.evaluate("e => e.outerHTML.slice(0, 80)")
            for target in opened.locator(".top a, .ask button:visible, .grip, .call, #answer select, .crumb").all()
            if (target.bounding_box() or {"height": 44})["height"] < 43.5
        ]
        assert small == []

    def test_switching_the_language_keeps_the_question(self, desk):
        page = desk(SPOT)
        page.get_by_role("link", name="English").click()
        page.wait_for_selector(".card .name")
        assert page.locator("html").get_attribute("lang") == "en"
        assert query(page)["lon"] == "121.4585"

    @pytest.mark.parametrize("name", ["overview", "choropleth", "heat"])
    def test_the_maps_are_served(self, page, served_city, name):
        page.goto(f"{served_city}/maps/{name}?lang=en")
        page.wait_for_selector("[data-ready=yes]")
        page.wait_for_load_state("networkidle")
        assert page.locator(".gm-title h1").inner_text()


class TestKeyboard:
    def test_enter_on_the_map_asks_about_its_middle_and_escape_clears(self, desk):
        page = desk()
        page.locator("#map").focus()
        page.keyboard.press("Enter")
        page.wait_for_selector(".card .crumbs")
        assert page.title() != "工作台 · 这里归谁管"
        page.keyboard.press("Escape")
        expect(page.locator(".hint")).to_be_visible()
        assert "lon" not in query(page)
