"""Tests of covariate balance: whether two arms differ by more than the logged assignment probabilities explain.

Two tests of one sum, covariates times (given the action, less the logged chance of it). Where that chance is known of
every row, small p-values come from repeating the draws: no normal distribution, few rows, rare values or heavy tails
are then at issue.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit
from scipy.stats import beta, chi2, norm

from experiments.metric import Numbers

# Repeat the draws where the large-sample p-value is below this.
DOUBTFUL = 0.1
DRAWS = 1999
# Of very many rows, for which the large-sample p-value holds, fewer draws tell whether it does.
FEWEST_DRAWS, MOST_DRAWN = 199, 100_000_000
# So many repetitions as extreme as what was found settle that chance explains it (Besag & Clifford 1991).
ENOUGH_EXCEEDANCES = 20
CELLS = 1 << 22
NEWTON_STEPS = 50
# Without the chance of every row, a column is judged where each arm holds so many rows of its rarer value, and at most
# one column for so many rows of the smaller arm.
FEWEST_OF_A_VALUE = 10
ROWS_A_COLUMN = 10
ROUNDING = 1e-9


@dataclass(frozen=True)
class Imbalance:
    """The joint p-value of balance in all covariates, and that of each, corrected for their number."""

    together: float
    each: tuple[float, ...]


def imbalance(columns: Numbers, *, treated: Numbers, chance: Numbers, seed: int) -> Imbalance:
    """Test covariate balance where every arm's probability is known.

    columns has shape (n_rows, n_columns) without gaps; treated, 1 for the action and 0 for the control, and chance,
    in (0, 1), that of the action among the two, have shape (n_rows,); rows are drawn independently. Sizes are another
    question: the chance is first shifted, in the logit, to the share treated. together is the score test of a logistic
    regression with that offset (of a constant chance: Hansen & Bowers 2008, section 4), each the largest z of all.
    """
    given, result = _fitted(chance, treated), np.ones(columns.shape[1])
    spread = given * (1 - given)
    if not spread.sum() > ROUNDING:
        return Imbalance(1.0, tuple(result))
    centred, varying = _standardised(columns, spread)
    if not varying.size:
        return Imbalance(1.0, tuple(result))
    n_rows = treated.size
    covariance = (centred * spread[:, None]).T @ centred * n_rows / (n_rows - 1)
    inverse = np.asarray(np.linalg.pinv(covariance, hermitian=True), dtype=np.float64)
    test = _Test(centred, given, inverse, np.sqrt(np.diag(covariance)))
    distance, z = test.statistics((treated - given)[None, :] @ centred)
    rank = int(np.linalg.matrix_rank(covariance, hermitian=True))
    together = float(chi2.sf(distance[0], rank))
    each = np.minimum(1.0, 2 * norm.sf(z[0]) * varying.size)
    if min(together, float(each.min())) < DOUBTFUL:
        together, each = _repeated(test, distance[0], z[0], together=together, each=each, seed=seed)
    result[varying] = each
    return Imbalance(together, tuple(result.tolist()))


@dataclass(frozen=True)
class _Test:
    """The centred columns, the chance of each row, and the inverse and the root of the diagonal of the covariance."""

    columns: Numbers
    chance: Numbers
    inverse: Numbers
    errors: Numbers

    def statistics(self, sums: Numbers) -> tuple[Numbers, Numbers]:
        """Of sums (n, n_columns) the distance from 0 together, shape (n,), and the |z| of each."""
        return np.einsum("ij,jk,ik->i", sums, self.inverse, sums, optimize=True), np.abs(sums) / self.errors

    def drawn_again(self, generator: np.random.Generator, draws: int) -> tuple[Numbers, Numbers]:
        """The distance and the largest |z| of so many repeated assignments, shape (draws,) each."""
        treated = generator.random((draws, self.chance.size)) < self.chance
        distance, z = self.statistics(treated @ self.columns - self.chance @ self.columns)
        return distance, z.max(axis=1)


def _repeated(
    test: _Test, distance: float, z: Numbers, *, together: float, each: Numbers, seed: int
) -> tuple[float, Numbers]:
    """The p-values by repeated assignment; where no repetition is as extreme, the large-sample one if smaller."""
    generator, block = np.random.default_rng(seed), max(1, CELLS // test.chance.size)
    draws = min(DRAWS, max(FEWEST_DRAWS, MOST_DRAWN // test.chance.size))
    distances, largest = np.empty(0), np.empty(0)
    while distances.size < draws:
        found = test.drawn_again(generator, min(block, draws - distances.size, max(50, distances.size)))
        distances, largest = np.append(distances, found[0]), np.append(largest, found[1])
        exceeded = [np.sum(distances >= distance * (1 - ROUNDING)), np.sum(largest >= z.max() * (1 - ROUNDING))]
        if min(exceeded) >= ENOUGH_EXCEEDANCES:
            break
    beyond = np.array([np.sum(largest >= one * (1 - ROUNDING)) for one in z])
    chances = np.append(beyond, exceeded[0])
    simulated = (chances + 1) / (distances.size + 1)
    final = np.where(chances == 0, np.minimum(simulated, np.append(each, together)), simulated)
    return float(final[-1]), final[:-1]


def weighted_imbalance(columns: Numbers, *, treated: Numbers, weight: Numbers) -> Imbalance:
    """Test balance where only the probability of each row's own arm is known; weight (n_rows,) is its inverse.

    The weighted means of the two arms differ by a sum of independent rows: it is compared with its own spread by
    Hotelling's T-square, its degrees of freedom those of arms that vary differently (Yao 1965) and of as many rows as
    weights leave (Kish 1965). Values that hardly anybody has are left out, and more columns than the rows bear become
    their first principal components.
    """
    result = np.ones(columns.shape[1])
    standard, varying = _standardised(columns, np.ones(treated.size))  # not by weight, which knows who was treated
    kept = _frequent(standard, treated)
    standard, varying = standard[:, kept], varying[kept]
    if not varying.size:
        return Imbalance(1.0, tuple(result))
    arms = [treated == 1, treated == 0]
    shares = [weight[arm] / float(weight[arm].sum()) for arm in arms]
    alone = [_hotelling(standard[:, [place]], arms, shares) for place in range(varying.size)]
    result[varying] = np.minimum(1.0, np.array(alone) * varying.size)
    most = max(1, int(min(_effective(share) for share in shares)) // ROWS_A_COLUMN)
    return Imbalance(_hotelling(_components(standard, most), arms, shares), tuple(result.tolist()))


def _hotelling(columns: Numbers, arms: list[np.ndarray], shares: list[Numbers]) -> float:
    """Hotelling's p-value that two arms have equal means, their rows weighted by shares."""
    means = [share @ columns[arm] for arm, share in zip(arms, shares, strict=True)]
    moved = [share[:, None] * (columns[arm] - mean) for arm, share, mean in zip(arms, shares, means, strict=True)]
    spreads = [one.T @ one for one in moved]
    gap, inverse = means[0] - means[1], np.linalg.pinv(spreads[0] + spreads[1], hermitian=True)
    square, direction = float(gap @ inverse @ gap), inverse @ gap
    if square <= 0:
        return 1.0
    parts = [float(direction @ spread @ direction) / square for spread in spreads]
    freedom = 1 / sum(part**2 / max(_effective(share) - 1, 1) for part, share in zip(parts, shares, strict=True))
    rank = columns.shape[1]
    return float(beta.sf(square / (square + freedom), rank / 2, max(freedom - rank + 1, 1) / 2))


