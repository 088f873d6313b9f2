"""Spec section `label`: what is predicted."""

from typing import Any, Protocol

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from experiments.sections.section import Days, Section, SomeDays


class LabelSpec(Section):
    """What is predicted, and over which window after the observation date.

    The window of the risk is [as_of + lead_time_days, as_of + lead_time_days + horizon_days): who left before is left
    out of it. Of an action's effect leaving before is the bad outcome too. column, churned and retained belong to the
    label `column`: which column tells, and its values. leavers_are_gone: in a table without dates, those who left are
    no customers any more and are not scored. bad and good are the words that the report uses for the two outcomes, in
    the past tense. prior: where the rows of a table were chosen by their outcome (so that half of them left, say), the
    share in (0, 1) that leaves among all customers: probabilities and figures are corrected by it. table, event and
    active_days belong to the label `inactive`: which events it looks for, and within how many days before the
    observation one makes a customer active.
    """

    kind: str
    lead_time_days: Days = 0
    horizon_days: Days = 0
    column: str | None = None
    churned: str | None = None
    retained: str | None = None
    table: str = "transactions"
    event: str | None = None
    active_days: SomeDays = 365
    leavers_are_gone: bool = False
    bad: str = "left"
    good: str = "stayed"
    prior: float | None = Field(None, gt=0, lt=1)

    @model_serializer(mode="wrap")
    def _without_a_prior_that_is_not_said(self, plain: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {name: value for name, value in plain(self).items() if name != "prior" or value is not None}


class HasLabel(Protocol):
    """A spec as far as it says what is predicted."""

    @property
    def label(self) -> LabelSpec:
        """The section."""
