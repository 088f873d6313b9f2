"""The first tables: rounds and assignments, warnings with what became of them, deliveries, episodes."""

import sqlalchemy as sa
from alembic import op

from pipelines.outreach.operations.migrations import append_only

revision, down_revision = "0001", None
APPEND_ONLY = {
    "holdfast_rounds": ("spec", "as_of"),
    "holdfast_assignments": ("spec", "as_of", "customer_id"),
    "holdfast_warnings": ("spec", "rule", "customer_id", "began_at"),
    "holdfast_warning_events": ("spec", "rule", "customer_id", "began_at", "kind"),
    "holdfast_deliveries": ("spec", "rule", "customer_id", "began_at", "receiver", "attempt", "state"),
}


def upgrade() -> None:
    """Make the tables and their triggers."""
    _rounds()
    _warnings()
    _what_follows_warnings()
    sqlite = op.get_bind().dialect.name == "sqlite"
    for table, key in APPEND_ONLY.items():
        for statement in append_only.statements(table, key, sqlite=sqlite):
            op.execute(statement)


def _rounds() -> None:
    op.create_table(
        "holdfast_rounds",
        sa.Column("spec", sa.Text, primary_key=True),
        sa.Column("as_of", sa.Text, primary_key=True),
        sa.Column("written_at", sa.Text, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("seed", sa.Text, nullable=False),
        sa.Column("control", sa.Double, nullable=False),
        sa.Column("explore", sa.Double, nullable=False),
        sa.Column("window_closes_at", sa.Text, nullable=False),
        sa.Column("versions", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
    )
    op.create_table(
        "holdfast_assignments",
        sa.Column("spec", sa.Text, primary_key=True),
        sa.Column("as_of", sa.Text, primary_key=True),
        sa.Column("customer_id", sa.Text, primary_key=True),
        sa.Column("place", sa.Integer, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("proposed", sa.Text, nullable=False),
        sa.Column("withheld", sa.Boolean, nullable=False),
        sa.Column("explored", sa.Boolean, nullable=False),
        sa.Column("level", sa.Text, nullable=False),
        sa.Column("risk", sa.Double, nullable=False),
        sa.Column("expected_value", sa.Double),
        sa.Column("because", sa.Text, nullable=False),
        sa.Column("probabilities", sa.Text, nullable=False),
        sa.Column("reasons", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(["spec", "as_of"], ["holdfast_rounds.spec", "holdfast_rounds.as_of"]),
    )


def _warnings() -> None:
    op.create_table(
        "holdfast_warnings",
        sa.Column("spec", sa.Text, primary_key=True),
        sa.Column("rule", sa.Text, primary_key=True),
        sa.Column("customer_id", sa.Text, primary_key=True),
        sa.Column("began_at", sa.Text, primary_key=True),
        sa.Column("raised_at", sa.Text, nullable=False),
        sa.Column("level", sa.Text, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("due_at", sa.Text, nullable=False),
        sa.Column("escalates_to", sa.Text),
        sa.Column("versions", sa.Text, nullable=False),
    )
    op.create_table(
        "holdfast_warning_events",
        sa.Column("spec", sa.Text, primary_key=True),
        sa.Column("rule", sa.Text, primary_key=True),
        sa.Column("customer_id", sa.Text, primary_key=True),
        sa.Column("began_at", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("happened_at", sa.Text, nullable=False),
        sa.Column("known_at", sa.Text, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
    )


def _what_follows_warnings() -> None:
    op.create_table(
        "holdfast_deliveries",
        sa.Column("spec", sa.Text, primary_key=True),
        sa.Column("rule", sa.Text, primary_key=True),
        sa.Column("customer_id", sa.Text, primary_key=True),
        sa.Column("began_at", sa.Text, primary_key=True),
        sa.Column("receiver", sa.Text, primary_key=True),
        sa.Column("attempt", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("state", sa.Text, primary_key=True),
        sa.Column("at", sa.Text, nullable=False),
    )
    op.create_table(
        "holdfast_episodes",
        sa.Column("spec", sa.Text, primary_key=True),
        sa.Column("rule", sa.Text, primary_key=True),
        sa.Column("customer_id", sa.Text, primary_key=True),
        sa.Column("began_at", sa.Text),
        sa.Column("fired", sa.Boolean, nullable=False),
        sa.Column("last_fired_at", sa.Text),
        sa.Column("as_of", sa.Text, nullable=False),
    )
