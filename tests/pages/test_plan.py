"""The planner's page over a real service with a precinct of its own, by mouse, keys and finger."""

import math
from datetime import datetime, timedelta
from urllib.parse import parse_qs, quote, urlsplit
from zoneinfo import ZoneInfo

import geopandas as gpd
import httpx
import pytest
from playwright.sync_api import expect

from gridmap.spatial import coverage

pytestmark = pytest.mark.browser

AUTHOR, REVIEWER = "王芳", "李强"
SIZES = {"desk": (1440, 900), "wall": (1920, 1080), "phone": (390, 844)}
MIDDLE = (121.4412, 31.216)
ZONE = ZoneInfo("Asia/Shanghai")
BLOCKS = ("东一街区", "西一街区", "南一街区", "北一街区")


class Planner:
    """A plan of the precinct, its page, and the service behind."""

    def __init__(self, page, address, number=None):
        self.page, self.address, self.number = page, address, number

    def ask(self, path, **params):
        answer = httpx.get(f"{self.address}/api/v1{path}", params=params, timeout=30)
        answer.raise_for_status()
        return answer.json()

    def do(self, path, body, user=AUTHOR):
        answer = httpx.post(
            f"{self.address}/api/v1{path}", json=body, headers={"Gridmap-User": quote(user)}, timeout=30
        )
        answer.raise_for_status()
        return answer.json()

    def edit(self, plan, edit, user=AUTHOR):
        return self.do(f"/plans/{plan}/edits", {"edit": edit}, user)

    def grids(self, level="neighbourhood"):
        told = self.ask(f"/plans/{self.number}/grids", level=level)["features"]
        return {each["properties"]["name"]: each for each in told if each["geometry"]}

    def frame(self):
        told = [each for each in self.ask(f"/plans/{self.number}/grids")["features"] if each["geometry"]]
        return gpd.GeoDataFrame.from_features(told, crs=4326)

    def visit(self, query=""):
        plan = f"plan={self.number}&" if self.number else ""
        self.page.goto(f"{self.address}/plan?{plan}{query}")
        self.still()

    def still(self):
        self.page.wait_for_selector("body[data-ready=yes]")
        self.page.wait_for_load_state("networkidle")

    def spot(self, lon, lat):
        """Tell where a place is on the screen, from the view that the address holds."""
        view = parse_qs(urlsplit(self.page.url).query)["view"][0]
        middle_lon, middle_lat, zoom = map(float, view.split(","))
        scale = 256 * 2**zoom

        def plane(x, y):
            return scale * (x + 180) / 360, scale * (0.5 - math.asinh(math.tan(math.radians(y))) / (2 * math.pi))

        (x, y), (mx, my) = plane(lon, lat), plane(middle_lon, middle_lat)
        box = self.page.locator("#map").bounding_box()
        return box["x"] + box["width"] / 2 + x - mx, box["y"] + box["height"] / 2 + y - my

    def click(self, lon, lat):
        self.page.mouse.click(*self.spot(lon, lat))

    def edited(self, act):
        """Do something that puts an edit on record, and give the answer."""
        with self.page.expect_response(lambda r: r.request.method == "POST" and "/plans/" in r.url) as waited:
            act()
        return waited.value

    def confirm(self, **fields):
        dialog = self.page.locator("dialog[open]")
        for name, text in fields.items():
            dialog.locator(f"[name={name}]").fill(text)
        shown = dialog.element_handle()
        dialog.locator("button[type=submit]").click()
        shown.wait_for_element_state("hidden")

    def become(self, name):
        self.page.locator("#who").click()
        self.confirm(name=name)


def inside(feature):
    """Give a spot well inside a grid."""
    shape = gpd.GeoDataFrame.from_features([feature]).geometry[0].representative_point()
    return shape.x, shape.y


@pytest.fixture
def page_of_author(served_precinct, page):  # the service outlives its page
    page.add_init_script(f"localStorage.getItem('gridmap.user') ?? localStorage.setItem('gridmap.user', '{AUTHOR}')")
    return page