def _effective(share: Numbers) -> float:
    """The effective sample size of rows with these weights, which sum to one."""
    return 1 / float(share @ share)


def _frequent(columns: Numbers, treated: Numbers) -> np.ndarray:
    """Which columns vary enough in both arms: the commonest value does not cover nearly all rows."""
    kept = []
    for place in range(columns.shape[1]):
        values, codes = np.unique(columns[:, place], return_inverse=True)
        apart = codes != np.bincount(codes, minlength=values.size).argmax()
        kept.append(min(apart[treated == 1].sum(), apart[treated == 0].sum()) >= FEWEST_OF_A_VALUE)
    return np.array(kept, dtype=bool)


def _components(columns: Numbers, most: int) -> Numbers:
    """The principal components of the columns that vary, at most so many."""
    values, vectors = np.linalg.eigh(columns.T @ columns)
    order = [place for place in np.argsort(-values, kind="stable")[:most] if values[place] > ROUNDING * values.max()]
    components: Numbers = columns @ vectors[:, order]
    return components


def _standardised(columns: Numbers, weight: Numbers) -> tuple[Numbers, np.ndarray]:
    """The columns that vary, at weighted mean 0 and standard deviation 1 of the rows, and their places."""
    deviation = columns.std(axis=0)
    varying = np.flatnonzero(deviation > ROUNDING * np.maximum(1e-300, np.abs(columns).max(axis=0, initial=0.0)))
    chosen = columns[:, varying] / deviation[varying]
    return chosen - weight @ chosen / weight.sum(), varying


def _fitted(chance: Numbers, treated: Numbers) -> Numbers:
    """The probabilities, shifted on the logit scale so that the expected number treated equals the observed one."""
    odds, shift = logit(np.clip(chance, ROUNDING, 1 - ROUNDING)), 0.0
    if np.ptp(chance) <= ROUNDING:
        return np.full(chance.size, treated.mean())
    for _ in range(NEWTON_STEPS):
        given = expit(odds + shift)
        step = float((treated - given).sum() / max(float((given * (1 - given)).sum()), ROUNDING))
        shift += float(np.clip(step, -1.0, 1.0))
        if abs(step) < ROUNDING:
            break
    fitted: Numbers = expit(odds + shift)
    return fitted
