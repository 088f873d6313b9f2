import numpy as np
import pandas as pd
import pytest

from experiments.rows.split import split, whole
from experiments.sections.label import LabelSpec
from experiments.sections.split import SplitSpec

LABEL = LabelSpec(kind="cancelled", lead_time_days=10, horizon_days=60)


def dated() -> pd.DataFrame:
    dates = pd.date_range("2024-01-01", periods=12, freq="MS")
    rows = pd.MultiIndex.from_product([dates, [f"c{k}" for k in range(30)]], names=["as_of", "customer_id"])
    return rows.to_frame(index=False).assign(churned=0, arm=None)


def undated() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    rows = pd.DataFrame({"customer_id": [f"c{k}" for k in range(400)], "churned": rng.integers(0, 2, 400)})
    return rows.assign(as_of=pd.Series(pd.NaT, index=range(400), dtype="datetime64[us]"), arm=None)


@pytest.mark.parametrize(
    ("rows", "spec"),
    [
        (dated(), SplitSpec(kind="time", gate_dates=2, folds=3)),
        (undated(), SplitSpec(kind="random", gate_share=0.3, folds=4)),
    ],
    ids=["time", "random"],
)
def test_every_row_is_learnt_from_and_folds_stay_apart(rows: pd.DataFrame, spec: SplitSpec) -> None:
    found, usual = (divide(rows, spec=spec, label=LABEL) for divide in (whole, split))
    assert found.training.tolist() == list(range(len(rows)))
    assert len(found.gate) == 0
    assert len(usual.gate) > 0
    assert len(found.folds) == spec.folds
    for fold in found.folds:
        assert not set(fold.fit) & set(fold.judge)
        assert not set(rows["customer_id"].iloc[fold.fit]) & set(rows["customer_id"].iloc[fold.judge])
        if spec.kind == "time":
            closed = rows["as_of"].iloc[fold.fit].max() + pd.Timedelta(days=70)
            assert closed <= rows["as_of"].iloc[fold.judge].min()
    judged = np.concatenate([fold.judge for fold in found.folds])
    assert len(set(judged)) == len(judged)
    if spec.kind == "time":
        assert set(rows["as_of"].iloc[judged]) == set(rows["as_of"].unique()[-3:])
    else:
        assert set(judged) == set(range(len(rows)))
