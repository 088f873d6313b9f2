"""Spec section `source`: where the data come from; each kind of source declares its own keys."""

from typing import Any, Protocol


class HasSource(Protocol):
    """A spec as far as it says where the data come from."""

    @property
    def source(self) -> dict[str, Any]:
        """The section, always with `kind`."""
