"""The test of whether actions were randomised; without randomisation, outcome differences are not effects."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from experiments.metric import Numbers
from experiments.randomisation import campaign_draws
from experiments.randomisation.predictability import FOLDS, ArmPair, Predictability, paired, predictability
from experiments.randomisation.sample_ratio import SampleRatio, sample_ratio
from experiments.statistics import rounding
from features.errors import MetricError

LARGEST_DIFFERENCE = 0.1
# The chances of a false alarm, 0.016 together: of one covariate that differs, of all together, and of the sizes.
ALPHA_BALANCE = 0.003
ALPHA_TOGETHER = 0.003
ALPHA_SIZES = 0.01
ENOUGH_OVERLAP = 0.9

Verdict = Literal["randomised", "not randomised", "sample ratio mismatch"]


@dataclass(frozen=True)
class Balance:
    """The standardised difference of one covariate between an arm and the control, with its standard error.

    Rows count by their logged probabilities. p is the chance that the draws explain it, corrected for the number of
    covariates.
    """

    action: str
    covariate: str
    difference: float
    standard_error: float
    p: float


@dataclass(frozen=True)
class Randomisation:
    """The verdict on the assignment, in one word and in a sentence, with the figures behind it.

    balance is sorted, largest difference first.
    """

    verdict: Verdict
    words: str
    balance: tuple[Balance, ...]
    predictability: tuple[Predictability, ...]
    sample_ratio: SampleRatio


def examine(
    *,
    covariates: Numbers,
    names: Sequence[str],
    arm: NDArray[np.generic],
    control: str,
    probability: Numbers,
    seed: int,
    chances: Numbers | None = None,
    sample: NDArray[np.intp] | None = None,
) -> Randomisation:
    """Test with covariates known before the assignment whether it was random, given the logged probabilities.

    covariates has shape (n_rows, len(names)), NaN where missing; arm names what each row was given, and
    probability, in (0, 1], is the logged probability of it; both have shape (n_rows,). A row must be one draw of its
    own (`draws.own_draws`). With sample, the places of some rows that were drawn by arm alone, covariates are those of
    these rows, by which balance and predictability are then judged; the arms' sizes are judged by all rows. chances,
    shape (n_rows, n_arms), is every arm's probability, the control first and the actions in order; without it, it is
    taken from probability where that tells (`draws.chances`). Rows that were sure of their arm tell nothing.
    "not randomised": a standardised mean difference above 0.1 that the draws do not explain, or arms that
    the covariates predict; with it, where the groups hardly overlap. "sample ratio mismatch": arms of other
    sizes than were logged. The first two err with chance 0.003 each, over all covariates and actions together
    (Bonferroni), the third with 0.01.
    Raises MetricError for shapes that differ, no control, no action, or fewer than 10 rows in an arm.
    """
    looked_at = np.arange(arm.size) if sample is None else sample
    _check(covariates, names=names, arm=arm[looked_at], probability=probability[looked_at])
    _check_sizes(arm, control)
    arms = [control, *(str(name) for name in np.unique(arm) if name != control)]
    ratio = sample_ratio(arm=arm, control=control, probability=probability, chances=chances)
    arm, probability = arm[looked_at], probability[looked_at]
    chances = None if chances is None else chances[looked_at]
    if set(arm[probability < 1]) == set(arm):
        drawn = probability < 1
        covariates, arm, probability = covariates[drawn], arm[drawn], probability[drawn]
        known = (
            campaign_draws.chances(arm.astype(str), probability, arms=arms, groups=())
            if chances is None
            else chances[drawn]
        )
    else:
        known = None
    _check_sizes(arm, control)
    complete, labels = _without_gaps(covariates, names)
    balance, predicted = [], []
    for action in arms[1:]:
        pair = paired(arm, pair=(action, control), probability=probability, chances=known, arms=arms)
        among = complete[np.isin(arm, (action, control))]
        predicted.append(predictability(among, pair=pair, seed=seed))
        balance += _balance(among, labels, pair=pair, each=predicted[-1].each)
    ordered = tuple(sorted(balance, key=lambda one: -abs(rounding.figure(one.difference))))
    verdict, words = _judged(ordered, tuple(predicted), ratio)
    return Randomisation(verdict, words, ordered, tuple(predicted), ratio)


def _balance(covariates: Numbers, names: Sequence[str], *, pair: ArmPair, each: Sequence[float]) -> list[Balance]:
    """Standardised mean differences, by the mean of both variances (Austin 2009); 0 where nothing varies or differs."""
    covariates = covariates - covariates[0]  # so that what does not vary differs by nothing, not by rounding
    groups = [pair.treated == 1, pair.treated == 0]
    shares = [pair.weight[group] / pair.weight[group].sum() for group in groups]
    means = [share @ covariates[group] for group, share in zip(groups, shares, strict=True)]
    gap, spread = means[0] - means[1], np.zeros(covariates.shape[1])
    for group, share, mean in zip(groups, shares, means, strict=True):
        spread += share @ (covariates[group] - mean) ** 2 / (1 - share @ share) / 2
    spread = np.sqrt(spread)
    differences = np.divide(gap, spread, out=np.where(gap == 0, 0.0, np.copysign(np.inf, gap)), where=spread > 0)
    error = float(np.sqrt(sum(float(share @ share) for share in shares)))
    columns = zip(names, differences, each, strict=True)
    return [Balance(pair.action, name, float(value), error, p) for name, value, p in columns]


def _without_gaps(covariates: Numbers, names: Sequence[str]) -> tuple[Numbers, list[str]]:
    """Missing values filled with the column's mean, and a column `NAME missing` added for each column with some."""
    missing = np.isnan(covariates)
    known = np.maximum((~missing).sum(axis=0), 1)
    means = np.where(missing, 0.0, covariates).sum(axis=0) / known
    some = np.flatnonzero(missing.any(axis=0))
    complete = np.column_stack([np.where(missing, means, covariates), missing[:, some].astype(np.float64)])
    return complete, [*names, *(f"{names[int(column)]} missing" for column in some)]


