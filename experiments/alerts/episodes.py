"""De-duplicates warnings: a rule fires once, and again only after its condition has been false.

Unknown neither fires nor ends an episode. The back-test and the daily run use the same code.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from experiments.logic import truth
from experiments.logic.truth import Truth

Hours = NDArray[np.float64]
NEVER = -np.inf


@dataclass(frozen=True)
class Episodes:
    """Where each customer stands with one rule; all have shape (n_customers,), and times are in hours.

    since is when the present episode began, NaN where none lasts; fired says whether it has fired; last is when the
    rule last fired, -inf where it never did.
    """

    since: Hours
    fired: NDArray[np.bool_]
    last: Hours

    @classmethod
    def none(cls, size: int) -> "Episodes":
        """No episode has begun, of so many customers."""
        return cls(np.full(size, np.nan), np.zeros(size, dtype=bool), np.full(size, NEVER))

    def after(
        self, now: float, found: Truth, *, delay_hours: float = 0.0, quiet_hours: float = 0.0
    ) -> tuple["Episodes", NDArray[np.bool_]]:
        """The episodes at a later time, and for which customers the rule fires at it.

        now is in hours; found is the truth of the condition, shape (n_customers,). The rule fires when the condition
        is true now, its episode began at least delay_hours ago, has not fired, and the rule last fired at least
        quiet_hours ago. An episode that begins in a quiet period fires when that ends, if it still lasts.
        """
        holds, is_over = found == truth.TRUE, found == truth.FALSE
        begins = holds & np.isnan(self.since)
        since = np.where(is_over, np.nan, np.where(begins, now, self.since))
        earlier = self.fired & ~begins & ~is_over
        with np.errstate(invalid="ignore"):
            fires = holds & ~earlier & (now - since >= delay_hours) & (now - self.last >= quiet_hours)
        return replace(self, since=since, fired=earlier | fires, last=np.where(fires, now, self.last)), fires


def played(
    times: Hours, found: NDArray[np.float64], *, delay_hours: float = 0.0, quiet_hours: float = 0.0
) -> NDArray[np.bool_]:
    """When a rule would have fired: shape (n_times, n_customers).

    times are in hours, rising, shape (n_times,); found is the truth at each, shape (n_times, n_customers), unknown for
    a customer who was not there.
    """
    state, all_fires = Episodes.none(found.shape[1]), np.zeros(found.shape, dtype=bool)
    for place, now in enumerate(times):
        state, all_fires[place] = state.after(
            float(now), found[place], delay_hours=delay_hours, quiet_hours=quiet_hours
        )
    return all_fires
