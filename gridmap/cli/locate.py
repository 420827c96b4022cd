"""`gridmap locate`: the owner of one location, or of a file of them."""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, Literal

import orjson
import typer
from rich.progress import Progress
from rich.text import Text as Line

from gridmap.cli.console import CityOption, errors, language, opened, output, read_instant
from gridmap.model.words import Language, say
from gridmap.services.asking import ask
from gridmap.services.locate_file import locate_file
from gridmap.services.locate_spark import EVERY_CORE, locate_on_spark
from gridmap.services.opening import CityKey


def locate(
    lon: Annotated[float | None, typer.Argument(help="Longitude, or easting of an EPSG datum.")] = None,
    lat: Annotated[float | None, typer.Argument(help="Latitude, or northing.")] = None,
    datum: Annotated[
        str, typer.Option(help="wgs84, cgcs2000, gcj02, bd09 or EPSG:n. Never guessed.", show_default=False)
    ] = "",
    accuracy: Annotated[float | None, typer.Option(help="Radius in metres in which the location lies.")] = None,
    category: Annotated[str | None, typer.Option(help="Four-digit code of an incident's category.")] = None,
    at: Annotated[str | None, typer.Option(help="An instant, 2026-03-01T08:00:00+08:00; now by default.")] = None,
    known_at: Annotated[str | None, typer.Option(help="What was believed at this instant; now by default.")] = None,
    floor: Annotated[int | None, typer.Option(help="Storey, 1 at street level.")] = None,
    scheme: Annotated[str | None, typer.Option(help="Family of lines; governance by default.")] = None,
    file: Annotated[str | None, typer.Option(help="CSV, Parquet or Arrow with many locations.")] = None,
    out: Annotated[str | None, typer.Option(help="Where to write the file with owners added.")] = None,
    x: Annotated[str, typer.Option(help="The file's column of longitudes.")] = "lon",
    y: Annotated[str, typer.Option(help="The file's column of latitudes.")] = "lat",
    engine: Annotated[
        Literal["local", "spark"], typer.Option(help="What does the work: this process, or Spark (Parquet only).")
    ] = "local",
    master: Annotated[
        str | None, typer.Option(help="Of Spark: local[*], spark://…, yarn, k8s://…; this machine by default.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The whole answer, for programs.")] = False,
    city: CityOption = None,
) -> None:
    """Say who owns a location, or each location of a file."""
    if master is not None and engine != "spark":
        raise typer.BadParameter("--master goes with --engine spark")
    if file is not None:
        if out is None:
            raise typer.BadParameter("--file needs --out")
        work = partial(locate_on_spark, master=master or EVERY_CORE) if engine == "spark" else locate_file
        _file(partial(work, source=file, target=out, datum=datum, x=x, y=y), out, city)
        return
    if engine == "spark":
        raise typer.BadParameter("--engine spark needs --file and --out")
    if lon is None or lat is None:
        raise typer.BadParameter("give LON and LAT, or --file and --out")
    raw: dict[str, str | float | int | None] = {
        "lon": lon,
        "lat": lat,
        "datum": datum,
        "accuracy_m": accuracy,
        "category": category,
        "at": _instant(at, "--at"),
        "known_at": _instant(known_at, "--known-at"),
        "floor": floor,
        "scheme": scheme,
    }
    with opened(city) as one:
        answer = ask(one, raw).to_dict()
    if as_json:
        typer.echo(orjson.dumps(answer, option=orjson.OPT_INDENT_2).decode())
    else:
        say_answer(answer, language())


def _instant(text: str | None, option: str) -> str | None:
    instant = read_instant(text, option)
    return None if instant is None else instant.isoformat()


def say_answer(answer: dict[str, Any], lang: Language) -> None:
    """Say an answer in a few lines."""
    chain = " › ".join(link["name"] for link in answer["chain"])
    state = say(f"answer.{answer['status']}", lang)
    head = Line(chain or state, style="bold")
    if chain:
        sure = say("answer.certain" if answer["certain"] else "answer.uncertain", lang)
        head.append(f"  {state} · {sure}", style="green" if answer["certain"] else "yellow")
    output.print(head)
    if answer["city"]["invented"]:
        output.print(Line(answer["city"]["name"][lang], style="dim"))
    for owner in answer["owners"]:
        who = owner["holder"]["name"] if owner["holder"] else say("answer.nobody", lang)
        line = Line(f"  {owner['post']['title'][lang]} ", style="dim")
        line.append(who, style="bold")
        line.append(f"  {owner['phone'] or ''}")
        line.append(f"  {owner['why'][lang]}", style="dim")
        output.print(line)
    if not answer["owners"] and answer["chain"]:
        output.print(Line("  " + say("owner.none", lang), style="dim"))
    if len(answer["candidates"]) > 1:
        shares = " / ".join(f"{each['name']} {each['share']:.0%}" for each in answer["candidates"])
        output.print(Line(f"  {shares}"))
    for warning in answer["warnings"]:
        output.print(Line(f"  ! {warning[lang]}", style="yellow"))


def _file(work: Callable[..., dict[str, int]], out: str, city: CityKey | None) -> None:
    lang = language()
    with opened(city) as one, Progress(console=errors, transient=True) as progress:
        task = progress.add_task(say("answer.locating", lang), total=None)

        def tell(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total)

        counts = work(one, on_progress=tell)
    total = sum(counts.values())
    output.print(f"{out}: {total:,} · " + " · ".join(f"{say(f'answer.{k}', lang)} {v:,}" for k, v in counts.items()))
