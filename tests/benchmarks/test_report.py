"""The page of benchmarks: every result is on it, and its plot can be read."""

import itertools
import json
from xml.etree import ElementTree as ET

import pytest

from benchmarks import measuring, report

SERIES = {
    "gridmap": [[36, 20, 25, 31], [158_000, 80, 90, 120]],
    "slow & steady": [[36, 900, 1_000, 1_200], [158_000, 2_000, 2_050, 2_100]],
    "as slow": [[36, 900, 1_000, 1_200], [158_000, 2_000, 2_060, 2_100]],
}


@pytest.fixture
def folders(tmp_path, monkeypatch):
    """Return a folder of results and one of documents, both empty."""
    (tmp_path / "results").mkdir()
    (tmp_path / "docs").mkdir()
    monkeypatch.setattr(report, "FOLDER", tmp_path)
    monkeypatch.setattr(report, "DOCS", tmp_path / "docs")
    monkeypatch.setattr(measuring, "RESULTS", tmp_path / "results")
    return tmp_path


def test_every_result_is_on_the_page_and_a_foreign_machine_is_named(folders):
    measuring.write("locate", "Owners", ["who", "M/s"], [["gridmap", "9"]], ["a note"], series=SERIES)
    other = {
        "title": "Over | HTTP",
        "machine": "a box",
        "date": "2026-01-02",
        "columns": ["a|b"],
        "rows": [[7]],
        "notes": [],
    }
    (folders / "results" / "http.json").write_text(json.dumps(other), encoding="utf-8")
    (folders / "results" / "unheard of.json").write_text(json.dumps({**other, "title": "More"}), encoding="utf-8")
    report.main()
    page = (folders / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    assert [line for line in page.splitlines() if line.startswith("## ")] == ["## Owners", "## Over | HTTP", "## More"]
    assert "| gridmap | 9 |" in page
    assert "- a note" in page
    assert "| a\\|b |\n| --- |\n| 7 |" in page
    assert page.count("Machine: a box.") == 2
    assert "](benchmarks.svg)" in page


def test_without_results_it_says_what_to_do(folders):
    with pytest.raises(SystemExit, match="make bench"):
        report.main()


def test_the_plot_names_every_line_and_no_label_covers_another():
    root = ET.fromstring(report.Plot(SERIES).svg())
    texts = {one.text: one for one in root.iter("{http://www.w3.org/2000/svg}text")}
    assert set(SERIES) <= set(texts)
    assert {"36", "158,000", "1 µs"} <= set(texts)
    places = sorted(float(texts[name].get("y")) for name in SERIES)
    assert all(below - above >= 20 for above, below in itertools.pairwise(places))
    assert all(0 < y < report.HEIGHT for y in places)


def test_a_spread_is_the_least_the_median_and_the_greatest():
    assert measuring.spread([3, 1234.5, 0.25, 40, 12]) == "0.25–12.0–1,234"
