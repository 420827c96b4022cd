"""`gridmap demo`: the invented city, loaded, asked and drawn."""

from pathlib import Path
from typing import Annotated

import typer

from gridmap.cli.console import language, opened, output
from gridmap.cli.loading import load_demo
from gridmap.cli.locate import say_answer
from gridmap.cli.serve import serve
from gridmap.maps import MAPS
from gridmap.model.words import say
from gridmap.services import maps
from gridmap.services.asking import ask
from gridmap.services.heat import Heat

app = typer.Typer(help="The invented demo city.", no_args_is_help=True)
HERE: dict[str, str | float | int | None] = {"lon": 121.4585, "lat": 31.2304, "datum": "gcj02"}


@app.command("load")
def load_command(
    seed: Annotated[int, typer.Option(min=0, help="Another seed, another town.")] = 1,
    scale: Annotated[int, typer.Option(min=1, max=200, help="Sub-districts side by side.")] = 1,
) -> None:
    """Load the invented city into its own database; once loaded, it stays as it is."""
    load_demo(seed, scale)


@app.command()
def run(
    serving: Annotated[bool, typer.Option("--serve/--no-serve", help="Serve until Ctrl-C at the end.")] = True,
    host: Annotated[str | None, typer.Option(help="Address to listen on; loopback by default.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="8000 by default.")] = None,
    out: Annotated[Path, typer.Option(help="Folder for the maps.")] = Path("out"),
    seed: Annotated[int, typer.Option(min=0, help="Another seed, another town.")] = 1,
    scale: Annotated[int, typer.Option(min=1, max=200, help="Sub-districts side by side.")] = 1,
) -> None:
    """Load the invented city, say who owns a location in it, write its maps, and serve."""
    load_demo(seed, scale)
    lang = language()
    with opened("demo") as city:
        output.print(
            f"$ gridmap locate {HERE['lon']} {HERE['lat']} --datum {HERE['datum']}", style="dim", highlight=False
        )
        say_answer(ask(city, HERE).to_dict(), lang)
        out.mkdir(parents=True, exist_ok=True)
        heat = Heat(city.database)
        for name in MAPS:
            path = out / f"{name}.html"
            path.write_text(maps.save(city, heat, name, lang=lang), encoding="utf-8")
            output.print(say("demo.map", lang, path=path), highlight=False)
    if serving:
        serve("demo", host, port, None)
