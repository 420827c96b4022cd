"""`gridmap plan`: draw, check, weigh, review and publish new lines."""

import getpass
import sys
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import orjson
import typer

from gridmap.cli.console import CityOption, language, opened, output, read_instant
from gridmap.cli.plan_tables import (
    print_json,
    show,
    show_comparison,
    show_diff,
    show_findings,
    show_impact,
    show_list,
    show_state,
)
from gridmap.model.errors import Fault, InputError
from gridmap.model.words import say
from gridmap.settings import Settings

if TYPE_CHECKING:
    from gridmap.services.opening import OpenCity

app = typer.Typer(help="Plans: new lines, from the first stroke to the day on which they decide.", no_args_is_help=True)

PlanArgument = Annotated[int, typer.Argument(help="Number of the plan.", show_default=False)]
ByOption = Annotated[str | None, typer.Option("--as", help="Who does this; GRIDMAP_USER, else your login.")]
NoteOption = Annotated[str, typer.Option("--note", help="A word on it, kept with the plan.")]
JsonOption = Annotated[bool, typer.Option("--json", help="For programs.")]
WhatArgument = Annotated[
    str | None, typer.Argument(help='An edit as JSON, {"kind": "merge", "grids": [1, 2]}; - reads it from the input.')
]
MapOption = Annotated[list[str] | None, typer.Option("--map", help="For a file: field=column; may be repeated.")]
DateOption = Annotated[str | None, typer.Option("--from", help="An instant or a day; at once by default.")]


@app.callback()
def _group() -> None:
    """Keep these as sub-commands."""


@app.command("list")
def list_(
    state: Annotated[list[str] | None, typer.Option(help="Only these: draft, submitted, …; may be repeated.")] = None,
    *,
    as_json: JsonOption = False,
    city: CityOption = None,
) -> None:
    """List plans, the one changed last first."""
    from gridmap.services import plans  # noqa: PLC0415 - seconds to load, and help needs none of it

    with opened(city) as one:
        found = plans.listing(one, None, state)
    show(found, show_list, as_json=as_json)


@app.command("open")
def open_(
    title: Annotated[str, typer.Argument(help="What it is about.", show_default=False)],
    note: NoteOption = "",
    scheme: Annotated[str, typer.Option(help="Family of lines.")] = "governance",
    by: ByOption = None,
    *,
    as_json: JsonOption = False,
    city: CityOption = None,
) -> None:
    """Open a plan on the lines published last."""
    from gridmap.services import plans  # noqa: PLC0415 - as above

    with opened(city) as one:
        told = plans.open_plan(one, scheme, title, _who(by), note=note)
    if as_json:
        print_json(told)
    else:
        said = say("planning.opened", language(), number=told["id"], base=told["base"])
        output.print(said, style="bold", highlight=False)


@app.command()
def edit(
    plan: PlanArgument,
    what: Annotated[
        str | None, typer.Argument(help='An edit as JSON, {"kind": "merge", "grids": [1, 2]}; - reads it.')
    ] = None,
    from_file: Annotated[Path | None, typer.Option(help="An edited file of grids of one level.")] = None,
    level: Annotated[str | None, typer.Option(help="For a file: which level it holds.")] = None,
    datum: Annotated[str, typer.Option(help="For a file: wgs84, cgcs2000, gcj02, bd09 or EPSG:n.")] = "",
    mapping: Annotated[
        list[str] | None, typer.Option("--map", help="For a file: field=column; may be repeated.")
    ] = None,
    encoding: Annotated[str | None, typer.Option(help="For a file: of the text.")] = None,
    repair: Annotated[bool, typer.Option("--repair", help="For a file: make a clean set of grids of it.")] = False,
    by: ByOption = None,
    *,
    as_json: JsonOption = False,
    city: CityOption = None,
) -> None:
    """Edit a draft: by one edit, or by a file that was edited elsewhere."""
    from gridmap.services.plan_drawing import edit_plan  # noqa: PLC0415 - as above
    from gridmap.services.plan_files import FileOptions, edit_from_file  # noqa: PLC0415 - as above

    if (what is None) == (from_file is None):
        raise InputError.of("edit", "give an edit as JSON, or --from-file", code="missing")
    with opened(city) as one:
        if from_file is not None:
            if level is None:
                raise InputError.of("--level", "is missing", "say which level the grids are of", "missing")
            options = FileOptions(level, datum, _mapping(mapping or []), encoding, repair)
            told = edit_from_file(one, plan, from_file, options, _who(by))
        else:
            raw = sys.stdin.read() if what == "-" else what or ""
            told = edit_plan(one, plan, _json(raw), _who(by), follow=True)
    show_state(told, as_json=as_json)


