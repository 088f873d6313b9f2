"""Rows of a trial without a logged probability: whoever they were given, the model and its judges do not change."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from experiments.spec import ExperimentSpec
from features.errors import DataError
from pipelines.files import storage
from pipelines.learning import randomisation, training_data
from pipelines.matrix import matrices
from pipelines.stages import build, train
from pipelines.workspace import Workspace
from tests.pipelines.learning.test_gap import SPEC, write

BEST = {"family": "logistic", "learner": "t_learner", "params": {"C": 0.1}, "learned": {}}


def unlogged(root: Path, arm: str, *, share: float = 0.3) -> Workspace:
    """The world of `test_gap` without harm, in which a share of the customers was given this arm by hand."""
    workspace = Workspace(root, "driven")
    write(workspace.tables, harm=False)
    path = workspace.tables / "treatments" / "all.parquet"
    given = storage.read_parquet(path)
    rows = given.to_pandas()
    by_hand = (pd.util.hash_array(rows["customer_id"].to_numpy(dtype=object)) % 100) < 100 * share
    rows.loc[by_hand, "action"] = arm
    rows["probability"] = rows["probability"].where(~by_hand)
    storage.write_parquet(path, pa.Table.from_pandas(rows, schema=given.schema, preserve_index=False))
    return workspace


def made(root: Path, arm: str) -> Workspace:
    workspace, spec = unlogged(root, arm), ExperimentSpec.model_validate(SPEC)
    build.run(spec, workspace)
    storage.write_json(workspace.tuning / "best.json", BEST)
    train.run(spec, workspace)
    return workspace


@pytest.mark.slow
def test_rows_without_a_logged_probability_neither_train_nor_judge(tmp_path: Path) -> None:
    of_arms = {arm: made(tmp_path / arm, arm) for arm in ("call", "control")}
    for file in ("challenger/model.json", "gate.parquet", "training.parquet", "floor/model.json"):
        assert len({storage.digest(one.model / file) for one in of_arms.values()}) == 1, file
    workspace = of_arms["call"]
    learn = matrices.read(workspace.matrix, matrices.LEARN).to_pandas()
    lacking = learn["arm"].notna() & learn["probability"].isna()
    assert 0.2 < lacking.mean() < 0.4
    opened = training_data.opened(ExperimentSpec.model_validate(SPEC), workspace)
    assert np.array_equal(opened.unlogged, lacking)
    used = np.concatenate([opened.split.training, opened.split.gate])
    assert not lacking.to_numpy()[used].any()
    assert not opened.at_risk[lacking].any()
    assert len(randomisation.assignments(opened)) <= (~lacking).sum()
    assert randomisation.examined(opened, opened.spec.source)["verdict"] == "randomised"


def test_where_no_probability_was_logged_at_all_the_build_says_so(tmp_path: Path) -> None:
    workspace = unlogged(tmp_path, "call", share=1.0)
    with pytest.raises(DataError, match=r"no probability was logged for any of the .* rows given 'call'"):
        build.run(ExperimentSpec.model_validate(SPEC), workspace)
