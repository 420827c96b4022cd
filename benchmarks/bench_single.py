"""One location at a time, in process: what the index, an answer, and an answer as JSON cost when all is warm."""

import statistics
import time
from collections.abc import Callable, Sequence
from functools import partial

import measuring
from bench_http import points_in
from measuring import QUICK, spread
from peers import private_cluster

from gridmap.services.asking import ask
from gridmap.services.demo import load
from gridmap.services.opening import OpenCity, open_city, open_database
from gridmap.services.questions import read_question

ROUNDS = 5 if QUICK else 21


def microseconds(work: Callable, given: Sequence[tuple]) -> float:
    """Time one call of many, in microseconds."""
    start = time.perf_counter()
    for each in given:
        work(*each)
    return (time.perf_counter() - start) / len(given) * 1e6


def ways(city: OpenCity, points: list[tuple[float, float]]) -> dict[str, partial[float]]:
    """Give what is timed, by title, in turn with the same points."""
    index = city.keeper.snapshot().lines.index
    asked = [{"lon": f"{lon:.7f}", "lat": f"{lat:.7f}", "datum": "wgs84"} for lon, lat in points]
    within = [{**each, "accuracy_m": "30"} for each in asked]
    shifted = [{**each, "datum": "gcj02"} for each in asked]

    def written(raw: dict[str, str]) -> bytes:
        return ask(city, raw).to_json()

    return {
        "the owner alone: index.owner": partial(microseconds, index.owner, points),
        "the owner alone: index.locate, two numbers": partial(microseconds, index.locate, points),
        "status, all that cover it, nearest other: index.explain": partial(microseconds, index.explain, points),
        "a question read": partial(microseconds, read_question, [(each,) for each in asked]),
        "a question read, answered": partial(microseconds, partial(ask, city), [(each,) for each in asked]),
        "a question read, answered, written as JSON": partial(microseconds, written, [(each,) for each in asked]),
        "the same from GCJ-02": partial(microseconds, written, [(each,) for each in shifted]),
        "the same with the shares of a circle of 30 m": partial(microseconds, written, [(each,) for each in within]),
    }


def main() -> None:
    with private_cluster() as cluster:
        cluster.ensure_database("gridmap_demo")
        database = open_database(cluster.url("gridmap_demo").replace("+psycopg", ""), city="demo")
        load(database, seed=1, scale=1)
        city = open_city(database, watch=True)
        points = points_in(city)[:1_000]
        written = [ask(city, {"lon": lon, "lat": lat, "datum": "wgs84"}).to_json() for lon, lat in points]
        timed = ways(city, points)
        spent: dict[str, list[float]] = {title: [] for title in timed}
        for turn in range(-1, ROUNDS):
            for title, work in timed.items():
                taken = work()
                if turn >= 0:  # the first turn warms up
                    spent[title].append(taken)
        city.close()
    measuring.write(
        "single",
        "One location in process",
        ["", "µs"],
        [[title, spread(taken)] for title, taken in spent.items()],
        [
            f"Least–median–greatest of {ROUNDS} rounds over {len(points):,} random points in the demo city.",
            f"An answer as JSON has about {statistics.median(map(len, written)):,.0f} bytes.",
        ],
    )


if __name__ == "__main__":
    main()