@pytest.fixture
def planner(served_precinct, page_of_author):
    """The page of a plan just opened, in Chinese, on the level of the neighbourhoods."""
    one = Planner(page_of_author, served_precinct)
    one.number = one.do("/plans", {"title": "愚园街道网格调整"})["id"]
    view = f"{MIDDLE[0]},{MIDDLE[1]},15.5"
    one.visit(f"level=neighbourhood&view={view}")
    return one


class TestBlocks:
    """Twenty-six neighbourhoods without blocks come into four, from one midnight on."""

    def test_from_the_list_to_the_midnight_on_which_it_decides(self, served_precinct, page):
        planner = Planner(page, served_precinct)
        planner.visit()
        expect(page.locator(".empty")).to_be_visible()
        page.locator("#open-plan").click()
        planner.confirm(name=AUTHOR)
        page.locator("dialog[open] [name=title]").fill("愚园街道设立街区")
        page.locator("dialog[open] button[type=submit]").click()
        page.wait_for_url("**/plan?plan=*")
        planner.still()
        planner.number = int(parse_qs(urlsplit(page.url).query)["plan"][0])
        homes = [inside(each) for each in planner.grids().values()]
        assert len(homes) == 26
        self.paint(planner, sorted(homes))
        assert planner.ask(f"/plans/{planner.number}")["counts"]["error"] == 0
        start = self.decide(planner)
        lon, lat = homes[0]
        levels = []
        for at in (start - timedelta(microseconds=1), start):
            told = planner.ask("/locate", lon=lon, lat=lat, datum="wgs84", at=at.isoformat())
            levels.append([each["level"] for each in told["chain"]])
        assert levels == [
            ["district", "subdistrict", "neighbourhood"],
            ["district", "subdistrict", "block", "neighbourhood"],
        ]

    def paint(self, planner, homes):
        """Create four blocks, and give every neighbourhood to one: by clicks, by brush, and by the keys."""
        page = planner.page
        page.keyboard.press("p")
        page.wait_for_load_state("networkidle")
        for number, name in enumerate(BLOCKS):
            page.locator("#palette button").click()
            planner.confirm(name=name)
            expect(page.locator("#palette input[type=radio]")).to_have_count(number + 1)
        page.locator("#fit").click()
        planner.still()
        groups = [homes[:7], homes[7:14], homes[14:20], homes[20:]]
        for number, group in enumerate(groups):
            page.keyboard.press(str(number + 1))
            for home in group[:3]:
                assert planner.edited(lambda home=home: planner.click(*home)).status == 201
            self.brush(planner, group[3:])
        page.wait_for_load_state("networkidle")
        told = planner.ask(f"/plans/{planner.number}/grids", level="block")["features"]
        blocks = {each["properties"]["id"] for each in told}
        parents = [each["properties"]["parent"] for each in planner.grids().values()]
        assert set(parents) == blocks

    def brush(self, planner, group):
        page = planner.page
        page.mouse.move(*planner.spot(*group[0]))
        page.mouse.down()
        for home in group[1:]:
            page.mouse.move(*planner.spot(*home), steps=2)
        assert planner.edited(page.mouse.up).status == 201

    def decide(self, planner):
        """Submit for tomorrow's midnight, approve as somebody else, publish; give that instant."""
        page = planner.page
        day = datetime.now(ZONE).date() + timedelta(days=1)
        start = datetime(day.year, day.month, day.day, tzinfo=ZONE)
        page.locator("#next").click()
        page.locator("dialog[open] [name=from]").fill(f"{day.isoformat()}T00:00")
        planner.confirm(note="先设四个街区")
        expect(page.locator("#next")).to_have_class("primary waiting")
        planner.become(REVIEWER)
        expect(page.locator("#next")).to_have_text("审核通过")
        page.locator("#next").click()
        page.wait_for_selector("dialog[open]")
        for word in page.locator("dialog[open] .word").all():
            word.fill("街区初设，可以接受")
        planner.confirm()
        expect(page.locator("#next")).to_have_text("发布")
        page.locator("#next").click()
        assert page.locator("dialog[open] [name=from]").input_value() == f"{day.isoformat()}T00:00"
        planner.confirm()
        expect(page.locator("#plan-head .state")).to_have_text("已发布")
        return start


