"""`gridmap join`: figures over grids, as a table or a file with outlines."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from gridmap.cli.console import CityOption, language, opened, output, read_instant
from gridmap.model.errors import InputError
from gridmap.model.words import say
from gridmap.services.joins import Ask, join_frame
from gridmap.services.writing import write_frame


def join(
    layer: Annotated[str, typer.Argument(help="buildings, shops, incidents or another layer.")],
    level: Annotated[str, typer.Option(help="subdistrict, block, neighbourhood, microgrid …")],
    out: Annotated[Path, typer.Option(help=".csv, .parquet, .geojson or .gpkg")],
    start: Annotated[str | None, typer.Option("--from", help="Incidents from this instant on.")] = None,
    end: Annotated[str | None, typer.Option("--to", help="Incidents before this instant.")] = None,
    category: Annotated[str | None, typer.Option(help="Four-digit code or two-digit class.")] = None,
    by: Annotated[list[str] | None, typer.Option(help="day, week, month or category; may be repeated.")] = None,
    at: Annotated[str | None, typer.Option(help="Use the lines in force at this instant.")] = None,
    lines: Annotated[
        Literal["at", "then"],
        typer.Option(help="at: the lines of --at; then: each incident by those in force when it was reported."),
    ] = "at",
    scheme: Annotated[str, typer.Option(help="Family of lines.")] = "governance",
    city: CityOption = None,
) -> None:
    """Count a layer over the grids of a level and sum its measures; what lies in no grid is a row of its own."""
    begin = read_instant(start, "--from")
    finish = read_instant(end, "--to")
    instant = read_instant(at, "--at")
    if category is not None and not (category.isdigit() and len(category) in {2, 4}):
        raise InputError.of("--category", f"{category!r} is neither a code nor a class", "give two or four digits")
    ask = Ask(layer, level, start=begin, end=finish, category=category, at=instant, scheme=scheme, lines=lines)
    with opened(city) as one:
        frame = join_frame(one, ask, tuple(by or ()))
    write_frame(frame, out)
    inside = frame["id"].notna()
    counts = {"in_grids": int(frame.loc[inside, "count"].sum()), "none": int(frame.loc[~inside, "count"].sum())}
    output.print(say("join.done", language(), path=out, **counts), highlight=False)
