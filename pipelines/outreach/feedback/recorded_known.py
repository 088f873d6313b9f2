"""What the rows of a recorded file are held against, and the faults that are found."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property


@dataclass(frozen=True)
class Known:
    """What rows are held against.

    customers are those of the data and of rounds, drawn the customers of each round by the date of its list, closes
    when each closes; now is by the company's clocks, those of time_zone.
    """

    customers: frozenset[str]
    actions: tuple[str, ...]
    drawn: Mapping[str, frozenset[str]]
    closes: Mapping[str, str]
    currency: str
    now: datetime
    time_zone: str
    signed: str

    def like(self, customer: str) -> str:
        """The customer who seems to be meant by a name that nobody has, as part of a sentence; "" where none does."""
        found = self._by_plain_name.get(_plain_name(customer), customer)
        return "" if customer in self.customers or found == customer else f"; is '{found}' meant?"

    @cached_property
    def _by_plain_name(self) -> Mapping[str, str]:
        return {_plain_name(customer): customer for customer in sorted(self.customers)}


@dataclass
class Faults:
    """The faults of a file, by row."""

    told: list[str] = field(default_factory=list)

    def of(self, number: int) -> Callable[[str], None]:
        """What tells a fault of this row."""
        return lambda sentence: self.told.append(f"row {number}: {sentence}")


def _plain_name(customer: str) -> str:
    """A name as others may have written it: without zeros before it, other letters' case and what nobody sees."""
    return "".join(one for one in customer if one.isprintable()).casefold().lstrip("0")
