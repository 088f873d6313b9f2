"""Field types and checks that several sections of a spec use, and the type of a spec's name."""

from typing import Annotated, Protocol

from pydantic import AfterValidator, Field

from features.section import Day as Day  # noqa: PLC0414 - the same for all sections
from features.section import Section as Section  # noqa: PLC0414

Share = Annotated[float, Field(gt=0, le=1)]
# No margin, cost or number of months is larger, and sums of such amounts are far from the end of doubles.
MOST = 1e12
Positive = Annotated[float, Field(gt=0, le=MOST)]
Amount = Annotated[float, Field(ge=0, le=MOST)]
# A century, in days and in months.
Days = Annotated[int, Field(ge=0, le=36_500)]
SomeDays = Annotated[int, Field(ge=1, le=36_500)]
MOST_MONTHS = 1_200
# What every generator of random numbers takes, and the next one too.
Seed = Annotated[int, Field(ge=0, le=2**31 - 2)]


def once(named: tuple[str, ...]) -> tuple[str, ...]:
    """The names. Raises ValueError where one occurs twice."""
    if twice := sorted({one for one in named if named.count(one) > 1}):
        raise ValueError(f"{twice} occurs twice; name each once")
    return named


Named = Annotated[tuple[str, ...], AfterValidator(once)]


class HasName(Protocol):
    """A spec as far as its name."""

    @property
    def name(self) -> str:
        """The spec's name, which is that of its file."""