class TestBorders:
    def held(self, planner, lon, lat):
        planner.page.keyboard.press("b")
        planner.page.wait_for_load_state("networkidle")
        planner.click(lon, lat)
        expect(planner.page.locator(".handle.middle").first).to_be_visible()

    def shared(self, planner):
        """Give two neighbours, and the node in the middle of their border."""
        grids = list(planner.grids().values())
        for place, one in enumerate(grids):
            for other in grids[place + 1 :]:
                nodes = [set(map(tuple, each["geometry"]["coordinates"][0][0])) for each in (one, other)]
                common = sorted(nodes[0] & nodes[1])
                near = [n for n in common if abs(n[0] - MIDDLE[0]) < 0.004 and abs(n[1] - MIDDLE[1]) < 0.003]
                others = [each for each in grids if each not in (one, other)]
                middles = [
                    n for n in near if not any(list(n) in each["geometry"]["coordinates"][0][0] for each in others)
                ]
                if len(common) == 3 and middles:
                    return one, other, middles[0]
        raise AssertionError("no border in the middle")

    def drag(self, planner, start, end):
        page = planner.page
        page.mouse.move(*start)
        page.mouse.down()
        page.mouse.move((start[0] + end[0]) / 2, (start[1] + end[1]) / 2, steps=4)
        page.mouse.move(*end, steps=4)
        return planner.edited(page.mouse.up)

    def test_a_dragged_border_moves_both_sides_and_leaves_no_gap(self, planner, tmp_path):
        one, other, node = self.shared(planner)
        before = planner.grids()
        self.held(planner, *node)
        x, y = planner.spot(*node)
        answer = self.drag(planner, (x, y), (x + 34, y + 26))
        assert answer.status == 201
        assert answer.request.post_data_json["edit"]["kind"] == "reshape"
        planner.page.screenshot(path=tmp_path / "border.png")
        base = planner.ask(f"/plans/{planner.number}/grids", level="neighbourhood", base=True)["features"]
        assert [each["geometry"] for each in base] == [each["geometry"] for each in before.values()]
        after = planner.grids()
        for name in (one["properties"]["name"], other["properties"]["name"]):
            assert after[name]["geometry"] != before[name]["geometry"]
        frame = planner.frame()
        leaves = frame[frame["leaf"]]
        assert coverage.check(leaves.reset_index(drop=True)).tiles
        expect(planner.page.locator("tr .differs").first).to_be_attached()

    def test_the_corner_of_several_moves_for_all(self, planner):
        one, other, _ = self.shared(planner)
        nodes = [set(map(tuple, each["geometry"]["coordinates"][0][0])) for each in (one, other)]
        common = sorted(nodes[0] & nodes[1])
        grids = planner.grids().values()
        corner = next(n for n in common if sum(list(n) in each["geometry"]["coordinates"][0][0] for each in grids) > 2)
        self.held(planner, *common[1] if common[1] != corner else common[0])
        x, y = planner.spot(*corner)
        answer = self.drag(planner, (x, y), (x + 22, y - 18))
        assert answer.request.post_data_json["edit"]["kind"] == "move"
        assert answer.status == 201
        frame = planner.frame()
        assert coverage.check(frame[frame["leaf"]].reset_index(drop=True)).tiles

    def test_a_node_is_pushed_by_the_arrow_keys(self, planner):
        *_, node = self.shared(planner)
        self.held(planner, *node)
        page = planner.page
        page.locator(".handle.node").first.focus()
        for _ in range(5):
            page.keyboard.press("ArrowRight")
        assert planner.edited(lambda: page.keyboard.press("Enter")).status == 201


