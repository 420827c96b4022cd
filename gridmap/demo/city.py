"""The demo city put together: frames of everything, from one seed.

The order of work is the order of the subjects: streets, faces between them, grids made of faces, blocks,
parcels, buildings, shops, addresses, people, and a year of incidents.
"""

from dataclasses import dataclass
from typing import cast

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely import Polygon

from gridmap.demo.grids import GridRow, draw_grids
from gridmap.demo.hotspots import find_anchors
from gridmap.demo.incidents import frame, happen
from gridmap.demo.names import area_names
from gridmap.demo.people import People, appoint
from gridmap.demo.places import Rows, Town, found_town, in_degrees, write_places
from gridmap.demo.plane import to_degrees
from gridmap.demo.streets import lay_streets
from gridmap.model.errors import Fault, InputError

TITLE = {"zh": "示例城（虚构）", "en": "Demo city (invented)"}
MOST = 200
"""Sub-districts side by side at most; beyond that the row would leave the plane's good ground."""
_CRS = "EPSG:4326"


@dataclass(frozen=True)
class DemoCity:
    """An invented city as frames with string keys; all geometries WGS84 at 1e-7°, all times UTC.

    Attributes
    ----------
    title
        Says in both languages that the city is invented.
    grids
        key, level, parent, code, name, geometry (MultiPolygon). Levels: district, subdistrict, block,
        neighbourhood, microgrid; children tile their parent exactly.
    places
        kind, key, name, address, parent (a shop's building), geometry, properties (dict).
    posts
        key, kind, rank, subject_kind (grid or building), subject, title_zh, title_en, exclusive.
    holders
        key, kind (person or team), name, phone.
    assignments
        post, holder, start, end; NaT where it lasts. Half-open.
    absences
        holder, start, end, reason; NaT where no end is known. Half-open.
    incidents
        key, category, reported_at, state, closed_at, accuracy_m, description, geometry (Point).
    addresses
        place, text, road, lane, number, floor; all strings, None where there is none.
    """

    title: dict[str, str]
    seed: int
    scale: int
    grids: gpd.GeoDataFrame
    places: gpd.GeoDataFrame
    posts: pd.DataFrame
    holders: pd.DataFrame
    assignments: pd.DataFrame
    absences: pd.DataFrame
    incidents: gpd.GeoDataFrame
    addresses: pd.DataFrame


def build(seed: int = 1, scale: int = 1) -> DemoCity:
    """Build the invented demo city.

    Parameters
    ----------
    seed
        Zero or more; the same seed gives the same frames.
    scale
        Number of sub-districts side by side from west to east, each of about 1.1 km² with 35 micro-grids,
        about 600 buildings, 550 shops and 20,000 incidents.

    Raises
    ------
    InputError
        If seed or scale are out of range.
    """
    _check(seed, scale)
    streets = lay_streets(seed, scale)
    grids = draw_grids(seed, streets, area_names(seed, scale))
    town = found_town(seed, streets, scale)
    rows = write_places(seed, town)
    people = _people(seed, scale, grids, rows)
    return DemoCity(
        title=dict(TITLE),
        seed=seed,
        scale=scale,
        grids=_grid_frame(grids),
        places=_place_frame(rows),
        posts=pd.DataFrame(
            people.posts,
            columns=["key", "kind", "rank", "subject_kind", "subject", "title_zh", "title_en", "exclusive"],
        ),
        holders=pd.DataFrame(people.holders, columns=["key", "kind", "name", "phone"]),
        assignments=_periods(people.assignments, ["post", "holder", "start", "end"]),
        absences=_periods(people.absences, ["holder", "start", "end", "reason"]),
        incidents=_incident_frame(seed, town),
        addresses=_address_frame(rows),
    )


def _check(seed: int, scale: int) -> None:
    faults = []
    if seed < 0:
        faults.append(Fault("seed", f"{seed} is negative", "give zero or more", "out_of_range"))
    if not 1 <= scale <= MOST:
        faults.append(Fault("scale", f"{scale} is not in 1…{MOST}", f"give 1 to {MOST}", "out_of_range"))
    if faults:
        raise InputError(faults, "demo city")


def _grid_frame(grids: list[GridRow]) -> gpd.GeoDataFrame:
    table = pd.DataFrame(
        [(g.key, g.level, g.parent, g.code, g.name) for g in grids],
        columns=["key", "level", "parent", "code", "name"],
    )
    _say_none(table, "parent", "code")
    return gpd.GeoDataFrame(table, geometry=[g.geometry for g in grids], crs=_CRS)


def _place_frame(rows: Rows) -> gpd.GeoDataFrame:
    table = pd.DataFrame(rows.places, columns=["kind", "key", "name", "address", "parent", "properties"])
    _say_none(table, "parent")
    return gpd.GeoDataFrame(table, geometry=in_degrees(rows), crs=_CRS)


def _address_frame(rows: Rows) -> pd.DataFrame:
    table = pd.DataFrame(rows.addresses, columns=["place", "text", "road", "lane", "number", "floor"])
    _say_none(table, "lane", "floor")
    return table


def _say_none(table: pd.DataFrame, *columns: str) -> None:
    """Let absent words be None, not a number that is none."""
    for column in columns:
        words = table[column].astype(object)
        table[column] = words.where(words.notna(), None)


def _periods(rows: list[tuple[object, ...]], columns: list[str]) -> pd.DataFrame:
    """Make a frame with start and end in UTC."""
    table = pd.DataFrame(rows, columns=columns)
    for column in ("start", "end"):
        table[column] = pd.to_datetime(table[column], utc=True).astype("datetime64[us, UTC]")
    return table


def _people(seed: int, scale: int, grids: list[GridRow], rows: Rows) -> People:
    people = People()
    for sub in range(scale):
        prefix = f"S{sub + 1:02d}"
        own = [(g.key, g.level) for g in grids if g.key.split("-")[0] == prefix]
        appoint(seed, sub, own, rows.towers[sub], people)
    return people


def _incident_frame(seed: int, town: Town) -> gpd.GeoDataFrame:
    beyond = cast("Polygon", shapely.coverage_union_all(town.streets.faces))
    years = []
    for sub, yard in enumerate(town.yards):
        anchors = find_anchors(
            seed,
            sub,
            town.streets,
            town.road_names,
            yard,
            town.titles,
            town.shops[sub],
            town.furniture[sub],
            town.outlines[sub],
        )
        years.append(happen(seed, sub, anchors, beyond))
    points = shapely.points(to_degrees(np.vstack([year.xy for year in years])))
    return gpd.GeoDataFrame(frame(years, points), geometry="geometry", crs=_CRS)
