"""`gridmap db`: the private PostGIS."""

import json
from typing import Annotated

import typer

from gridmap.cli.console import CityOption, database_of
from gridmap.settings import Settings
from gridmap.store.cluster import Cluster, ClusterStatus, default_data_dir

app = typer.Typer(help="The private PostGIS: start, stop, look at it.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keep these as sub-commands, however few there are."""


@app.command()
def start() -> None:
    """Start the private PostGIS, or join the one that runs."""
    cluster = _cluster()
    cluster.start()
    typer.echo(_line(cluster.status()))


@app.command()
def stop() -> None:
    """Stop the private PostGIS, for every process that uses it."""
    cluster = _cluster()
    cluster.stop()
    typer.echo(_line(cluster.status()))


@app.command()
def status(*, as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False) -> None:
    """Say whether the private PostGIS runs; exit 3 when it does not."""
    found = _cluster().status()
    if as_json:
        facts = {
            "state": found.state,
            "pid": found.pid,
            "version": found.version,
            "user": found.user,
            "data_dir": str(found.data_dir),
            "socket_dir": str(found.socket_dir),
            "log_dir": str(found.log_dir),
        }
        typer.echo(json.dumps(facts, indent=2, ensure_ascii=False))
    else:
        typer.echo(_line(found))
    if not found.running:
        raise typer.Exit(3)


@app.command()
def migrate(city: CityOption = None) -> None:
    """Bring the database to the newest schema; the commands do so by themselves."""
    from gridmap.services.checking import schema_revision  # noqa: PLC0415 - seconds to load; `status` is for programs

    database = database_of(city)
    typer.echo(f"{database.url.split('?')[0].rsplit('/', 1)[1]}: {schema_revision(database)}")
    database.close()


@app.command()
def check(city: CityOption = None) -> None:
    """Look at every invariant of what is stored; exit 1 when one is broken."""
    from gridmap.services.checking import check as run_checks  # noqa: PLC0415 - as above

    database = database_of(city)
    findings = run_checks(database)
    database.close()
    for finding in findings:
        typer.echo(f"{'ok    ' if finding.holds else 'BROKEN'} {finding.invariant}")
        for breach in finding.breaches:
            typer.echo(f"       {breach}")
    if not all(finding.holds for finding in findings):
        raise typer.Exit(1)


def _cluster() -> Cluster:
    return Cluster(Settings().data_dir or default_data_dir())


def _line(found: ClusterStatus) -> str:
    text = f"{found.state}: {found.data_dir}"
    if found.running:
        text += f" (PostgreSQL {found.version}, process {found.pid}, user {found.user}, socket {found.socket_dir})"
    return text
