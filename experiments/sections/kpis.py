"""Spec section `kpis`: the windows of the retention figures, the target, and what a lifetime is worth."""

from typing import Annotated

from pydantic import Field, field_validator, model_validator

from experiments.sections.section import Section, Share, SomeDays

Target = Annotated[float, Field(gt=0, lt=1)]
# A number of days as a key of a spec, which is a text.
DaysKey = Annotated[str, Field(pattern=r"^[1-9][0-9]*$")]


class KpisSpec(Section):
    """What `kpis` reckons with.

    target: the share of customers to be retained over a window, one for all or one by the number of
    days. margin_share:
    the share of the price that is margin; that of cost_of_churn unless said, else 1. discount: by how much money is
    worth less a year later. years: for how long a lifetime is counted.
    """

    target: Target | dict[DaysKey, Target] = 0.85
    days: Annotated[tuple[SomeDays, ...], Field(min_length=1)] = (30, 182, 365)
    margin_share: Share | None = None
    discount: float = Field(0.1, ge=0, le=10)
    years: float = Field(5.0, gt=0, le=100)

    @field_validator("days")
    @classmethod
    def _each_once_and_ascending(cls, days: tuple[int, ...]) -> tuple[int, ...]:
        if len(set(days)) < len(days):
            raise ValueError("a number of days occurs twice; name each once")
        return tuple(sorted(days))

    @model_validator(mode="after")
    def _targets_are_of_windows(self) -> "KpisSpec":
        named = set(self.target) if isinstance(self.target, dict) else set()
        if unknown := sorted(named - {str(one) for one in self.days}):
            raise ValueError(f"target names {unknown} days; the windows are days: {list(self.days)}")
        return self

    def target_of(self, days: int) -> float | None:
        """The target of a window of so many days; None where targets are said for other windows only."""
        return self.target.get(str(days)) if isinstance(self.target, dict) else self.target
