"""`gridmap incidents`: what changes of lines do to those that are open."""

import typer

from gridmap.cli.console import CityOption, language, opened, output
from gridmap.model.words import say

app = typer.Typer(help="Incidents: what changes of lines do to those that are open.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keep these as sub-commands, however few there are."""


@app.command()
def settle(city: CityOption = None) -> None:
    """Settle open incidents at every change of lines that nobody has looked at; `gridmap up` does so by itself."""
    with opened(city) as one:
        done = one.changeovers.settle()
    for each in done:
        counts = {"number": each.generation, "n": each.incidents, "moved": each.moved}
        output.print(say("changeover.settled", language(), **counts), highlight=False)
    if not done:
        output.print(say("changeover.nothing", language()), highlight=False)
