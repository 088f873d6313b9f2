"""Spec section `validation`: how far the volume of the data may change."""

from typing import Protocol

from experiments.sections.section import Positive, Section


class ValidationSpec(Section):
    """How far a table's row count may differ from the usual one, as a share; ended are discontinued tables."""

    volume_change: Positive = 0.5
    ended: tuple[str, ...] = ()


class HasValidation(Protocol):
    """A spec as far as it says how far volumes may change."""

    @property
    def validation(self) -> ValidationSpec:
        """The section."""
