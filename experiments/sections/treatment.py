"""Spec section `treatment`: which actions were tried."""

import re
from typing import Protocol

from pydantic import Field, field_validator

from experiments.sections.section import Amount, Section
from features.reserved import NO_ACTIONS, alike, plain

# Of any language; they stand in the names of files, columns and figures of MLflow.
NAME_OF_AN_ARM = re.compile(r"\w[\w \-]{0,60}")


class ArmSpec(Section):
    """An action: what one costs, in the spec's currency."""

    cost: Amount = 0.0


class TreatmentSpec(Section):
    """The actions that were tried against a control, and whether they were randomised."""

    arms: dict[str, ArmSpec] = Field(min_length=1)
    randomised: bool = True

    @field_validator("arms")
    @classmethod
    def _arms_can_be_named(cls, arms: dict[str, ArmSpec]) -> dict[str, ArmSpec]:
        for arm in arms:
            if plain(arm) in NO_ACTIONS:
                raise ValueError(f"'{arm}' is reserved for customers without an action; rename it")
            if not NAME_OF_AN_ARM.fullmatch(arm):
                raise ValueError(f"'{arm}' names files and figures: write letters, digits, '_', '-' and blanks")
        if two := next(alike(list(arms)), None):
            raise ValueError(f"{two} differ by capital letters only; rename one")
        return arms


class HasTreatment(Protocol):
    """A spec as far as it names the actions; None where none were tried."""

    @property
    def treatment(self) -> TreatmentSpec | None:
        """The section."""

    @property
    def actions(self) -> tuple[str, ...]:
        """The names of the actions; none where no treatment is in the data."""
