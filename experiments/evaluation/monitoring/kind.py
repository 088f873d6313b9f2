"""What a kind of drift is: a pure function of a month that measures changes by effect size, each with its noise."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass

from experiments.evaluation.monitoring.evidence import MonthSeen
from features.errors import SchemaError


@dataclass(frozen=True)
class Change:
    """A measured change: of what, how large beyond what chance makes of it, and its 95 % interval.

    name is the same in every month and by it a spec accepts the change. p is the chance of such a change or a larger
    one where nothing has changed; words say both sides of it, as in "42.0 % missing; 3.1 % in training". over says of
    which rows, where there are several, as in "on 2026-01-01".
    """

    name: str
    effect: float
    low: float
    high: float
    p: float
    words: str
    over: str = ""

    @property
    def subject(self) -> str:
        """Of what and of which rows, for people."""
        return f"{self.name} {self.over}".rstrip()


Measure = Callable[[MonthSeen], Iterator[Change]]


@dataclass(frozen=True)
class DriftKind:
    """A kind of drift: its name, the effect from which it asks for retraining, the effect's unit, and its function.

    of is a key of what is watched ("features", "predictions", "volumes", "tables", "actions"), or else the one name
    that its changes have. remedy says what to look at, in a clause after "retrain, or".
    """

    name: str
    threshold: float
    unit: str
    of: str
    remedy: str
    measure: Measure

    def names(self, watched: Mapping[str, Collection[str]]) -> frozenset[str]:
        """The names that its changes may have, whether or not a month measures them; watched as in `of`."""
        return frozenset(watched.get(self.of, (self.of,)))

    @property
    def meaning(self) -> str:
        """The kind in one sentence."""
        return (self.measure.__doc__ or "").splitlines()[0]


def drift(name: str, *, threshold: float, unit: str, of: str, remedy: str) -> Callable[[Measure], DriftKind]:
    """Declare a kind of drift; the first line of the function's docstring says what it measures.

    Raises SchemaError when the function has no docstring.
    """

    def declare(measure: Measure) -> DriftKind:
        if not measure.__doc__:
            raise SchemaError(f"kind of drift {name} needs a docstring, whose first line says what it measures.")
        return DriftKind(name, threshold, unit, of, remedy, measure)

    return declare
