"""Owners of many points: the index beside its peers in one run, at sizes from 36 to 158,000 polygons.

In every round each peer is timed right after the index, on the same polygons, and the ratio is taken of these two:
what slows one down slows the other. All sizes are in each round, so growth is a ratio within rounds as well.
"""

import statistics
from dataclasses import dataclass, field
from operator import truediv

import measuring
import numpy as np
import peers
from coverages import coverage, points
from measuring import QUICK, number, seconds, spread

SIZES = (35, 1_000, 20_000, 20_000 if QUICK else 158_000)
FROM, TO = SIZES[1], SIZES[-1]
ROUNDS = 3 if QUICK else 5
# points a round for each peer: enough that what a peer does once a call does not count
OURS = 1_000_000 if QUICK else 5_000_000
SLOW = 50_000 if QUICK else 500_000
POINTS = {
    "gridmap, one core": OURS,
    "SedonaDB": 300_000 if QUICK else 2_000_000,
    "PostGIS, join": SLOW // 5,
    "PostGIS, LATERAL": SLOW,
}
# how the number of points counts: at one size of coverage, from arrays
COUNTS = tuple(10**k for k in (range(4, 7) if QUICK else range(4, 9)))
SECONDS = 1 if QUICK else 15  # a peer that would need longer for so many points is not asked
COUNTED = 20_000
NOTES = (
    f"Least–median–greatest of {ROUNDS} rounds. In a round each peer is timed right after gridmap; × is their ratio.",
    (
        "From arrays: two arrays of coordinates in, owners or pairs out, with all that a peer has to make of them"
        " (points as objects; tables, and for LATERAL an index over them). Points prepared: the join alone."
    ),
    "Polygons are loaded and indexed before, for everyone, but SedonaDB makes its tree of them for each call.",
    "gridmap, SedonaDB and PostGIS may use all cores; geopandas and STRtree use one.",
    (
        "Differ: answers other than gridmap's, of all those points. Peers do not read coordinates at 1e-7°, so a point"
        " within half a step of a border may be another's."
    ),
)


@dataclass
class Timed:
    """What was measured of one peer at one size: by round, millions of points a second, and the index's beside it."""

    peer: peers.Peer
    polygons: int
    points: int
    arrays: list[float] = field(default_factory=list)
    joined: list[float] = field(default_factory=list)
    beside_arrays: list[float] = field(default_factory=list)
    beside_joined: list[float] = field(default_factory=list)
    differ: int = 0

    def ratio(self, ours: list[float], theirs: list[float]) -> str:
        """How many times as fast the index was, by the rounds."""
        return spread(map(truediv, ours, theirs))


def kinds(cluster, size: int) -> list[peers.Peer]:
    """List the peers of a size; the index is the first."""
    mine = [peers.Gridmap(), peers.GridmapOnOneCore()]
    databases = [peers.PostGIS(cluster, f"plain_{size}"), peers.PostGISLateral(cluster, f"lateral_{size}")]
    return [*mine, peers.Sjoin(), peers.TreeOfPolygons(), peers.TreeOfPoints(), peers.Sedona(), *databases]


def load(cluster) -> dict[int, list[Timed]]:
    """Give every peer the polygons of every size, and let each answer once to be warm."""
    lon, lat = points(1_000)
    loaded = {}
    for size in dict.fromkeys(SIZES):
        frame = coverage(size)
        loaded[size] = [Timed(each, len(frame), POINTS.get(each.name, SLOW)) for each in kinds(cluster, size)]
        loaded[size][0].points = OURS
        for timed in loaded[size]:
            timed.peer.load(frame)
            timed.peer.from_arrays(lon, lat)
    return loaded


def round_of(at_size: list[Timed], lon: np.ndarray, lat: np.ndarray) -> None:
    """Time each peer from arrays and with points prepared, each time right after the index."""
    ours = at_size[0]
    for timed in at_size[1:]:
        part = lon[: timed.points], lat[: timed.points]
        time_ours, owners = seconds(ours.peer.from_arrays, lon, lat)
        time_arrays, answer = seconds(timed.peer.from_arrays, *part)
        prepared = timed.peer.prepare(*part)
        time_again, _ = seconds(ours.peer.from_arrays, lon, lat)
        time_joined, _ = seconds(timed.peer.join, prepared)
        timed.arrays.append(timed.points / time_arrays / 1e6)
        timed.joined.append(timed.points / time_joined / 1e6)
        timed.beside_arrays.append(len(lon) / time_ours / 1e6)
        timed.beside_joined.append(len(lon) / time_again / 1e6)
        theirs = timed.peer.owners(answer, timed.points)
        timed.differ = int((theirs != ours.peer.owners(owners, len(lon))[: timed.points]).sum())
    # of the index itself, one time a round: the median of those beside the peers
    ours.arrays.append(statistics.median(timed.beside_arrays[-1] for timed in at_size[1:]))
    ours.joined, ours.beside_arrays, ours.beside_joined = ours.arrays, ours.arrays, ours.arrays


