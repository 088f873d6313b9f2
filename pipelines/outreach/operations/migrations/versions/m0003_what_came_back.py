"""What was done, who opted out, and outcomes that were recorded; what each customer of a round was worth, and where."""

import sqlalchemy as sa
from alembic import op

from pipelines.outreach.operations.migrations import append_only

revision, down_revision = "0003", "0002"
APPEND_ONLY = {
    "holdfast_contacts": ("spec", "key"),
    "holdfast_opt_outs": ("key",),
    "holdfast_outcomes": ("spec", "key"),
}


def upgrade() -> None:
    """Make the tables and triggers; notes have none, so that they can be erased."""
    op.add_column("holdfast_assignments", sa.Column("value", sa.Double))
    op.add_column("holdfast_assignments", sa.Column("segment", sa.Text))
    op.add_column("holdfast_assignments", sa.Column("playbook_row", sa.Text))
    _contacts()
    _opt_outs_and_outcomes()
    sqlite = op.get_bind().dialect.name == "sqlite"
    for table, key in APPEND_ONLY.items():
        for statement in append_only.statements(table, key, sqlite=sqlite):
            op.execute(statement)


def _contacts() -> None:
    op.create_table(
        "holdfast_contacts",
        sa.Column("spec", sa.Text, primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("contact", sa.Text, nullable=False),
        sa.Column("customer_id", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("happened_at", sa.Text, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("offer_taken", sa.Boolean),
        sa.Column("cost", sa.Double),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("round", sa.Text),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("known_at", sa.Text, nullable=False),
        sa.Column("place", sa.Integer, nullable=False),
    )
    op.create_table(
        "holdfast_contact_notes",
        sa.Column("spec", sa.Text, primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("note", sa.Text, nullable=False),
    )


def _opt_outs_and_outcomes() -> None:
    op.create_table(
        "holdfast_opt_outs",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("customer_id", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("opted_out", sa.Boolean, nullable=False),
        sa.Column("happened_at", sa.Text, nullable=False),
        sa.Column("spec", sa.Text, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("known_at", sa.Text, nullable=False),
        sa.Column("place", sa.Integer, nullable=False),
    )
    op.create_table(
        "holdfast_outcomes",
        sa.Column("spec", sa.Text, primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("round", sa.Text, nullable=False),
        sa.Column("customer_id", sa.Text, nullable=False),
        sa.Column("churned", sa.Boolean, nullable=False),
        sa.Column("happened_at", sa.Text),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("known_at", sa.Text, nullable=False),
        sa.Column("place", sa.Integer, nullable=False),
    )
