"""Which city a database holds."""

from sqlalchemy import Connection, text

from gridmap.model.cities import CityCard
from gridmap.model.errors import UnavailableError
from gridmap.model.words import Text


def read(connection: Connection) -> CityCard:
    """Read which city it is.

    Raises
    ------
    UnavailableError
        Nobody has said yet which city this database holds: it is being set up.
    """
    row = connection.execute(text("SELECT key, title, invented, zone FROM city")).one_or_none()
    if row is None:
        raise UnavailableError("the database is being set up; try again in a moment")
    return CityCard(row.key, Text.of(row.title), row.invented, row.zone)


def is_empty(connection: Connection) -> bool:
    """Tell whether the city holds nothing yet: no lines, no places, no incidents."""
    query = """
        SELECT NOT EXISTS (SELECT 1 FROM pointer) AND NOT EXISTS (SELECT 1 FROM place)
            AND NOT EXISTS (SELECT 1 FROM incident)
    """
    return bool(connection.scalar(text(query)))
