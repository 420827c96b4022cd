"""What the commands of plans show: lists, findings, figures before and after."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import orjson
import typer
from rich.table import Table
from rich.text import Text

from gridmap.cli.console import language, output
from gridmap.model.words import Language, say

T = TypeVar("T")

_SHOWN = 30
_HECTARE = 10_000.0


def show(told: T, table: Callable[[T, Language], None], *, as_json: bool) -> None:
    """Show an answer as a table, or write it for programs."""
    if as_json:
        print_json(told)
    else:
        table(told, language())


def print_json(told: object) -> None:
    """Write an answer for programs."""
    text = orjson.dumps(told, option=orjson.OPT_INDENT_2 | orjson.OPT_SERIALIZE_NUMPY).decode()
    typer.echo(text)


def show_list(found: Sequence[dict[str, Any]], lang: Language) -> None:
    """List plans."""
    if not found:
        output.print(say("planning.none", lang), highlight=False)
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("number", "title", "state", "author", "base", "changed"):
        table.add_column(say(f"planning.{column}", lang))
    for plan in found:
        state_said = say(f"planning.state_{plan['state']}", lang)
        changed = f"{plan['changed_at'].astimezone():%Y-%m-%d %H:%M}"
        cells = (str(plan["id"]), plan["title"], state_said, plan["author"], str(plan["base"]), changed)
        table.add_row(*map(Text, cells))
    output.print(table)


def show_diff(told: dict[str, Any], lang: Language) -> None:
    """List the grids that differ."""
    output.print(say("planning.diff", lang, **told["counts"]), style="bold", highlight=False)
    for each in told["grids"][:_SHOWN]:
        kinds = ", ".join(say(f"planning.kind_{kind}", lang) for kind in each["kinds"])
        known = each["after"] or each["before"]
        ground = f"  +{each['gained_m2']:,.0f} m² −{each['lost_m2']:,.0f} m²" if "reshaped" in each["kinds"] else ""
        output.print(f"  {each['id']}  {known['name']}: {kinds}{ground}", highlight=False, markup=False)
    _more(len(told["grids"]), lang)


def show_state(told: dict[str, Any], *, as_json: bool) -> None:
    """Say where a plan stands after an edit."""
    if as_json:
        print_json(told)
        return
    lang = language()
    plan = told["plan"]
    said = say("planning.edited", lang, number=plan["id"], edit=plan["head"] or 0, n=len(told["grids"]))
    output.print(said, style="bold", highlight=False)
    show_findings(told, lang)


def show_findings(told: dict[str, Any], lang: Language) -> None:
    """List what the checks found; a warning with the key by which a word is said about it."""
    counts = told["counts"]
    output.print(say("planning.counts", lang, **counts), highlight=False)
    colours = {"error": "red", "warning": "yellow", "note": "dim"}
    for each in told["findings"][:_SHOWN]:
        place = "" if each["lon"] is None else f"  ({each['lon']:.6f}, {each['lat']:.6f})"
        message = Text(f"  {each['message'][lang]}{place}", style=colours[each["severity"]])
        output.print(message)
        if each["severity"] == "warning":
            output.print(Text(f"    {each['key']}", style="dim"))
    _more(len(told["findings"]), lang)


def show_impact(told: dict[str, Any], lang: Language) -> None:
    """Show what changes, and what changes hands."""
    output.print(say("planning.level", lang, level=told["level"]), style="bold", highlight=False)
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column(say("planning.grid", lang))
    columns = ["area", "residents", "workers", "shops", "incidents", "load"]
    for column in columns:
        table.add_column(say(f"planning.{column}", lang), justify="right")
    for each in told["grids"][:_SHOWN]:
        before, after = each["before"] or {}, each["after"] or {}
        cells = [_change(before.get("area_m2"), after.get("area_m2"), _HECTARE, " ha")]
        cells += [_change(before.get(key), after.get(key)) for key in columns[1:-1]]
        cells.append(_change(each["load_before"], each["load_after"]))
        table.add_row(*map(Text, (each["name"], *cells)))
    output.print(table)
    for each in told["moves"][:_SHOWN]:
        names = {side: (each[side] or {}).get("name") or say("planning.nobody", lang) for side in ("from", "to")}
        output.print(
            say(
                "planning.move",
                lang,
                giver=names["from"],
                taker=names["to"],
                ha=f"{each['area_m2'] / _HECTARE:,.2f}",
                **each,
            ),
            highlight=False,
            markup=False,
        )
    _show_measures(told["measures"], lang)


def _show_measures(measures: dict[str, Any], lang: Language) -> None:
    before, after = measures["before"], measures["after"]
    if before["load"] and after["load"]:
        spread = _change(before["load"]["spread"] * 100, after["load"]["spread"] * 100, 1, " %")
        compact = f"{before['compactness']:.2f} → {after['compactness']:.2f}"
        roads = [None if each["on_roads"] is None else each["on_roads"] * 100 for each in (before, after)]
        said = say(
            "planning.measures", lang, spread=spread, compact=compact, roads=_change(roads[0], roads[1], 1, " %")
        )
        output.print(said, highlight=False, markup=False)


def show_comparison(told: dict[str, Any], lang: Language) -> None:
    """Show plans side by side."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("")
    rows: dict[str, list[str]] = {key: [] for key in ("grids", "spread", "most", "compactness", "on_roads", "moved")}
    for column in told["columns"]:
        title = column["title"] if "plan" in column else say("planning.generation", lang, number=column["generation"])
        table.add_column(Text(title), justify="right")
        measures, load = column["measures"], column["measures"]["load"] or {}
        rows["grids"].append(str(measures["grids"]))
        rows["spread"].append("–" if not load else f"{load['spread']:.1%}")
        rows["most"].append("–" if not load else f"{load['most_by_mean']:.2f}")
        rows["compactness"].append("–" if measures["compactness"] is None else f"{measures['compactness']:.2f}")
        rows["on_roads"].append("–" if measures["on_roads"] is None else f"{measures['on_roads']:.0%}")
        rows["moved"].append(f"{column['moved']['area_m2'] / _HECTARE:,.2f} ha" if "moved" in column else "–")
    for key, cells in rows.items():
        table.add_row(say(f"planning.row_{key}", lang), *cells)
    output.print(table)


def _change(before: float | None, after: float | None, unit: float = 1.0, name: str = "") -> str:
    def said(value: float | None) -> str:
        return "–" if value is None else f"{value / unit:,.1f}" if unit != 1.0 or name else f"{value:,.0f}"

    return f"{said(before)} → {said(after)}{name}" if said(before) != said(after) else f"{said(after)}{name}"


def _more(count: int, lang: Language) -> None:
    if count > _SHOWN:
        output.print(say("planning.more", lang, n=count - _SHOWN), style="dim", highlight=False)
