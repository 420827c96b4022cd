"""`gridmap export`: a layer as a file."""

from pathlib import Path
from typing import Annotated

import typer

from gridmap.cli.console import CityOption, language, opened, output, read_instant
from gridmap.model.words import say
from gridmap.services.writing import export_layer, write_frame


def export(
    layer: Annotated[str, typer.Argument(help="grids, buildings, shops, incidents or another layer.")],
    out: Annotated[Path, typer.Option(help=".csv, .parquet, .geojson or .gpkg")],
    level: Annotated[str | None, typer.Option(help="For grids: one level only.")] = None,
    at: Annotated[str | None, typer.Option(help="For grids: as in force at this instant.")] = None,
    city: CityOption = None,
) -> None:
    """Write a layer to a file, in WGS84."""
    with opened(city) as one:
        frame = export_layer(one, layer, level, read_instant(at, "--at"))
    write_frame(frame, out)
    output.print(say("export.done", language(), path=out, rows=len(frame)), highlight=False)
