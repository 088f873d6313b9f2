"""Rows are encoded as the model's own contract encodes them."""

import numpy as np
import pandas as pd
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from features.contract import Contract
from features.feature import FeatureColumn
from pipelines.jobs.service.online.judging import encoded

COLUMNS = (
    FeatureColumn("days", "days of use", "count"),
    FeatureColumn("plan", "the plan", type="category", categories=("basic", "family", "premium")),
    FeatureColumn("region", "the region", type="category", categories=("'s", "北")),
)
ROWS = st.lists(
    st.tuples(
        st.one_of(st.none(), st.floats(allow_nan=False)),
        st.one_of(st.none(), st.sampled_from(["basic", "family", "premium", "gone"])),
        st.one_of(st.none(), st.sampled_from(["'s", "北", ""])),
    ),
    min_size=1,
    max_size=9,
)


@given(ROWS)
def test_the_contract_gives_the_same_to_the_bit(rows: list[tuple[float | None, str | None, str | None]]) -> None:
    contract = Contract(COLUMNS)
    days, plan, region = (list(one) for one in zip(*rows, strict=True))
    texts = {"plan": pa.array(plan, pa.string()), "region": pa.array(region, pa.string())}
    table = pa.table({"days": pa.array(days, pa.float64()), **texts})
    wanted = contract.encode(pd.DataFrame({"days": pd.Series(days, dtype=float), "plan": plan, "region": region}))
    np.testing.assert_array_equal(encoded(table, contract.to_dict()["columns"]), wanted)
