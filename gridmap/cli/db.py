"""`gridmap db`: the private PostGIS."""

import json
from typing import Annotated

import typer

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


def _cluster() -> Cluster:
    return Cluster(Settings().data_dir or default_data_dir())


def _line(found: ClusterStatus) -> str:
    text = f"{found.state}: {found.data_dir}"
    if found.running:
        text += f" (PostgreSQL {found.version}, process {found.pid}, user {found.user}, socket {found.socket_dir})"
    return text
