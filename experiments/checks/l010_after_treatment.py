"""A column that was measured after the actions of a randomised trial, for it differs between the arms."""

from collections.abc import Iterator

import numpy as np
from scipy.stats import rankdata

from experiments.leaks.check import Evidence, Finding, check
from experiments.leaks.known import Trial
from experiments.leaks.single_columns import BEYOND_CHANCE
from experiments.metric import Numbers
from features.feature import FeatureColumn

# A value is asked of where so many draws of either arm hold it, and so many lack it.
FEWEST = 10
MOST_CATEGORIES = 50
# Columns that were known before differ by chance: the squares of their z come to 1 on average. Where those that are not
# refused come to more than this, it is the trial that was not randomised.
PLAUSIBLE = 3.0


@check("L010")
def after_treatment(evidence: Evidence) -> tuple[Finding, ...]:
    """No column differs between the arms of a randomised trial beyond chance while the other columns do not.

    What was known before the draw cannot follow from it. A column differs where the means of its ranks, of its being
    missing, or of one of its values lie five standard errors apart, rows weighing by one over their logged probability.
    Where the other columns differ as well, or most columns do, the trial was not randomised, and the report says so.
    """
    if evidence.trial is None:
        return ()
    found = {column.name: _largest(column, place, evidence.trial) for place, column in _columns(evidence)}
    apart = {name: one for name, one in found.items() if one[0] >= BEYOND_CHANCE}
    rest = [z**2 for name, (z, _) in found.items() if name not in apart]
    if not apart or len(apart) > len(rest) or float(np.mean(rest)) > PLAUSIBLE:
        return ()
    return tuple(
        Finding(
            name,
            z,
            BEYOND_CHANCE,
            f"column '{name}' differs between '{arm}' and '{evidence.trial.control}' by {z:.1f} standard errors, below"
            f" {BEYOND_CHANCE:g} is chance, though arms were drawn at random and the other columns do not differ: it"
            " was measured after the action. Take it out of the spec, or give it `role: outcome`.",
        )
        for name, (z, arm) in apart.items()
    )


def _columns(evidence: Evidence) -> Iterator[tuple[int, FeatureColumn]]:
    return ((place, one) for place, one in enumerate(evidence.contract.columns))


def _largest(column: FeatureColumn, place: int, trial: Trial) -> tuple[float, str]:
    """The largest |z| of a column over the arms and what can be said of it, and the arm; 0 where nothing varies."""
    values, best = trial.X[trial.index, place], (0.0, "")
    for arm in sorted(set(trial.arm.tolist()) - {trial.control}):
        pair = np.isin(trial.arm, (arm, trial.control))
        treated, weight = trial.arm[pair] == arm, 1 / trial.probability[pair]
        z = [_z(said, treated, weight) for said in _told(column, values[pair])]
        best = max(best, (max(z, default=0.0), arm))
    return best


def _told(column: FeatureColumn, values: Numbers) -> Iterator[Numbers]:
    """What a column says of rows, as numbers: whether it is missing, its ranks, and of a category each value."""
    missing = np.isnan(values)
    yield missing.astype(np.float64)
    if column.type == "category":
        yield from ((values == code).astype(np.float64) for code in range(min(len(column.categories), MOST_CATEGORIES)))
    elif not missing.all():
        ranks = np.full(len(values), np.nan)
        ranks[~missing] = rankdata(values[~missing])
        yield ranks


def _z(said: Numbers, treated: np.ndarray, weight: Numbers) -> float:
    """By how many standard errors the weighted means of two groups differ; 0 where too few rows would tell."""
    held = ~np.isnan(said)
    means, variances = [], []
    for group in (held & treated, held & ~treated):
        values = said[group]
        if len(values) < 2 * FEWEST:
            return 0.0
        share = weight[group] / weight[group].sum()
        mean = float(share @ values)
        means.append(mean)
        variances.append(float((share**2) @ (values - mean) ** 2))
    commonest = np.unique(said[held], return_counts=True)[1].max()
    if held.sum() - commonest < 2 * FEWEST or not sum(variances) > 0:
        return 0.0
    return abs(means[0] - means[1]) / float(np.sqrt(sum(variances)))