def table(loaded: dict[int, list[Timed]]) -> None:
    """Write how fast each is at each size."""
    rows = []
    for at_size in loaded.values():
        for timed in at_size:
            first = timed is at_size[0]
            told = [f"{timed.polygons:,}", timed.peer.name, f"{timed.points:,}", spread(timed.arrays)]
            told.append("1" if first else timed.ratio(timed.beside_arrays, timed.arrays))
            told += [spread(timed.joined), "1" if first else timed.ratio(timed.beside_joined, timed.joined)]
            rows.append([*told, "–" if first else timed.differ])
    columns = ["polygons", "joined by", "points", "from arrays, M/s", "gridmap is ×", "points prepared, M/s"]
    notes = [*NOTES, f"Versions: {measuring.versions('geopandas', 'shapely', 'sedonadb', 'numpy', 'numba')}."]
    title = "Owners of many points, beside peers"
    measuring.write(
        "locate", title, [*columns, "gridmap is × ", "differ"], rows, notes, short=short(loaded), series=series(loaded)
    )


def short(loaded: dict[int, list[Timed]]) -> dict:
    """Give the medians alone: how many times as fast as each peer gridmap is, from arrays and with points prepared."""
    rows = []
    for ours, _one_core, *theirs in loaded.values():
        told = [f"{ours.polygons:,}", number(statistics.median(ours.arrays))]
        for timed in theirs:
            both = ((timed.beside_arrays, timed.arrays), (timed.beside_joined, timed.joined))
            told.append(" · ".join(number(statistics.median(map(truediv, *pair))) + " ×" for pair in both))
        rows.append(told)
    note = "So many times as fast as the peer is gridmap: from arrays of coordinates · with the peer's points prepared."
    names = [timed.peer.name for timed in loaded[COUNTED][2:]]
    return {"columns": ["polygons", "gridmap, M points/s", *names], "rows": rows, "note": note}


def series(loaded: dict[int, list[Timed]]) -> dict:
    """Give the plot its numbers: for each peer, polygons and nanoseconds a point, least, median and greatest."""
    lines: dict[str, list] = {}
    for at_size in loaded.values():
        for timed in at_size:
            costs = sorted(1e3 / rate for rate in timed.arrays)
            told = [timed.polygons, costs[0], statistics.median(costs), costs[-1]]
            lines.setdefault(timed.peer.name, []).append(told)
    return lines


def growth(loaded: dict[int, list[Timed]]) -> None:
    """Write how much longer a point takes among many polygons than among few."""
    rows = []
    for few, many in zip(loaded[FROM], loaded[TO], strict=True):
        told = [few.peer.name]
        for a, b in ((few.arrays, many.arrays), (few.joined, many.joined)):
            told += [number(1e3 / statistics.median(a)), number(1e3 / statistics.median(b))]
            told.append(spread(x / y for x, y in zip(a, b, strict=True)))
        rows.append(told)
    few, many = f"{loaded[FROM][0].polygons:,}", f"{loaded[TO][0].polygons:,}"
    columns = ["joined by", f"from arrays: ns at {few}", f"ns at {many}", "grows ×"]
    columns += [f"prepared: ns at {few}", f"ns at {many} ", "grows × "]
    notes = ["Time for a point among many polygons over that among few, by round: least–median–greatest."]
    measuring.write("locate_growth", f"Growth from {few} to {many} polygons", columns, rows, notes)


def by_count(at_size: list[Timed]) -> None:
    """Write how the number of points counts; who would take too long for so many is not asked."""
    lon, lat = points(COUNTS[-1])
    rows = []
    for timed in at_size:
        told = [timed.peer.name]
        for count in COUNTS:
            # by its pace for the many points of the rounds: the first thousands say more of a call than of a point
            if count / statistics.median(timed.arrays) / 1e6 > SECONDS:
                told.append("–")
                continue
            part = lon[:count], lat[:count]
            times = [seconds(timed.peer.from_arrays, *part)[0] for _ in range(ROUNDS)]
            told.append(spread(count / each / 1e6 for each in times))
        rows.append(told)
    columns = ["joined by", *(f"{count:,} points, M/s" for count in COUNTS)]
    notes = [
        f"{at_size[0].polygons:,} polygons, from arrays; least–median–greatest. – : would take more than {SECONDS} s.",
        "What a peer does once a call counts the less the more points.",
    ]
    measuring.write("locate_counts", "The number of points", columns, rows, notes)


def main() -> None:
    lon, lat = points(OURS)
    with peers.private_cluster() as cluster:
        loaded = load(cluster)
        for number_of_round in range(ROUNDS):
            print(f"round {number_of_round + 1} of {ROUNDS}", flush=True)
            for at_size in loaded.values():
                round_of(at_size, lon, lat)
        table(loaded)
        growth(loaded)
        by_count(loaded[COUNTED])


if __name__ == "__main__":
    main()
