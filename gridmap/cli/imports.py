"""`gridmap import`: a file into a layer, with a report on screen and as JSON."""

from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from gridmap.cli.console import CityOption, database_of, errors, language, output
from gridmap.model.errors import Fault, InputError
from gridmap.model.words import Language, say
from gridmap.services.import_report import ImportReport, RefusedImportError
from gridmap.services.imports import ImportOptions, import_file

_SHOWN = 20


def import_(
    layer: Annotated[str, typer.Argument(help="grids, buildings, shops, incidents or another layer.")],
    file: Annotated[Path, typer.Argument(help="GeoJSON, GeoPackage, Shapefile, (Geo)Parquet or CSV.")],
    datum: Annotated[
        str, typer.Option(help="wgs84, cgcs2000, gcj02, bd09 or EPSG:n. Never guessed.", show_default=False)
    ] = "",
    encoding: Annotated[str | None, typer.Option(help="Of the text; UTF-8 or else GB18030 by default.")] = None,
    mapping: Annotated[
        list[str] | None, typer.Option("--map", help="field=column, where the file's names differ; may be repeated.")
    ] = None,
    level: Annotated[str | None, typer.Option(help="For grids: which level they are of.")] = None,
    scheme: Annotated[str, typer.Option(help="For grids: family of lines.")] = "governance",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check everything, write nothing.")] = False,
    partial: Annotated[bool, typer.Option("--partial", help="Write the good rows although others fail.")] = False,
    repair: Annotated[bool, typer.Option("--repair", help="For grids: make a clean coverage, by the rule.")] = False,
    retire_below: Annotated[
        bool, typer.Option("--retire-below", help="For grids: let lower levels go that no longer fit.")
    ] = False,
    report: Annotated[Path | None, typer.Option(help="Write the whole report as JSON.")] = None,
    city: CityOption = None,
) -> None:
    """Import a file into a layer: all of it or, unless --partial says so, nothing."""
    options = ImportOptions(
        datum=datum,
        encoding=encoding,
        mapping=_mapping(mapping or []),
        level=level,
        scheme=scheme,
        dry_run=dry_run,
        partial=partial,
        repair=repair,
        retire_below=retire_below,
    )
    lang = language()
    database = database_of(city or "own")
    try:
        with Progress(console=errors, transient=True) as bar:
            task = bar.add_task(say("import.reading", lang), total=None)

            def tell(phase: str, done: int, total: int) -> None:
                bar.update(task, description=say(f"import.{phase}", lang), completed=done, total=total)

            told = import_file(database, layer, file, options, on_progress=tell)
    except RefusedImportError as refusal:
        _write(refusal.report, report)
        _show(refusal.report, lang, refused=True)
        _refuse(refusal, lang)
        raise typer.Exit(1) from None
    finally:
        database.close()
    _write(told, report)
    _show(told, lang)


def _mapping(stated: list[str]) -> dict[str, str]:
    faults = [
        Fault(f"--map {each}", "is not field=column", "write --map name=street", "mapping")
        for each in stated
        if "=" not in each
    ]
    if faults:
        raise InputError(faults, "options")
    pairs = (each.split("=", 1) for each in stated)
    return {name.strip(): column.strip() for name, column in pairs}


def _write(told: ImportReport, target: Path | None) -> None:
    if target is not None:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(orjson.dumps(told.to_dict(), option=orjson.OPT_INDENT_2 | orjson.OPT_SERIALIZE_NUMPY))


def _show(told: ImportReport, lang: Language, *, refused: bool = False) -> None:
    """Say what came of an import: how it was read, what was dirty, what was done, the counts."""
    _show_reading(told, lang)
    if told.coverage:
        output.print(say("import.coverage", lang, **told.coverage["counts"]), highlight=False)
        _defects(told, lang)
    if told.repair:
        output.print(say("import.repaired", lang, **told.repair["counts"]), highlight=False)
    for warning in told.warnings:
        output.print(f"  ! {getattr(warning, lang)}", style="yellow", highlight=False, markup=False)
    if told.rejected:
        _rejections(told, lang)
    if refused:
        return
    counts = {"added": told.added, "changed": told.changed, "unchanged": told.unchanged, "rejected": told.rejected_rows}
    output.print(say("import.counts", lang, **counts), style="bold", highlight=False)
    if told.generation is not None and told.written:
        output.print(say("import.published", lang, number=told.generation), style="bold green", highlight=False)
    elif told.dry_run:
        output.print(say("import.dry_run", lang), style="yellow", highlight=False)
    elif not told.written and not told.rejected and told.unchanged:
        output.print(say("import.nothing_new", lang), style="dim", highlight=False)


def _show_reading(told: ImportReport, lang: Language) -> None:
    read = {"file": told.file, "rows": told.read, "format": told.format, "datum": told.datum}
    output.print(say("import.read", lang, **read), highlight=False, markup=False)
    if told.mapping:
        pairs = ", ".join(f"{name} ← {column}" for name, column in told.mapping.items())
        if pairs:
            output.print(say("import.mapping", lang, pairs=pairs), style="dim", highlight=False, markup=False)
    for note in told.notes:
        output.print(f"  {getattr(note, lang)}", style="dim", highlight=False, markup=False)


def _defects(told: ImportReport, lang: Language) -> None:
    """List the largest faults of a coverage with their places."""
    found = told.coverage or {}
    worst = [each for kind in ("invalid", "overlaps", "gaps") for each in found[kind][:5]]
    if not worst:
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("kind", "grids", "area", "place"):
        table.add_column(say(f"import.{column}", lang), justify="right" if column == "area" else "left")
    for each in worst:
        place = "" if each["lon"] is None else f"{each['lon']:.6f}, {each['lat']:.6f}"
        names = " / ".join(each["names"][:3])
        table.add_row(say(f"import.{each['kind']}", lang), Text(names), f"{each['area_m2']:,.1f} m²", place)
    output.print(table)


def _rejections(told: ImportReport, lang: Language) -> None:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("row", "field", "value", "reason"):
        table.add_column(say(f"import.{column}", lang))
    for each in told.rejected[:_SHOWN]:
        mend = f" ({each.mend})" if each.mend and lang == "en" else ""
        table.add_row(*map(Text, (str(each.row), each.field, each.value, each.said(lang) + mend)))
    output.print(table)
    if len(told.rejected) > _SHOWN:
        output.print(say("import.more", lang, n=len(told.rejected) - _SHOWN), style="dim", highlight=False)


def _refuse(refusal: RefusedImportError, lang: Language) -> None:
    errors.print(say("import.refused", lang), style="bold red")
    # Rows and dirt stand in the tables above, with their number at the end; what else is wrong is told here.
    in_tables = refusal.report.rejected or refusal.faults[-1].code == "dirty"
    for fault in refusal.faults[-1:] if in_tables else refusal.faults[-_SHOWN:]:
        errors.print(f"  {fault}", style="red", highlight=False, markup=False)
