"""The browser assets: copied whole, with licences, and never a link to another host."""

import re
from pathlib import Path

import pytest

from scripts import vendor

ROOT = Path(__file__).resolve().parents[2]
ASSETS = ROOT / "gridmap/pages/static/vendor"


def package(folder: Path, files: dict[str, str]) -> Path:
    for name, text in {"LICENSE": "free", **files}.items():
        path = folder / "thing" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


class TestCopy:
    def test_only_what_is_listed_and_the_licence(self, tmp_path):
        modules = package(tmp_path / "modules", {"a.js": "1", "b.js": "2"})
        assert vendor.copy_package("thing", ["a.js"], modules, tmp_path / "out") == []
        assert sorted(p.name for p in (tmp_path / "out/thing").iterdir()) == ["LICENSE", "a.js"]

    def test_source_maps_and_older_fonts_are_cut_out(self, tmp_path):
        style = "@font-face{src:url(a.woff2) format('woff2'), url(a.woff) format('woff')}\n"
        style += "/*# sourceMappingURL=a.css.map */\n"
        modules = package(tmp_path / "modules", {"a.css": style, "a.js": "go()\n//# sourceMappingURL=a.js.map"})
        vendor.copy_package("thing", ["a.css", "a.js"], modules, tmp_path / "out")
        assert "url(a.woff2) format('woff2')}" in (tmp_path / "out/thing/a.css").read_text()
        assert "sourceMapping" not in (tmp_path / "out/thing/a.css").read_text()
        assert (tmp_path / "out/thing/a.js").read_text().strip() == "go()"

    def test_every_fault_is_told(self, tmp_path):
        modules = package(tmp_path / "modules", {})
        (modules / "thing/LICENSE").unlink()
        faults = vendor.copy_package("thing", ["a.js", "b.js"], modules, tmp_path / "out")
        assert len(faults) == 3
        assert vendor.copy_package("other", [], modules, tmp_path / "out")[0].startswith("other: not in")

    def test_a_licence_may_be_named_where_none_is_shipped(self, tmp_path):
        modules = package(tmp_path / "modules", {"a.js": "1", "package.json": '{"license": "MIT"}'})
        (modules / "thing/LICENSE").unlink()
        assert vendor.copy_package("thing", ["a.js"], modules, tmp_path / "out", "package.json") == []
        assert (tmp_path / "out/thing/package.json").is_file()
        (modules / "thing/package.json").write_text("{}")
        assert vendor.copy_package("thing", ["a.js"], modules, tmp_path / "out", "package.json") != []


class TestLinks:
    @pytest.mark.parametrize(
        "style",
        [
            "@import url(https://fonts.example/a.css);",
            "@import '//fonts.example/a.css';",
            "a{background:url( 'HTTP://img.example/a.png')}",
            "a{background:url(//img.example/a.png)}",
        ],
    )
    def test_another_host_is_a_fault(self, tmp_path, style):
        (tmp_path / "a.css").write_text(style)
        assert any("another host" in fault for fault in vendor.check_links(tmp_path))

    def test_a_missing_file_is_a_fault(self, tmp_path):
        (tmp_path / "a.css").write_text("a{background:url(img/a.png?v=1)}")
        assert vendor.check_links(tmp_path) == ["a.css: img/a.png?v=1 is not copied; add it to scripts/vendor.toml"]

    def test_data_and_own_files_are_not(self, tmp_path):
        (tmp_path / "b.png").touch()
        (tmp_path / "a.css").write_text(
            """a{b:url("data:image/svg+xml,%3csvg xmlns='http://www.w3.org/2000/svg'/%3e")} b{c:url(b.png#x)}"""
        )
        assert vendor.check_links(tmp_path) == []

    def test_what_set_up_copied_is_clean(self):
        assert vendor.check_links(ASSETS) == []
        assert (ASSETS / "leaflet/dist/leaflet.js").is_file()


def test_a_failed_run_leaves_the_old_assets(tmp_path, monkeypatch, capsys):
    target = tmp_path / "static/vendor"
    target.mkdir(parents=True)
    (target / "old").touch()
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts/vendor.toml").write_text('[thing]\nfiles = ["a.js"]\n')
    monkeypatch.setattr(vendor, "ROOT", tmp_path)
    assert vendor.main(package(tmp_path / "modules", {}), target) == 1
    assert (target / "old").exists()
    assert "nothing matches a.js" in capsys.readouterr().err
    assert vendor.main(package(tmp_path / "modules", {"a.js": ""}), target) == 0
    assert (target / "thing/a.js").exists()
    assert not (target / "old").exists()


def test_lock_files_hold_no_addresses():
    """Any mirror can serve them: an address would name one."""
    assert '"resolved"' not in (ROOT / "package-lock.json").read_text()
    for name in ("requirements.lock", "scripts/node.lock"):
        assert not re.search(r"https?://|--(extra-)?index-url|--find-links", (ROOT / name).read_text()), name
