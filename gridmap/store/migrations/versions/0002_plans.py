"""Plans, and what a change of lines does to open incidents."""

from gridmap.store.migrations.scripts import run

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    run("0002_plans.sql")


def downgrade() -> None:
    """Take them away, and all that is in them."""
    run("0002_plans_down.sql")
