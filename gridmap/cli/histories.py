"""`gridmap history` and `gridmap generations`: what was, and what differs."""

from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import orjson
import typer
from rich.table import Table
from rich.text import Text as Line

from gridmap.cli.console import CityOption, language, opened, output, read_instant
from gridmap.cli.plan_tables import show_diff
from gridmap.model.schemes import GOVERNANCE
from gridmap.model.words import Language, say
from gridmap.services import codes, generation_diff, histories, past_owners
from gridmap.services.generations import listing

_CODE_DIGITS = 14  # shorter numbers are ids


def history(
    grid: Annotated[
        str, typer.Argument(help="Id or code of a grid, retired ones too; or a longitude.", metavar="GRID")
    ],
    lat: Annotated[float | None, typer.Argument(help="The latitude, after a longitude.")] = None,
    datum: Annotated[str, typer.Option(help="Of a location: wgs84, cgcs2000, gcj02, bd09 or EPSG:n.")] = "",
    known_at: Annotated[str | None, typer.Option(help="What was believed at this instant; now by default.")] = None,
    scheme: Annotated[str, typer.Option(help="Family of lines.")] = GOVERNANCE,
    as_json: Annotated[bool, typer.Option("--json", help="The whole answer, for programs.")] = False,
    city: CityOption = None,
) -> None:
    """Tell the life of a grid, or with LON LAT who owned a location when."""
    known = read_instant(known_at, "--known-at")
    with opened(city) as one:
        zone = ZoneInfo(one.keeper.city().zone)
        if lat is not None:
            raw: dict[str, str | float | int | None] = {"lon": grid, "lat": lat, "datum": datum, "scheme": scheme}
            told = past_owners.of_place(one, raw | {"known_at": known.isoformat() if known else None})
        elif not grid.isdigit() or len(grid) >= _CODE_DIGITS:
            told = histories.of_grid(one, codes.resolve(one, grid, scheme)["grid"]["id"], known)
        else:
            told = histories.of_grid(one, int(grid), known)
    if as_json:
        typer.echo(orjson.dumps(told, option=orjson.OPT_INDENT_2).decode())
        return
    lang = language()
    for span in told["spans"]:
        output.print(_line(span, zone, lang), highlight=False)
    if "state" in told:
        output.print(Line(say(f"history.{told['state']}", lang), style="dim"))
    for each in told.get("successors", ()):
        output.print(Line(f"  {each['share']:.0%} {each['name']} ({each['id']})"))


def _line(span: dict[str, Any], zone: ZoneInfo, lang: Language) -> Line:
    when = f"{_day(span['from'], zone)} – {_day(span['until'], zone)}"
    numbers = ", ".join(map(str, span["generations"]))
    line = Line(f"{when}  ", style="dim")
    if "chain" in span:
        names = " › ".join(link["name"] for link in span["chain"])
        line.append(names or say(f"answer.{span['status']}", lang), style="bold")
    else:
        line.append(span["name"], style="bold")
        changes = ", ".join(say(f"planning.kind_{kind}", lang) for kind in span["changes"])
        line.append(f"  {span['code'] or ''}  {span['area_m2']:,.0f} m²  {changes}")
    return line.append(f"  {say('planning.generation', lang, number=numbers)}", style="dim")


def _day(instant: datetime | None, zone: ZoneInfo) -> str:
    return "…" if instant is None else instant.astimezone(zone).strftime("%Y-%m-%d %H:%M")


def generations(
    diff: Annotated[
        tuple[str, str] | None, typer.Option(help="Compare two: ids, or instants at which they are in force.")
    ] = None,
    level: Annotated[str | None, typer.Option(help="With --diff: between whose grids ground changes hands.")] = None,
    scheme: Annotated[str, typer.Option(help="Family of lines.")] = GOVERNANCE,
    as_json: Annotated[bool, typer.Option("--json", help="The whole answer, for programs.")] = False,
    city: CityOption = None,
) -> None:
    """List the generations of lines, the newest first, or tell what differs between two."""
    lang = language()
    with opened(city) as one:
        zone = ZoneInfo(one.keeper.city().zone)
        if diff is not None:
            before, after = (_generation(text) for text in diff)
            told = generation_diff.diff(one, before, after, level, scheme)
        else:
            listed = listing(one.database, scheme)
    if as_json:
        typer.echo(orjson.dumps(told if diff else listed, option=orjson.OPT_INDENT_2).decode())
    elif diff:
        _say_diff(told, lang)
    else:
        table = Table(box=None, pad_edge=False)
        for word in ("number", "from", "until", "grids", "note"):
            table.add_column(say(f"history.{word}", lang))
        for each in listed:
            span = [_day(each.in_force_from, zone), _day(each.in_force_until, zone)]
            table.add_row(str(each.id), *span, f"{each.grids:,}", Line(each.note))
        output.print(table, highlight=False)


def _generation(text: str) -> str:
    """Leave an id as it is; a day begins at midnight in the city's zone."""
    if text.isdigit():
        return text
    instant = read_instant(text, "--diff")
    return "" if instant is None else instant.isoformat()


def _say_diff(told: dict[str, Any], lang: Language) -> None:
    show_diff(told, lang)
    for each in told["moves"]:
        giver, taker = (part["name"] if part else say("planning.nobody", lang) for part in (each["from"], each["to"]))
        output.print(Line(f"  {giver} → {taker}: {each['area_m2']:,.0f} m²"))
