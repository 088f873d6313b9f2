"""Whether actions were handed out by lot: only then does comparing who got one with who did not show its effect."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2, norm

from experiments.metric import Numbers
from experiments.predictability import FOLDS, Predictability, predictability
from features.errors import MetricError

LARGEST_DIFFERENCE = 0.1
ALPHA = 0.01
ENOUGH_OVERLAP = 0.9

Verdict = Literal["randomised", "not randomised", "sample ratio mismatch"]


@dataclass(frozen=True)
class Balance:
    """How far an arm and the control lie apart in one covariate, in standard deviations, and the error of that."""

    action: str
    covariate: str
    difference: float
    standard_error: float


@dataclass(frozen=True)
class SampleRatio:
    """The rows of each arm, how many the logged probabilities promise, and the chi-square p-value.

    expected is n_rows times the harmonic mean of the probabilities of the arm's rows, as these were drawn
    in proportion to it; where the probability is constant, that is it.
    """

    observed: dict[str, int]
    expected: dict[str, float]
    p: float


@dataclass(frozen=True)
class Randomisation:
    """The verdict on how actions were handed out, in one word and in a sentence, with the figures behind it.

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
) -> Randomisation:
    """Judge from covariates known before the assignment whether it was random.

    covariates has shape (n_rows, len(names)), NaN where missing; arm names what each row was given, and
    probability, in (0, 1], is the logged probability of it; both have shape (n_rows,). A row must be one
    assignment of its own: give one row a customer where an assignment held for several dates.
    "not randomised": a standardised mean difference above 0.1 that chance does not explain, or arms that
    the covariates predict; with it, where the groups hardly overlap. "sample ratio mismatch": arms of other
    sizes than were logged. Each of the three questions errs with chance 0.01 at most, over all covariates and
    actions together (Bonferroni).
    Raises MetricError for shapes that differ, no control, no action, or fewer than 10 rows in an arm.
    """
    _check(covariates, names=names, arm=arm, control=control, probability=probability)
    complete, labels = _without_gaps(covariates, names)
    actions = [str(action) for action in np.unique(arm) if action != control]
    balance = [one for action in actions for one in _balance(complete, labels, arm=arm, pair=(action, control))]
    predicted = [predictability(complete, arm=arm, pair=(action, control), seed=seed) for action in actions]
    ratio = sample_ratio(arm=arm, control=control, probability=probability)
    ordered = tuple(sorted(balance, key=lambda one: -abs(one.difference)))
    verdict, words = _judged(ordered, tuple(predicted), ratio)
    return Randomisation(verdict, words, ordered, tuple(predicted), ratio)


def sample_ratio(*, arm: NDArray[np.generic], control: str, probability: Numbers) -> SampleRatio:
    """Compare the sizes of the arms with their logged probabilities; arguments as for `examine`.

    The sum T_a of 1/e over the rows given arm a has mean n_rows, whatever the rows' probabilities e, variance
    sum(1/e) - n_rows and covariance -n_rows with another arm's: the distances T - n_rows of all arms but the
    control, measured by that, are chi-square. With constant e it is Pearson's test, and T_a is size over e.
    Probabilities that leave nothing for the control cannot be true: p = 0.
    """
    arms = [control, *(str(name) for name in np.unique(arm) if name != control)]
    inverse = {name: 1 / probability[arm == name] for name in arms}
    totals = {name: float(inverse[name].sum()) for name in arms}
    n_rows = arm.size
    distances = np.array([totals[name] - n_rows for name in arms[1:]])
    variances = [n_rows * float((inverse[name] ** 2).sum()) / totals[name] for name in arms[1:]]
    covariance = np.diag(variances) - n_rows
    possible = float(np.linalg.eigvalsh(covariance)[0]) > 1e-9 * n_rows
    square = float(distances @ np.linalg.solve(covariance, distances)) if possible else np.inf
    return SampleRatio(
        observed={name: inverse[name].size for name in arms},
        expected={name: n_rows * inverse[name].size / totals[name] for name in arms},
        p=float(chi2.sf(square, len(arms) - 1)),
    )


def _balance(
    covariates: Numbers, names: Sequence[str], *, arm: NDArray[np.generic], pair: tuple[str, str]
) -> list[Balance]:
    """Standardised mean differences, by the mean of both variances (Austin 2009); 0 where nothing varies or differs."""
    treated, control = covariates[arm == pair[0]], covariates[arm == pair[1]]
    gap = treated.mean(axis=0) - control.mean(axis=0)
    spread = np.sqrt((treated.var(axis=0, ddof=1) + control.var(axis=0, ddof=1)) / 2)
    differences = np.divide(gap, spread, out=np.where(gap == 0, 0.0, np.copysign(np.inf, gap)), where=spread > 0)
    error = float(np.sqrt(1 / len(treated) + 1 / len(control)))
    return [Balance(pair[0], name, float(value), error) for name, value in zip(names, differences, strict=True)]


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
    beyond = float(norm.isf(ALPHA / (2 * max(1, len(balance)))))
    apart = [one for one in balance if abs(one.difference) > max(LARGEST_DIFFERENCE, beyond * one.standard_error)]
    foretold = [one for one in predicted if one.p < ALPHA / len(predicted)]
    findings = [f"{one.action}: {one.covariate} differs by {one.difference:+.2f} sd" for one in apart[:1]]
    findings += [f"{one.action}: covariates predict the arm, AUC {one.auc:.3f} (p {one.p:.1g})" for one in foretold[:1]]
    if ratio.p < ALPHA:
        sizes = ", ".join(f"{name} {n} for {ratio.expected[name]:.0f}" for name, n in ratio.observed.items())
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


def _check(
    covariates: Numbers, *, names: Sequence[str], arm: NDArray[np.generic], control: str, probability: Numbers
) -> None:
    if covariates.shape != (arm.size, len(names)) or probability.shape != arm.shape:
        raise MetricError(
            f"randomisation: covariates {covariates.shape} do not fit {len(names)} names, {arm.size} arms "
            f"and {probability.size} probabilities."
        )
    if not bool(np.all((probability > 0) & (probability <= 1))) or bool(np.isinf(covariates).any()):
        raise MetricError(
            "randomisation: a logged probability is missing or not in (0, 1], or a covariate is infinite."
        )
    sizes = dict(zip(*(part.tolist() for part in np.unique(arm, return_counts=True)), strict=True))
    if control not in sizes or len(sizes) < 2 or min(sizes.values()) < 2 * FOLDS:
        raise MetricError(f"randomisation: the arms are {sizes}; '{control}' and an action need {2 * FOLDS} rows each.")
