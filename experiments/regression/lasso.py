"""Linear regression with an L1 penalty chosen by cross-validation, used for effects, not for probabilities.

A single pseudo-outcome is nearly all noise, and the penalty of the smallest error still takes noise for signal. So the
strongest penalty within one standard error of it is taken: often all coefficients are 0 and everybody gets the mean.
"""

import warnings
from dataclasses import dataclass

import numpy as np
from scipy.linalg import cholesky, solve_triangular
from scipy.sparse import csr_array
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import lasso_path

from experiments.family import RowIndex
from experiments.metric import Numbers
from experiments.regression.encoding import commonest
from experiments.regression.ridge import Fit, one_thread
from experiments.statistics import rounding

SHARES: Numbers = np.geomspace(1.0, 0.02, 20)
SOLVABLE = 1e-6
MOST_ROUNDS = 500
MOST_COLUMNS = 1000
ROWS_AT_ONCE = 8192
CLOSE_ENOUGH = 1e-4


@dataclass(frozen=True)
class _Moments:
    """The sufficient statistics of least squares: number of rows, sums, and sums of products."""

    n: float
    columns: Numbers
    target: float
    products: Numbers
    towards: Numbers
    squares: float

    @classmethod
    def of(cls, columns: csr_array, target: Numbers) -> "_Moments":
        """The moments of columns (n_rows, n_columns) and a target (n_rows,)."""
        products, towards = np.zeros((columns.shape[1],) * 2), columns.T @ target
        for start in range(0, len(target), ROWS_AT_ONCE):
            some = columns[start : start + ROWS_AT_ONCE].toarray()
            products += some.T @ some
        return cls(len(target), columns.sum(axis=0), float(target.sum()), products, towards, float(target @ target))

    def added(self, other: "_Moments", sign: float = 1.0) -> "_Moments":
        """The moments of these rows and others, or with sign -1 of these without the others."""
        return _Moments(*(one + sign * two for one, two in zip(vars(self).values(), vars(other).values(), strict=True)))

    @property
    def pull(self) -> Numbers:
        """The covariance of each column with the target; the largest is the smallest penalty that gives all zeros."""
        centred: Numbers = (self.towards - self.columns * (self.target / self.n)) / self.n
        return centred

    def path(self, penalties: Numbers) -> tuple[Numbers, Numbers]:
        """Coefficients (n_columns, n_penalties) and intercepts under falling penalties.

        scikit-learn is given a triangle that has the products of the rows, in place of the rows.
        """
        mean = self.columns / self.n
        covariance = self.products / self.n - np.outer(mean, mean) + SOLVABLE * np.eye(len(mean))
        root = cholesky(covariance)
        image = solve_triangular(root, self.pull, trans=1)
        with warnings.catch_warnings():
            # Hats of one column are nearly collinear: what is left to gain is far below the noise of the target.
            warnings.simplefilter("ignore", ConvergenceWarning)
            _, weights, _ = lasso_path(
                root,
                image,
                alphas=penalties / len(mean),
                precompute=covariance,
                Xy=self.pull.copy(),
                max_iter=MOST_ROUNDS,
                tol=CLOSE_ENOUGH,
            )
        return weights, self.target / self.n - mean @ weights

    def errors(self, weights: Numbers, intercepts: Numbers) -> Numbers:
        """The sum of squared errors of each fit on these rows."""
        own = self.squares - 2 * self.towards @ weights + np.einsum("ij,ij->j", weights, self.products @ weights)
        shift = intercepts * (self.n * intercepts - 2 * self.target + 2 * self.columns @ weights)
        return np.asarray(own + shift)


def lasso(columns: csr_array, *, target: Numbers, parts: RowIndex, hold: float = 1.0) -> Fit:
    """The coefficients and the intercept of the smallest mean squared error / 2 plus penalty * sum |coefficient|.

    columns have shape (n_rows, n_columns), target and parts, to which part of the cross-validation a row belongs,
    (n_rows,). Of very many columns only the commonest are used: of a category of thousands of values, those that enough
    rows have to tell an effect. The penalty is `hold` times the largest whose error, summed over the parts held out in
    turn, is within one standard error, over the parts, of the smallest (Breiman et al. 1984, 3.4.3, the difference
    taken in pairs).
    """
    used = commonest(columns, MOST_COLUMNS)
    weights = np.zeros(columns.shape[1])
    with one_thread():
        weights[used], intercept = _held(columns[:, used], target=target, parts=parts, hold=hold)
    return weights, intercept


def _held(columns: csr_array, *, target: Numbers, parts: RowIndex, hold: float) -> Fit:
    known = [_Moments.of(columns[parts == part], target[parts == part]) for part in np.unique(parts)]
    everything = known[0]
    for more in known[1:]:
        everything = everything.added(more)
    most = float(np.abs(everything.pull).max())
    if most == 0 or len(known) < 2:
        return np.zeros(columns.shape[1]), everything.target / everything.n
    penalties = most * SHARES
    errors = np.array([one.errors(*everything.added(one, -1.0).path(penalties)) for one in known])
    worse = errors - errors[:, [rounding.figures(errors.sum(axis=0)).argmin()]]
    allowed = worse.std(axis=0, ddof=1) * np.sqrt(len(known))
    chosen = int(np.flatnonzero(rounding.figures(worse.sum(axis=0) - allowed) <= 0)[0])
    final = penalties[chosen] * hold
    found, intercepts = everything.path(np.append(penalties[penalties > final], final))
    return found[:, -1], float(intercepts[-1])
