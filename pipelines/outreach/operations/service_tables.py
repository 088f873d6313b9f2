"""The tables of the service: received events, answers and keys; `tables` has the others, and all of their rules."""

import sqlalchemy as sa

METADATA = sa.MetaData()

# A received event; key is the client's, number counts those of a spec from 1, known_at is by the company's clocks, to
# the microsecond. row is JSON: the row of a canonical table, without known_at; raw is JSON: the file and row of which
# the spec's own mapping made it.
EVENTS = sa.Table(
    "holdfast_events",
    METADATA,
    sa.Column("spec", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("number", sa.BigInteger, nullable=False),
    sa.Column("canonical", sa.Text, nullable=False),
    sa.Column("customer_id", sa.Text, nullable=False),
    sa.Column("known_at", sa.Text, nullable=False),
    sa.Column("row", sa.Text, nullable=False),
    sa.Column("raw", sa.Text),
    sa.Index("holdfast_events_by_number", "spec", "number", unique=True),
    sa.Index("holdfast_events_by_customer", "spec", "customer_id", "number"),
)
# The number and the time of the last event of a spec: erasing a person gives no number a second time.
EVENT_COUNTS = sa.Table(
    "holdfast_event_counts",
    METADATA,
    sa.Column("spec", sa.Text, primary_key=True),
    sa.Column("number", sa.BigInteger, nullable=False),
    sa.Column("known_at", sa.Text, nullable=False),
)
# What a version said of a customer, or of a row without one, when it was asked; digest is the SHA-256 of its input,
# advice is JSON, event the number of the event that it answers, kind one of score, event and customer.
ANSWERS = sa.Table(
    "holdfast_answers",
    METADATA,
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
    sa.Index("holdfast_answers_by_customer", "spec", "customer_id", "number"),
    sa.Index("holdfast_answers_by_version", "spec", "version", "answered_at"),
)
# Who may ask the service for what, by the SHA-256 of a key; the key itself is kept nowhere.
SERVICE_KEYS = sa.Table(
    "holdfast_service_keys",
    METADATA,
    sa.Column("hash", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("added_at", sa.Text, nullable=False),
    sa.Column("revoked_at", sa.Text),
)
