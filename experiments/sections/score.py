"""Spec section `score`: the risk levels of the ranked list, and how many reasons it gives."""

from pydantic import Field, model_validator

from experiments.sections.section import Section, Share


class ScoreSpec(Section):
    """What the list shows: the risk bands by probability, and how many reasons."""

    medium_from: Share = 0.1
    high_from: Share = 0.25
    reasons: int = Field(3, ge=0, le=1_000)

    @model_validator(mode="after")
    def _bands_rise(self) -> "ScoreSpec":
        if self.high_from < self.medium_from:
            raise ValueError(f"score.high_from is {self.high_from}, below score.medium_from, {self.medium_from}")
        return self
