"""The spine: grids and generations, posts, places, incidents."""

from importlib.resources import files

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def _run(name: str) -> None:
    script = files("gridmap.store.migrations.versions").joinpath(name).read_text(encoding="utf-8")
    # Straight to the driver: SQLAlchemy would read the per cent signs of the functions as parameters.
    connection = op.get_bind().connection.driver_connection
    if connection is not None:
        connection.execute(script)


def upgrade() -> None:
    """Make the tables."""
    _run("0001_spine.sql")


def downgrade() -> None:
    """Take them away, and all that is in them."""
    _run("0001_spine_down.sql")
