"""Running the SQL files of migrations."""

from importlib.resources import files

from alembic import op


def run(name: str) -> None:
    """Run a file of the versions folder."""
    script = files("gridmap.store.migrations.versions").joinpath(name).read_text(encoding="utf-8")
    # Straight to the driver: SQLAlchemy would read the per cent signs of the functions as parameters.
    connection = op.get_bind().connection.driver_connection
    if connection is not None:
        connection.execute(script)
