"""What versions that shadow the champion, and those that they are compared with, said of each customer on a date."""

import sqlalchemy as sa
from alembic import op

from pipelines.outreach.operations.migrations import append_only

revision, down_revision = "0006", "0005"
TABLE, KEY = "holdfast_shadow_scores", ("spec", "shadow", "champion", "as_of", "version", "customer_id")


def upgrade() -> None:
    """Make the table and its triggers."""
    op.create_table(
        TABLE,
        *(sa.Column(name, sa.Text, primary_key=True) for name in KEY),
        sa.Column("moment", sa.Text, nullable=False),
        sa.Column("said", sa.Text, nullable=False),
        sa.Column("known", sa.Text),
    )
    sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in append_only.statements(TABLE, KEY, sqlite=sqlite):
        op.execute(statement)
