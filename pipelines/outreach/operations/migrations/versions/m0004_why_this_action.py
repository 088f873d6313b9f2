"""Why each action of a round is this one, in English and Chinese."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0004", "0003"


def upgrade() -> None:
    """Add the column; rounds from before have none."""
    op.add_column("holdfast_assignments", sa.Column("why_action", sa.Text))
