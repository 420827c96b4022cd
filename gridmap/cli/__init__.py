"""The command line: starts everything, and turns errors into exit codes.

Exit codes: 0 done, 1 refused or failed with a reason told, 2 wrong words, 130 interrupted.
"""

import sys
from importlib import import_module

import typer

from gridmap.model.errors import GridmapError

COMMANDS = {
    "up": "serve:up",
    "locate": "locate:locate",
    "import": "imports:import_",
    "join": "joins:join",
    "map": "maps:draw",
    "export": "exports:export",
    "history": "histories:history",
    "generations": "histories:generations",
    "incidents": "incidents:app",
    "plan": "plans:app",
    "demo": "demo:app",
    "db": "db:app",
}
"""Where each command is; a command loads its own module and no other, so that a lookup starts at once."""


def command_line(only: str | None = None) -> typer.Typer:
    """Put the command line together: all commands, or one alone."""
    app = typer.Typer(
        help="Who owns this location: grids, owners, joins and maps of a city's grid governance.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_group)
    for name, where in COMMANDS.items():
        if only not in COMMANDS or name == only:
            module, attribute = where.split(":")
            found = getattr(import_module(f"gridmap.cli.{module}"), attribute)
            if isinstance(found, typer.Typer):
                app.add_typer(found, name=name)
            else:
                app.command(name)(found)
    return app


def _group() -> None:
    """Keep one command alone a sub-command."""


def main() -> None:
    """Run a command; an error of gridmap's is told in its own words, without a traceback."""
    try:
        command_line(sys.argv[1] if len(sys.argv) > 1 else None)()
    except GridmapError as error:
        from gridmap.cli.console import errors  # noqa: PLC0415 - only now is it needed

        errors.print(f"gridmap: {error}", style="red", markup=False, highlight=False)
        sys.exit(1)
    except BrokenPipeError:
        sys.exit(0)
