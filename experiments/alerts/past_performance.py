"""How rules would have done on past dates: how often they fired, who then left, and how early leavers were warned."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, ndtr

from experiments.alerts import episodes
from experiments.alerts.alert_file import TOGETHER, Rule
from experiments.logic import truth
from experiments.metric import Numbers
from experiments.statistics import holm, intervals
from experiments.statistics.intervals import Interval

DRAWS, LEVEL = 1_000, 0.95


@dataclass(frozen=True)
class Past:
    """Customers at past dates: a row for each date, in order, and a column for each customer.

    times, in hours, has shape (n_dates,); present, left and days_to_leaving have shape (n_dates, n_customers). left is
    1 for who left within the horizon and 0 for who did not, NaN where that is not known yet, or an action may have
    changed it; days_to_leaving is NaN for who has not left.
    """

    times: Numbers
    present: NDArray[np.bool_]
    left: Numbers
    days_to_leaving: Numbers

    def at(self, dates: NDArray[np.bool_]) -> "Past":
        """The same at some of the dates; dates has shape (n_dates,)."""
        return Past(self.times[dates], self.present[dates], self.left[dates], self.days_to_leaving[dates])

    @property
    def judged(self) -> NDArray[np.bool_]:
        """Where a warning can be judged."""
        return self.present & ~np.isnan(self.left)


def fired(rule: Rule, found: NDArray[np.float64], past: Past) -> NDArray[np.bool_]:
    """When the rule would have fired, given its truth at each date, shape (n_dates, n_customers)."""
    known = np.where(past.present, found, truth.UNKNOWN)
    quiet = rule.quiet_days * 24
    return episodes.played(past.times, known, delay_hours=rule.after_hours, quiet_hours=quiet)


def figures(fires: Mapping[str, NDArray[np.bool_]], past: Past, *, seed: int, alpha: float = 0.025) -> dict[str, Any]:
    """For each rule by name, and for `any` of them: how it did.

    warnings: how many; judged: of those, how many have a known outcome; left: the share of these that left; base: that
    of all judged rows at the same dates, weighted as the warnings are; gain: left minus base, with an interval
    clustered by customer (Poisson bootstrap); p: that of no gain, the larger of the interval's and the binomial one of
    as many customers; better: whether gain is above 0 by Holm's procedure over the rules;
    leavers_warned: the share of leavers of whom it had warned within the horizon; days_ahead: the median of days from
    the first of these warnings to leaving.
    """
    counts = _multiplicities(past.present.shape[1], seed)
    together = {**fires, TOGETHER: np.logical_or.reduce(list(fires.values()))} if len(fires) > 1 else dict(fires)
    found = {name: _of(one, past, counts) for name, one in together.items()}
    tested = [name for name in fires if found[name]["gain"] is not None]
    better = holm.rejected([found[name]["p"] for name in tested], alpha=alpha)
    for name in together:
        found[name]["better"] = dict(zip(tested, better, strict=True)).get(name)
    return found


@lru_cache(maxsize=1)  # a back-test asks for the same customers' draws again and again
def _multiplicities(n_customers: int, seed: int) -> NDArray[Any]:
    return intervals.multiplicities(n_clusters=n_customers, draws=DRAWS, seed=seed)


def _of(fires: NDArray[np.bool_], past: Past, counts: NDArray[Any]) -> dict[str, Any]:
    gain = _gain(fires, past, counts)
    leaver = past.present & (past.left == 1)
    leavers = leaver.any(axis=0)
    ahead = np.where(fires & leaver, past.days_to_leaving, np.nan)
    warned = (fires & leaver).any(axis=0)
    first = np.fmax.reduce(ahead, axis=0)
    first, judged = first[~np.isnan(first)], fires & past.judged
    left, base = (float(past.left[judged].mean()) if judged.any() else None), _base(fires, past)
    return {
        "warnings": int(fires.sum()),
        "judged": int(judged.sum()),
        "left": left,
        "gain": gain.to_dict() if gain else None,
        "base": base,
        "p": max(_one_sided(gain), _of_few(left, base, customers=int(judged.any(axis=0).sum()))) if gain else None,
        "leavers": int(leavers.sum()),
        "leavers_warned": float(warned.sum() / leavers.sum()) if leavers.any() else None,
        "days_ahead": float(np.median(first)) if first.size else None,
    }


def _base(fires: NDArray[np.bool_], past: Past) -> float | None:
    """The share that left of all judged rows, each date weighted by its judged warnings; None without any."""
    warned = (fires & past.judged).sum(axis=1)
    some = warned > 0
    return (
        float(np.average(np.nanmean(np.where(past.judged, past.left, np.nan)[some], axis=1), weights=warned[some]))
        if some.any()
        else None
    )


def _gain(fires: NDArray[np.bool_], past: Past, counts: NDArray[Any]) -> Interval | None:
    """The share that left among those warned of, minus that of all at the same dates; None where nothing can be said.

    At each date the warned are held against all judged rows of that date, themselves included, and the dates count by
    their warnings: a rule that fires in bad months is no better for that.
    """
    judged, warned = past.judged, fires & past.judged
    if warned.sum() == judged[warned.any(axis=1)].sum():
        return None
    left = np.nan_to_num(past.left)

    def under(weights: Numbers) -> Numbers:
        n_warned, left_warned, n_all, left_all = (
            weights @ one.T.astype(float) for one in (warned, warned * left, judged, judged * left)
        )
        with np.errstate(invalid="ignore", divide="ignore"):
            expected = (n_warned * np.where(n_all > 0, left_all / n_all, 0.0)).sum(axis=1)
            gained: Numbers = (left_warned.sum(axis=1) - expected) / n_warned.sum(axis=1)
        return gained

    drawn = np.concatenate([under(block.astype(float)) for block in np.array_split(counts, max(1, len(counts) // 50))])
    if np.isnan(drawn).mean() > intervals.MOST_UNDEFINED:
        return None
    return intervals.interval_of(drawn, float(under(np.ones((1, left.shape[1])))[0]), level=LEVEL)


def _one_sided(gain: Interval) -> float:
    """The p-value of a gain of 0 or less, by the normal approximation."""
    return float(ndtr(-gain.value / gain.standard_error)) if gain.standard_error > 0 else float(gain.value <= 0)


def _of_few(left: float | None, base: float | None, *, customers: int) -> float:
    """The chance that so large a share of so few customers leaves where each does with probability base; 1 for none.

    The binomial tail, between whole numbers by the incomplete beta function. It bounds that of unequal probabilities
    with this mean (Hoeffding 1956); the normal approximation is too small for a handful, of whom all may leave by luck.
    """
    if not left or base is None:
        return 1.0
    return float(betainc(left * customers, (1 - left) * customers + 1, base))


def of_the_model(scores: Numbers, fires: NDArray[np.bool_], past: Past) -> NDArray[np.bool_]:
    """The same number of contacts at each date, by the model's score: shape (n_dates, n_customers).

    scores has the same shape, NaN where there is none. Of equal scores the customers that come first.
    """
    chosen = np.zeros(fires.shape, dtype=bool)
    for place, row in enumerate(scores):
        usable = past.present[place] & ~np.isnan(row)
        order = np.argsort(np.where(usable, -row, np.inf), kind="stable")
        wanted = min(int(fires[place].sum()), int(usable.sum()))
        chosen[place, order[:wanted]] = True
    return chosen
