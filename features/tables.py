"""The canonical tables, onto which every source is mapped.

Every dated row has `event_at` (when it happened) and `known_at` (when the company could first read it). A
row that corrects an earlier one has the same key and a later `known_at`.
"""

from features.schema import Column, Table

CONTROL = "control"
# The column that marks rows of customers who left before the window of the label opened.
LEFT_IN_GAP = "left_in_gap"
# The place of a customer among all who are observed at a date, in the order of their names.
PLACE = "place"

_CUSTOMER = Column("customer_id", "text", "the customer", references="customers.customer_id")
_EVENT_AT = Column("event_at", "timestamp", "when it happened")
_KNOWN_AT = Column("known_at", "timestamp", "when the company first knew of it")

CUSTOMERS = Table(
    "customers",
    "who the customers are, one row each",
    key=("customer_id",),
    columns=(
        Column("customer_id", "text", "the customer"),
        Column("event_at", "timestamp", "when the row came about: the day of joining, or of the change"),
        _KNOWN_AT,
        Column("joined_at", "timestamp", "when the customer joined"),
        Column("segment", "category", "the market segment", nullable=True),
        Column("region", "category", "where the customer lives", nullable=True),
        Column("language", "category", "the language the customer writes in", nullable=True),
    ),
)

CONTRACTS = Table(
    "contracts",
    "what a customer has subscribed to; a change of plan or price is a later row of the same contract",
    key=("contract_id",),
    columns=(
        Column("contract_id", "text", "the contract"),
        _CUSTOMER,
        _EVENT_AT,
        _KNOWN_AT,
        Column("plan", "category", "the plan"),
        Column("price", "number", "the price a month", unit="currency", minimum=0),
        Column("starts_at", "timestamp", "when the contract began"),
        Column("renews_at", "timestamp", "when it is next renewed", nullable=True, may_be_future=True),
        Column("ended_at", "timestamp", "when it ended; missing while it runs", nullable=True),
    ),
)

USAGE = Table(
    "usage",
    "use of the product, one row for each customer and day of use; one of which all is 0 is no day of use",
    key=("customer_id", "event_at"),
    columns=(
        _CUSTOMER,
        _EVENT_AT,
        _KNOWN_AT,
        Column("actions", "integer", "things done in the product that day", unit="count", minimum=0),
        Column("kinds", "integer", "different kinds of things done", unit="count", nullable=True, minimum=0),
        Column("sessions", "integer", "times the product was opened", unit="count", nullable=True, minimum=0),
        Column(
            "minutes",
            "number",
            "time spent in the product that day",
            unit="minutes",
            nullable=True,
            minimum=0,
            maximum=1440,
        ),
    ),
    daily=True,
)

MILESTONES = Table(
    "milestones",
    "steps of finding the way in that a customer has done, such as a first import",
    key=("customer_id", "step"),
    columns=(_CUSTOMER, _EVENT_AT, _KNOWN_AT, Column("step", "category", "the step")),
)

TRANSACTIONS = Table(
    "transactions",
    "money that moved",
    key=("transaction_id",),
    columns=(
        Column("transaction_id", "text", "the transaction"),
        _CUSTOMER,
        _EVENT_AT,
        _KNOWN_AT,
        Column("kind", "category", "what it was", values=("payment", "refund", "failed")),
        Column("amount", "number", "the amount, never negative: `kind` says which way", unit="currency", minimum=0),
        Column("discount", "number", "what was taken off the price", unit="currency", nullable=True, minimum=0),
    ),
)

INTERACTIONS = Table(
    "interactions",
    "calls, chats and tickets between customer and support",
    key=("interaction_id",),
    columns=(
        Column("interaction_id", "text", "the interaction"),
        _CUSTOMER,
        _EVENT_AT,
        _KNOWN_AT,
        Column("channel", "category", "how they spoke", values=("call", "chat", "ticket", "email")),
        Column("topic", "category", "what it was about", nullable=True),
        Column("complaint", "boolean", "whether it was a complaint"),
        Column("resolved", "boolean", "whether it was resolved", nullable=True),
        Column("resolved_at", "timestamp", "when it was resolved; missing while it is not", nullable=True),
        Column("handling_minutes", "number", "how long it took", unit="minutes", nullable=True, minimum=0),
        Column("text", "text", "what was said or noted", nullable=True),
        Column(
            "sentiment",
            "number",
            "the tone of the text: -1 is bad, 1 is good; missing where nothing read it",
            unit="tone",
            nullable=True,
            minimum=-1,
            maximum=1,
        ),
    ),
)

SURVEYS = Table(
    "surveys",
    "questions put to a customer at a touchpoint, and the answer",
    key=("survey_id",),
    columns=(
        Column("survey_id", "text", "the survey"),
        _CUSTOMER,
        Column("event_at", "timestamp", "when the customer was asked"),
        Column("known_at", "timestamp", "when the answer (or the question, while unanswered) was known"),
        Column(
            "touchpoint",
            "category",
            "where in the customer's journey",
            values=("onboarding", "application", "after_sales", "renewal"),
        ),
        Column(
            "score",
            "number",
            "the score given, 10 is best; missing: no answer",
            unit="points",
            nullable=True,
            minimum=0,
            maximum=10,
        ),
        Column("comment", "text", "what the customer wrote beside the score", nullable=True),
    ),
)

TREATMENTS = Table(
    "treatments",
    "what was done to keep a customer, the randomised control included, with its logged probability",
    key=("treatment_id",),
    columns=(
        Column("treatment_id", "text", "the treatment"),
        _CUSTOMER,
        Column("event_at", "timestamp", "when the arm was assigned"),
        _KNOWN_AT,
        Column("campaign", "category", "the campaign"),
        Column("action", "category", "the arm: `control` or the name of an action"),
        Column(
            "probability",
            "number",
            "the probability with which this arm was drawn; missing where none was logged: then the row"
            " neither trains nor judges",
            unit="share",
            nullable=True,
            minimum=0,
            maximum=1,
            above_minimum=True,
        ),
        Column(
            "probabilities",
            "text",
            "the probability of every arm before the draw, as JSON by arm, the control among them; missing where only"
            " that of the drawn arm was logged",
            nullable=True,
            distribution_of="action",
        ),
    ),
)

CANONICAL: dict[str, Table] = {
    table.name: table
    for table in (CUSTOMERS, CONTRACTS, USAGE, MILESTONES, TRANSACTIONS, INTERACTIONS, SURVEYS, TREATMENTS)
}
