"""Logistic regression whose coefficients are held back (ridge).

On one thread: its sums would otherwise depend on the number of cores, and threads that wait for one another in hundreds
of small products cost more than they save.
"""

from contextlib import AbstractContextManager
from functools import cache
from typing import Any

import numpy as np
from scipy.linalg import cholesky, solve_triangular
from scipy.optimize import minimize
from scipy.special import expit
from threadpoolctl import ThreadpoolController

from experiments.metric import Numbers

ROWS_TO_WALK_BY = 4000
MOST_STEPS = 300
FLAT_ENOUGH = 1e-6

Fit = tuple[Numbers, float]


def logistic(columns: Numbers, *, target: Numbers, penalty: Numbers) -> Fit:
    """The coefficients and the intercept of the smallest negative log-likelihood plus penalty / 2 * coefficient^2.

    columns have shape (n_rows, n_columns), target (n_rows,), penalty, above 0, (n_columns,); target holds 0 and 1, both
    of them. L-BFGS walks in coordinates in which the curvature
    is nearly that of a ball: Newton's method needs fewer steps, but each costs as much as all of these together. The
    curvature is only to walk by, so some thousand rows tell it well enough; the optimum is that of all rows.
    """
    with one_thread():
        return _walked(columns, target=target, penalty=penalty)


def _walked(columns: Numbers, *, target: Numbers, penalty: Numbers) -> Fit:
    n_rows, mean = len(columns), (target.sum() + 1) / (len(target) + 2)
    slope, centre = mean * (1 - mean), columns.mean(axis=0)
    some = columns[:: max(1, n_rows // ROWS_TO_WALK_BY)]
    root = cholesky(slope * _spread(some, centre) * (n_rows / len(some)) + np.diag(penalty), lower=True)
    scale = np.sqrt(n_rows * slope)

    def unfolded(place: Numbers) -> Fit:
        weights: Numbers = solve_triangular(root, place[1:], lower=True, trans=1, check_finite=False)
        return weights, float(place[0] / scale - centre @ weights)

    def loss(place: Numbers) -> tuple[float, Numbers]:
        weights, intercept = unfolded(place)
        score = columns @ weights + intercept
        value = np.logaddexp(0, score).sum() - target @ score + penalty @ weights**2 / 2
        gap = expit(score) - target
        uphill = columns.T @ gap - centre * gap.sum() + penalty * weights
        return float(value), np.append(
            gap.sum() / scale, solve_triangular(root, uphill, lower=True, check_finite=False)
        )

    start = np.append(np.log(mean / (1 - mean)) * scale, np.zeros(columns.shape[1]))
    options = {"maxiter": MOST_STEPS, "gtol": FLAT_ENOUGH, "ftol": 0.0, "maxcor": 20}
    return unfolded(minimize(loss, start, jac=True, method="L-BFGS-B", options=options).x)


def one_thread() -> AbstractContextManager[Any]:
    """While it lasts, BLAS works on one thread."""
    limits: AbstractContextManager[Any] = _blas().limit(limits=1)
    return limits


@cache
def _blas() -> ThreadpoolController:
    """The BLAS libraries, found once: to look for them takes longer than a fit of few rows."""
    return ThreadpoolController().select(user_api="blas")


def _spread(columns: Numbers, centre: Numbers) -> Numbers:
    """The sum over the rows of the products of their distances from the centre, shape (n_columns, n_columns)."""
    apart = columns - centre
    spread: Numbers = apart.T @ apart
    return spread
