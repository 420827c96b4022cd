"""The index against exact arithmetic: ten million points, a million of them on vertices and edges; 0 may differ.

``python benchmarks/exact.py [SHARE]``: SHARE (1 unless told) of the points. Ends with 1 when any answer differs.
"""

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import hostile
import numpy as np
import probes
import shapely
from coverages import coverage
from oracle import Judge

from gridmap import OwnershipIndex

ALONE, LISTED, BY_FRACTIONS, SHOWN = 100_000, 2_000, 20_000, 5
SEED = 7
DATA = Path(os.environ.get("GRIDMAP_REALDATA") or Path(__file__).parents[2] / "shared" / "data")


def sets() -> Iterator[tuple[str, gpd.GeoDataFrame, int, int]]:
    """Give each set of polygons with its number of points, and how many of them lie on an edge."""
    rng = np.random.default_rng(SEED)
    yield "coverage", coverage(20_000), 4_000_000, 400_000
    yield "coverage, ids shuffled", hostile.frame(rng, coverage(1_000).geometry.array), 500_000, 100_000
    areas = DATA / "tainan" / "base.parquet"
    if areas.exists():
        # told to be in three dimensions, and with heights, all of them 0
        yield "Tainan", hostile.frame(rng, gpd.read_parquet(areas).geometry.array), 3_000_000, 300_000
    else:
        print(f"left out, for it is not here: {areas}")
    for size in (5, 40, 3_000, 1_000_000):
        crowd = hostile.crowd(rng, size, 12)
        yield f"crowd, {size:,} steps", hostile.frame(rng, crowd, wide=size == 40), 500_000, 100_000  # noqa: PLR2004
    for name, behind in (("earth", []), ("earth, all of it owned", hostile.whole_earth())):
        yield name, hostile.frame(rng, hostile.earth(rng, 6), behind, wide=bool(behind)), 500_000, 100_000


class Tally:
    """Counts answers and differences, and shows the first differences of each kind."""

    def __init__(self) -> None:
        self.differing = 0
        self.points = self.on_edge = 0

    def compare(self, what: str, x, y, got, want) -> str:
        """Count the points where two columns of answers differ; return how many in words."""
        wrong = np.flatnonzero(np.asarray(got) != np.asarray(want))
        self.differing += len(wrong)
        for i in wrong[:SHOWN]:
            print(f"  DIFFERS, {what}: ({x[i]}, {y[i]}) got {got[i]}, exactly {want[i]}")
        return f"{what} {len(wrong)} of {len(got):,}"


def examine(name: str, frame: gpd.GeoDataFrame, count: int, on: int, tally: Tally) -> None:
    """Compare every way to ask the index about one set of polygons with the judge."""
    rng = np.random.default_rng(SEED)
    judge = Judge(frame.geometry.array, frame["id"].to_numpy())
    x, y, on_edge = probes.mixed(rng, judge.edges, count, on)
    lon, lat = probes.degrees(rng, x, y)
    start = time.perf_counter()
    owner, border = judge.owners(x, y)
    judged = time.perf_counter() - start
    start = time.perf_counter()
    index = OwnershipIndex.from_frame(frame, id="id")
    built = time.perf_counter() - start
    told = [tally.compare("batch", x, y, index.locate(lon, lat), owner)]
    told.append(tally.compare("border", x, y, index.locate_with_borders(lon, lat)[1], border))
    told += alone(index, judge, (x, y, lon, lat), (owner, border), tally)
    told.append(tally.compare("in pieces", x, y, in_pieces(index, lon, lat), owner))
    told.append(tally.compare("saved and loaded", x, y, saved_and_loaded(index).locate(lon, lat), owner))
    tally.points += len(x)
    tally.on_edge += int(on_edge.sum())
    print(
        f"{name}: {len(frame):,} polygons, {len(judge.edges):,} edges; built in {built:.2f} s, judged in {judged:.1f} s"
    )
    print(f"  {(owner < 0).mean():.0%} nobody's, {border.mean():.0%} on their owner's border")
    print(f"  differ: {'; '.join(told)}", flush=True)


def alone(index: OwnershipIndex, judge: Judge, asked, answers, tally: Tally) -> list[str]:
    """Ask points one by one, in batches of one, and for all that cover them; and ask the judge by fractions."""
    x, y, lon, lat = asked
    single = np.array([index.owner(a, b) for a, b in zip(lon[:ALONE].tolist(), lat[:ALONE].tolist(), strict=True)])
    # row and border as one number each
    told = [tally.compare("alone", x, y, single @ (2, 1), np.column_stack(answers)[:ALONE] @ (2, 1))]
    first = range(min(LISTED, len(x)))
    ones = [index.locate(lon[i], lat[i])[0] for i in first]
    told.append(tally.compare("batch of one", x, y, ones, answers[0][: len(ones)]))
    covering = np.array([str(index.covering(lon[i], lat[i])) for i in first])
    told.append(
        tally.compare("all covering", x, y, covering, np.array([str(judge.covering(x[i], y[i])) for i in first]))
    )
    return told


def in_pieces(index: OwnershipIndex, lon, lat) -> np.ndarray:
    """Ask in batches of every length that may matter, backwards: so that strides and ends of blocks are met as well."""
    lengths = [k + d for k in (1, 8, 64, 256, 1 << 10, 1 << 12, 1 << 14, 1 << 16, 1 << 17) for d in (-1, 0, 1)]
    parts, left = [], len(lon)
    for length in lengths * (len(lon) // sum(lengths) + 1):
        part = slice(left - 1, left - 1 - length if left > length else None, -1)
        if left > 0:
            parts.append(index.locate(lon[part], lat[part]) if length else np.empty(0, np.int64))
            left -= length
    return np.concatenate(parts)[::-1]


def saved_and_loaded(index: OwnershipIndex) -> OwnershipIndex:
    """Bring the index to a file and back; the file may go once it is mapped."""
    with tempfile.TemporaryDirectory() as folder:
        index.save(Path(folder) / "exact.index")
        return OwnershipIndex.load(Path(folder) / "exact.index")


def examine_judge(frames: list[tuple[str, gpd.GeoDataFrame]], tally: Tally) -> None:
    """Compare the judge's fast arithmetic with fractions and with Python's integers, on points of all sets."""
    rng = np.random.default_rng(SEED + 1)
    count = -(-BY_FRACTIONS // len(frames))
    for name, frame in frames:
        judge = Judge(frame.geometry.array, frame["id"].to_numpy())
        x, y, _ = probes.mixed(rng, judge.edges, count, count // 3)
        fast = judge.owners(x, y)
        want = [judge.owner_by_fractions(a, b) for a, b in zip(x.tolist(), y.tolist(), strict=True)]
        told = tally.compare(f"judge on {name}", x, y, fast[0], [row for row, _ in want])
        tally.compare(f"judge's border on {name}", x, y, fast[1], [on for _, on in want])
        print(f"by fractions: {told}", flush=True)


def main() -> int:
    share = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
    started, tally, frames = time.perf_counter(), Tally(), []
    for name, frame, count, on in sets():
        flat = frame.set_geometry(shapely.force_2d(frame.geometry.array))
        examine(name, flat, int(count * share), int(on * share), tally)
        frames.append((name, flat))
    examine_judge(frames, tally)
    asked = f"{tally.points:,} points, {tally.on_edge:,} of them on edges, in {time.perf_counter() - started:.0f} s"
    print(f"{asked}: {tally.differing} differences")
    return 1 if tally.differing else 0


if __name__ == "__main__":
    raise SystemExit(main())
