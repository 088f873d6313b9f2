"""Logistic regression by Newton's method, fitted under many weightings of the same rows at once."""

import numpy as np
from scipy.special import logit

from experiments.metric import Numbers

MAXIMUM_STEPS = 60
SINGULAR = 1e13
NO_INFORMATION = 1e-12
CLOSE_ENOUGH = 1e-8
NEAREST_TO_CERTAIN = float(np.finfo(np.float64).eps)


def logits(probability: Numbers) -> Numbers:
    """ln(p / (1 - p)), clipped to [-36, 36] so that a probability of 0 or 1 stays finite; any shape."""
    clipped: Numbers = logit(np.clip(probability, NEAREST_TO_CERTAIN, 1 - NEAREST_TO_CERTAIN))
    return clipped


def logistic_fit(
    columns: Numbers,
    *,
    target: Numbers,
    weights: Numbers,
    offset: Numbers | None = None,
) -> Numbers:
    """The maximum-likelihood coefficients of `sigmoid(offset + columns @ coefficients)`, one set per draw.

    columns has shape (n_rows, n_columns): give a column of ones for an intercept. target, in [0, 1], and
    offset, default 0, have shape (n_rows,); weights has shape (draws, n_rows). Returns shape (draws, n_columns); NaN
    where no finite maximum exists (columns that are collinear or separate the classes).
    The step is damped by ln(1 + r)/r, r the largest move of a linear predictor: then Newton's method
    converges from anywhere (Sun & Tran-Dinh 2019), and still quadratically near the end.
    """
    offset = np.zeros(columns.shape[0]) if offset is None else offset
    reach: Numbers = np.abs(columns).max(axis=0)
    observed = weights @ ((target - 0.5)[:, None] * columns)
    fit = _start(columns, target=target, weights=weights, offset=offset)
    for _ in range(MAXIMUM_STEPS):
        expected, curvature = _moments(fit, columns=columns, weights=weights, offset=offset)
        step = _solved(curvature, observed - expected)
        move = np.abs(step) @ reach
        fit = fit + step * np.divide(np.log1p(move), move, out=np.ones_like(move), where=move > 0)[:, None]
        if not bool(np.any(move > CLOSE_ENOUGH)):
            return fit
    return np.where((move > CLOSE_ENOUGH)[:, None], np.nan, fit)


def _start(columns: Numbers, *, target: Numbers, weights: Numbers, offset: Numbers) -> Numbers:
    """The starting point: the fit to all draws together, a few steps from each; 0 for one draw."""
    nowhere = np.zeros((weights.shape[0], columns.shape[1]))
    if weights.shape[0] == 1:
        return nowhere
    pooled = weights.mean(axis=0, keepdims=True)
    return np.nan_to_num(logistic_fit(columns, target=target, weights=pooled, offset=offset)) + nowhere


def _moments(fit: Numbers, *, columns: Numbers, weights: Numbers, offset: Numbers) -> tuple[Numbers, Numbers]:
    """The expected sums of (outcome - 1/2) times each column, and their derivatives by the coefficients.

    Shapes (draws, n_columns) and (draws, n_columns, n_columns). With t = tanh(eta / 2), which numpy has far
    faster than the sigmoid, the probability is (1 + t) / 2 and its slope (1 - t^2) / 4.
    """
    t = np.tanh((fit @ columns.T + offset) / 2)
    weighted = weights * t
    expected = weighted @ columns / 2
    spread = (weights - weighted * t) / 4
    # Both ways give the same; the shorter loop wins by a factor of ten.
    if spread.shape[0] < columns.shape[1]:
        return expected, np.stack([(columns.T * of_one_draw) @ columns for of_one_draw in spread])
    return expected, np.stack([spread @ (columns * column[:, None]) for column in columns.T], axis=1)


def _solved(curvature: Numbers, gradient: Numbers) -> Numbers:
    """The Newton step of every draw, NaN where the Hessian is singular."""
    size = np.linalg.norm(curvature, axis=(1, 2))
    finite = np.isfinite(size) & (size > NO_INFORMATION)
    safe: Numbers = np.where(finite[:, None, None], curvature, np.eye(curvature.shape[1]))
    regular = finite & (np.linalg.cond(safe) < SINGULAR)
    safe = np.where(regular[:, None, None], curvature, np.eye(curvature.shape[1]))
    step = np.linalg.solve(safe, gradient[:, :, None])[:, :, 0]
    return np.where(regular[:, None], step, np.nan).astype(np.float64)
