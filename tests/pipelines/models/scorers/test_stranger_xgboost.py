"""XGBoost's trees walked by NumPy say what XGBoost says, to the bit, also where single precision decides."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from experiments.uplift.fitted_learner import FittedLearner
from features.contract import Contract
from pipelines.models import portable, scorer_text
from pipelines.models.scorers import kinds
from tests.stranger_xgboost.installed import KIND_TEXT
from tests.strangers import plugged

xgboost = pytest.importorskip("xgboost")

WITHOUT = """
import importlib.abc, sys
class Refuse(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("features", "experiments", "pipelines", "xgboost", "lightgbm", "scipy"):
            raise ImportError(name)
sys.meta_path.insert(0, Refuse())
import runpy
import pandas
folder = sys.argv[1]
scorer = runpy.run_path(folder + "/scorer.py", run_name="scorer")["Scorer"](folder)
scorer.score(pandas.read_parquet(folder + "/rows.parquet"), reasons=2).to_parquet(folder + "/answer.parquet")
"""


@pytest.fixture(scope="module")
def model(tiny_world, contract: Contract) -> Any:
    from tests.stranger_xgboost.family import FAMILY

    X, y = tiny_world
    params = {**FAMILY.starting_points[0], "max_depth": 6, "min_child_weight": 0.1, "rounds": 150}
    return FAMILY.fit(FAMILY.prepare(X, y, contract), np.arange(len(X)), params=params, seed=1)


@pytest.fixture(scope="module")
def walked(model: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    space: dict[str, Any] = {"__name__": "scorer"}
    with plugged(kinds, tmp_path_factory.mktemp("kinds"), xgboost=KIND_TEXT):
        exec(compile(scorer_text.text(["xgboost"]), "scorer.py", "exec"), space)  # noqa: S102 - it is ours
    exported = model.export()
    return space["KINDS"]["xgboost"](exported.plain, list(exported.texts))


def rows_at_thresholds(model: Any) -> np.ndarray:
    """Rows at every threshold, next to it in single and in double precision, and where nothing is ordinary."""
    (text,) = model.export().texts
    trees = json.loads(text)["model"]["trees"]
    found = []
    for column in range(3):
        cuts = set()
        for tree in trees:
            nodes = zip(tree["split_conditions"], tree["split_indices"], tree["left_children"], strict=True)
            cuts |= {np.float32(cut) for cut, of, child in nodes if child != -1 and of == column}
        at = np.array(sorted(cuts), dtype=np.float32)
        near = [np.nextafter(at, np.float32(end)).astype(float) for end in (-np.inf, np.inf)]
        double = [np.nextafter(at.astype(float), end) for end in (-np.inf, np.inf)]
        odd = np.array([np.nan, 0.0, -0.0, 1e300, -1e300, 5e-324, 1e-40, 2.0])
        found.append(np.concatenate([at.astype(float), *near, *double, odd]))
    rng = np.random.default_rng(0)
    return np.column_stack([rng.choice(values, 20_000) for values in found])


def test_the_walk_is_xgboosts_prediction_to_the_bit(model: Any, walked: Any) -> None:
    rows = rows_at_thresholds(model)
    assert len(np.unique(walked.predict(rows))) > 500
    assert np.array_equal(walked.predict(rows), model.predict(rows))


def test_double_precision_would_say_something_else(model: Any, walked: Any) -> None:
    """The rows do tell single precision from double."""
    rows = rows_at_thresholds(model)
    leaf = [tree.walk(rows)[0] for tree in walked.trees]
    single = [tree.walk(rows.clip(-3e38, 3e38).astype(np.float32))[0] for tree in walked.trees]
    assert not np.array_equal(leaf, single)


def test_reasons_are_xgboosts_own_by_the_same_method(model: Any, walked: Any) -> None:
    rows = rows_at_thresholds(model)[:3000].clip(-1e30, 1e30)
    table = xgboost.DMatrix(rows.astype(np.float32))
    told = model.booster.predict(table, pred_contribs=True, approx_contribs=True)
    assert walked.contributions(rows)[:, :-1] == pytest.approx(told[:, :-1], abs=2e-4)
    assert np.abs(told[:, :-1]).max() > 0.5


def test_a_model_needs_neither_xgboost_nor_lightgbm_nor_scipy(
    model: Any, tiny_world, contract: Contract, tmp_path: Path
) -> None:
    X, _ = tiny_world
    plans = np.array(["basic", "plus"], dtype=object)[X[:, 2].astype(int)]
    rows = pd.DataFrame({"usage": X[:, 0], "noise": X[:, 1], "plan": plans})
    with plugged(kinds, tmp_path / "kinds", xgboost=KIND_TEXT):
        usual = {"usage": 0.0, "noise": 0.0}
        portable.write(tmp_path / "model", FittedLearner({"control": model}, {}, {}), contract=contract, typical=usual)
        told = portable.scorer(tmp_path / "model").score(rows, reasons=2)
        assert scorer_text.requirements(["xgboost"]) == scorer_text.requirements(["prior"])
    rows.to_parquet(tmp_path / "model" / "rows.parquet")
    subprocess.run([sys.executable, "-I", "-c", WITHOUT, str(tmp_path / "model")], check=True, cwd=tmp_path)
    assert pd.read_parquet(tmp_path / "model" / "answer.parquet").equals(told)
    assert np.array_equal(told["churn_score"], model.predict(X))
    assert told["reason_1"].ne("").mean() > 0.5
