"""The section that says how far the volume of the data may move."""

from typing import Protocol

from experiments.sections.section import Positive, Section


class ValidationSpec(Section):
    """How far a table's volume may move against what is usual, as a share of it; ended are tables that come no more."""

    volume_change: Positive = 0.5
    ended: tuple[str, ...] = ()


class HasValidation(Protocol):
    """What says how far the volume of the data may move."""

    @property
    def validation(self) -> ValidationSpec:
        """The section."""
