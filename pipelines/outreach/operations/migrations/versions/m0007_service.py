"""What the service keeps: received events, its answers, and the keys of those who may ask."""

import sqlalchemy as sa
from alembic import op

from pipelines.outreach.operations.migrations import append_only

revision, down_revision = "0007", "0006"
APPEND_ONLY = {"holdfast_events": ("spec", "key"), "holdfast_answers": ("number",)}


def upgrade() -> None:
    """Make the tables, their indexes and triggers."""
    _events()
    _answers()
    op.create_table(
        "holdfast_service_keys",
        sa.Column("hash", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("added_at", sa.Text, nullable=False),
        sa.Column("revoked_at", sa.Text),
    )
    sqlite = op.get_bind().dialect.name == "sqlite"
    for table, key in APPEND_ONLY.items():
        for statement in append_only.statements(table, key, sqlite=sqlite):
            op.execute(statement)


def _events() -> None:
    op.create_table(
        "holdfast_events",
        sa.Column("spec", sa.Text, primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("canonical", sa.Text, nullable=False),
        sa.Column("customer_id", sa.Text, nullable=False),
        sa.Column("known_at", sa.Text, nullable=False),
        sa.Column("row", sa.Text, nullable=False),
        sa.Column("raw", sa.Text),
    )
    op.create_index("holdfast_events_by_number", "holdfast_events", ["spec", "number"], unique=True)
    op.create_index("holdfast_events_by_customer", "holdfast_events", ["spec", "customer_id", "number"])
    op.create_table(
        "holdfast_event_counts",
        sa.Column("spec", sa.Text, primary_key=True),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("known_at", sa.Text, nullable=False),
    )


def _answers() -> None:
    op.create_table(
        "holdfast_answers",
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("spec", sa.Text, nullable=False),
        sa.Column("customer_id", sa.Text),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("answered_at", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("score", sa.Double),
        sa.Column("advice", sa.Text),
        sa.Column("event", sa.BigInteger),
        sa.Column("kind", sa.Text, nullable=False),
    )
    op.create_index("holdfast_answers_by_customer", "holdfast_answers", ["spec", "customer_id", "number"])
    op.create_index("holdfast_answers_by_version", "holdfast_answers", ["spec", "version", "answered_at"])
