"""Spec sections that stages read only to fail early: on errors of later stages, or on another reader of texts.

Nothing that it writes depends on these, and who reads them asks again; so it depends on none of their modules: they are
said here once more, as far as they are looked at.
"""

from collections.abc import Mapping
from typing import Protocol


class Slice(Protocol):
    """A slice definition."""

    @property
    def column(self) -> str:
        """The column that is sliced."""

    @property
    def edges(self) -> tuple[float, ...]:
        """The edges of its bands; none where each value is a slice."""


class Floor(Protocol):
    """A simple score."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it sums."""


class Figures(Protocol):
    """The columns that the evaluation uses."""

    @property
    def slices(self) -> Mapping[str, Slice]:
        """The slices by name."""

    @property
    def floors(self) -> Mapping[str, Floor]:
        """The simple scores by name."""


class Levels(Protocol):
    """The segments whose risk levels have cuts of their own."""

    @property
    def by(self) -> str | None:
        """The column of segments."""

    @property
    def cuts(self) -> Mapping[str, object]:
        """The cuts by segment."""


class Demands(Protocol):
    """The gate's minimum sizes."""

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


class Pin(Protocol):
    """Which reader of texts a spec names."""

    @property
    def model(self) -> str:
        """The reader's name in the registry."""

    @property
    def version(self) -> int:
        """Its version there."""


class HasTexts(Protocol):
    """A spec as far as it pins a reader of texts.

    DVC sees the reader itself, in data/readers/SPEC: who reads the pin only asks whether it is the one that is there.
    """

    @property
    def texts(self) -> Pin | None:
        """The section `texts`."""


class HasFigures(Protocol):
    """A spec as far as its evaluation names columns."""

    @property
    def evaluation(self) -> Figures:
        """The section `evaluation`."""


class HasLevels(Protocol):
    """A spec as far as its risk levels name a column."""

    @property
    def score(self) -> Levels:
        """The section `score`."""


class HasDemands(Protocol):
    """A spec as far as its gate has minimum sizes."""

    @property
    def gate(self) -> Demands:
        """The section `gate`."""
