"""Gathers what a map shows: grids, places, figures and heat, as of now."""

from dataclasses import replace
from datetime import datetime
from urllib.parse import quote
from zoneinfo import ZoneInfo

import folium

from gridmap.maps import MapData, render, spec
from gridmap.maps.data import Figures, HeatImage, HeatTiles
from gridmap.model.layers import layer as find_layer
from gridmap.model.words import Language, Text, words
from gridmap.services.heat import Heat, Period
from gridmap.services.joins import COUNT, Ask, join
from gridmap.services.lines import Lines
from gridmap.services.opening import OpenCity
from gridmap.store import generations, places

_FIRST_LEVEL = "neighbourhood"


def map_data(
    city: OpenCity,
    heat: Heat,
    name: str,
    *,
    lang: Language = "zh",
    level: str | None = None,
    layer: str | None = None,
    measure: str | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
    category: str | None = None,
    saved: bool = False,
) -> MapData:
    """Gather the data of one of the registered maps.

    Parameters
    ----------
    level
        The level to show first; neighbourhoods where the lines have them, else the finest level.
    layer, measure
        What a choropleth shows; the count of incidents by default.
    saved
        For a file that stands alone: heat as one picture, and no links to the desk.

    Raises
    ------
    NotFoundError
        No such map, level, layer or measure; or no lines are in force yet.
    """
    chosen = spec(name)
    snapshot = city.keeper.snapshot()
    lines, zone = snapshot.lines, snapshot.city.zone
    shown = _level(lines, level)
    with city.database.read() as connection:
        frame = generations.frame(connection, lines.generation.id)
        stands = {kind: places.frame(connection, kind) for kind in chosen.kinds}
    period = Period(start, end, category)
    data = MapData(
        lang=lang,
        title=chosen.title,
        city=snapshot.city.title,
        scheme=lines.scheme,
        invented=snapshot.city.invented,
        generation=_generation(lines, zone, lang),
        period=_period(period, zone) if "from" in chosen.options else None,
        level=shown,
        grids={each: part for each in lines.levels() if len(part := frame[frame["level"] == each])},
        places={kind: stood for kind, stood in stands.items() if len(stood)},
        desk_url=None if saved else "/",
    )
    if chosen.needs == "figures":
        return _with_figures(data, city, Ask(layer or "incidents", shown, measure or COUNT, start, end, category))
    if chosen.needs == "heat":
        return replace(data, heat=_heat(heat, data, period, saved=saved), source=find_layer("incidents").source)
    return data


def _with_figures(data: MapData, city: OpenCity, ask: Ask) -> MapData:
    joined = join(city, ask)
    found = joined.totals
    figures = Figures(ask.level, joined.title, joined.unit, found.figures(), found.none, found.total)
    return replace(data, figures=figures, source=joined.layer.source)


def draw(city: OpenCity, heat: Heat, name: str, **options: object) -> folium.Map:
    """Draw one of the registered maps as a Folium map that stands alone."""
    data = map_data(city, heat, name, saved=True, **options)  # type: ignore[arg-type]
    return spec(name).build(data)


def save(city: OpenCity, heat: Heat, name: str, **options: object) -> str:
    """Draw one of the registered maps as one HTML text that opens from disk with no network."""
    return render(draw(city, heat, name, **options), assets="inlined")


def _level(lines: Lines, level: str | None) -> str:
    if level is not None:
        return lines.scheme.level(level).key
    present = lines.levels()
    return _FIRST_LEVEL if _FIRST_LEVEL in present else present[-1]


def _heat(heat: Heat, data: MapData, period: Period, *, saved: bool) -> HeatImage | HeatTiles:
    if saved:
        png, top = heat.whole(data.bounds(), period)
        return HeatImage(png, data.bounds(), top)
    asked = {"from": period.start, "to": period.end, "category": period.category}
    query = "&".join(f"{key}={_quoted(value)}" for key, value in asked.items() if value is not None)
    return HeatTiles("/api/v1/heat/{z}/{x}/{y}.png" + (f"?{query}" if query else ""))


def _quoted(value: object) -> str:
    return quote(value.isoformat() if isinstance(value, datetime) else str(value), safe="")


def _generation(lines: Lines, zone: str, lang: Language) -> str:
    start = lines.generation.in_force_from
    day = start.astimezone(ZoneInfo(zone)).date().isoformat() if start else "?"
    return str(getattr(words("map.lines_since", number=lines.generation.id, day=day), lang))


def _period(period: Period, zone: str) -> Text:
    def day(instant: datetime | None) -> str:
        return instant.astimezone(ZoneInfo(zone)).date().isoformat() if instant else "…"

    if period.start is None and period.end is None:
        return words("map.all_time")
    return Text(f"{day(period.start)} 至 {day(period.end)}", f"{day(period.start)} to {day(period.end)}")
