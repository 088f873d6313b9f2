"""Who was erased, as salted hashes, and what was done to erase them."""

import sqlalchemy as sa
from alembic import op

from pipelines.outreach.operations.migrations import append_only

revision, down_revision = "0005", "0004"
APPEND_ONLY = {
    "holdfast_erased": ("salt", "hash"),
    "holdfast_erasures": ("pseudonym", "spec", "part"),
}


def upgrade() -> None:
    """Make both tables and their triggers."""
    op.create_table(
        "holdfast_erased",
        sa.Column("salt", sa.Text, primary_key=True),
        sa.Column("hash", sa.Text, primary_key=True),
    )
    op.create_table(
        "holdfast_erasures",
        sa.Column("pseudonym", sa.Text, primary_key=True),
        sa.Column("spec", sa.Text, primary_key=True),
        sa.Column("part", sa.Text, primary_key=True),
        sa.Column("at", sa.Text, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("told", sa.Text, nullable=False),
    )
    sqlite = op.get_bind().dialect.name == "sqlite"
    for table, key in APPEND_ONLY.items():
        for statement in append_only.statements(table, key, sqlite=sqlite):
            op.execute(statement)
