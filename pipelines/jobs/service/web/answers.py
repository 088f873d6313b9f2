"""What the service answers, for /openapi.json; the answers themselves are made as plain data."""

from typing import Any, Literal

from pydantic import BaseModel, Field


class Error(BaseModel):
    """A refusal; id is the request's, and the log has it."""

    status: int
    message: str
    id: str


class ErrorAnswer(BaseModel):
    """The one shape of errors."""

    error: Error


class Health(BaseModel):
    """The process answers."""

    status: Literal["ok"]


class SpecReady(BaseModel):
    """Whether a spec is ready, and why not."""

    spec: str
    ready: bool
    why: list[str]


class Ready(BaseModel):
    """Whether all specs are ready; the status is 200 or 503."""

    ready: bool
    specs: list[SpecReady]


class Version(BaseModel):
    """The version that is served; problem says why a newer champion is not."""

    spec: str
    version: str | None
    since: str | None
    data_until: str | None
    received: int = Field(description="The number of the last event that was received.")
    problem: str | None


class Versions(BaseModel):
    """Every served spec."""

    specs: list[Version]


class Columns(BaseModel):
    """The model's columns, which POST /score takes."""

    spec: str
    columns: list[dict[str, Any]]


class Scored(BaseModel):
    """A prediction for each row, in the order of the rows."""

    spec: str
    version: str
    predictions: list[dict[str, float | str | None]]


class Risk(BaseModel):
    """The calibrated probability of churn, in [0, 1], and its level in words."""

    churn_probability: float | None
    level: str | None


class Reason(BaseModel):
    """Why the risk is as it is, in both languages."""

    en: str
    zh: str


class Warned(BaseModel):
    """An open warning."""

    rule: str
    level: str
    owner: str | None
    due_at: str | None
    state: str


class Advice(BaseModel):
    """What to do, because of what, and in which round; withheld_until where the customer is left alone by chance."""

    action: str
    because: str
    round: str | None
    withheld_until: str | None


class Customer(BaseModel):
    """A customer as of the newest event."""

    spec: str
    customer_id: str
    version: str
    as_of: str
    risk: Risk
    uplift: dict[str, float | None]
    reasons: list[Reason]
    warnings: list[Warned]
    advice: Advice
    active: bool


class CustomerWithTimeline(Customer):
    """A customer, and what happened when."""

    timeline: list[dict[str, Any]]


class ReceivedEvent(BaseModel):
    """What became of an event: new and known have number and known_at, refused has why."""

    key: str
    state: Literal["new", "known", "conflict", "refused", "dropped", "erased"]
    number: int | None = None
    known_at: str | None = None
    why: str | None = None


class Received(BaseModel):
    """What became of each event, and the customers that they touched."""

    spec: str
    events: list[ReceivedEvent]
    customers: list[Customer]


class Ranked(BaseModel):
    """A customer of the list; rank 1 has the highest risk."""

    rank: int
    customer_id: str
    churn_probability: float
    advice: Advice


class Listed(BaseModel):
    """A part of the ranked list; total is how many customers the whole list has."""

    spec: str
    as_of: str
    version: str
    total: int
    customers: list[Ranked]


class Acted(BaseModel):
    """How many rows were new, known before, and corrections of earlier ones."""

    new: int
    known: int
    corrections: int
