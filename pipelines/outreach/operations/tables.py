"""The tables of the operations database. Migrations make them; a change here needs a new one.

Times are ISO 8601 texts in UTC, or dates of the company's calendar; shares and probabilities are in [0, 1].
"""

import sqlalchemy as sa

from pipelines.outreach.operations import service_tables

METADATA = service_tables.METADATA
# Of its own, as MLflow's and Optuna's tables may lie in the same database.
VERSION_TABLE = "holdfast_operations_version"

# One for a spec and date, never changed. versions is JSON: model, playbook, alerts, texts; window_closes_at is the
# first date at which the outcome of everybody in it is known; digest is of all assignments.
ROUNDS = sa.Table(
    "holdfast_rounds",
    METADATA,
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
# A row for each customer of a round's list. probabilities is JSON: of each action and of `none`, before the draw;
# reasons is JSON: pairs of an English and a Chinese text; next_best what could be done instead; warnings is JSON: those
# that were open when the round was drawn; value what the customer is worth; segment and playbook_row where the customer
# stands in the playbook; why_action is JSON: what the effect of the action rests on, in English and Chinese. The last
# six are missing in rounds from before there were such columns.
ASSIGNMENTS = sa.Table(
    "holdfast_assignments",
    METADATA,
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
    sa.Column("next_best", sa.Text),
    sa.Column("warnings", sa.Text),
    sa.Column("value", sa.Double),
    sa.Column("segment", sa.Text),
    sa.Column("playbook_row", sa.Text),
    sa.Column("why_action", sa.Text),
    sa.ForeignKeyConstraint(["spec", "as_of"], ["holdfast_rounds.spec", "holdfast_rounds.as_of"]),
)
# A warning of a customer; began_at is when the episode began, so that one episode is one warning. Its times, and those
# of what follows it, are by the company's clocks.
WARNINGS = sa.Table(
    "holdfast_warnings",
    METADATA,
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
# What became of a warning: acknowledged, done, escalated or expired. happened_at may lie before known_at.
WARNING_EVENTS = sa.Table(
    "holdfast_warning_events",
    METADATA,
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
# An attempt to deliver a warning to a receiver: a row `begun` before it, a row `sent` or `failed` after; why it failed.
DELIVERIES = sa.Table(
    "holdfast_deliveries",
    METADATA,
    sa.Column("spec", sa.Text, primary_key=True),
    sa.Column("rule", sa.Text, primary_key=True),
    sa.Column("customer_id", sa.Text, primary_key=True),
    sa.Column("began_at", sa.Text, primary_key=True),
    sa.Column("receiver", sa.Text, primary_key=True),
    sa.Column("attempt", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("state", sa.Text, primary_key=True),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("reason", sa.Text),
)
# Where each customer stands with a rule after the last run: a summary that the next run replaces.
EPISODES = sa.Table(
    "holdfast_episodes",
    METADATA,
    sa.Column("spec", sa.Text, primary_key=True),
    sa.Column("rule", sa.Text, primary_key=True),
    sa.Column("customer_id", sa.Text, primary_key=True),
    sa.Column("began_at", sa.Text),
    sa.Column("fired", sa.Boolean, nullable=False),
    sa.Column("last_fired_at", sa.Text),
    sa.Column("as_of", sa.Text, nullable=False),
)
# A row that says what was done; key is a hash of all that it says, so that a row twice is one. contact tells contacts
# apart: of its rows that of the latest known_at holds, of these the last by place. round is the date of the list that
# the row names, if any. currency is that of cost.
CONTACTS = sa.Table(
    "holdfast_contacts",
    METADATA,
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
# What people wrote about a contact. It may name persons: it stands apart, and may be erased.
NOTES = sa.Table(
    "holdfast_contact_notes",
    METADATA,
    sa.Column("spec", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("note", sa.Text, nullable=False),
)
# Who wants no contact, or wants it again; action is one, or `all`. It holds for all specs; spec is where it came from.
OPT_OUTS = sa.Table(
    "holdfast_opt_outs",
    METADATA,
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
# Whether a customer of a round left, where the data have no dates; a later row corrects an earlier one.
OUTCOMES = sa.Table(
    "holdfast_outcomes",
    METADATA,
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
# Who was erased: a salted hash of the id. No row says when, or which pseudonym stands for whom.
ERASED = sa.Table(
    "holdfast_erased",
    METADATA,
    sa.Column("salt", sa.Text, primary_key=True),
    sa.Column("hash", sa.Text, primary_key=True),
)
# What was done to erase somebody: part is `database` or `files`; told is JSON: counts, digests before and after.
ERASURES = sa.Table(
    "holdfast_erasures",
    METADATA,
    sa.Column("pseudonym", sa.Text, primary_key=True),
    sa.Column("spec", sa.Text, primary_key=True),
    sa.Column("part", sa.Text, primary_key=True),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("told", sa.Text, nullable=False),
)
# What a version that shadows a champion (shadow), and those that it is compared with, said of a customer on a date:
# written once, when it was scored. as_of is the day, moment until when everything was known; said is JSON: the scores;
# known is JSON, with shadow's own rows: what judges the customer beside them, as it was known then.
SHADOW_SCORES = sa.Table(
    "holdfast_shadow_scores",
    METADATA,
    sa.Column("spec", sa.Text, primary_key=True),
    sa.Column("shadow", sa.Text, primary_key=True),
    sa.Column("champion", sa.Text, primary_key=True),
    sa.Column("as_of", sa.Text, primary_key=True),
    sa.Column("version", sa.Text, primary_key=True),
    sa.Column("customer_id", sa.Text, primary_key=True),
    sa.Column("moment", sa.Text, nullable=False),
    sa.Column("said", sa.Text, nullable=False),
    sa.Column("known", sa.Text),
)
APPEND_ONLY = (
    *(ROUNDS, ASSIGNMENTS, WARNINGS, WARNING_EVENTS, DELIVERIES, CONTACTS, OPT_OUTS, OUTCOMES),
    *(ERASED, ERASURES, SHADOW_SCORES, service_tables.EVENTS, service_tables.ANSWERS),
)
