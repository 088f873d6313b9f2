"""Open warnings and the next best action beside each row of a round, and why a delivery failed."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0002", "0001"


def upgrade() -> None:
    """Add the columns; what is there already has none of it, and its triggers stay."""
    op.add_column("holdfast_assignments", sa.Column("next_best", sa.Text))
    op.add_column("holdfast_assignments", sa.Column("warnings", sa.Text))
    op.add_column("holdfast_deliveries", sa.Column("reason", sa.Text))