class TestLines:
    def across(self, planner, name, reach=0.7):
        """Give two spots to the west and east of a grid, `reach` of its width from its middle."""
        west, south, east, north = gpd.GeoDataFrame.from_features([planner.grids()[name]]).total_bounds
        y = (south + north) / 2 + (north - south) * 0.03
        middle, wide = (west + east) / 2, east - west
        return [(middle - reach * wide, y), (middle, y + 0.00005), (middle + reach * wide, y)]

    def drawn(self, planner, points):
        planner.page.keyboard.press("s")
        for point in points:
            planner.page.mouse.move(*planner.spot(*point), steps=3)
            planner.click(*point)
        return planner.edited(lambda: planner.page.keyboard.press("Enter"))

    def test_split_undo_redo_merge_by_keys(self, planner):
        page = planner.page
        assert self.drawn(planner, self.across(planner, "清泉居民区")).status == 201
        planner.still()
        assert len(planner.grids()) == 27
        expect(page.locator("#selection strong")).to_have_text("2 个网格")
        page.keyboard.press("v")
        assert planner.edited(lambda: page.keyboard.press("Control+z")).status == 200
        assert len(planner.grids()) == 26
        assert planner.edited(lambda: page.keyboard.press("Control+Shift+z")).status == 200
        assert len(planner.grids()) == 27
        page.keyboard.press("Escape")
        page.keyboard.press("m")
        for name in ("清泉居民区", "清泉居民区（2）"):
            planner.click(*inside(planner.grids()[name]))
        expect(page.locator("#hint button")).to_be_visible()
        assert planner.edited(lambda: page.keyboard.press("Enter")).status == 201
        assert len(planner.grids()) == 26

    def test_a_line_is_drawn_by_keys_alone(self, planner):
        page = planner.page
        page.keyboard.press("s")
        page.locator("#map").focus()
        for key in ("ArrowLeft",) * 2 + ("ArrowRight",) * 5:
            page.keyboard.press("Space")
            page.keyboard.press(key)
            planner.still()
        page.keyboard.press("Backspace")
        page.keyboard.press("Space")
        expect(page.locator("#hint button")).to_have_count(2)
        page.keyboard.press("Escape")
        expect(page.locator("#hint button")).to_have_count(0)
        for _ in range(6):
            page.keyboard.press("Space")
            page.keyboard.press("ArrowLeft")
            planner.still()
        assert planner.edited(lambda: page.keyboard.press("Enter")).status == 201

    def test_a_line_that_does_not_cut_is_told_and_stays(self, planner):
        planner.page.watch.expect("422")
        page = planner.page
        assert self.drawn(planner, self.across(planner, "清泉居民区", 0.2)).status == 422
        expect(page.locator("#notice")).to_contain_text("没有把网格切开")
        assert len(planner.grids()) == 26
        page.keyboard.press("Escape")
        expect(page.locator("#notice")).to_be_hidden()

    def test_a_grid_is_drawn_and_named(self, planner):
        page = planner.page
        lon, lat = inside(planner.grids()["清泉居民区"])
        page.keyboard.press("d")
        for dx, dy in ((-0.0006, -0.0004), (0.0006, -0.0004), (0.0005, 0.0005)):
            page.mouse.move(*planner.spot(lon + dx, lat + dy), steps=3)
            planner.click(lon + dx, lat + dy)
        page.keyboard.press("Enter")
        page.locator("dialog[open] [name=name]").fill("清泉花园")
        assert planner.edited(lambda: page.locator("dialog[open] button[type=submit]").click()).status == 201
        assert "清泉花园" in planner.grids()

    def test_a_locked_grid_is_left_alone(self, planner):
        page = planner.page
        page.keyboard.press("l")
        planner.click(*inside(planner.grids()["清泉居民区"]))
        page.keyboard.press("s")
        for point in self.across(planner, "清泉居民区"):
            page.mouse.move(*planner.spot(*point), steps=3)
            planner.click(*point)
        page.keyboard.press("Enter")
        expect(page.locator("#notice")).to_contain_text("已锁定")
        assert len(planner.grids()) == 26

    def test_a_grid_is_renamed_in_the_table(self, planner):
        page = planner.page
        page.get_by_role("button", name="清泉居民区").click()
        page.keyboard.press("F2")
        page.locator(".renaming").fill("清泉新村")
        assert planner.edited(lambda: page.keyboard.press("Enter")).status == 201
        assert "清泉新村" in planner.grids()

    def test_another_hand_in_the_plan_is_noticed(self, planner):
        planner.page.watch.expect("409")
        ids = [each["properties"]["id"] for each in planner.grids().values()]
        planner.edit(planner.number, {"kind": "rename", "grid": ids[0], "name": "别名"}, "赵敏")
        assert self.drawn(planner, self.across(planner, "清泉居民区")).status == 409
        expect(planner.page.locator("#notice")).to_contain_text("别人刚刚也改了")
        expect(planner.page.get_by_role("button", name="别名")).to_be_attached()

    def test_a_broken_line_is_sent_once_more(self, planner):
        page = planner.page
        page.watch.expect("failed:")
        page.watch.expect("ERR_FAILED")
        keys = []

        def break_once(route):
            keys.append(route.request.headers["idempotency-key"])
            route.abort() if len(keys) == 1 else route.continue_()

        page.route("**/edits", break_once)
        page.get_by_role("button", name="清泉居民区").click()
        page.keyboard.press("F2")
        page.locator(".renaming").fill("清泉新村")
        page.keyboard.press("Enter")
        expect(page.get_by_role("button", name="清泉新村")).to_be_attached()
        assert len(keys) == 2
        assert len(set(keys)) == 1


