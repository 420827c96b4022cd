"""What all benchmarks share: timing in rounds, ratios with their spread, the machine's name, and files of results."""

import json
import os
import platform
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"
QUICK = os.environ.get("QUICK", "0") not in {"", "0", "no", "false"}
_WHOLE, _TENTHS = 20, 2  # from here on a number is told without decimals, or with one


def seconds(work: Callable[..., Any], *args: object) -> tuple[float, Any]:
    """Time one call; return the seconds and what it returned."""
    start = time.perf_counter()
    result = work(*args)
    return time.perf_counter() - start, result


def number(value: float) -> str:
    """Write a number with about three figures."""
    return f"{value:,.0f}" if value >= _WHOLE else f"{value:.1f}" if value >= _TENTHS else f"{value:.2f}"


def spread(values: Iterable[float]) -> str:
    """Write the least, the median and the greatest of some values."""
    values = sorted(values)
    return "–".join(number(each) for each in (values[0], statistics.median(values), values[-1]))


def machine() -> str:
    """Name the machine: its processor, cores, memory, system and Python, and how busy it was."""
    told = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    model = next((line.split(":")[1].strip() for line in told.splitlines() if line.startswith("model name")), "")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    system = platform.freedesktop_os_release().get("PRETTY_NAME", platform.system())
    cores = len(os.sched_getaffinity(0))
    return (
        f"{model or platform.machine()}, {cores} cores, {memory:.0f} GiB, {system}, Python {platform.python_version()}"
    )


def versions(*packages: str) -> str:
    """List packages with their versions."""
    return ", ".join(f"{package} {version(package)}" for package in packages)


def write(
    name: str, title: str, columns: Sequence[str], rows: Sequence[Sequence], notes: Sequence[str], **more
) -> None:
    """Write a table of results for the report, and show it."""
    RESULTS.mkdir(exist_ok=True)
    waiting = f"{os.getloadavg()[0]:.1f} processes ran or waited on average during the last minute of it"
    told = {
        "title": title,
        "machine": machine(),
        "date": datetime.now(UTC).date().isoformat(),
        "columns": list(columns),
        "rows": [list(row) for row in rows],
        "notes": [
            *notes,
            ("A quick run: few rounds, few points. " if QUICK else "") + waiting[0].upper() + waiting[1:] + ".",
        ],
        **more,
    }
    (RESULTS / f"{name}.json").write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    show(told)


def show(told: dict) -> None:
    """Print a table in columns."""
    lines = [told["columns"], *([str(cell) for cell in row] for row in told["rows"])]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    print(f"\n{told['title']}")
    for line in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
    print(*(f"- {note}" for note in told["notes"]), sep="\n", flush=True)
