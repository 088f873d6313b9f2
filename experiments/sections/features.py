"""Spec section `features`: the feature groups, called themes, to train on."""

from typing import Protocol


class HasFeatures(Protocol):
    """A spec as far as it names feature themes."""

    @property
    def features(self) -> tuple[str, ...]:
        """The section: modules of `features/definitions`."""