class TestChecks:
    def test_a_click_on_a_finding_flies_there(self, planner):
        page = planner.page
        lon, lat = inside(planner.grids()["清泉居民区"])
        grid = planner.grids()["清泉居民区"]["properties"]["id"]
        line = [[lon - 0.004, lat - 0.0001], [lon + 0.004, lat + 0.0001]]
        planner.edit(planner.number, {"kind": "split", "grid": grid, "line": line, "datum": "wgs84"})
        planner.visit(f"level=neighbourhood&view={MIDDLE[0]},{MIDDLE[1]},14")
        expect(page.locator(".finding").first).to_be_attached()
        before = page.url
        page.locator(".finding-line.warning").first.click()
        planner.still()
        assert page.url != before
        assert float(parse_qs(urlsplit(page.url).query)["view"][0].split(",")[2]) >= 17

    def test_before_and_after(self, planner):
        page = planner.page
        ids = [each["properties"]["id"] for each in planner.grids().values()]
        assert ids
        page.locator("#compare-button").click()
        slider = page.get_by_role("slider")
        expect(slider).to_have_attribute("aria-valuenow", "50")
        slider.focus()
        page.keyboard.press("ArrowRight")
        expect(slider).to_have_attribute("aria-valuenow", "52")
        assert "compare=1" in page.url


class TestHostile:
    """Whatever people write is shown as they wrote it, and is nothing else."""

    SAID = "<img src=x onerror=alert(1)>${alert(2)}{{7*7}}</script><script>alert(3)</script>"

    def test_texts_are_only_text(self, planner):
        page, said = planner.page, self.SAID
        planner.number = planner.do("/plans", {"title": said, "note": said}, said[:60])["id"]
        grid = planner.grids()["清泉居民区"]
        planner.edit(planner.number, {"kind": "rename", "grid": grid["id"], "name": said}, said[:60])
        x, y = inside(grid)
        across = [[x - 0.01, y], [x + 0.01, y]]
        planner.edit(planner.number, {"kind": "split", "grid": grid["id"], "line": across, "datum": "wgs84"}, said[:60])
        planner.visit("level=neighbourhood")
        expect(page.locator("header")).to_contain_text(said)
        expect(page.get_by_role("button", name=said).first).to_be_visible()
        planner.click(*inside(planner.grids()[said]))
        planner.page.keyboard.press("p")
        assert page.locator("img").count() == 0
        assert page.locator("script:not([src]):not([type])").count() == 0
        page.goto(f"{planner.address}/plan")
        planner.still()
        expect(page.locator("body")).to_contain_text(said)


