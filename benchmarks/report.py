"""Write docs/benchmarks.md and docs/benchmarks.svg from all results there are in benchmarks/results."""

import json
import math
from pathlib import Path
from xml.sax.saxutils import escape

FOLDER = Path(__file__).parent
DOCS = FOLDER.parent / "docs"
FIRST = ("locate", "locate_growth", "locate_counts", "build", "zones", "single", "http", "plans")
OURS = "gridmap"
GROUND, INK, QUIET, LINE, ACCENT = "#f6f5f1", "#2b2926", "#6f6a61", "#d9d5cb", "#c4412f"
WIDTH, HEIGHT = 960, 600
LEFT, RIGHT, TOP, BOTTOM = 96, 730, 64, 530
LABEL = 21  # the least distance between two labels
HEAD = """# Benchmarks

How fast gridmap answers, beside others who can be asked the same, all on one machine and in one run.

<!-- not run: takes many minutes, and downloads the peers -->
```bash
make bench            # about 25 minutes, on a machine that does nothing else
make bench QUICK=1    # about two minutes: fewer rounds and points
make exact            # the answers against exact arithmetic: how many differ
```

Read the ratios: times depend on the machine, ratios much less. They are taken within a round, between two timings that
follow each other, and given as least–median–greatest. `make bench` puts `benchmarks/requirements.lock` into `.venv`,
runs every `benchmarks/bench_*.py`, and writes this page with `benchmarks/report.py`.
"""
DRAWN = """![Time for one point against the number of polygons](benchmarks.svg)

Both axes go by powers of ten; the bars reach from the least to the greatest of the rounds.
"""


def results() -> list[tuple[str, dict]]:
    """Read all results, in a fixed order; those of an unknown name come last."""
    found = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in (FOLDER / "results").glob("*.json")}
    names = [name for name in FIRST if name in found] + sorted(set(found) - set(FIRST))
    return [(name, found[name]) for name in names]


def table(told: dict) -> str:
    """Write one table in Markdown."""
    rows = [[str(cell).strip().replace("|", "\\|") for cell in row] for row in (told["columns"], *told["rows"])]
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    lines.insert(1, "|" + " --- |" * len(rows[0]))
    return "\n".join(lines)


def section(told: dict, machine: str) -> str:
    """Write one result: title, table, notes, and the machine where it is another than the page's."""
    where = f"Machine: {told['machine']}." if told["machine"] != machine else ""
    notes = [*told["notes"], *([where] if where else []), f"Measured on {told['date']}."]
    return "\n".join([f"## {told['title']}", "", table(told), "", *(f"- {note}" for note in notes), ""])


