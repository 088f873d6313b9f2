"""Run in the rivals' own environment: `python automl_rivals.py CONTESTANT FOLDER SECONDS`.

FOLDER holds learn.parquet and new.parquet, whose column `y` is the outcome (0 or 1). Probabilities of the new rows are
written as said.csv; wall and CPU seconds of the fit, without imports, are printed as JSON in the last line. SECONDS are
of CPU: in this process `time.time`, by which the rivals end, is a clock of the CPU time that they have used, so that a
busy machine takes nothing from them.
"""

import json
import logging
import os
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

Fitted = Callable[[pd.DataFrame], np.ndarray]
LABEL = "y"


def plain_lightgbm(rows: pd.DataFrame, y: pd.Series, _seconds: float, _folder: Path) -> Fitted:
    """LightGBM as it comes."""
    from lightgbm import LGBMClassifier

    model = LGBMClassifier(verbose=-1, random_state=0, n_jobs=1).fit(rows, y)
    return lambda new: model.predict_proba(new)[:, 1]


def tuned_logistic(rows: pd.DataFrame, y: pd.Series, _seconds: float, _folder: Path) -> Fitted:
    """Numbers imputed and standardised, categories one-hot, the penalty by cross-validation of the log loss."""
    from sklearn.compose import make_column_selector, make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegressionCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    numbers = make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler())
    encoder = make_column_transformer(
        (numbers, make_column_selector(dtype_include="number")),
        (OneHotEncoder(handle_unknown="ignore", min_frequency=5), make_column_selector(dtype_exclude="number")),
    )
    judge = LogisticRegressionCV(Cs=10, cv=5, max_iter=2000, scoring="neg_log_loss", l1_ratios=(0,))
    model = make_pipeline(encoder, judge).fit(rows, y)
    return lambda new: model.predict_proba(new)[:, 1]


def flaml(rows: pd.DataFrame, y: pd.Series, seconds: float, _folder: Path) -> Fitted:
    """FLAML as it comes, for the log loss."""
    from flaml import AutoML

    model = AutoML()
    asked = {"task": "classification", "metric": "log_loss", "time_budget": seconds, "n_jobs": 1, "seed": 0}
    model.fit(X_train=rows, y_train=y, verbose=0, **asked)
    return lambda new: model.predict_proba(new)[:, 1]


def autogluon(presets: str, **options: Any) -> Callable[[pd.DataFrame, pd.Series, float, Path], Fitted]:
    """AutoGluon for the log loss. Dynamic stacking, a fit before the fit, takes longer than these seconds."""

    def fitted(rows: pd.DataFrame, y: pd.Series, seconds: float, folder: Path) -> Fitted:
        from autogluon.tabular import TabularPredictor

        made = TabularPredictor(LABEL, eval_metric="log_loss", path=str(folder / "autogluon"), verbosity=0)
        model = made.fit(rows.assign(**{LABEL: y}), time_limit=seconds, presets=presets, num_cpus=1, **options)
        return lambda new: model.predict_proba(new)[1].to_numpy()

    return fitted


CONTESTANTS = {
    "LightGBM, its defaults": plain_lightgbm,
    "logistic regression, tuned": tuned_logistic,
    "FLAML": flaml,
    "AutoGluon": autogluon("best_quality", dynamic_stacking=False),
}


def cpu_clock() -> Callable[[], float]:
    """A clock that begins now and goes on while this process works."""
    now, used = time.time(), spent()
    return lambda: now + spent() - used


def spent() -> float:
    """CPU seconds of this process and of its children that ended."""
    taken = os.times()
    return taken.user + taken.system + taken.children_user + taken.children_system


def main(name: str, place: str, seconds: str) -> None:
    """Fit, predict, and say what the fit took."""
    folder = Path(place)
    rows, new = pd.read_parquet(folder / "learn.parquet"), pd.read_parquet(folder / "new.parquet")
    y = rows.pop(LABEL).astype(int)
    if name.startswith("AutoGluon"):
        import autogluon.tabular  # noqa: F401 - its import is nobody's fit
    began, cpu = time.perf_counter(), spent()
    model = CONTESTANTS[name](rows, y, float(seconds), folder)
    taken = {"wall": time.perf_counter() - began, "cpu": spent() - cpu}
    pd.Series(model(new.drop(columns=LABEL))).to_csv(folder / "said.csv", index=False, header=False)
    sys.stdout.write("\n" + json.dumps(taken) + "\n")


if __name__ == "__main__":
    time.time = cpu_clock()
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    main(*sys.argv[1:])
