"""Spec section `split`: how rows are divided into training rows, folds and gate cohort."""

from typing import Literal, Protocol

from pydantic import Field

from experiments.sections.section import MOST_MONTHS, Section, Seed


class SplitSpec(Section):
    """How rows are divided into training, folds and gate cohort.

    time: the last `gate_dates` mature dates are the gate cohort; where it says nothing, a quarter of all mature dates,
    so that the cohort grows with the data. random: a stratified `gate_share`, drawn with `seed`.
    """

    kind: Literal["time", "random"]
    gate_dates: int | None = Field(None, ge=1, le=MOST_MONTHS)
    gate_share: float = Field(0.2, gt=0, lt=1)
    folds: int = Field(3, ge=2, le=1_000)
    seed: Seed = 0


class HasSplit(Protocol):
    """A spec as far as it says how rows are divided."""

    @property
    def split(self) -> SplitSpec:
        """The section."""
