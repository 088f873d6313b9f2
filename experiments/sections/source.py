"""The section that says where the data come from; what it may hold, the source of that kind says."""

from typing import Any, Protocol


class HasSource(Protocol):
    """What says where the data come from."""

    @property
    def source(self) -> dict[str, Any]:
        """The section, `kind` in it always."""
