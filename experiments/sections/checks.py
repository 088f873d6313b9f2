"""The section of the leak checks that are switched off."""

from typing import Annotated, Protocol

from pydantic import StringConstraints

Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class HasChecks(Protocol):
    """What says which leak checks are switched off."""

    @property
    def checks(self) -> dict[str, Reason]:
        """The section: the reason of each, by its code."""
