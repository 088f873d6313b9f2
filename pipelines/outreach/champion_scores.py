"""Current customers with features, the champion's score, its risk level, and its change since the last round."""

from datetime import date, datetime

import numpy as np
import pandas as pd
import sqlalchemy as sa

from experiments.alerts.alert_file import AlertFile
from experiments.spec import ExperimentSpec
from pipelines.matrix import matrices
from pipelines.outreach import columns as known_columns
from pipelines.outreach import serving_champion
from pipelines.outreach.columns import LEVEL, SCORE, SCORE_CHANGE
from pipelines.outreach.operations import erased_people, rounds
from pipelines.outreach.past_dates import scores
from pipelines.outreach.spoken import Spoken
from pipelines.workspace import Workspace


def todays(
    spec: ExperimentSpec, workspace: Workspace, engine: sa.Engine | None, *, file: AlertFile, now: datetime
) -> tuple[pd.DataFrame, datetime, dict[str, str | None]]:
    """The rows of the newest date with all that the rules of a file ask for, that date, and what made them by version.

    Scores are among them where there is a champion.

    The date of a table without dates is the day of now, by the company's clocks.
    """
    rows = matrices.to_score(workspace.matrix)
    rows = erased_people.left_out(engine, rows) if engine else rows
    moment = (
        datetime(now.year, now.month, now.day) if spec.observations is None else rows["as_of"].max().to_pydatetime()
    )
    conditions = [rule.when for rule in file.rules.values()]
    spoken = Spoken.read(workspace.tables, conditions, file.lexicons, first=moment)
    rows = spoken.beside(rows, conditions, as_of=moment)
    champion = serving_champion.read(spec.name, workspace)
    if champion is None:
        return rows, moment, {"model": None, "alerts": spec.alerts}
    score = scores(champion.model, rows)
    change = since_last(rows, score, engine, spec, on=moment.date())
    cuts = champion.cuts(spec.score)
    added = {SCORE: score, SCORE_CHANGE: change, LEVEL: known_columns.levels(rows, score, cuts)}
    return rows.assign(**added), moment, {"model": champion.version, "alerts": spec.alerts, "levels": cuts.text}


def since_last(
    rows: pd.DataFrame, score: np.ndarray, engine: sa.Engine | None, spec: ExperimentSpec, *, on: date
) -> np.ndarray:
    """How far each row's score is above that in the spec's last round before a date, else NaN; shape (n_rows,)."""
    earlier = [one.as_of for one in rounds.all_of(engine, spec.name) if one.as_of < on] if engine else []
    there = rounds.found(engine, spec.name, earlier[-1]) if engine and earlier else None
    before = pd.Series(dtype=float) if there is None else there[1].set_index("customer_id")["risk"]
    change: np.ndarray = score - rows["customer_id"].astype(str).map(before).to_numpy(dtype=float)
    return change
