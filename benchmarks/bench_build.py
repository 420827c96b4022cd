"""Build, save and load the index: real areas where they are, and 150,000 drawn ones; bytes a vertex."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import measuring
import shapely
from coverages import coverage, points
from measuring import QUICK, number, seconds, spread

from gridmap import OwnershipIndex

SIZES = (1_000, 20_000) if QUICK else (1_000, 20_000, 150_000)
ROUNDS = 3 if QUICK else 5
DATA = Path(os.environ.get("GRIDMAP_REALDATA") or Path(__file__).parents[2] / "shared" / "data")
AREAS = DATA / "tainan" / "base.parquet"


def frames() -> list[tuple[str, gpd.GeoDataFrame]]:
    """Give the sets of polygons by name."""
    found = [(f"drawn, {size:,}", coverage(size)) for size in SIZES]
    if AREAS.exists():
        flat = shapely.force_2d(gpd.read_parquet(AREAS).geometry.to_numpy())
        real = gpd.GeoDataFrame({"id": range(1, len(flat) + 1)}, geometry=flat, crs=4326)
        found.append((f"statistical areas of Tainan, {len(real):,}", real))
    return found


def measured(frame: gpd.GeoDataFrame, folder: Path) -> tuple[dict[str, list[float]], OwnershipIndex, int]:
    """Time every step in rounds, with the tree of STRtree beside it; return the times, the index, its file's size."""
    path, (lon, lat) = folder / "measured.index", points(1_000)
    times: dict[str, list[float]] = {}

    def take(what: str, work: Callable, *args: object):
        spent, result = seconds(work, *args)
        times.setdefault(what, []).append(spent)
        return result

    for _ in range(ROUNDS):
        tree = take("tree", shapely.STRtree, frame.geometry.to_numpy())
        take("tree", tree.query, shapely.Point(lon[0], lat[0]))  # it is made at the first question
        times["tree"][-2:] = [sum(times["tree"][-2:])]
        index = take("build", lambda: OwnershipIndex.from_frame(frame, id="id"))
        take("save", index.save, path)
        loaded = take("load", OwnershipIndex.load, path)
        take("answer", loaded.locate, lon, lat)
    return times, index, path.stat().st_size


def main() -> None:
    rows = []
    few = coverage(35)
    OwnershipIndex.from_frame(few, id="id").locate(*points(10))  # compiled, or read from the cache
    with tempfile.TemporaryDirectory() as folder:
        for name, frame in frames():
            times, index, size = measured(frame, Path(folder))
            vertices = int(shapely.get_num_coordinates(frame.geometry.to_numpy()).sum())
            told = [name, f"{vertices:,}", spread(times["build"])]
            told.append(spread(a / b for a, b in zip(times["build"], times["tree"], strict=True)))
            told += [f"{spread(1e3 * each for each in times[what])}" for what in ("save", "load", "answer")]
            rows.append([*told, f"{size / 1e6:.1f}", number(index.nbytes / vertices)])
    columns = ["polygons", "vertices", "build, s", "× STRtree", "save, ms", "load, ms", "then 1,000 answers, ms"]
    notes = [
        f"Least–median–greatest of {ROUNDS} rounds. The file is in the system's cache when it is loaded.",
        "Build: from a GeoDataFrame to the first answer. STRtree, beside it, only sorts boxes.",
    ]
    measuring.write("build", "Build, save and load", [*columns, "file, MB", "bytes a vertex"], rows, notes)


if __name__ == "__main__":
    main()
