"""Saved maps opened from disk, off line, in a browser."""

import pytest

from gridmap.maps import MAPS, render
from tests.maps.towns import figured, heated, town

pytestmark = pytest.mark.browser

BUNDLES = {"overview": town, "choropleth": figured, "heat": heated}
HOSTILE = (
    "${alert(1)}`${alert(2)}`\"'><img src=x onerror=alert(3)></script><script>alert(4)</script>"
    "{{ alert(5) }}{% raw %}\\u003cscript\\u003e<svg/onload=alert(6)>'-alert(7)-'\u2028"
)


@pytest.fixture
def opened(page, tmp_path):
    """A function that saves a map and opens it from disk with the network off."""

    def open_(name, data):
        file = tmp_path / f"{name}.html"
        file.write_text(render(MAPS[name].build(data), assets="inlined"), encoding="utf-8")
        page.context.set_offline(True)
        page.goto(file.as_uri())
        page.wait_for_selector("[data-ready=yes]")
        return page

    return open_


def inked(page, pane):
    """Count the pixels that a pane's canvas has drawn."""
    return page.evaluate(
        """pane => {
            const c = document.querySelector(`.leaflet-${pane}-pane canvas`);
            const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
            let n = 0;
            for (let i = 3; i < d.length; i += 4) n += d[i] > 0;
            return n;
        }""",
        pane,
    )


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("name", MAPS)
def test_it_draws_off_line(opened, name, lang):
    page = opened(name, BUNDLES[name](lang=lang))
    assert page.locator("html").get_attribute("lang") == {"zh": "zh-CN", "en": "en"}[lang]
    assert all(inked(page, pane) > 500 for pane in ("gm-base", "gm-lines", "gm-names"))
    assert page.locator(".gm-badge").is_visible()
    assert page.locator(".leaflet-control-scale").is_visible()


@pytest.mark.parametrize("name", MAPS)
def test_stored_script_stays_text(opened, name):
    page = opened(name, BUNDLES[name](lambda text: text + HOSTILE))
    assert HOSTILE[:40] in page.locator(".gm-city").inner_text()
    page.mouse.click(720, 560)
    page.wait_for_selector(".leaflet-popup")
    page.get_by_role("combobox").fill("愚园")
    page.keyboard.press("Enter")
    page.wait_for_selector(".gm-card")
    assert page.locator("img[src=x], svg[onload]").count() == 0


def test_the_choropleth_says_what_is_not_shown(opened):
    page = opened("choropleth", figured())
    legend = page.locator(".gm-legend").inner_text()
    assert "不在任何网格" in legend
    assert "12" in legend
    assert "件" in legend
    assert page.locator(".gm-classes li").count() == 3


def test_search_finds_by_pinyin_and_keyboard_picks(opened):
    page = opened("overview", town())
    page.get_by_role("combobox").fill("yyl")
    assert page.get_by_role("option").first.inner_text().startswith("愚园路")
    page.get_by_role("combobox").fill("xmg")
    page.keyboard.press("Enter")
    assert "小面馆" in page.locator(".gm-card").inner_text()
    page.get_by_role("combobox").fill("没有这个地方")
    assert page.locator(".gm-none").is_visible()


def test_levels_switch_by_keyboard(opened):
    page = opened("overview", town())
    before = inked(page, "gm-lines")
    page.get_by_role("radio", name="微网格").focus()
    page.keyboard.press("ArrowUp")
    page.wait_for_function("document.querySelector('[type=radio][value=neighbourhood]').checked")
    page.wait_for_function(
        "n => { const c = document.querySelector('.leaflet-gm-lines-pane canvas'); return c; }", arg=0
    )
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert inked(page, "gm-lines") < before


def test_a_popup_leads_to_the_desk(opened):
    page = opened("overview", town())
    page.get_by_role("combobox").fill("愚园大楼")
    page.keyboard.press("Enter")
    card = page.locator(".gm-card")
    assert "愚园路1号" in card.inner_text()
    assert card.get_by_role("link").get_attribute("href").startswith("/?lon=121.45")
    assert "第一微网格" in card.inner_text()


def test_it_fits_a_phone(opened, page):
    page.set_viewport_size({"width": 390, "height": 844})
    opened("overview", town())
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    for target in page.locator("button:visible, input[type=search]").all():
        assert target.bounding_box()["height"] >= 36
