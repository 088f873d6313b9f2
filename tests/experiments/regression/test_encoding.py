import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy.sparse import csr_array
from sklearn.metrics import roc_auc_score

from experiments.families.logistic import FAMILY
from experiments.regression import encoding
from experiments.regression.column_terms import LinearModel
from features.contract import Contract
from features.feature import FeatureColumn

NUMBERS = st.one_of(st.floats(-1e6, 1e6), st.just(float("nan")), st.sampled_from([0.0, 0.0, 1.0, 2.0]))


def contract(n_numbers: int, n_categories: int = 0) -> Contract:
    """So many numbers, then a category of so many values."""
    numbers = [FeatureColumn(f"x{k}", "x") for k in range(n_numbers)]
    values = tuple(f"v{k}" for k in range(n_categories))
    return Contract(
        (*numbers, *([FeatureColumn("c", "c", type="category", categories=values)] if n_categories else []))
    )


@given(arrays.arrays(float, (40, 2), elements=NUMBERS), st.integers(0, 1000))
def test_hinges_say_what_the_hats_say(X: np.ndarray, seed: int) -> None:
    terms = encoding.terms_of(X, contract(2))
    columns = encoding.encoded(X, terms)
    weights = np.random.default_rng(seed).normal(size=columns.shape[1])
    hinges, constants = encoding.as_hinges(terms, weights)
    said = LinearModel(terms, tuple(hinges), float(constants.sum()), ()).predict(X)
    assert said == pytest.approx(columns @ weights, rel=1e-5, abs=1e-5)


def test_a_number_is_itself_its_hats_by_linear_interpolation_and_whether_it_is_missing() -> None:
    X = np.append(np.random.default_rng(0).gamma(1, size=(500, 1)), np.full((1, 1), np.nan), axis=0)
    (terms,) = encoding.terms_of(X, contract(1))
    standard = (np.nan_to_num(X[:, 0], nan=np.nanmedian(X)) - np.nanmedian(X)) / np.nanstd(X)
    knots = np.quantile(standard[:-1], encoding.QUANTILES)
    hats = [np.interp(standard, knots, height) for height in np.eye(len(knots))]
    expected = np.column_stack([standard, *hats, np.isnan(X[:, 0])])
    assert encoding.encoded(X, (terms,)).toarray() == pytest.approx(expected, rel=1e-6, abs=1e-6)


def test_a_category_of_thousands_of_values_takes_one_number_a_row() -> None:
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.integers(0, 5, 30_000), rng.integers(0, 5000, 30_000)]).astype(float)
    X[::10, 1] = np.nan
    terms = encoding.terms_of(X, contract(1, 5000))
    columns = encoding.encoded(X, terms)
    assert columns.shape == (30_000, terms[0].n_terms + 5000)
    assert columns[:, terms[0].n_terms :].nnz == 27_000
    assert columns[np.arange(1, 30_000, 10), terms[0].n_terms + X[1::10, 1].astype(int)] == pytest.approx(np.ones(3000))


def test_no_column_and_no_value_are_no_error() -> None:
    assert encoding.encoded(np.empty((7, 0)), ()).shape == (7, 0)
    nothing = np.full((7, 1), np.nan)
    assert encoding.encoded(nothing, encoding.terms_of(nothing, contract(1))).toarray().tolist() == [[0, 1]] * 7


def test_the_commonest_columns_keep_their_order() -> None:
    columns = csr_array(np.array([[0, 1, 1, 0], [0, 1, 0, 2], [5, 1, 0, 2]]))
    assert encoding.commonest(columns, 2).tolist() == [1, 3]
    assert encoding.commonest(columns, 9).tolist() == [0, 1, 2, 3]


def test_beyond_what_was_seen_the_line_goes_on_as_the_straight_term_alone_says() -> None:
    rng = np.random.default_rng(1)
    X = rng.uniform(0, 1, (3000, 1))
    y = (rng.random(3000) < 0.2 + 0.5 * (X[:, 0] > 0.5)).astype(float)
    prepared = FAMILY.prepare(X, y, contract(1))
    model = FAMILY.fit(prepared, np.arange(3000), params={"C": 1.0}, seed=0)
    asked = np.array([[X.max()], [X.max() + 1], [X.max() + 2]])
    said = model.predict(asked)
    log_odds = np.log(said / (1 - said))
    assert np.diff(log_odds) == pytest.approx(np.full(2, model.coefficients[0] / prepared.rows[0][0].scale), abs=1e-6)


def test_a_few_values_far_out_take_no_bend_from_the_others() -> None:
    """One row in a hundred holds 999999 for missing: the risk still follows the other values."""
    rng = np.random.default_rng(2)
    x = rng.normal(50, 10, 5000)
    y = (rng.random(5000) < 1 / (1 + np.exp(-(x - 55) / 5))).astype(float)
    known = rng.random(5000) > 0.01
    X = np.where(known, x, 999_999.0)[:, None]
    prepared = FAMILY.prepare(X, y, contract(1))
    said = FAMILY.fit(prepared, np.arange(5000), params={"C": 1.0}, seed=0).predict(X)
    assert roc_auc_score(y[known], said[known]) > roc_auc_score(y[known], x[known]) - 0.005


def test_the_columns_of_many_are_those_of_each_alone_in_their_order() -> None:
    rng = np.random.default_rng(4)
    X = np.column_stack(
        [rng.integers(0, 3, 300), rng.gamma(1, size=300), rng.integers(0, 2, 300), rng.normal(size=300)]
    )
    X[rng.random(X.shape) < 0.1] = np.nan
    X = np.column_stack([X, rng.integers(0, 5, 300), np.full(300, np.nan)])
    sizes = (3, 0, 0, 0, 5, 0)
    terms = encoding.terms_of(
        X,
        Contract(
            tuple(
                FeatureColumn(f"x{k}", "x", type="category", categories=tuple(map(str, range(size))))
                if size
                else FeatureColumn(f"x{k}", "x")
                for k, size in enumerate(sizes)
            )
        ),
    )
    alone = [encoding.encoded(X[:, [k]], (own,)).toarray() for k, own in enumerate(terms)]
    assert [one.shape[1] for one in alone] == [own.n_terms for own in terms]
    assert np.array_equal(encoding.encoded(X, terms).toarray(), np.column_stack(alone))
