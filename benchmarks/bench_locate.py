"""Owners of random points: the ownership index beside geopandas.sjoin, in one run; the ratios are what counts."""

import statistics
import time

import geopandas as gpd
import numpy as np
from coverages import coverage, points

from gridmap import OwnershipIndex

ROUNDS = 3
SIZES = (35, 1_000, 20_000)
OURS, THEIRS = 5_000_000, 200_000


def timed(work, *args):
    start = time.perf_counter()
    result = work(*args)
    return time.perf_counter() - start, result


def sjoin(frame, lon, lat):
    spots = gpd.GeoDataFrame(geometry=gpd.points_from_xy(lon, lat), crs=4326)
    return gpd.sjoin(spots, frame, predicate="intersects")


def main() -> None:
    lon, lat = points(OURS)
    print(f"{'polygons':>9} {'build s':>8} {'index M/s':>10} {'sjoin M/s':>10} {'ratio':>18}")
    for size in SIZES:
        frame = coverage(size)
        OwnershipIndex.from_frame(frame, id="id").locate(lon[:10], lat[:10])
        built, index = timed(lambda frame=frame: OwnershipIndex.from_frame(frame, id="id"))
        ours, theirs, ratios = [], [], []
        for _ in range(ROUNDS):
            mine, owners = timed(index.locate, lon, lat)
            other, joined = timed(sjoin, frame, lon[:THEIRS], lat[:THEIRS])
            ours.append(OURS / mine / 1e6)
            theirs.append(THEIRS / other / 1e6)
            ratios.append(ours[-1] / theirs[-1])
        matched = joined.groupby(level=0)["id"].min()
        expected = np.full(THEIRS, -1)
        expected[matched.index] = matched.to_numpy() - 1
        differing = int((expected != owners[:THEIRS]).sum())
        spread = f"{min(ratios):.0f}–{max(ratios):.0f} ×"
        row = f"{len(frame):>9,} {built:>8.2f} {statistics.median(ours):>10.1f} {statistics.median(theirs):>10.2f}"
        print(f"{row} {spread:>18}  ({differing} answers differ: sjoin does not read at 1e-7°)")


if __name__ == "__main__":
    main()
