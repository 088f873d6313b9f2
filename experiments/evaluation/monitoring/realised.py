"""A realised figure beside the promised one: the loss, its interval, and the chance of it where nothing is lost."""

from dataclasses import dataclass
from math import sqrt

from scipy.special import ndtri

from experiments.evaluation.monitoring.evidence import Realised

REACH = float(ndtri(0.975))


@dataclass(frozen=True)
class Loss:
    """How much worse a figure has become than was promised, in its own unit, with its standard error."""

    value: float
    standard_error: float

    @property
    def z(self) -> float:
        """The loss in standard errors; 0 where it has none."""
        return self.value / self.standard_error if self.standard_error else 0.0

    def bounds(self) -> tuple[float, float]:
        """Its 95 % interval."""
        reach = REACH * self.standard_error
        return self.value - reach, self.value + reach


def loss(one: Realised, *, lower_is_better: bool = False) -> Loss:
    """The loss of a figure; both have their noise, and rows of one customer in both make it smaller than assumed."""
    apart = one.promised.value - one.realised.value
    error = sqrt(one.promised.standard_error**2 + one.realised.standard_error**2)
    return Loss(-apart if lower_is_better else apart, error)
