"""Spec section `cost_of_churn`: what a customer who leaves costs."""

from pydantic import Field, model_validator

from experiments.sections.section import MOST_MONTHS, Amount, Section, Share


class CostOfChurnSpec(Section):
    """What a customer who leaves costs, in the spec's currency.

    A customer's `value` is that of value_months; margin_share of it is margin (1 where it is margin already). Lost is
    the margin of `months`, and expansion_share of it again for what the customer would have bought beside. Replacing
    the customer costs acquisition_cost, or acquisition_multiple times retention_cost, what keeping one costs.
    """

    margin_share: Share = 1.0
    value_months: float = Field(12.0, ge=0.01, le=MOST_MONTHS)
    months: float = Field(12.0, ge=0.01, le=MOST_MONTHS)
    expansion_share: Amount = 0.0
    acquisition_cost: Amount | None = None
    acquisition_multiple: Amount | None = None
    retention_cost: Amount | None = None

    @model_validator(mode="after")
    def _acquisition_is_said_once(self) -> "CostOfChurnSpec":
        if (self.acquisition_cost is None) == (self.acquisition_multiple is None):
            raise ValueError("it needs acquisition_cost or acquisition_multiple, one of the two")
        if (self.acquisition_multiple is None) != (self.retention_cost is None):
            raise ValueError("acquisition_multiple and retention_cost go together: it is a multiple of that cost")
        return self

    @property
    def acquisition(self) -> float:
        """What winning a customer costs, in the spec's currency."""
        if self.acquisition_cost is not None:
            return self.acquisition_cost
        return (self.acquisition_multiple or 0.0) * (self.retention_cost or 0.0)
