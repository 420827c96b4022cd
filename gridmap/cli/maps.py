"""`gridmap map`: one of the maps as a file that opens from disk."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from gridmap.cli.console import CityOption, language, opened, output, read_instant
from gridmap.model.words import say
from gridmap.services import maps
from gridmap.services.heat import Heat


def draw(
    name: Annotated[str, typer.Argument(help="overview, choropleth or heat.")],
    out: Annotated[Path, typer.Option(help="The HTML file to write.")],
    level: Annotated[str | None, typer.Option(help="The level shown first.")] = None,
    layer: Annotated[str | None, typer.Option(help="What a choropleth counts; incidents by default.")] = None,
    measure: Annotated[str | None, typer.Option(help="count, or a field of the layer that can be summed.")] = None,
    start: Annotated[str | None, typer.Option("--from", help="Incidents from this instant on.")] = None,
    end: Annotated[str | None, typer.Option("--to", help="Incidents before this instant.")] = None,
    category: Annotated[str | None, typer.Option(help="Four-digit code or two-digit class.")] = None,
    lang: Annotated[Literal["zh", "en"] | None, typer.Option(help="Language of the map.")] = None,
    city: CityOption = None,
) -> None:
    """Draw a map into one HTML file that opens from disk with no network."""
    with opened(city) as one:
        page = maps.save(
            one,
            Heat(one.database),
            name,
            lang=lang or language(),
            level=level,
            layer=layer,
            measure=measure,
            start=read_instant(start, "--from"),
            end=read_instant(end, "--to"),
            category=category,
        )
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(page, encoding="utf-8")
    output.print(say("demo.map", language(), path=out), highlight=False)
