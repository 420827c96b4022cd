"""`gridmap db check`: every invariant, looked at as it is stored."""

from dataclasses import dataclass

from gridmap.model.layers import schemes
from gridmap.services.generations import faults_of
from gridmap.store import generations, schema
from gridmap.store import invariants as store
from gridmap.store.database import Database


@dataclass(frozen=True, slots=True)
class Finding:
    """One invariant, and what breaks it; nothing when it holds."""

    invariant: str
    breaches: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether nothing breaks it."""
        return not self.breaches


def check(database: Database) -> list[Finding]:
    """Look at every invariant of a database; what is found is told, nothing is changed."""
    findings = [_schema(database)]
    if findings[0].breaches:
        return findings
    with database.read() as connection:
        findings += [Finding(name, tuple(found)) for name, found in store.run(connection).items()]
    return findings + [_lines(database, scheme) for scheme in schemes()]


def schema_revision(database: Database) -> str:
    """Tell which revision of the schema a database is at."""
    return schema.current(database.lookup_engine) or "empty"


def _schema(database: Database) -> Finding:
    at, latest = schema.current(database.lookup_engine), schema.latest()
    wrong = () if at == latest else (f"the database is at {at}, gridmap at {latest}: run `gridmap db migrate`",)
    return Finding("the schema is the newest", wrong)


def _lines(database: Database, scheme: str) -> Finding:
    """Look whether the lines in force, now and later, are clean coverages that nest."""
    breaches: list[str] = []
    with database.load() as connection:
        for generation in generations.upcoming(connection, scheme):
            frame = generations.frame(connection, generation.id)
            breaches += [f"generation {generation.id}: {fault}" for fault in faults_of(scheme, frame)]
    return Finding(f"the lines of {scheme} tile and nest", tuple(breaches))