@app.command()
def undo(plan: PlanArgument, by: ByOption = None, *, as_json: JsonOption = False, city: CityOption = None) -> None:
    """Take the last edit back; it stays on record."""
    from gridmap.services import plan_drawing  # noqa: PLC0415 - as above

    with opened(city) as one:
        told = plan_drawing.undo(one, plan, _who(by))
    show_state(told, as_json=as_json)


@app.command()
def redo(plan: PlanArgument, by: ByOption = None, *, as_json: JsonOption = False, city: CityOption = None) -> None:
    """Let the edit count again that was taken back last."""
    from gridmap.services import plan_drawing  # noqa: PLC0415 - as above

    with opened(city) as one:
        told = plan_drawing.redo(one, plan, _who(by))
    show_state(told, as_json=as_json)


@app.command()
def check(
    plan: PlanArgument,
    inherited: Annotated[bool, typer.Option("--inherited", help="List what was so before the plan, too.")] = False,
    *,
    as_json: JsonOption = False,
    city: CityOption = None,
) -> None:
    """Say what the checks find; exit 1 when there are errors."""
    from gridmap.services import plan_views  # noqa: PLC0415 - as above

    with opened(city) as one:
        told = plan_views.check(one, plan, inherited=inherited)
    show(told, show_findings, as_json=as_json)
    if told["counts"]["error"]:
        raise typer.Exit(1)


@app.command()
def impact(
    plan: PlanArgument,
    level: Annotated[str | None, typer.Option(help="Whose grids; the uppermost that changes by default.")] = None,
    *,
    as_json: JsonOption = False,
    city: CityOption = None,
) -> None:
    """Weigh a plan: figures of grids before and after, and what moves from whom to whom."""
    from gridmap.services import plan_impact  # noqa: PLC0415 - as above

    with opened(city) as one:
        told = plan_impact.impact(one, plan, level)
    show(told, show_impact, as_json=as_json)


@app.command()
def compare(
    plans: Annotated[list[int], typer.Argument(help="Numbers of plans.", show_default=False)],
    level: Annotated[str, typer.Option(help="Whose grids.")] = "block",
    *,
    as_json: JsonOption = False,
    city: CityOption = None,
) -> None:
    """Lay plans side by side, and the lines that they are drawn on."""
    from gridmap.services import plan_impact  # noqa: PLC0415 - as above

    with opened(city) as one:
        told = plan_impact.compare(one, plans, level)
    show(told, show_comparison, as_json=as_json)


@app.command()
def diff(plan: PlanArgument, *, as_json: JsonOption = False, city: CityOption = None) -> None:
    """List the grids that differ from the lines that the plan is drawn on."""
    from gridmap.services import plan_views  # noqa: PLC0415 - as above

    with opened(city) as one:
        told = plan_views.diff(one, plan)
    show(told, show_diff, as_json=as_json)


@app.command()
def export(
    plan: PlanArgument,
    out: Annotated[Path, typer.Option(help=".csv, .parquet, .geojson or .gpkg")],
    level: Annotated[str | None, typer.Option(help="One level only.")] = None,
    city: CityOption = None,
) -> None:
    """Write the grids of a draft to a file, in WGS84, to be edited elsewhere."""
    from gridmap.services.plan_views import draft_frame  # noqa: PLC0415 - as above
    from gridmap.services.writing import write_frame  # noqa: PLC0415 - as above

    with opened(city) as one:
        frame = draft_frame(one, plan, level)
    write_frame(frame, out)
    output.print(say("export.done", language(), path=out, rows=len(frame)), highlight=False)


@app.command()
def submit(
    plan: PlanArgument, start: DateOption = None, note: NoteOption = "", by: ByOption = None, city: CityOption = None
) -> None:
    """Hand a plan in for review."""
    from gridmap.services import plans  # noqa: PLC0415 - as above

    instant = read_instant(start, "--from")
    _do(city, lambda one: plans.submit(one, plan, _who(by), note=note, in_force_from=instant))


