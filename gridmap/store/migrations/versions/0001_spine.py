"""The spine: grids and generations, posts, places, incidents."""

from gridmap.store.migrations.scripts import run

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    run("0001_spine.sql")


def downgrade() -> None:
    """Take them away, and all that is in them."""
    run("0001_spine_down.sql")
