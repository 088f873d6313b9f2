import numpy as np
import pandas as pd
import pytest

from features.contract import Contract
from features.errors import ContractError
from features.feature import FeatureColumn

CONTRACT = Contract(
    (
        FeatureColumn("visits", "Visits"),
        FeatureColumn("plan", "Plan", type="category", categories=("basic", "plus")),
        FeatureColumn("spent", "Spent"),
    )
)


def test_rows_are_doubles_and_categories_their_index() -> None:
    rows = pd.DataFrame({"spent": [1.5, None], "plan": ["plus", "gold"], "visits": pd.array([3, None], dtype="Int64")})
    assert np.array_equal(CONTRACT.encode(rows), [[3, 1, 1.5], [np.nan] * 3], equal_nan=True)


def test_what_was_encoded_is_decoded_to_rows_that_encode_the_same() -> None:
    X = np.array([[3, 1, 1.5], [np.nan, np.nan, np.nan], [-2, 0, 0.25]])
    rows = CONTRACT.decode(X)
    assert rows["plan"].tolist()[::2] == ["plus", "basic"]
    assert rows["visits"].dropna().astype(str).tolist() == ["3", "-2"]
    assert np.array_equal(CONTRACT.encode(rows), X, equal_nan=True)


def test_a_column_that_is_missing_is_named() -> None:
    with pytest.raises(ContractError, match="spent"):
        CONTRACT.encode(pd.DataFrame({"visits": [1], "plan": ["plus"]}))
