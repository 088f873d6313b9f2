"""A column measured after the actions of a randomised trial: it differs between the arms."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from experiments.family import RowIndex
from experiments.leaks.check import LeakEvidence, LeakFinding, check
from experiments.leaks.known import Trial
from experiments.leaks.single_columns import BEYOND_CHANCE
from experiments.metric import Numbers
from experiments.randomisation.predictability import paired
from features.feature import FeatureColumn

# A value is tested where so many rows of either arm have it, and so many do not.
FEWEST = 10
MOST_CATEGORIES = 50
# Columns that were known before differ by chance: their squared z have mean 1. Where the columns that are not refused
# have a larger mean than this, the trial itself was not randomised.
PLAUSIBLE = 3.0


@check("L010")
def after_treatment(evidence: LeakEvidence) -> tuple[LeakFinding, ...]:
    """No column differs between the arms of a randomised trial beyond chance while the other columns do not.

    What was known before the assignment cannot depend on it. A column differs where the means of its ranks, of its
    missingness, or of one of its values lie five standard errors apart, rows weighted by their logged probabilities.
    Where the other columns differ as well, or most columns do, the trial was not randomised: the report says so, and
    nothing is refused here.
    """
    if evidence.trial is None:
        return ()
    columns, pairs = enumerate(evidence.contract.columns), _pairs(evidence.trial)
    found = {column.name: _largest(column, evidence.trial.X[:, place], pairs) for place, column in columns}
    apart = {name: one for name, one in found.items() if one[0] >= BEYOND_CHANCE}
    rest = [z**2 for name, (z, _) in found.items() if name not in apart]
    if not apart or len(apart) > len(rest) or float(np.mean(rest)) > PLAUSIBLE:
        return ()
    return tuple(
        LeakFinding(
            name,
            z,
            BEYOND_CHANCE,
            f"column '{name}' differs between '{arm}' and '{evidence.trial.control}' by {z:.1f} standard errors, below"
            f" {BEYOND_CHANCE:g} is chance, though arms were drawn at random and the other columns do not differ: it"
            " was measured after the action. Take it out of the spec, or give it `role: outcome`.",
        )
        for name, (z, arm) in apart.items()
    )


@dataclass(frozen=True)
class Draws:
    """The rows of an arm and of the control: their positions in all rows, who was treated, and their weights."""

    arm: str
    rows: RowIndex
    treated: npt.NDArray[np.bool_]
    weight: Numbers


def _pairs(trial: Trial) -> list[Draws]:
    arms = [trial.control, *sorted(set(trial.arm.tolist()) - {trial.control})]
    found = []
    for arm in arms[1:]:
        pair = paired(
            trial.arm, pair=(arm, trial.control), probability=trial.probability, chances=trial.chances, arms=arms
        )
        open_ = pair.weight > 0  # where both could be drawn
        rows = trial.index[np.isin(trial.arm, (arm, trial.control))][open_]
        found.append(Draws(arm, rows, pair.treated[open_] == 1, pair.weight[open_]))
    return found


def _largest(column: FeatureColumn, values: Numbers, pairs: Sequence[Draws]) -> tuple[float, str]:
    """The largest |z| of a column over the arms, and its arm; 0 where nothing varies."""
    found = [(_z(encoded, one), one.arm) for one in pairs for encoded in _encodings(column, values[one.rows])]
    return max(found, default=(0.0, ""))


def _encodings(column: FeatureColumn, values: Numbers) -> Iterator[Numbers]:
    """A column as numbers to compare: its missingness, its ranks, or an indicator of each category."""
    missing = np.isnan(values)
    yield missing.astype(np.float64)
    if column.type == "category":
        yield from ((values == code).astype(np.float64) for code in range(min(len(column.categories), MOST_CATEGORIES)))
    elif not missing.all():
        ranks = np.full(len(values), np.nan)
        ranks[~missing] = rankdata(values[~missing])
        yield ranks


def _z(encoded: Numbers, pair: Draws) -> float:
    """By how many standard errors the weighted means of two groups differ; 0 where there are too few rows."""
    held = ~np.isnan(encoded)
    if not held.any():
        return 0.0
    some, weight = encoded[held], pair.weight[held]
    mean = float((weight * some).sum() / weight.sum())
    # Under randomisation both groups vary alike: 30 rows that all lack a rare value are not known to lack it always.
    variance = float((weight * (some - mean) ** 2).sum() / weight.sum())
    means, variances = [], []
    for group in (held & pair.treated, held & ~pair.treated):
        values = encoded[group]
        if len(values) < 2 * FEWEST:
            return 0.0
        share = pair.weight[group] / pair.weight[group].sum()
        means.append(float((share * values).sum()))  # a product of matrices would wake threads that cost more
        # Rows of large weight may vary more than others.
        variances.append(max(variance * float((share**2).sum()), float(((share * (values - mean)) ** 2).sum())))
    if (some != np.median(some)).sum() < 2 * FEWEST or not sum(variances) > 0:
        return 0.0
    return abs(means[0] - means[1]) / float(np.sqrt(sum(variances)))
