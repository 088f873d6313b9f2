"""Spec section `evaluation`: bootstrap draws, contact budget, slices, simple scores and the assumed campaign."""

from itertools import pairwise

from pydantic import Field, field_validator, model_validator

from experiments.sections.section import Amount, Positive, Section, Seed, Share


class SliceSpec(Section):
    """A partition of the cohort: the values of a column, or bands of it between `edges` (in the column's unit)."""

    column: str
    edges: tuple[float, ...] = ()

    @field_validator("edges")
    @classmethod
    def _edges_rise(cls, edges: tuple[float, ...]) -> tuple[float, ...]:
        if any(high <= low for low, high in pairwise(edges)):
            raise ValueError(f"{list(edges)} must rise; write {sorted(set(edges))}")
        return edges


class FloorSpec(Section):
    """A simple score that a model has to beat: the sum of columns (missing counts as 0), higher is riskier.

    falling says that a higher sum is safer instead.
    """

    columns: tuple[str, ...] = Field(min_length=1)
    falling: bool = False


class CampaignSpec(Section):
    """The assumed campaign of expected and maximum profit; its money is in the spec's currency.

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


class EvaluationSpec(Section):
    """How figures are computed: bootstrap draws, contact budget of lift and recall, slices, and simple scores.

    campaign is what expected and maximum profit suppose.
    """

    draws: int = Field(1000, ge=100, le=100_000)
    seed: Seed = 0
    contact_share: Share = 0.1
    slices: dict[str, SliceSpec] = Field(default_factory=dict)
    floors: dict[str, FloorSpec] = Field(default_factory=dict)
    campaign: CampaignSpec = CampaignSpec()
