"""Scores of the held-out rows from features as known some days earlier, to measure AUC by lead time."""

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from experiments.family import FittedModel
from experiments.search.learning_problem import Candidate
from experiments.statistics import rounding
from features.catalog import all_features
from pipelines.learning.training_data import Learning
from pipelines.matrix import matrices
from pipelines.workspace import Workspace

ALL = "all"


def scores(opened: Learning, workspace: Workspace, *, challenger: Any, plain: Candidate) -> pa.Table:
    """A score of each row of the gate cohort for each number of days and each theme, in columns `THEME@DAYS`.

    `all` is the challenger itself; a theme is a plain candidate that learnt from the columns of that theme alone.
    Without dates there is nothing.
    """
    days = matrices.frozen_days(workspace.matrix)
    if not days:
        return pa.table({})
    themes = _themes(opened)
    fitted = {theme: _without_action(opened.narrowed(names), plain) for theme, names in themes.items()}
    found = {}
    for ahead in days:
        rows = _rows(opened, workspace, ahead)
        found[f"{ALL}@{ahead}"] = challenger.score(rows)["churn_score"].to_numpy()
        for theme, names in themes.items():
            found[f"{theme}@{ahead}"] = fitted[theme].predict(opened.contract.select(names).encode(rows))
    columns = [f"{one}@{ahead}" for one in (ALL, *themes) for ahead in days]
    return pa.table({name: rounding.probabilities(found[name]) for name in columns})


def _without_action(opened: Learning, plain: Candidate) -> FittedModel:
    """An uncalibrated risk model of the untreated training rows; only the order of its scores is used."""
    problem = opened.problem({plain.family})
    at_risk = np.flatnonzero(problem.at_risk)
    seed = opened.spec.tuning.seed
    return problem.families[plain.family].fit(problem.prepared[plain.family], at_risk, params=plain.params, seed=seed)


def _rows(opened: Learning, workspace: Workspace, ahead: int) -> pd.DataFrame:
    gate = opened.rows.iloc[opened.split.gate]
    dates = [f"as_of={moment:%Y-%m-%d}" for moment in sorted(gate["as_of"].unique())]
    rows: pd.DataFrame = pa.concat_tables(
        [matrices.frozen(workspace.matrix, ahead, date) for date in dates]
    ).to_pandas()
    return rows


def _themes(opened: Learning) -> dict[str, list[str]]:
    """The columns of each theme that vary over the training rows."""
    themes: dict[str, list[str]] = {}
    place = {name: place for place, name in enumerate(opened.contract.names)}
    for name, one in all_features().items():
        if name in place and len(pd.unique(opened.X[opened.split.training, place[name]])) > 1:
            themes.setdefault(one.theme, []).append(name)
    return themes
