"""What `record` keeps, as an event log's spec maps it: contacts and opt-outs. They are no tables of the data."""

from collections.abc import Container, Iterator, Mapping

from features.schema import Column, Table

# The number of a row in its file, from 1; `record` fills it in, and no mapping names it.
ROW = "row_of_file"

_CUSTOMER = Column("customer_id", "text", "the customer")
_BY = Column("by", "text", "who did it", nullable=True)
_RECORDED_AT = Column(
    "recorded_at", "timestamp", "when your system had it; the latest row of a contact holds", nullable=True
)
_ROW = Column(ROW, "integer", "the number of the row in its file", nullable=True)

CONTACTS = Table(
    "contacts",
    "what was done to keep a customer, and what came of it, for `record`",
    key=("contact",),
    columns=(
        _CUSTOMER,
        Column("event_at", "timestamp", "when it was done"),
        Column("action", "category", "the action, by its name in treatment.arms"),
        _BY,
        Column(
            "outcome",
            "category",
            "what it came to; missing: done",
            nullable=True,
            values=("reached", "accepted", "declined", "opted_out", "not_reached", "done", "not_done"),
        ),
        Column("offer_taken", "category", "whether the offer was taken: yes or no", nullable=True),
        Column("note", "text", "what was noted", nullable=True),
        Column("cost", "number", "what it cost", unit="currency", nullable=True, minimum=0),
        Column("currency", "category", "the currency of the cost; it is the spec's", nullable=True),
        Column("round", "text", "the date of the list that it follows", nullable=True),
        Column("contact", "text", "your own number of the contact", nullable=True),
        Column("corrects", "text", "the number of the contact that the row corrects", nullable=True),
        Column("outcome_at", "timestamp", "when the outcome came", nullable=True),
        _RECORDED_AT,
        _ROW,
    ),
)

OPT_OUTS = Table(
    "opt_outs",
    "who wants no contact, or wants it again, for `record`",
    key=("customer_id", "action", "event_at"),
    columns=(
        _CUSTOMER,
        Column("event_at", "timestamp", "when it was said"),
        Column("action", "category", "the action; missing: all", nullable=True),
        Column("opted_out", "category", "yes, or no: wants contacts again; missing: yes", nullable=True),
        _BY,
        _RECORDED_AT,
        _ROW,
    ),
)

RECORDED: dict[str, Table] = {table.name: table for table in (CONTACTS, OPT_OUTS)}
# The columns in which a word of a file may stand for one of ours.
WORDS = ("action", "outcome", "offer_taken", "opted_out")


def word_faults(
    table: Table, where: str, columns: Container[str], values: Mapping[str, Mapping[str, str]]
) -> Iterator[str]:
    """What is wrong with a mapping's words, given by column, at a place of the spec; columns are those it maps."""
    mapped = [name for name in WORDS if name in columns and name in table.names]
    for name, words in values.items():
        if name not in mapped:
            yield f"{where}.values: '{name}' is no mapped column of words; there are {mapped}"
            continue
        known = table.column(name).values
        if known and (unknown := sorted(set(words.values()) - set(known))):
            yield f"{where}.values.{name}: no {name} is called {unknown}; there are {list(known)}"
