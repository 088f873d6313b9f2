"""The parts of a spec that speak of money: whom the policy may contact, what leaving costs, what a campaign brings."""

from pydantic import Field, field_validator, model_validator

from experiments.section import MOST, MOST_MONTHS, Amount, Positive, Section, Share


class FatigueSpec(Section):
    """Who was contacted too often: everybody whose column is above at_most (missing counts as 0)."""

    column: str
    at_most: Amount


class PolicySpec(Section):
    """Who may be contacted, and what that may use up; what is not said does not limit.

    budget_share: at most this share of the customers on the list. budget_money: what all contacts of one list may cost
    together, in the spec's currency. capacity, by action: a share of the customers on the list, written with a point
    (0.1 or 1.0), or a whole number of contacts (1 is one contact). opt_out: the column that is 1 where a customer must
    not be contacted (0 or missing where one may). fatigue: who was contacted too often already.
    """

    budget_share: Share = 1.0
    budget_money: Amount | None = None
    capacity: dict[str, int | float] = Field(default_factory=dict)
    opt_out: str | None = None
    fatigue: FatigueSpec | None = None

    @field_validator("capacity")
    @classmethod
    def _capacity_is_a_share_or_a_number(cls, capacity: dict[str, int | float]) -> dict[str, int | float]:
        for action, most in capacity.items():
            if not 0 <= most <= MOST or (most > 1 and most != int(most)):
                raise ValueError(f"{action} is {most}; it must be a share above 0 and at most 1.0, or a whole number")
        return {action: int(most) if most > 1 or most == 0 else most for action, most in capacity.items()}

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it looks at beside the value."""
        return (*((self.opt_out,) if self.opt_out else ()), *((self.fatigue.column,) if self.fatigue else ()))


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


class CampaignSpec(Section):
    """The campaign by which expected and maximum profit judge a score; its money is in the spec's currency.

    Of those who would leave, a share g ~ Beta(alpha, beta) takes the offer and stays. The defaults are those of
    Verbraken, Verbeke and Baesens (2013): lifetime_value 200, offer_cost 10, contact_cost 1, alpha 6, beta 14.
    """

    lifetime_value: Positive = 200.0
    offer_cost: Amount = 10.0
    contact_cost: Amount = 1.0
    alpha: float = Field(6.0, ge=0.01, le=10_000)
    beta: float = Field(14.0, ge=0.01, le=10_000)

    @model_validator(mode="after")
    def _something_can_be_earned(self) -> "CampaignSpec":
        if self.lifetime_value <= self.offer_cost + self.contact_cost:
            raise ValueError("lifetime_value must be above offer_cost + contact_cost, or nothing could be earned")
        return self