@app.command("send-back")
def send_back(
    plan: PlanArgument,
    note: Annotated[str, typer.Option("--note", help="Why.", show_default=False)],
    by: ByOption = None,
    city: CityOption = None,
) -> None:
    """Give a plan back to its author, saying why."""
    from gridmap.services import plans  # noqa: PLC0415 - as above

    _do(city, lambda one: plans.send_back(one, plan, _who(by), note=note))


@app.command()
def approve(
    plan: PlanArgument,
    word: Annotated[
        list[str] | None, typer.Option("--word", help="key=why, for each warning; may be repeated.")
    ] = None,
    all_warnings: Annotated[str, typer.Option("--all-warnings", help="One word for all other warnings.")] = "",
    note: NoteOption = "",
    by: ByOption = None,
    city: CityOption = None,
) -> None:
    """Approve a plan that somebody else drew, with a word on each of its warnings."""
    from gridmap.services import plan_views, plans  # noqa: PLC0415 - as above

    words = _mapping(word or [], "--word")

    def work(one: "OpenCity") -> dict[str, Any]:
        if all_warnings:
            for each in plan_views.check(one, plan)["findings"]:
                words.setdefault(each["key"], all_warnings)
        return plans.approve(one, plan, _who(by), note=note, words=words)

    _do(city, work)


@app.command()
def publish(
    plan: PlanArgument, start: DateOption = None, note: NoteOption = "", by: ByOption = None, city: CityOption = None
) -> None:
    """Publish an approved plan, for an instant or at once."""
    from gridmap.services import plans  # noqa: PLC0415 - as above

    instant = read_instant(start, "--from")
    _do(city, lambda one: plans.publish(one, plan, _who(by), note=note, in_force_from=instant))


@app.command()
def cancel(plan: PlanArgument, note: NoteOption = "", by: ByOption = None, city: CityOption = None) -> None:
    """Take a publication back before its lines decide."""
    from gridmap.services import plans  # noqa: PLC0415 - as above

    _do(city, lambda one: plans.cancel(one, plan, _who(by), note=note))


@app.command()
def withdraw(plan: PlanArgument, note: NoteOption = "", by: ByOption = None, city: CityOption = None) -> None:
    """End a plan that was not published."""
    from gridmap.services import plans  # noqa: PLC0415 - as above

    _do(city, lambda one: plans.withdraw(one, plan, _who(by), note=note))


@app.command()
def rebase(plan: PlanArgument, by: ByOption = None, *, as_json: JsonOption = False, city: CityOption = None) -> None:
    """Draw a plan again on the lines published last, and tell which edits no longer apply."""
    from gridmap.services import plan_drawing  # noqa: PLC0415 - as above

    with opened(city) as one:
        told = plan_drawing.rebase(one, plan, _who(by))
    show_state(told, as_json=as_json)
    for each in () if as_json else told["dropped"]:
        said = say("planning.dropped", language(), **each)
        output.print(f"  ! {said}", style="yellow", highlight=False, markup=False)


def _who(by: str | None) -> str:
    return by or Settings().user or getpass.getuser()


def _do(city: Any, work: "Callable[[OpenCity], dict[str, Any]]") -> None:  # noqa: ANN401 - the option's own type
    with opened(city) as one:
        told = work(one)
    lang = language()
    state = say(f"planning.state_{told['state']}", lang)
    start = told["in_force_from"]
    said = say("planning.stands", lang, number=told["id"], state=state)
    if isinstance(start, datetime) and told["state"] in {"submitted", "approved", "published"}:
        said += say(
            "planning.from", lang, instant=start.astimezone(ZoneInfo(Settings().zone)).isoformat(" ", "seconds")
        )
    if told["generation"]:
        said += say("planning.as_generation", lang, number=told["generation"])
    output.print(said, style="bold", highlight=False)


def _json(raw: str) -> object:
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise InputError.of(
            "edit", f"is not JSON: {error}", 'write {"kind": "merge", "grids": [1, 2]}', "json"
        ) from None


def _mapping(stated: Iterable[str], option: str = "--map") -> dict[str, str]:
    listed = list(stated)
    if faults := [Fault(f"{option} {each}", "has no =", code="mapping") for each in listed if "=" not in each]:
        raise InputError(faults, "options")
    pairs = (each.rsplit("=", 1) if option == "--word" else each.split("=", 1) for each in listed)
    return {name.strip(): value.strip() for name, value in pairs}
