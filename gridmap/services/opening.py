"""Opening a city: which database it is, brought up to date, with its snapshot kept fresh.

The private cluster holds two databases: ``gridmap``, your own city, and ``gridmap_demo``, the invented one, so that
trying never mixes with working. Unless told which, commands speak to your own city once it holds anything, and to
the demo before that. A database address of yours holds one city, whichever it is.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from gridmap.model.cities import CityCard
from gridmap.model.errors import InputError
from gridmap.model.words import words
from gridmap.services.changeovers import Changeovers
from gridmap.services.gaps import Sightings
from gridmap.services.planning import Planning
from gridmap.services.snapshot import Keeper
from gridmap.store import cities, schema
from gridmap.store.cluster import Cluster, default_data_dir
from gridmap.store.database import Database

CityKey = Literal["demo", "own"]
DATABASES: dict[str, str] = {"own": "gridmap", "demo": "gridmap_demo"}


@dataclass
class OpenCity:
    """A city that can be asked: its database, and the keeper of its snapshots."""

    database: Database
    keeper: Keeper
    sightings: Sightings
    planning: Planning
    changeovers: Changeovers

    def close(self) -> None:
        """Stop looking and close every connection; a private cluster goes on running for others."""
        self.keeper.close()
        self.sightings.flush()
        self.database.close()


def cluster_of(data_dir: Path | None) -> Cluster:
    """Return the private cluster in a data folder, the usual one by default."""
    return Cluster(data_dir or default_data_dir())


def open_database(
    url: str | None = None, data_dir: Path | None = None, city: CityKey | None = None, zone: str = "Asia/Shanghai"
) -> Database:
    """Find the database, start the private cluster where it is that, and migrate.

    Parameters
    ----------
    url
        An existing PostgreSQL; the private cluster without it.
    city
        ``demo`` or ``own``; without it your own city if it holds anything, else the demo if that does.

    Raises
    ------
    InputError
        The database behind `url` holds the other city.
    SetupError
        PostgreSQL or PostGIS is missing here.
    """
    if url is not None:
        database = Database(_with_driver(url))
        card = _prepare(database, city or "own", zone)
        if city is not None and card.key != city:
            database.close()
            raise InputError.of("database", f"holds the {card.key} city, not the {city} one", "name another database")
        return database
    cluster = cluster_of(data_dir)
    cluster.start()
    chosen = city or _holding(cluster)
    cluster.ensure_database(DATABASES[chosen])
    database = Database(cluster.url(DATABASES[chosen]))
    _prepare(database, chosen, zone)
    return database


def open_city(database: Database, *, watch: bool = False) -> OpenCity:
    """Make a city ready to be asked; with `watch` a thread keeps its snapshot fresh."""
    sightings = Sightings(database)
    keeper = Keeper(database)
    changeovers = Changeovers(database, keeper)
    keeper.look()

    def keep() -> None:
        sightings.flush()
        changeovers.settle(wait=False)

    if watch:
        keeper.watch(keep)
    return OpenCity(database, keeper, sightings, Planning.of(database, keeper), changeovers)


def _with_driver(url: str) -> str:
    for prefix in ("postgresql://", "postgres://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    if not url.startswith("postgresql+psycopg://"):
        raise InputError.of("database url", "is not one of PostgreSQL", "write postgresql://user@host/name", "url")
    return url


def _holding(cluster: Cluster) -> CityKey:
    """Choose the city to speak to: your own if it holds anything, else the demo if that does, else your own."""
    for city in ("own", "demo"):
        if not cluster.has_database(DATABASES[city]):
            continue
        database = Database(cluster.url(DATABASES[city]))
        try:
            if schema.current(database.lookup_engine) is None:
                continue
            with database.read() as connection:
                if not cities.is_empty(connection):
                    return "own" if city == "own" else "demo"
        finally:
            database.close()
    return "own"


def _prepare(database: Database, city: str, zone: str) -> CityCard:
    schema.migrate(database.import_engine)
    title = words("city.demo") if city == "demo" else words("city.own")
    with database.load() as connection:
        schema.write_city(connection, city, title, invented=city == "demo", zone=zone)
        return cities.read(connection)
