"""Logistic regression with an L2 penalty (ridge).

On one thread: its sums would otherwise depend on the number of cores, and threads that wait for one another in hundreds
of small products cost more than they save.
"""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from scipy.linalg import cholesky, solve_triangular
from scipy.optimize import minimize
from scipy.sparse import csr_array
from scipy.special import expit
from threadpoolctl import ThreadpoolController

from experiments.family import RowIndex
from experiments.metric import Numbers
from experiments.regression.encoding import commonest, means, per_column

ROWS_TO_WALK_BY = 4000
MOST_TOGETHER = 1500
MOST_STEPS = 2000
FLAT_ENOUGH = 1e-7

Fit = tuple[Numbers, float]


@dataclass(frozen=True)
class Curvature:
    """What the walk knows of the columns alone, so that fits of other targets and penalties to the same rows share it.

    core holds the indices of the commonest columns; products, shape (n_core, n_core), the sums of products of their
    centred values in n_some of the rows; centre and squares, shape (n_columns,), each column's mean and sum of squares
    in all n_rows rows.
    """

    core: RowIndex
    products: Numbers
    n_some: int
    centre: Numbers
    squares: Numbers
    n_rows: int

    @classmethod
    def of(cls, columns: csr_array) -> "Curvature":
        """That of these columns, shape (n_rows, n_columns)."""
        n_rows, centre = columns.shape[0], means(columns)
        core = commonest(columns, MOST_TOGETHER)
        some = columns[:: max(1, n_rows // ROWS_TO_WALK_BY)]
        apart = some[:, core].toarray() - centre[core]
        with one_thread():
            products = apart.T @ apart
        return cls(core, products, len(apart), centre, per_column(columns, np.square), n_rows)


def logistic(
    columns: csr_array,
    *,
    target: Numbers,
    penalty: Numbers,
    curvature: Curvature | None = None,
    stands_for: Numbers | None = None,
) -> Fit:
    """The coefficients and the intercept of the smallest negative log-likelihood plus penalty / 2 * coefficient^2.

    columns have shape (n_rows, n_columns), target (n_rows,), penalty, above 0, (n_columns,); target holds 0 and 1, both
    of them. L-BFGS walks in coordinates in which the curvature is nearly that of a ball: Newton's method needs fewer
    steps, but each costs as much as all of these together. The curvature is only to walk by, so some thousand rows tell
    it well enough; the optimum is that of all rows. In these coordinates the unit is a standard error; the walk ends
    where the gradient is as small as can be told, the loss being a sum of so many rounded numbers: a step below that
    would follow the rounding, which is another on another processor. curvature is that of these columns, where it is
    known already. stands_for, shape (n_rows,), is for how many rows each stands in the likelihood (None: for itself).
    """
    known = curvature or Curvature.of(columns)
    with one_thread():
        return _walked(columns, target=target, penalty=penalty, known=known, stands_for=stands_for)


def _walked(
    columns: csr_array, *, target: Numbers, penalty: Numbers, known: Curvature, stands_for: Numbers | None
) -> Fit:
    n_rows, mean = columns.shape[0], _mean(target, stands_for)
    slope, centre, rows = mean * (1 - mean), known.centre, columns.T
    ball = _Ball.of(known, slope=slope, penalty=penalty)
    scale = np.sqrt(n_rows * slope)

    def unfolded(place: Numbers) -> Fit:
        weights = ball.weights(place[1:])
        return weights, float(place[0] / scale - centre @ weights)

    def loss(place: Numbers) -> tuple[float, Numbers]:
        weights, intercept = unfolded(place)
        score = columns @ weights + intercept
        gap = expit(score) - target
        if stands_for is None:
            value = np.logaddexp(0, score).sum() - target @ score + penalty @ weights**2 / 2
        else:
            value = stands_for @ (np.logaddexp(0, score) - target * score) + penalty @ weights**2 / 2
            gap = stands_for * gap
        uphill = rows @ gap - centre * gap.sum() + penalty * weights
        return float(value), np.append(gap.sum() / scale, ball.uphill(uphill))

    start = np.append(np.log(mean / (1 - mean)) * scale, np.zeros(columns.shape[1]))
    options = {"maxiter": MOST_STEPS, "gtol": FLAT_ENOUGH * np.sqrt(n_rows), "ftol": 0.0, "maxcor": 20}
    return unfolded(minimize(loss, start, jac=True, method="L-BFGS-B", options=options).x)


def _mean(target: Numbers, stands_for: Numbers | None) -> float:
    """The mean target, one of each more than there are, so that it is never 0 or 1."""
    if stands_for is None:
        return float((target.sum() + 1) / (len(target) + 2))
    return float((stands_for @ target + 1) / (stands_for.sum() + 2))


@dataclass(frozen=True)
class _Ball:
    """A change of coordinates under which the Hessian is nearly the identity.

    Of the commonest columns, core, root is the triangle whose square is the curvature; of each other column, which few
    rows have, so that it hardly varies with others, sizes is the root of its own.
    """

    core: RowIndex
    root: Numbers
    others: RowIndex
    sizes: Numbers

    @classmethod
    def of(cls, known: Curvature, *, slope: float, penalty: Numbers) -> "_Ball":
        """The coordinates for a likelihood whose terms have the second derivative slope by their score."""
        core = known.core
        others = np.setdiff1d(np.arange(len(known.centre)), core)
        spread = slope * known.products * (known.n_rows / known.n_some)
        own = slope * (known.squares - known.n_rows * known.centre**2)
        # A value that the some thousand rows do not hold curves, too: what each column's own curvature lacks is added.
        lacking = np.maximum(own[core] - np.diag(spread), 0.0) + penalty[core]
        return cls(
            core, cholesky(spread + np.diag(lacking), lower=True), others, np.sqrt(own[others] + penalty[others])
        )

    def weights(self, place: Numbers) -> Numbers:
        """The coefficients at a point, both of shape (n_columns,)."""
        found = np.empty(len(place))
        found[self.core] = solve_triangular(self.root, place[self.core], lower=True, trans=1, check_finite=False)
        found[self.others] = place[self.others] / self.sizes
        return found

    def uphill(self, gradient: Numbers) -> Numbers:
        """The gradient in these coordinates, from that by the coefficients."""
        found = np.empty(len(gradient))
        found[self.core] = solve_triangular(self.root, gradient[self.core], lower=True, check_finite=False)
        found[self.others] = gradient[self.others] / self.sizes
        return found


def one_thread() -> AbstractContextManager[Any]:
    """A block in which BLAS uses one thread."""
    limits: AbstractContextManager[Any] = _blas().limit(limits=1)
    return limits


@cache
def _blas() -> ThreadpoolController:
    """The BLAS libraries, found once: the search takes longer than a fit to few rows."""
    return ThreadpoolController().select(user_api="blas")