class Plot:
    """A plot of cost against size, both by powers of ten.

    Parameters
    ----------
    series
        For each name, points of size and cost: least, median, greatest.
    """

    def __init__(self, series: dict[str, list]) -> None:
        self.series = series
        sizes = [point[0] for line in series.values() for point in line]
        costs = [cost for line in series.values() for point in line for cost in point[1:]]
        self.x = math.log10(min(sizes)), math.log10(max(sizes))
        self.y = math.floor(math.log10(min(costs))), math.ceil(math.log10(max(costs)))
        self.parts: list[str] = []

    def across(self, size: float) -> float:
        """Give the place of a size."""
        least, most = self.x
        return LEFT + 12 + (math.log10(size) - least) / (most - least) * (RIGHT - LEFT - 24)

    def up(self, cost: float) -> float:
        """Give the place of a cost."""
        least, most = self.y
        return BOTTOM - (math.log10(cost) - least) / (most - least) * (BOTTOM - TOP)

    def text(self, x: float, y: float, words: str, anchor: str = "start", fill: str = QUIET, weight: int = 400) -> None:
        """Put a text."""
        style = f'text-anchor="{anchor}" fill="{fill}" font-weight="{weight}"'
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" {style}>{escape(words)}</text>')

    def axes(self) -> None:
        """Draw a line for each power of ten of the cost, and name the sizes that were measured."""
        for power in range(self.y[0], self.y[1] + 1):
            y = self.up(10**power)
            self.parts.append(f'<path d="M{LEFT} {y:.1f}H{RIGHT}" stroke="{LINE}"/>')
            self.text(LEFT - 12, y + 5.5, f"{10**power:,} ns" if power < 3 else f"{10 ** (power - 3):,} µs", "end")  # noqa: PLR2004
        for size in sorted({point[0] for line in self.series.values() for point in line}):
            self.text(self.across(size), BOTTOM + 28, f"{size:,}", "middle")
        self.text(LEFT - 78, 32, "Time for one point of many, from arrays of coordinates", fill=INK, weight=600)
        self.text((LEFT + RIGHT) / 2, BOTTOM + 58, "polygons of 49 vertices", "middle")

    def lines(self) -> None:
        """Draw the lines with the spread at each size, and a label at the end of each."""
        ends = []
        for name, line in self.series.items():
            color, width = (ACCENT, 3) if name == OURS else (ACCENT if OURS in name else QUIET, 1.5)
            path = "L".join(f"{self.across(point[0]):.1f} {self.up(point[2]):.1f}" for point in line)
            self.parts.append(f'<path d="M{path}" fill="none" stroke="{color}" stroke-width="{width}"/>')
            for size, least, median, most in line:
                x = self.across(size)
                bar = f'M{x:.1f} {self.up(least):.1f}V{self.up(most):.1f}" stroke="{color}" stroke-width="{width + 3}"'
                self.parts.append(f'<path d="{bar} stroke-opacity=".25"/>')
                self.parts.append(f'<circle cx="{x:.1f}" cy="{self.up(median):.1f}" r="{width + 1.5}" fill="{color}"/>')
            ends.append((self.up(line[-1][2]), name, color))
        for (place, name, color), y in zip(sorted(ends), apart([end[0] for end in sorted(ends)]), strict=True):
            self.parts.append(f'<path d="M{RIGHT - 4} {place:.1f}L{RIGHT + 16} {y:.1f}" stroke="{LINE}" fill="none"/>')
            self.text(
                RIGHT + 22, y + 5.5, name, fill=color if color == ACCENT else INK, weight=600 if name == OURS else 400
            )

    def svg(self) -> str:
        """Write the whole plot."""
        self.axes()
        self.lines()
        size = f'viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
        head = f'<svg xmlns="http://www.w3.org/2000/svg" {size}'
        font = 'font-family="system-ui, sans-serif" font-size="16"'
        title = "<title>Time for one point against the number of polygons, for gridmap and its peers</title>"
        ground = f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{GROUND}"/>'
        return "\n".join([f'{head} {font} role="img">', title, ground, *self.parts, "</svg>", ""])


def apart(places: list[float]) -> list[float]:
    """Move labels, in order from the top, so far apart that none covers another, and no further."""
    moved = list(places)
    for _ in range(100):
        for k in range(len(moved) - 1):
            short = LABEL - (moved[k + 1] - moved[k])
            if short > 0:
                moved[k] -= short / 2
                moved[k + 1] += short / 2
    return moved


def main() -> None:
    found = results()
    if not found:
        raise SystemExit("there are no results: run make bench")
    machine = found[0][1]["machine"]
    parts = [HEAD, f"Machine: {machine}.\n"]
    for name, told in found:
        if "short" in told:
            parts.append("\n".join(["## In short", "", table(told["short"]), "", told["short"]["note"], ""]))
        parts.append(section(told, machine))
        if name == "locate" and "series" in told:
            (DOCS / "benchmarks.svg").write_text(Plot(told["series"]).svg(), encoding="utf-8")
            parts.append(DRAWN)
    (DOCS / "benchmarks.md").write_text("\n".join(parts).rstrip() + "\n", encoding="utf-8")
    print(f"docs/benchmarks.md: {len(found)} results")


if __name__ == "__main__":
    main()
