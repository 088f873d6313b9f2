"""Spec section `score`: the cuts of the risk levels, and how many reasons the ranked list gives."""

from typing import Any

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from experiments.sections.section import Section, Share

MEDIUM_FROM, HIGH_FROM = 0.1, 0.25


class CutsSpec(Section):
    """The calibrated probabilities from which a risk is medium, and high."""

    medium_from: Share = MEDIUM_FROM
    high_from: Share = HIGH_FROM

    @model_validator(mode="after")
    def _levels_rise(self) -> "CutsSpec":
        if self.high_from < self.medium_from:
            raise ValueError(f"high_from is {self.high_from}, below medium_from, {self.medium_from}")
        return self


class ScoreSpec(Section):
    """What the list shows: the risk levels by probability, and how many reasons.

    Without medium_from and high_from, the cuts are those of the highest expected profit where evaluation.campaign says
    what an offer costs and brings, else 0.1 and 0.25. by: the column of segments, cuts: those of a segment by its name;
    all other customers have the cuts of the whole.
    """

    medium_from: Share | None = None
    high_from: Share | None = None
    by: str | None = None
    cuts: dict[str, CutsSpec] = Field(default_factory=dict)
    reasons: int = Field(3, ge=0, le=1_000)

    @property
    def said(self) -> CutsSpec | None:
        """The cuts of the whole as the spec says them; one of the two may be left out. None where it says neither."""
        given = {"medium_from": self.medium_from, "high_from": self.high_from}
        found = {name: cut for name, cut in given.items() if cut is not None}
        return CutsSpec(**found) if found else None

    @model_validator(mode="after")
    def _bands_rise(self) -> "ScoreSpec":
        medium = MEDIUM_FROM if self.medium_from is None else self.medium_from
        high = HIGH_FROM if self.high_from is None else self.high_from
        if high < medium:
            raise ValueError(f"score.high_from is {high}, below score.medium_from, {medium}")
        return self

    @model_validator(mode="after")
    def _segments_have_a_column(self) -> "ScoreSpec":
        if (self.by is None) != (not self.cuts):
            raise ValueError("score.by and score.cuts go together: the column of segments, and the cuts of some")
        return self

    @model_serializer(mode="wrap")
    def _without_what_is_not_said(self, plain: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """So that a spec of before segments has the hash that it had."""
        return {name: value for name, value in plain(self).items() if value is not None and value != {}}
