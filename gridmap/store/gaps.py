"""Gaps in the store: those known when a generation was published, and those that lookups met."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import geopandas as gpd
import pandas as pd
import shapely
from sqlalchemy import Connection, text

from gridmap.store import generations


@dataclass(frozen=True, slots=True)
class Sighting:
    """A place that no grid holds, as a lookup met it."""

    generation: int
    lon: float
    lat: float
    nearest: int | None
    distance_m: float
    times: int = 1

    def again(self, times: int) -> "Sighting":
        """Count earlier sightings of the same place."""
        return replace(self, times=self.times + times)


def record(connection: Connection, sightings: Iterable[Sighting]) -> None:
    """Write sightings; a place seen before counts up."""
    rows = [
        {
            "generation": s.generation,
            "lon": s.lon,
            "lat": s.lat,
            "nearest": s.nearest,
            "distance": s.distance_m,
            "times": s.times,
        }
        for s in sightings
    ]
    connection.execute(
        text("""
            INSERT INTO gap_sighting (generation_id, geom, nearest_grid_id, distance_m, times)
            VALUES (:generation, ST_SetSRID(ST_MakePoint(:lon, :lat), 4326), :nearest, :distance, :times)
            ON CONFLICT (generation_id, ST_X(geom), ST_Y(geom))
            DO UPDATE SET times = gap_sighting.times + excluded.times, last_seen = clock_timestamp()
        """),
        rows,
    )


def frame(connection: Connection, scheme: str) -> gpd.GeoDataFrame:
    """Read the gaps of the generation in force.

    Returns
    -------
    GeoDataFrame
        kind (``known`` or ``met``), area_m2, times, first_seen, last_seen, nearest (grid id), distance_m, geometry.
    """
    current = generations.in_force(connection, scheme)
    names = ["kind", "area_m2", "times", "first_seen", "last_seen", "nearest", "distance_m", "wkb"]
    query = """
        SELECT 'known' AS kind, area_m2, NULL::bigint, NULL::timestamptz, NULL::timestamptz, NULL::bigint,
               NULL::double precision, ST_AsBinary(geom)
        FROM generation_gap WHERE generation_id = :id
        UNION ALL
        SELECT 'met', NULL, times, first_seen, last_seen, nearest_grid_id, distance_m, ST_AsBinary(geom)
        FROM (SELECT * FROM gap_sighting WHERE generation_id = :id ORDER BY last_seen DESC LIMIT 1000) met
    """
    rows = connection.execute(text(query), {"id": current.id if current else None}).all()
    table = pd.DataFrame([tuple(row) for row in rows], columns=names)
    geometry = shapely.from_wkb(table.pop("wkb").to_numpy(dtype=object))
    return gpd.GeoDataFrame(table, geometry=geometry, crs=4326)
