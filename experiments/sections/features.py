"""Spec section `features`: the feature themes to learn from."""

from typing import Protocol


class HasFeatures(Protocol):
    """A spec as far as it names feature themes."""

    @property
    def features(self) -> tuple[str, ...]:
        """The section: modules of `features/definitions`."""
