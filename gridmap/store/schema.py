"""Migrations up and down, and the rows that come from the layer files."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, select, text
from sqlalchemy.dialects.postgresql import insert

from gridmap.model.layers import load_categories, load_schemes
from gridmap.model.words import Text
from gridmap.store import tables
from gridmap.store.database import translated

_MIGRATIONS = Path(__file__).parent / "migrations"
# One number for all of gridmap: two processes that start together must not both migrate.
_LOCK = 0x67726964


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    return config


def latest() -> str:
    """Return the newest revision that this gridmap knows."""
    return str(ScriptDirectory.from_config(_config()).get_current_head())


def current(engine: Engine) -> str | None:
    """Return the revision that the database is at; None before the first migration."""
    with translated(), engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def migrate(engine: Engine, revision: str = "head") -> None:
    """Bring the database to a revision, up or down, and write schemes and categories anew from the layer files.

    Does nothing but compare where it stands there already. Two processes that call it together take turns.
    """
    with translated(), engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        before = MigrationContext.configure(connection).get_current_revision()
        config = _config(connection)
        if revision == "base" or (before is not None and revision not in {"head", before} and revision < before):
            command.downgrade(config, revision)
            return
        if before != (latest() if revision == "head" else revision):
            for extension in ("postgis", "pg_trgm", "btree_gist"):
                connection.exec_driver_sql(f"CREATE EXTENSION IF NOT EXISTS {extension}")
            command.upgrade(config, revision)
        write_layer_rows(connection)


def write_layer_rows(connection: Connection) -> None:
    """Write schemes, levels and categories as the layer files have them; what they no longer name stays."""
    for scheme in load_schemes().values():
        title = scheme.title.to_dict()
        row = insert(tables.scheme).values(key=scheme.key, title=title)
        connection.execute(row.on_conflict_do_update(index_elements=["key"], set_={"title": title}))
        scheme_id = connection.scalar(select(tables.scheme.c.id).where(tables.scheme.c.key == scheme.key))
        for level in scheme.levels:
            values = {"rank": level.rank, "title": level.title.to_dict()}
            row = insert(tables.level).values(scheme_id=scheme_id, key=level.key, **values)
            connection.execute(row.on_conflict_do_update(index_elements=["scheme_id", "key"], set_=values))
    rows = [
        {
            "code": category.code,
            "side": category.side,
            "class_title": category.class_title.to_dict(),
            "title": category.title.to_dict(),
            "function": category.function,
        }
        for category in load_categories().values()
    ]
    if rows:
        row = insert(tables.category)
        changed = {c.name: row.excluded[c.name] for c in tables.category.c if c.name != "code"}
        connection.execute(row.on_conflict_do_update(index_elements=["code"], set_=changed), rows)


def write_city(connection: Connection, key: str, title: Text, *, invented: bool, zone: str) -> None:
    """Say which city this database holds, once; a second call changes nothing."""
    row = insert(tables.city).values(key=key, title=title.to_dict(), invented=invented, zone=zone)
    connection.execute(row.on_conflict_do_nothing())
