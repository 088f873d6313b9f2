"""Logistic regression with splines for numbers and one coefficient per category."""

from typing import Any

import numpy as np
import numpy.typing as npt
import optuna
from scipy.sparse import csr_array, hstack

from experiments.family import Family, Labels, Params, Prepared, RowIndex
from experiments.metric import Numbers
from experiments.regression import encoding, lasso, ridge
from experiments.regression.column_terms import LinearModel, LogisticModel, Terms
from experiments.statistics import rounding
from features.contract import Contract, Matrix

FREE = 1e-3
MOST_KEPT = 6


def search(trial: optuna.Trial) -> dict[str, Any]:
    """The strength of the ridge penalty."""
    return {"C": trial.suggest_float("C", 1e-3, 100.0, log=True)}


def search_effects(trial: optuna.Trial) -> dict[str, Any]:
    """The penalty of the effects, as a multiple of the one that cross-validation chooses."""
    return {"hold": trial.suggest_float("hold", 0.3, 3.0, log=True)}


def prepare(X: Matrix, y: Labels, contract: Contract) -> Prepared:
    """Encode the rows once; what fits to the same rows share is kept with them."""
    terms = encoding.terms_of(X, contract)
    return Prepared((terms, encoding.encoded(X, terms), {}), y)


def fit(
    prepared: Prepared,
    index: RowIndex,
    *,
    params: Params,
    seed: int,  # noqa: ARG001 - the optimum is unique
    stop_index: RowIndex | None = None,  # noqa: ARG001 - it has no rounds
) -> LogisticModel:
    """The penalised maximum likelihood."""
    terms, columns, kept = prepared.rows
    rows = encoding.rows_at(columns, index)
    penalty, curvature = np.full(rows.shape[1], 1.0 / params["C"]), _curvature(kept, rows, index)
    target, stands_for = prepared.y[index], prepared.weights_of(index)
    weights, intercept = ridge.logistic(
        rows, target=target, penalty=penalty, curvature=curvature, stands_for=stands_for
    )
    return LogisticModel(*_kept(terms, encoding.means(rows), weights, intercept))


def _curvature(kept: dict[bytes, ridge.Curvature], rows: csr_array, index: RowIndex) -> ridge.Curvature:
    """That of the rows at index; those of the last few index sets are kept, which the trials of a search go through."""
    name = index.tobytes()
    found = kept.pop(name, None) or ridge.Curvature.of(rows)
    kept[name] = found  # the last in order
    if len(kept) > MOST_KEPT:
        del kept[next(iter(kept))]
    return found


def regress(
    prepared: Prepared,
    index: RowIndex,
    *,
    params: Params,
    seed: int,  # noqa: ARG001 - the optimum is unique
) -> LinearModel:
    """The lasso on the same terms."""
    terms, columns, _ = prepared.rows
    rows, parts = encoding.rows_at(columns, index), prepared.parts_of(index)
    weights, intercept = lasso.lasso(rows, target=prepared.y[index], parts=parts, hold=params["hold"])
    return LinearModel(*_kept(terms, encoding.means(rows), weights, intercept))


def _kept(
    terms: tuple[Terms, ...], means: Numbers, weights: Numbers, intercept: float
) -> tuple[tuple[Terms, ...], tuple[float, ...], float, tuple[float, ...]]:
    """The terms, coefficients, intercept and centres to store: rounded, with hinges in place of hats."""
    weights, intercept = rounding.coefficients(weights), rounding.coefficient(intercept)
    hinges, constants = encoding.as_hinges(terms, weights)
    centres = encoding.by_column(terms, means * weights) - constants
    return terms, tuple(hinges.tolist()), intercept + float(constants.sum()), tuple(centres.tolist())


def prepare_jointly(
    prepared: Prepared,
    X: Matrix,  # noqa: ARG001 - they are encoded
    given: Matrix,
    contract: Contract,  # noqa: ARG001 - they are encoded
) -> Prepared:
    """The encoded rows and what was given."""
    return Prepared((*prepared.rows, given), prepared.y)


def fit_jointly(
    prepared: Prepared,
    index: RowIndex,
    *,
    params: Params,
    seed: int,  # noqa: ARG001 - the optimum is unique
) -> tuple[LogisticModel, ...]:
    """One likelihood for all arms: what is given shifts the intercept and the (penalised) linear coefficients.

    The shift itself is not: it is what the thing given does on average.
    """
    terms, columns, _, given = prepared.rows
    straight, width = _straight(terms), columns.shape[1]

    def part(some: slice) -> csr_array:
        rows, shifts = columns[index[some]], given[index[some]]
        turns = [rows[:, straight].multiply(shifts[:, [k]]) for k in range(shifts.shape[1])]
        found = csr_array(hstack([rows, csr_array(shifts), *turns], format="csr"))
        found.eliminate_zeros()
        return found

    of_rows, of_given = np.diff(columns.indptr)[index], given[index].sum(axis=1)
    most = int(of_rows.sum() + of_given @ (1 + np.minimum(of_rows, len(straight))))
    shape = len(index), width + given.shape[1] * (1 + len(straight))
    joined = encoding.gathered(part, shape=shape, most=most)
    held = np.full(joined.shape[1], 1.0 / params["C"])
    held[width : width + given.shape[1]] = FREE
    stands_for = prepared.weights_of(index)
    weights, intercept = ridge.logistic(joined, target=prepared.y[index], penalty=held, stands_for=stands_for)
    plain, shift, turn = np.split(weights, [width, width + given.shape[1]])
    means = encoding.means(joined)[:width]
    models = [LogisticModel(*_kept(terms, means, plain, intercept))]
    for k, turned in enumerate(turn.reshape(given.shape[1], len(straight))):
        own = plain.copy()
        own[straight] += turned
        models.append(LogisticModel(*_kept(terms, means, own, intercept + float(shift[k]))))
    return tuple(models)


def _straight(terms: tuple[Terms, ...]) -> npt.NDArray[np.intp]:
    """The positions of the linear terms among all."""
    starts = np.cumsum([0, *(t.n_terms for t in terms)])
    return np.concatenate([start + np.arange(t.n_straight) for start, t in zip(starts, terms, strict=False)])


FAMILY = Family(
    name="logistic",
    meaning="logistic regression; for effects, linear",
    search=search,
    starting_points=({"C": 0.1}, {"C": 0.01}),
    prepare=prepare,
    fit=fit,
    defaults=({"C": 1.0},),  # scikit-learn's
    search_effects=search_effects,
    effect_point={"hold": 1.0},
    regress=regress,
    prepare_jointly=prepare_jointly,
    fit_jointly=fit_jointly,
)
