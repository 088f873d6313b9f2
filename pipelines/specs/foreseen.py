"""What the build looks at of sections that others read: only to refuse, or to warn of, what would fail hours later.

Nothing that it writes depends on these, and who reads them asks again; so it depends on none of their modules: they are
said here once more, as far as they are looked at.
"""

from collections.abc import Mapping
from typing import Protocol


class Slice(Protocol):
    """A cut of the cohort."""

    @property
    def column(self) -> str:
        """The column that is cut."""

    @property
    def edges(self) -> tuple[float, ...]:
        """Where its bands begin; none where each value is a slice."""


class Floor(Protocol):
    """A simple score."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it adds up."""


class Figures(Protocol):
    """The columns that figures are taken of."""

    @property
    def slices(self) -> Mapping[str, Slice]:
        """The slices by their names."""

    @property
    def floors(self) -> Mapping[str, Floor]:
        """The simple scores by their names."""


class Demands(Protocol):
    """How much the gate wants to see."""

    @property
    def minimum_positives(self) -> int:
        """Untreated customers of the rarer outcome."""

    @property
    def minimum_events_per_arm(self) -> int:
        """Rows of the rarer outcome in each arm."""

    @property
    def minimum_events_of(self) -> Mapping[str, int]:
        """The same in an arm by its name, where it differs."""

    def events_needed(self, arm: str) -> int:
        """Rows of the rarer outcome in this arm."""


class HasFigures(Protocol):
    """A spec, as far as it names columns for figures."""

    @property
    def evaluation(self) -> Figures:
        """What figures are taken of."""


class HasDemands(Protocol):
    """A spec, as far as it says how much the gate wants to see."""

    @property
    def gate(self) -> Demands:
        """What the gate wants to see."""
