"""What requests may say: the bodies of POST, as /openapi.json shows them and as they are checked."""

from typing import Annotated, Any, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, model_validator

from pipelines.jobs.service.refusals import Unprocessable
from pipelines.jobs.service.web.desk_protocol import Incoming
from pipelines.jobs.service.web.errors import sentence
from pipelines.jobs.service.web.raw_bodies import LONGEST_SPEC

CELLS = {type(None), str, int, float, bool}
CELL = {"type": ["string", "number", "boolean", "null"]}
MOST_REASONS, MOST_ROWS, MOST_EVENTS = 100, 10_000, 500
ONE_OF_TWO: list[JsonValue] = [
    {"required": [one], "properties": {one: {"type": "string"}, other: {"type": "null"}}}
    for one, other in (("table", "file"), ("file", "table"))
]
Row = Annotated[
    dict[str, Any], Field(json_schema_extra={"additionalProperties": CELL}, description="A cell for each column.")
]
Spec = Annotated[
    str | None,
    Field(max_length=LONGEST_SPEC, description="Which spec; may be left out where one is served, or be in ?spec="),
]
Name = Annotated[str, Field(min_length=1, max_length=200)]
Some = TypeVar("Some", bound="Body")


class Body(BaseModel):
    """A body; unknown names are refused, and nothing is converted."""

    model_config = ConfigDict(extra="forbid", strict=True)

    spec: Spec = None


class ScoreBody(Body):
    """Ready rows: the model's columns, as GET /columns lists them."""

    rows: list[Row] = Field(min_length=1, max_length=MOST_ROWS)
    reasons: int = Field(0, ge=0, le=MOST_REASONS, description="How many reasons to give for each row.")


class PostedEvent(BaseModel):
    """One event: a row of a canonical table, or a raw row of a file that the spec's mapping reads."""

    model_config = ConfigDict(extra="forbid", strict=True, json_schema_extra={"oneOf": ONE_OF_TWO})

    key: Name = Field(description="Yours, unique within the spec: the same event sent again is kept once.")
    table: Name | None = None
    file: Name | None = None
    row: Row

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.table is None) == (self.file is None):
            raise ValueError("an event has a table or a file")
        return self

    @property
    def incoming(self) -> Incoming:
        """The event as a desk takes it."""
        return Incoming(self.key, self.table, self.file, self.row)


class EventsBody(Body):
    """Events that have happened; known_at is set on arrival."""

    events: list[PostedEvent] = Field(min_length=1, max_length=MOST_EVENTS)


class ActionsBody(Body):
    """What was done: columns as `record` reads them (customer, action, when, and may be outcome, cost ...)."""

    actions: list[Row] = Field(min_length=1, max_length=MOST_EVENTS)


def checked(kind: type[Some], plain: Any) -> Some:
    """The body. Raises Unprocessable with places and without what was sent."""
    try:
        return kind.model_validate(plain)
    except ValidationError as error:
        raise Unprocessable(sentence(error)) from None


def check_cells(rows: list[dict[str, Any]], what: str) -> None:
    """Raise Unprocessable where a row holds a list or an object."""
    for number, row in enumerate(rows):
        if not set(map(type, row.values())) <= CELLS:
            raise Unprocessable(f"{what}.{number}: a cell is a text, a number, true, false or null.")


def texts(row: dict[str, Any], number: int) -> dict[str, str]:
    """A row of actions as texts, as a file has them; null is left out.

    Raises Unprocessable for true and false, and for a row of nothing.
    """
    if any(isinstance(cell, bool) for cell in row.values()):
        raise Unprocessable(f"actions.{number}: a cell is a text, a number or null; write yes and no as texts.")
    found = {name: cell if isinstance(cell, str) else repr(cell) for name, cell in row.items() if cell is not None}
    if not found:
        raise Unprocessable(f"actions.{number} is empty; say customer, action and when, at least.")
    return found
