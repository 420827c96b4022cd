"""Connections: one database is one city, with a pool for each kind of work.

Lookups, writes and imports each have connections of their own, so that a long import never makes a lookup wait.
What the driver raises becomes an error of gridmap's tree here and nowhere else.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
from sqlalchemy import Connection, Engine, create_engine, exc

from gridmap.model.errors import ConflictError, InputError, UnavailableError

__all__ = ["Connection", "Database", "translated"]

_DEADLOCK, _SERIALIZATION = "40P01", "40001"
_CONFLICTS = {"23505", "23P01", "23001", _DEADLOCK, _SERIALIZATION}
_MILLISECONDS = 1000


def _json(value: object) -> str:
    return orjson.dumps(value).decode()


@dataclass
class Database:
    """One city's database.

    Parameters
    ----------
    url
        ``postgresql+psycopg://…``.
    lookups, writes, imports
        Most connections of each pool.
    statement_seconds
        How long one statement of a lookup may take.
    """

    url: str
    lookups: int = 8
    writes: int = 4
    imports: int = 2
    statement_seconds: float = 15.0
    _engines: dict[str, Engine] = field(default_factory=dict, repr=False)

    def _engine(self, work: str, size: int, options: str) -> Engine:
        if work not in self._engines:
            self._engines[work] = create_engine(
                self.url,
                pool_size=size,
                max_overflow=0,
                pool_timeout=5,
                pool_pre_ping=True,
                json_serializer=_json,
                json_deserializer=orjson.loads,
                connect_args={
                    "options": f"-c timezone=UTC -c application_name=gridmap-{work} {options}",
                    "connect_timeout": 5,
                },
            )
        return self._engines[work]

    @property
    def lookup_engine(self) -> Engine:
        """The pool for short reads; nothing can be written through it."""
        limit = int(self.statement_seconds * _MILLISECONDS)
        options = f"-c statement_timeout={limit} -c default_transaction_read_only=on"
        return self._engine("lookup", self.lookups, options)

    @property
    def write_engine(self) -> Engine:
        """The pool for short writes."""
        limit = int(self.statement_seconds * _MILLISECONDS)
        return self._engine("write", self.writes, f"-c statement_timeout={limit} -c lock_timeout=10000")

    @property
    def import_engine(self) -> Engine:
        """The pool for imports, migrations and publishing, which may take as long as they need."""
        return self._engine("import", self.imports, "-c statement_timeout=0")

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a connection to read from.

        Raises
        ------
        UnavailableError
            The database does not answer, or all connections are busy.
        """
        with translated(), self.lookup_engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Open one transaction for a short write: whole on leaving, undone on any error."""
        with translated(), self.write_engine.begin() as connection:
            yield connection

    @contextmanager
    def load(self) -> Iterator[Connection]:
        """Open one transaction for an import or a publish: whole on leaving, undone on any error."""
        with translated(), self.import_engine.begin() as connection:
            yield connection

    def close(self) -> None:
        """Close every connection."""
        for engine in self._engines.values():
            engine.dispose()
        self._engines.clear()


@contextmanager
def translated() -> Iterator[None]:
    """Turn what the driver raises into errors of gridmap's tree, without its text."""
    try:
        yield
    except exc.TimeoutError as error:
        raise UnavailableError("every connection to the database is busy; try again in a moment") from error
    except exc.DBAPIError as error:
        raise _translation(error) from error


def _translation(error: exc.DBAPIError) -> Exception:
    code = getattr(error.orig, "sqlstate", None) or ""
    diagnosis: Any = getattr(error.orig, "diag", None)
    constraint = getattr(diagnosis, "constraint_name", None) or ""
    if code in _CONFLICTS:
        where = f" ({constraint})" if constraint else ""
        return ConflictError(f"it changed meanwhile, or is there already{where}; read again and repeat")
    # The driver itself refuses some texts, such as those with a NUL in them, before the database sees them.
    if code.startswith(("22", "23")) or isinstance(error, exc.DataError):
        table = getattr(diagnosis, "table_name", None) or "the database"
        column = getattr(diagnosis, "column_name", None) or constraint
        return InputError.of(f"{table} {column}".strip(), "a value breaks a rule of the database", code="rule")
    if error.connection_invalidated or isinstance(error, exc.OperationalError | exc.InterfaceError):
        return UnavailableError("the database does not answer; see `gridmap db status`")
    return error
