"""Current customers with features, the champion's score, its risk level, and its change since the last round."""

from datetime import date, datetime

import numpy as np
import pandas as pd
import sqlalchemy as sa

from experiments.spec import ExperimentSpec
from pipelines.champion import ledger_writer, loading, model_versions
from pipelines.matrix import matrices
from pipelines.outreach import columns as known_columns
from pipelines.outreach.columns import LEVEL, SCORE, SCORE_CHANGE
from pipelines.outreach.operations import rounds
from pipelines.outreach.past_dates import scores
from pipelines.workspace import Workspace


def todays(
    spec: ExperimentSpec, workspace: Workspace, engine: sa.Engine | None, *, now: datetime
) -> tuple[pd.DataFrame, datetime, dict[str, str | None]]:
    """The rows of the newest date, with scores where there is a champion, that date, and what made them by version.

    The date of a table without dates is the day of now, by the company's clocks.
    """
    rows = matrices.to_score(workspace.matrix)
    moment = (
        datetime(now.year, now.month, now.day) if spec.observations is None else rows["as_of"].max().to_pydatetime()
    )
    reader = ledger_writer.reading(spec.name, workspace.root)
    standing, _ = reader.agreed()
    if standing.serving is None:
        return rows, moment, {"model": None, "alerts": spec.alerts}
    reader.check_champion(standing)
    version = model_versions.version(reader.client, spec.name, standing.serving)
    score = scores(loading.predictor(spec.name, standing.serving, loading.seal_of(version, standing)), rows)
    change = since_last(rows, score, engine, spec, on=moment.date())
    added = {SCORE: score, SCORE_CHANGE: change, LEVEL: known_columns.levels(score, spec.score)}
    return rows.assign(**added), moment, {"model": standing.serving, "alerts": spec.alerts}


def since_last(
    rows: pd.DataFrame, score: np.ndarray, engine: sa.Engine | None, spec: ExperimentSpec, *, on: date
) -> np.ndarray:
    """How far each row's score is above that in the spec's last round before a date, else NaN; shape (n_rows,)."""
    earlier = [one.as_of for one in rounds.all_of(engine, spec.name) if one.as_of < on] if engine else []
    there = rounds.found(engine, spec.name, earlier[-1]) if engine and earlier else None
    before = pd.Series(dtype=float) if there is None else there[1].set_index("customer_id")["risk"]
    change: np.ndarray = score - rows["customer_id"].astype(str).map(before).to_numpy(dtype=float)
    return change
