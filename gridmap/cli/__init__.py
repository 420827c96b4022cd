"""The command line: starts everything, and turns errors into exit codes.

Exit codes: 0 done, 1 refused or failed with a reason told, 2 wrong words, 130 interrupted.
"""

import sys

import typer

from gridmap.cli import db, demo, exports, imports, joins, locate, maps, serve
from gridmap.cli.console import errors
from gridmap.model.errors import GridmapError

app = typer.Typer(
    help="Who owns this location: grids, owners, joins and maps of a city's grid governance.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("up")(serve.up)
app.command("locate")(locate.locate)
app.command("import")(imports.import_)
app.command("join")(joins.join)
app.command("map")(maps.draw)
app.command("export")(exports.export)
app.add_typer(demo.app, name="demo")
app.add_typer(db.app, name="db")


def main() -> None:
    """Run a command; an error of gridmap's is told in its own words, without a traceback."""
    try:
        app()
    except GridmapError as error:
        errors.print(f"gridmap: {error}", style="red", markup=False, highlight=False)
        sys.exit(1)
    except BrokenPipeError:
        sys.exit(0)
