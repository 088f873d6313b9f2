"""Spec section `value`: what a good outcome is worth."""

from typing import Protocol

from pydantic import Field

from experiments.sections.section import MOST, Section


class ValueSpec(Section):
    """What a good outcome is worth, in the spec's currency: a constant, times a column where one is named."""

    constant: float = Field(1.0, ge=-MOST, le=MOST)
    column: str | None = None


class HasValue(Protocol):
    """A spec as far as it says what a good outcome is worth."""

    @property
    def value(self) -> ValueSpec:
        """The section."""
