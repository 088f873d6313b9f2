"""The sample-ratio test: whether the arms have the sizes that their logged probabilities imply."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2, f

from experiments.metric import Numbers
from experiments.randomisation import campaign_draws


@dataclass(frozen=True)
class SampleRatio:
    """The rows of each arm, the number expected from the logged probabilities, and the chi-square p-value.

    Where every arm's probability is known in each row, expected is their sum. Elsewhere it is n_rows times the harmonic
    mean of the probabilities of the arm's rows, as these were drawn in proportion to it.
    """

    observed: dict[str, int]
    expected: dict[str, float]
    p: float


def sample_ratio(
    *, arm: NDArray[np.generic], control: str, probability: Numbers, chances: Numbers | None = None
) -> SampleRatio:
    """Compare the sizes of the arms with their logged probabilities; arguments as for `randomisation.examine`.

    Rows that were sure of their arm tell nothing; an arm of which nobody else is left was not drawn: p = 0.
    """
    arms = [control, *(str(name) for name in np.unique(arm) if name != control)]
    drawn = probability < 1
    if set(arms) - set(arm[drawn].astype(str)):
        observed = {name: int(np.sum(arm == name)) for name in arms}
        return SampleRatio(observed, {name: float(np.sum(arm == name)) for name in arms}, 0.0)
    given, probability = arm[drawn].astype(str), probability[drawn]
    known = chances[drawn] if chances is not None else campaign_draws.chances(given, probability, arms=arms, groups=())
    if known is None or _are_false(given, arms, probability, known):
        return _by_own(given, arms, probability)
    sizes = np.array([np.sum(given == name) for name in arms], dtype=float)
    distances = (sizes - known.sum(axis=0))[1:]
    covariance = (np.diag(known.sum(axis=0)) - known.T @ known)[1:, 1:]
    return SampleRatio(
        observed={name: int(size) for name, size in zip(arms, sizes, strict=True)},
        expected={name: float(size) for name, size in zip(arms, known.sum(axis=0), strict=True)},
        p=_p(distances, covariance, given.size),
    )


def _by_own(arm: NDArray[np.str_], arms: list[str], probability: Numbers) -> SampleRatio:
    """The test from the logged probability of each row's own arm alone.

    The sum T_a of 1/e over the rows given arm a has mean n_rows, whatever the rows' probabilities e, variance
    sum(1/e) - n_rows and covariance -n_rows with another arm's: the distances T - n_rows of all arms but the
    control, measured by that, are chi-square, or F where few rows tell the variance. Probabilities that leave nothing
    for the control cannot be true: p = 0.
    """
    inverse = {name: 1 / probability[arm == name] for name in arms}
    totals = {name: float(inverse[name].sum()) for name in arms}
    n_rows = arm.size
    distances = np.array([totals[name] - n_rows for name in arms[1:]])
    variances = [_variance(arm == name, probability, len(arms) - 1) for name in arms[1:]]
    return SampleRatio(
        observed={name: inverse[name].size for name in arms},
        expected={name: n_rows * inverse[name].size / totals[name] for name in arms},
        p=_p(distances, np.diag(variances) - n_rows, n_rows, told_by=min(map(_effective, inverse.values()))),
    )


def _are_false(arm: NDArray[np.str_], arms: list[str], probability: Numbers, known: Numbers) -> bool:
    """Whether each of two arms has one probability and these do not sum to one: neither follows from the other."""
    constant = all(np.ptp(probability[arm == name]) == 0 for name in arms)
    return len(arms) == 2 and constant and bool(np.ptp(known[:, 0]) > campaign_draws.ROUNDING)


def _effective(weights: Numbers) -> float:
    """The effective sample size of weighted rows (Kish 1965)."""
    return float(weights.sum() ** 2 / (weights @ weights))


def _p(distances: Numbers, covariance: Numbers, n_rows: int, *, told_by: float = np.inf) -> float:
    possible = float(np.linalg.eigvalsh(covariance)[0]) > 1e-9 * n_rows
    square = float(distances @ np.linalg.solve(covariance, distances)) if possible else np.inf
    if not np.isfinite(told_by) or not np.isfinite(square):
        return float(chi2.sf(square, distances.size))
    return float(f.sf(square / distances.size, distances.size, max(told_by - 1, 1)))


def _variance(given: NDArray[np.bool_], probability: Numbers, others: int) -> float:
    """The sum of 1/e over all rows, e being the chance of one arm, which is logged where that arm was given only.

    The larger of two: what the arm's rows tell of all, by 1/e^2, and what it comes to where the others share evenly
    what a row's own arm leaves. Where small chances came to nothing, the first is too small.
    """
    inverse = 1 / probability[given]
    told = float((inverse**2).sum()) * max(1.0, given.size / float(inverse.sum()))
    even = float(inverse.sum() + (others / (1 - probability[~given])).sum())
    return max(told, even)