def _judged(
    balance: tuple[Balance, ...], predicted: tuple[Predictability, ...], ratio: SampleRatio
) -> tuple[Verdict, str]:
    apart = [one for one in balance if abs(one.difference) > LARGEST_DIFFERENCE]
    apart = [one for one in apart if one.p < ALPHA_BALANCE / len(predicted)]
    foretold = [one for one in predicted if one.p < ALPHA_TOGETHER / len(predicted)]
    findings = [f"{one.action}: {one.covariate} differs by {one.difference:+.2f} sd" for one in apart[:1]]
    findings += [f"{one.action}: covariates predict the arm, AUC {one.auc:.3f} (p {one.p:.1g})" for one in foretold[:1]]
    if ratio.p < ALPHA_SIZES:
        total = sum(ratio.observed.values())
        sizes = ", ".join(
            f"{name} {n} for {ratio.expected[name]:.0f} ({n / total:.1%} of the rows)"
            for name, n in ratio.observed.items()
        )
        findings.append(f"arms are not of the logged sizes: {sizes} (p {ratio.p:.1g})")
    if apart or foretold:
        thin = [f"{one.action} {one.overlap:.0%}" for one in predicted if one.overlap < ENOUGH_OVERLAP]
        findings += [f"too few customers could have been in either group: {', '.join(thin)}"] if thin else []
        return "not randomised", "; ".join(findings)
    if findings:
        return "sample ratio mismatch", "; ".join(findings)
    aucs = ", ".join(f"{one.action} {one.auc:.3f}" for one in predicted)
    largest = f"{balance[0].difference:+.3f} sd ({balance[0].covariate})" if balance else "none"
    return "randomised", f"AUC of the arm from covariates {aucs}; largest difference {largest}; sizes p {ratio.p:.2g}"


def _check(covariates: Numbers, *, names: Sequence[str], arm: NDArray[np.generic], probability: Numbers) -> None:
    if covariates.shape != (arm.size, len(names)) or probability.shape != arm.shape:
        raise MetricError(
            f"randomisation: covariates {covariates.shape} do not fit {len(names)} names, {arm.size} arms "
            f"and {probability.size} probabilities."
        )
    if not bool(np.all((probability > 0) & (probability <= 1))) or bool(np.isinf(covariates).any()):
        raise MetricError(
            "randomisation: a logged probability is missing or not in (0, 1], or a covariate is infinite."
        )


def _check_sizes(arm: NDArray[np.generic], control: str) -> None:
    sizes = dict(zip(*(part.tolist() for part in np.unique(arm, return_counts=True)), strict=True))
    if control not in sizes or len(sizes) < 2 or min(sizes.values()) < 2 * FOLDS:
        raise MetricError(f"randomisation: the arms are {sizes}; '{control}' and an action need {2 * FOLDS} rows each.")