class TestConflict:
    def test_a_plan_that_came_second_is_rebased(self, planner):
        planner.page.watch.expect("409")
        page = planner.page
        ids = {name: each["properties"]["id"] for name, each in planner.grids().items()}
        second = planner.do("/plans", {"title": "另一个规划"})["id"]
        edits = {
            planner.number: [("merge", ["清泉居民区", "石桥居民区"]), ("rename", "柳岸居民区")],
            second: [("merge", ["石桥居民区", "柳岸居民区"])],
        }
        for plan, listed in edits.items():
            for kind, names in listed:
                told = (
                    {"kind": kind, "grids": [ids[name] for name in names]}
                    if kind == "merge"
                    else {"kind": kind, "grid": ids[names], "name": "柳岸新村"}
                )
                planner.edit(plan, told)
            planner.do(f"/plans/{plan}/submit", {})
            found = planner.ask(f"/plans/{plan}/check")["findings"]
            words = {each["key"]: "可以" for each in found if each["severity"] == "warning"}
            planner.do(f"/plans/{plan}/approve", {"words": words}, REVIEWER)
        planner.do(f"/plans/{second}/publish", {})
        planner.visit("level=neighbourhood")
        page.locator("#next").click()
        page.locator("dialog[open] button[type=submit]").click()
        expect(page.locator("dialog[open] .conflict li").first).to_be_visible()
        page.locator("dialog[open] button[type=submit]").click()
        expect(page.locator("#notice")).to_contain_text("不再适用")
        expect(page.locator("#plan-head .state")).to_have_text("草案")


class TestEverywhere:
    @pytest.mark.parametrize("lang", ["zh", "en"])
    @pytest.mark.parametrize("size", SIZES)
    def test_it_fits(self, planner, size, lang):
        wide, tall = SIZES[size]
        planner.page.set_viewport_size({"width": wide, "height": tall})
        for query in ("level=neighbourhood&tool=paint", "level=neighbourhood&tool=split"):
            planner.visit(f"{query}&lang={lang}")
            page = planner.page
            assert page.evaluate("document.documentElement.scrollWidth") == wide
            assert page.evaluate("document.documentElement.scrollHeight") == tall

    def test_targets_on_a_phone_are_for_fingers(self, planner):
        planner.page.set_viewport_size(dict(zip(("width", "height"), SIZES["phone"], strict=True)))
        planner.visit("level=neighbourhood&tool=paint")
        page = planner.page
        page.locator("#grip").click()
        small = [
            target.evaluate("e => e.outerHTML.slice(0, 90)")
            for target in page.locator("button:visible, summary:visible, .bar a:visible").all()
            if target.bounding_box()["height"] < 43.5
        ]
        assert small == []

    def test_an_unknown_plan_says_so(self, served_precinct, page_of_author):
        page_of_author.watch.expect("404")
        planner = Planner(page_of_author, served_precinct, 99)
        planner.visit("lang=en")
        expect(page_of_author.locator(".failed")).to_contain_text("no such plan")

    def test_the_desk_and_the_plans_lead_to_each_other(self, planner):
        planner.page.get_by_role("link", name="工作台").click()
        planner.page.wait_for_url(lambda url: urlsplit(url).path == "/")
        planner.still()
        planner.page.get_by_role("link", name="网格规划").click()
        planner.page.wait_for_selector(".list-head")
        planner.still()
        expect(planner.page.locator(".plan-card")).to_be_visible()
