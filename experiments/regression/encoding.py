"""Encoded rows as a sparse design matrix, by scikit-learn's encoders, for the logistic family.

A number becomes itself standardised, hats (linear splines, each 1 at its knot and 0 from the next ones on) and whether
it is missing; a category becomes one column for each of its values. In a row at most two hats of a number and one
column of a category are not 0: thousands of values take no more memory than a few. docs/decisions/0022 says what was
measured.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array, hstack
from sklearn import config_context
from sklearn.impute import MissingIndicator
from sklearn.preprocessing import OneHotEncoder, SplineTransformer

from experiments.family import RowIndex
from experiments.metric import Numbers
from experiments.regression.column_terms import Terms
from features.contract import Contract, Matrix

QUANTILES = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0)
NEAREST = 1e-8
ROWS_AT_ONCE = 8_192
VALUES_AT_ONCE = 1_000_000
# What some columns of rows become: from shape (n_rows, n_columns) to (n_rows, n_terms).
Encode = Callable[[Matrix], csr_array]


def terms_of(X: Matrix, contract: Contract) -> tuple[Terms, ...]:
    """The terms of each column of X, shape (n_rows, n_columns); medians and knots do not depend on labels."""
    return tuple(
        Terms(len(column.categories)) if column.type == "category" else _number(X[:, position])
        for position, column in enumerate(contract.columns)
    )


def _number(values: npt.NDArray[np.float64]) -> Terms:
    """The terms of a number: knots at quantiles, but no two within a hundred-millionth of a standard deviation."""
    present = values[~np.isnan(values)]
    if len(present) == 0:
        return Terms(0)
    terms = Terms(0, float(np.median(present)), float(present.std()) or 1.0)
    knots = np.unique(np.quantile(terms.standard(present), QUANTILES))
    apart = knots[np.append(True, np.diff(knots) > NEAREST)]
    apart[-1] = knots[-1]
    return Terms(0, terms.median, terms.scale, tuple(apart.tolist()) if len(apart) > 2 else ())


def encoded(X: Matrix, terms: tuple[Terms, ...]) -> csr_array:
    """The columns of all terms, in their order, shape (n_rows, n_terms), in single precision.

    X must lie within the knots, as it did in `terms_of`.
    """
    if not terms:
        return csr_array((len(X), 0), dtype=np.float32)
    with config_context(skip_parameter_validation=True):  # they are ours, and checking takes longer than encoding
        encoders, place = _encoders(terms)
    most = len(X) * sum(1 if t.n_categories else 4 if t.knots else 2 for t in terms)

    def part(rows: slice) -> csr_array:
        some = X[rows]
        found = csr_array(hstack([encode(some[:, columns]) for columns, encode in encoders], format="csr"), dtype=float)
        found.eliminate_zeros()
        return csr_array((found.data, place[found.indices], found.indptr), shape=found.shape)

    return gathered(part, shape=(len(X), len(place)), most=most, dtype=np.float32)


def rows_at(columns: csr_array, index: RowIndex) -> csr_array:
    """Some rows of the design matrix in double precision, to fit on."""
    most = int(np.diff(columns.indptr)[index].sum())
    return gathered(lambda rows: columns[index[rows]], shape=(len(index), columns.shape[1]), most=most)


def gathered(
    part: Callable[[slice], csr_array], *, shape: tuple[int, int], most: int, dtype: npt.DTypeLike = np.float64
) -> csr_array:
    """A sparse matrix of this shape, filled from part a block of rows at a time, so that only one copy is in memory.

    most is how many of its values are not 0, or more: what is not written to takes no memory.
    """
    whole = np.int64 if max(most, *shape) > np.iinfo(np.int32).max else np.int32
    values, places = np.empty(most, dtype=dtype), np.empty(most, dtype=whole)
    starts, end = np.zeros(shape[0] + 1, dtype=whole), 0
    for start in range(0, shape[0], ROWS_AT_ONCE):
        found = part(slice(start, start + ROWS_AT_ONCE))
        begin, end = end, end + found.nnz
        values[begin:end], places[begin:end] = found.data, found.indices
        starts[start + 1 : start + 1 + found.shape[0]] = begin + found.indptr[1:]
    return csr_array((values[:end], places[:end], starts), shape=shape)


def _encoders(terms: tuple[Terms, ...]) -> tuple[list[tuple[list[int], Encode]], RowIndex]:
    """Which columns each encoder takes, and for each column that they make the index of its term.

    Called one after another: a ColumnTransformer does the same in several times as long.
    """
    starts = np.cumsum([0, *(t.n_terms for t in terms)])
    numbers = [k for k, t in enumerate(terms) if not t.n_categories]
    bent = [k for k in numbers if terms[k].knots]
    categories = [k for k, t in enumerate(terms) if t.n_categories]
    encoders: list[tuple[list[int], Encode]] = []
    if numbers:
        encoders += [(numbers, _straight([terms[k] for k in numbers])), (numbers, _missing(len(numbers)))]
    encoders += [([k], _hats(terms[k])) for k in bent]
    if categories:
        encoders.append((categories, _one_hot([terms[k].n_categories for k in categories])))
    place = [
        starts[numbers],
        starts[np.array(numbers, int) + 1] - 1,
        *(starts[k] + 1 + np.arange(len(terms[k].knots)) for k in bent),
        *(np.arange(starts[k], starts[k + 1]) for k in categories),
    ]
    return encoders, np.concatenate(place).astype(np.int32)


def _straight(terms: list[Terms]) -> Encode:
    return lambda values: csr_array(np.column_stack([t.standard(x) for t, x in zip(terms, values.T, strict=True)]))


def _missing(n_columns: int) -> Encode:
    indicator = MissingIndicator(features="all", sparse=True).fit(np.zeros((1, n_columns)))
    return lambda values: indicator.transform(values)  # noqa: PLW0108 - it is typed


def _hats(terms: Terms) -> Encode:
    knots = np.array(terms.knots)[:, None]
    spline = SplineTransformer(degree=1, knots=knots, sparse_output=True).fit(knots)
    return lambda values: spline.transform(terms.standard(values))


def _one_hot(sizes: list[int]) -> Encode:
    values = [np.arange(float(size)) for size in sizes]
    encoder = OneHotEncoder(categories=values, handle_unknown="ignore").fit(np.zeros((1, len(sizes))))
    return lambda values: encoder.transform(values)  # noqa: PLW0108 - it is typed


def as_hinges(terms: tuple[Terms, ...], weights: Numbers) -> tuple[Numbers, Numbers]:
    """Hinge coefficients, max(0, x - knot), equal to these hat coefficients up to the constant returned second.

    weights have shape (n_terms,); the second, shape (len(terms),), is a constant for each column. Between two knots the
    sum of hats is a straight line; a hinge at each knot adds by how much the slope changes there, and before the first
    knot stands the first hat's weight.
    """
    hinges, constants, start = weights.copy(), np.zeros(len(terms)), 0
    for place, t in enumerate(terms):
        if t.knots:
            own = slice(start + 1, start + 1 + len(t.knots))
            slopes = np.diff(weights[own]) / np.diff(t.knots)
            hinges[own] = np.diff(slopes, prepend=0.0, append=0.0)
            constants[place] = weights[start + 1]
        start += t.n_terms
    return hinges, constants


def by_column(terms: tuple[Terms, ...], values: Numbers) -> Numbers:
    """The sums of values, shape (n_terms,), over the terms of each column, shape (len(terms),)."""
    parts = np.split(values, np.cumsum([t.n_terms for t in terms])[:-1]) if terms else []
    return np.array([part.sum() for part in parts])


def means(columns: csr_array) -> Numbers:
    """The mean of each column, shape (n_columns,); scipy's own copies the matrix."""
    found: Numbers = columns.sum(axis=0) / columns.shape[0]
    return found


def commonest(columns: csr_array, most: int) -> RowIndex:
    """The indices of at most so many columns, those with the most non-zero rows, in ascending order."""
    counts = per_column(columns, lambda values: np.ones(len(values)))
    return np.sort(np.argsort(-counts, kind="stable")[:most])


def per_column(columns: csr_array, of: Callable[[Numbers], Numbers]) -> Numbers:
    """The sum of `of` over each column's non-zero values, shape (n_columns,).

    Some values at a time: numpy would hold a wider copy of all their places.
    """
    total = np.zeros(columns.shape[1])
    for start in range(0, columns.nnz, VALUES_AT_ONCE):
        some = slice(start, start + VALUES_AT_ONCE)
        total += np.bincount(columns.indices[some], weights=of(columns.data[some]), minlength=columns.shape[1])
    return total
