"""Time zones of the world: the index beside timezonefinder and tzfpy, which are made for this; speed and agreement."""

import measuring
import numpy as np
import shapely
import tzfpy
from geopandas import GeoDataFrame
from measuring import QUICK, seconds, spread
from timezonefinder import TimezoneFinder

from gridmap import OwnershipIndex

ROUNDS = 3 if QUICK else 5
MANY = 200_000 if QUICK else 1_000_000  # points in one call
SINGLE = 10_000 if QUICK else 50_000  # points one by one
LISTED = 2_000  # differing points of which all covering zones are looked up


def world(finder: TimezoneFinder) -> GeoDataFrame:
    """Make polygons of the zones that timezonefinder carries; their positions are its own zone ids."""
    zones = []
    for name in finder.timezone_names:
        parts = [[np.column_stack(ring) for ring in rings] for rings in finder.get_geometry(tz_name=name)]
        zones.append(shapely.MultiPolygon([(rings[0], rings[1:]) for rings in parts]))
    return GeoDataFrame({"id": np.arange(1, len(zones) + 1)}, geometry=zones, crs=4326)


def points(count: int, seed: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Draw points over the earth, everywhere alike."""
    rng = np.random.default_rng(seed)
    return rng.uniform(-180, 180, count), np.degrees(np.arcsin(rng.uniform(-1, 1, count)))


def rounds(ways: dict, reference: str, count: int) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """Time each way right after the reference; give millions of points a second, and ratios to the reference."""
    rates: dict[str, list[float]] = {name: [] for name in ways}
    ratios: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, work in ways.items():
            ours, _answer = seconds(ways[reference])
            spent, _answer = seconds(work)
            rates[name].append(count / spent / 1e6)
            ratios[name].append(spent / ours)
    return rates, ratios


def agreement(index: OwnershipIndex, lon: np.ndarray, lat: np.ndarray, theirs: np.ndarray) -> str:
    """Say how many answers are another's, and of how many of these the zone covers the point all the same."""
    differ = np.flatnonzero(index.locate(lon, lat) != theirs)
    both = sum(theirs[i] in index.covering(lon[i], lat[i]) for i in differ[:LISTED])
    told = f"{len(differ):,} of {len(lon):,}"
    return f"{told}; in {both} of {min(len(differ), LISTED):,} both zones cover the point" if len(differ) else told


def main() -> None:
    finder = TimezoneFinder(in_memory=True)
    zones = world(finder)
    built, index = seconds(lambda: OwnershipIndex.from_frame(zones, id="id"))
    lon, lat = points(MANY)
    singles = list(zip(lon[:SINGLE].tolist(), lat[:SINGLE].tolist(), strict=True))
    position = {name: k for k, name in enumerate(finder.timezone_names)}
    tzfpy.get_tz(0, 0)
    in_one_call = {
        "gridmap": lambda: index.locate(lon, lat),
        "timezonefinder": lambda: finder.timezone_ids_at(lngs=lon, lats=lat),
    }
    one_by_one = {
        "gridmap": lambda: [index.owner(x, y) for x, y in singles],
        "timezonefinder": lambda: [finder.timezone_at(lng=x, lat=y) for x, y in singles],
        "tzfpy": lambda: [tzfpy.get_tz(x, y) for x, y in singles],
    }
    theirs = {
        "gridmap": index.locate(lon, lat),
        "timezonefinder": np.asarray(finder.timezone_ids_at(lngs=lon, lats=lat)),
        "tzfpy": np.array([position.get(name, -1) for name in one_by_one["tzfpy"]()]),
    }
    rows = []
    for asked, ways, count in (("one call", in_one_call, MANY), ("one by one", one_by_one, SINGLE)):
        rates, ratios = rounds(ways, "gridmap", count)
        for name in ways:
            part = slice(len(theirs[name]))
            differ = "–" if name == "gridmap" else agreement(index, lon[part], lat[part], theirs[name])
            rows.append([name, asked, f"{count:,}", spread(rates[name]), spread(ratios[name]), differ])
    vertices = int(shapely.get_num_coordinates(zones.geometry.to_numpy()).sum())
    notes = [
        f"{len(zones)} zones of {vertices:,} vertices, as timezonefinder has them (release {finder.data_version}).",
        f"tzfpy has polygons of its own (release {tzfpy.data_version()}), which differ near some borders.",
        f"gridmap's index over them is built in {built:.1f} s and holds {index.nbytes / 1e6:.0f} MB.",
        "Where zones overlap, timezonefinder names one of them and gridmap the one with the smallest id.",
        "tzfpy has no call for many points. One by one includes a loop in Python.",
        f"Versions: {measuring.versions('timezonefinder', 'timezonefinder-data', 'tzfpy')}.",
    ]
    columns = ["asked", "how", "points", "M/s", "gridmap is ×", "differ"]
    measuring.write("zones", "Time zones of the world", columns, rows, notes)


if __name__ == "__main__":
    main()
