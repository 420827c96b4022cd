"""The Python face: a city that can be asked, joined, drawn."""

from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self, overload

import folium
import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gridmap.model.errors import InputError
from gridmap.model.layers import layer as find_layer
from gridmap.model.schemes import GOVERNANCE
from gridmap.services import asking, histories, joins, maps, past_owners
from gridmap.services.heat import Heat
from gridmap.services.opening import OpenCity, open_city, open_database
from gridmap.settings import Settings
from gridmap.spatial.joins import spots_of
from gridmap.store import incidents as incident_store
from gridmap.store import places as place_store


def connect(url: str | None = None, *, city: Literal["demo", "own"] | None = None) -> "City":
    """Open a city.

    Parameters
    ----------
    url
        A PostgreSQL with PostGIS; the private cluster without it, started if need be.
    city
        ``demo`` or ``own``; without it your own city if it holds anything, else the demo.

    Raises
    ------
    SetupError
        PostgreSQL or PostGIS is missing here; the message says how to get it.
    UnavailableError
        The database does not answer.
    """
    settings = Settings()
    database = open_database(url or settings.database_url, settings.data_dir, city or settings.city, settings.zone)
    return City(open_city(database))


class City:
    """A city that can be asked; use it as a context, or `close` it."""

    def __init__(self, opened: OpenCity) -> None:
        self._city = opened
        self._heat = Heat(opened.database)

    def __enter__(self) -> Self:
        """Return the city itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the city."""
        self.close()

    def __repr__(self) -> str:
        """Say which city it is."""
        card = self._city.keeper.snapshot().city
        return f"<gridmap city: {card.title.en}>"

    def close(self) -> None:
        """Close every connection; the private cluster goes on running."""
        self._city.close()

    @overload
    def locate(self, lon: float, lat: float, *, datum: str, **options: Any) -> dict[str, Any]: ...  # noqa: ANN401 - see below

    @overload
    def locate(self, lon: pd.DataFrame, *, datum: str, x: str = "lon", y: str = "lat") -> pd.DataFrame: ...

    def locate(
        self,
        lon: float | pd.DataFrame,
        lat: float | None = None,
        *,
        datum: str,
        x: str = "lon",
        y: str = "lat",
        **options: Any,
    ) -> dict[str, Any] | pd.DataFrame:
        """Find who owns a location, or each row of a frame.

        Parameters
        ----------
        lon, lat
            One location in degrees (or metres, for an EPSG datum); or a frame with point geometries or with columns
            `x` and `y`, and nothing as `lat`.
        datum
            wgs84, cgcs2000, gcj02, bd09 or EPSG:n; never guessed.
        **options
            For one location: accuracy_m, category, floor, at, known_at, scheme.

        Returns
        -------
        dict or DataFrame
            The answer of the public contract; or the frame with ``status``, ``grid_id`` and, level by level, ids, codes
            and names added.

        Raises
        ------
        InputError
            Every fault of the question.
        """
        if isinstance(lon, pd.DataFrame) and (options or lat is not None):
            strange = ", ".join(["lat"] * (lat is not None) + sorted(options))
            raise InputError.of(strange, "cannot be asked of a frame", "leave it out, or ask row by row", "unknown")
        if not isinstance(lon, pd.DataFrame):
            raw = {"lon": lon, "lat": lat, "datum": datum, **{k: _plain(v) for k, v in options.items()}}
            return asking.ask(self._city, raw).to_dict()
        if isinstance(lon, gpd.GeoDataFrame):
            xs, ys = spots_of(lon.geometry.to_numpy())
        else:
            if missing := [name for name in (x, y) if name not in lon.columns]:
                raise InputError.of(", ".join(missing), "there is no such column", "name it with x= and y=", "missing")
            xs, ys = (pd.to_numeric(lon[name], errors="coerce").to_numpy(float, na_value=np.nan) for name in (x, y))
        found = asking.ask_many(self._city, xs, ys, datum)
        clash = [name for name in found.columns if name in lon.columns]
        # By position, not by label: an index may name two rows alike.
        return lon.drop(columns=clash).assign(**{name: found[name].array for name in found.columns})

    def grids(
        self, level: str | None = None, *, at: datetime | None = None, scheme: str = GOVERNANCE
    ) -> gpd.GeoDataFrame:
        """Read the grids of a level, or of all, as they were in force at an instant (now by default).

        Returns
        -------
        GeoDataFrame
            id, scheme, level, key, code, name, parent, area_m2 (m²), geometry (MultiPolygon, EPSG:4326).
        """
        return joins.grid_frame(self._city, level, at, scheme)

    def history(
        self,
        grid: int | None = None,
        *,
        known_at: datetime | None = None,
        shapes: bool = False,
        **place: Any,  # noqa: ANN401 - see below
    ) -> dict[str, Any]:
        """Tell the life of a grid, or who owned a location when.

        Parameters
        ----------
        grid
            Permanent id, of a retired grid too; or nothing, and a location instead.
        known_at
            What was believed then; what is known now by default.
        shapes
            For a grid: each span with its outline, as GeoJSON.
        **place
            lon, lat, datum, scheme: the location, as `locate` takes it.

        Returns
        -------
        dict
            ``spans`` of time in which nothing changed, as ``GET /grids/{id}/history`` and ``GET /history`` give them.

        Raises
        ------
        NotFoundError
            There never was such a grid.
        InputError
            Every fault of the question.
        """
        if grid is None:
            return past_owners.of_place(self._city, place | {"known_at": _plain(known_at)})
        if place:
            raise InputError.of(", ".join(sorted(place)), "is of a location", "give a grid or a location", "twice")
        return histories.of_grid(self._city, grid, known_at, shapes=shapes)

    def places(self, layer: str) -> gpd.GeoDataFrame:
        """Read a layer of places, such as ``buildings``, or the ``incidents``, with the fields that it declares."""
        chosen = find_layer(layer)
        with self._city.database.read() as connection:
            if chosen.store == "incident":
                return incident_store.frame(connection)
            return place_store.frame(connection, chosen.kind)

    def join(
        self,
        layer: str,
        level: str,
        *,
        start: datetime | None = None,
        end: datetime | None = None,
        category: str | None = None,
        by: tuple[str, ...] = (),
        at: datetime | None = None,
        lines: Literal["at", "then"] = "at",
        scheme: str = GOVERNANCE,
    ) -> gpd.GeoDataFrame:
        """Count a layer over the grids of a level, and sum its measures; the row without an id lies in no grid.

        Parameters
        ----------
        start, end
            Half-open period, for incidents.
        category
            Four-digit code or two-digit class, for incidents.
        by
            Further breakdown: day, week or month; category.
        at
            The instant whose lines are used; now by default.
        lines
            ``then`` counts each incident by the lines in force when it was reported, instead of those of `at`.
        """
        ask = joins.Ask(layer, level, start=start, end=end, category=category, at=at, scheme=scheme, lines=lines)
        return joins.join_frame(self._city, ask, by)

    def map(self, name: str, **options: Any) -> folium.Map:  # noqa: ANN401 - options of many types
        """Draw one of the maps: overview, choropleth or heat.

        Parameters
        ----------
        **options
            lang, level, layer, measure, start, end, category; see `gridmap.services.maps.map_data`.
        """
        return maps.draw(self._city, self._heat, name, **options)

    def save_map(self, name: str, path: str | Path, **options: Any) -> None:  # noqa: ANN401 - options of many types
        """Draw one of the maps into one HTML file that opens from disk with no network."""
        Path(path).write_text(maps.save(self._city, self._heat, name, **options), encoding="utf-8")

    def outline(self, grid_id: int) -> shapely.MultiPolygon:
        """Return the outline of a grid in force now."""
        outlines = self._city.keeper.snapshot().lines.outlines
        if grid_id not in outlines:
            raise InputError.of("grid_id", f"no grid {grid_id} is in force", code="unknown")
        return outlines[grid_id]


def _plain(value: Any) -> Any:  # noqa: ANN401 - whatever a question may hold
    return value.isoformat() if isinstance(value, datetime) else value
