"""Logistic regression on standardised numbers with hinges at their quantiles, and on categories one by one."""

from typing import Any

import numpy as np
import numpy.typing as npt
import optuna

from experiments import penalised, rounding, sparse
from experiments.family import Family, Labels, Params, Prepared, RowIndex
from experiments.terms import LinearModel, LogisticModel, Terms
from features.contract import Contract, Matrix

QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)
FREE = 1e-3


def search(trial: optuna.Trial) -> dict[str, Any]:
    """How strongly the coefficients are held back."""
    return {"C": trial.suggest_float("C", 1e-3, 10.0, log=True)}


def search_effects(trial: optuna.Trial) -> dict[str, Any]:
    """How much more or less strongly than a cross-validation says those of an effect are held back."""
    return {"hold": trial.suggest_float("hold", 0.3, 3.0, log=True)}


def prepare(X: Matrix, y: Labels, contract: Contract) -> Prepared:
    """Expand the columns into terms once; medians and knots look at no label."""
    terms = tuple(
        Terms(len(column.categories)) if column.type == "category" else _terms_of(X[:, position])
        for position, column in enumerate(contract.columns)
    )
    columns = [term for t, x in zip(terms, X.T, strict=True) for term in t.expand(x)]
    expanded = np.column_stack(columns) if columns else np.empty((len(X), 0))
    return Prepared((terms, expanded), y)


def _terms_of(values: npt.NDArray[np.float64]) -> Terms:
    present = values[~np.isnan(values)]
    if len(present) == 0:
        return Terms(0)
    median, scale = float(np.median(present)), float(present.std()) or 1.0
    knots = np.unique((np.quantile(present, QUANTILES) - median) / scale)
    inside = [
        float(knot) for knot in knots if (present.min() - median) / scale < knot < (present.max() - median) / scale
    ]
    return Terms(0, median, scale, tuple(inside) if len(np.unique(present)) > 2 else ())


def fit(
    prepared: Prepared,
    index: RowIndex,
    *,
    params: Params,
    seed: int,  # noqa: ARG001 - the optimum is unique
    stop_index: RowIndex | None = None,  # noqa: ARG001 - it has no rounds
) -> LogisticModel:
    """The penalised maximum likelihood."""
    terms, expanded = prepared.rows
    rows = expanded[index]
    weights, intercept = _kept(
        penalised.logistic(rows, target=prepared.y[index], penalty=np.full(rows.shape[1], 1.0 / params["C"]))
    )
    return LogisticModel(terms, tuple(weights.tolist()), intercept, _centres(terms, rows, weights))


def regress(
    prepared: Prepared,
    index: RowIndex,
    *,
    params: Params,
    seed: int,  # noqa: ARG001 - the optimum is unique
) -> LinearModel:
    """The lasso on the same terms."""
    terms, expanded = prepared.rows
    rows = expanded[index]
    weights, intercept = _kept(
        sparse.lasso(rows, target=prepared.y[index], parts=prepared.parts_of(index), hold=params["hold"])
    )
    return LinearModel(terms, tuple(weights.tolist()), intercept, _centres(terms, rows, weights))


def _kept(found: penalised.Fit) -> penalised.Fit:
    """The fit as it is kept and predicts, rounded."""
    weights, intercept = found
    return rounding.coefficients(weights), rounding.coefficient(intercept)


def _centres(terms: tuple[Terms, ...], rows: Matrix, weights: npt.NDArray[np.float64]) -> tuple[float, ...]:
    parts = np.split(rows.mean(axis=0) * weights, np.cumsum([t.n_terms for t in terms])[:-1]) if terms else []
    return tuple(float(part.sum()) for part in parts)


def prepare_jointly(X: Matrix, given: Matrix, y: Labels, contract: Contract) -> Prepared:
    """The terms, and what was given."""
    terms, expanded = prepare(X, y, contract).rows
    return Prepared((terms, expanded, given), y)


def fit_jointly(
    prepared: Prepared,
    index: RowIndex,
    *,
    params: Params,
    seed: int,  # noqa: ARG001 - the optimum is unique
) -> tuple[LogisticModel, ...]:
    """One likelihood of all: what is given shifts the sum and turns the straight terms, whose turns are held back too.

    The shift itself is not: it is what the thing given does on average.
    """
    terms, expanded, given = prepared.rows
    straight = _straight(terms)
    rows, shifts = expanded[index], given[index]
    turns = [shifts[:, [k]] * rows[:, straight] for k in range(shifts.shape[1])]
    held = np.full(rows.shape[1] + shifts.shape[1] * (1 + len(straight)), 1.0 / params["C"])
    held[rows.shape[1] : rows.shape[1] + shifts.shape[1]] = FREE
    joined = np.hstack([rows, shifts, *turns])
    weights, intercept = _kept(penalised.logistic(joined, target=prepared.y[index], penalty=held))
    plain, shift, turn = np.split(weights, [rows.shape[1], rows.shape[1] + shifts.shape[1]])
    models = [LogisticModel(terms, tuple(plain.tolist()), intercept, _centres(terms, rows, plain))]
    for k, turned in enumerate(turn.reshape(shifts.shape[1], len(straight))):
        own, shifted = plain.copy(), rounding.coefficient(intercept + float(shift[k]))
        own[straight] = rounding.coefficients(own[straight] + turned)
        models.append(LogisticModel(terms, tuple(own.tolist()), shifted, _centres(terms, rows, own)))
    return tuple(models)


def _straight(terms: tuple[Terms, ...]) -> npt.NDArray[np.intp]:
    """The positions of the straight terms among all."""
    starts = np.cumsum([0, *(t.n_terms for t in terms)])
    return np.concatenate([start + np.arange(t.n_straight) for start, t in zip(starts, terms, strict=False)])


FAMILY = Family(
    name="logistic",
    meaning="logistic regression; for effects, linear",
    search=search,
    starting_points=({"C": 0.1}, {"C": 0.01}),
    prepare=prepare,
    fit=fit,
    search_effects=search_effects,
    effect_point={"hold": 1.0},
    regress=regress,
    prepare_jointly=prepare_jointly,
    fit_jointly=fit_jointly,
)
