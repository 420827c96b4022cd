"""`gridmap up`: start or join the database, migrate, serve."""

import os
from typing import Annotated, Any, Final

import typer
import uvicorn

from gridmap.cli.console import CityOption, database_of, language, output
from gridmap.cli.loading import load_demo
from gridmap.cli.patience import BoundedProtocol
from gridmap.model.words import say
from gridmap.settings import Settings

SERVER: Final[dict[str, Any]] = {
    "http": BoundedProtocol,
    "loop": "uvloop",
    "ws": "none",
    "log_level": "warning",
    "access_log": False,
    "server_header": False,
    "timeout_keep_alive": 15,
    "timeout_graceful_shutdown": 5,
}
"""How the service is served; docs/decisions/0014 has the reasons."""


def up(
    demo: Annotated[bool, typer.Option("--demo", help="Serve the invented demo city; load it once.")] = False,
    host: Annotated[str | None, typer.Option(help="Address to listen on; loopback by default.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="8000 by default.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, max=64, help="Processes; 1 by default.")] = None,
    city: CityOption = None,
) -> None:
    """Start or join the database, migrate it, and serve until Ctrl-C."""
    if demo:
        load_demo(seed=1, scale=1)
    serve("demo" if demo else city, host, port, workers)


def serve(city: str | None, host: str | None, port: int | None, workers: int | None) -> None:
    """Serve a city until Ctrl-C."""
    settings = Settings()
    if city is not None:
        # The workers are processes of their own: what was chosen reaches them as a setting.
        os.environ["GRIDMAP_CITY"] = city
    database_of().close()
    where = host or settings.host
    at = settings.port if port is None else port
    output.print(say("serve.at", language(), url=f"http://{where}:{at}/"), highlight=False)
    uvicorn.run(
        "gridmap.app:create_app", factory=True, host=where, port=at, workers=workers or settings.workers, **SERVER
    )
