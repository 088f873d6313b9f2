"""The section that names the themes to learn from."""

from typing import Protocol


class HasFeatures(Protocol):
    """What names the themes to learn from."""

    @property
    def features(self) -> tuple[str, ...]:
        """The section: modules of `features/definitions`."""
