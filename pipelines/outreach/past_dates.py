"""Backtest data at past dates: features known then, scores by a model that learned from none of it, who left."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from experiments.alerts.alert_file import AlertFile
from experiments.alerts.past_performance import Past
from experiments.logic import truth
from experiments.logic.condition import Columns, Condition
from experiments.metric import Numbers
from experiments.money.risk_levels import RiskCuts
from experiments.spec import ExperimentSpec
from features.errors import UsageError
from features.tables import CONTROL, LEFT_IN_GAP
from pipelines.champion import ledger_writer, loading, model_versions
from pipelines.matrix import left_at, matrices
from pipelines.messages import log
from pipelines.outreach import columns as known_columns
from pipelines.outreach import cuts_in_use
from pipelines.outreach.columns import LEVEL, SCORE, SCORE_CHANGE
from pipelines.outreach.operations import clock
from pipelines.outreach.spoken import Spoken
from pipelines.workspace import Workspace


@dataclass(frozen=True)
class PastDates:
    """The rows of each past date, the customers in the order of the columns of past, and the scores.

    scores has the shape of past.left: the champion's risk at dates after all that it learned from, else NaN.
    """

    rows: Mapping[datetime, pd.DataFrame]
    customers: pd.Index
    past: Past
    scores: Numbers

    def truths(self, condition: Condition, columns: Columns) -> Numbers:
        """The truth of a condition at each date, shape (n_dates, n_customers); unknown for who was not there."""
        found = np.full(self.past.left.shape, truth.UNKNOWN)
        for place, rows in enumerate(self.rows.values()):
            values = known_columns.values(rows, condition.columns(), columns)
            found[place, self.customers.get_indexer(pd.Index(rows["customer_id"]))] = condition.truth(values)
        return found


def read(spec: ExperimentSpec, workspace: Workspace, file: AlertFile) -> PastDates:
    """The past dates of a spec with dates, with all that the rules of a file ask for.

    Who got an action is left out of the outcomes: it may have kept them. Raises UsageError for a spec without dates.
    """
    if spec.observations is None:
        raise UsageError(f"spec '{spec.name}' is a table without dates; there is no past to play the rules over.")
    table = matrices.read(workspace.matrix, matrices.LEARN).to_pandas()
    rows = {moment.to_pydatetime(): part.reset_index(drop=True) for moment, part in table.groupby("as_of", sort=True)}
    conditions = [rule.when for rule in file.rules.values()]
    spoken = Spoken.read(workspace.tables, conditions, file.lexicons, first=min(rows))
    rows = {moment: spoken.beside(part, conditions, as_of=moment) for moment, part in rows.items()}
    customers = pd.Index(table["customer_id"].unique()).sort_values()
    predictor, until, cuts = _champion(spec, workspace)
    shape = (len(rows), len(customers))
    present, (left, days, asked) = np.zeros(shape, dtype=bool), (np.full(shape, np.nan) for _ in range(3))
    before = pd.Series(dtype=float)
    when = left_at.leaving(spec, workspace, dates=list(rows))
    for place, moment in enumerate(log.track(list(rows), "alerts", unit="date", total=len(rows))):
        part = rows[moment]
        at = customers.get_indexer(pd.Index(part["customer_id"]))
        present[place, at] = True
        left[place, at] = _outcome(part)
        days[place, at] = part["customer_id"].map(when[moment]).to_numpy(dtype=float)
        if predictor is not None and moment >= until:
            score = scores(predictor, part)
            asked[place, at] = score
            change = score - part["customer_id"].map(before).to_numpy(dtype=float)
            rows[moment] = part.assign(
                **{SCORE: score, SCORE_CHANGE: change, LEVEL: known_columns.levels(part, score, cuts)}
            )
            before = pd.Series(score, index=part["customer_id"].to_numpy())
    hours = np.array([clock.hours(moment) for moment in rows])
    return PastDates(rows, customers, Past(hours, present, left, np.where(left == 1, days, np.nan)), asked)


def _outcome(rows: pd.DataFrame) -> Numbers:
    """1 for who left in the window, 0 for who did not; NaN for who left before it, or got an action."""
    untreated = rows["arm"].isna() | (rows["arm"] == CONTROL) if "arm" in rows else pd.Series(True, index=rows.index)
    judged = untreated & ~rows[LEFT_IN_GAP].astype(bool) if LEFT_IN_GAP in rows else untreated
    return np.where(judged, rows["churned"].to_numpy(dtype=float), np.nan)


def _champion(spec: ExperimentSpec, workspace: Workspace) -> tuple[Any, datetime, RiskCuts]:
    """The champion, loaded, the end of all that it learned from, and the cuts of its levels; None without one."""
    reader = ledger_writer.reading(spec.name, workspace.root)
    standing, _ = reader.agreed()
    if standing.champion is None:
        return None, datetime.max, cuts_in_use.of_version(spec.score, {})
    # The judged one: who was fitted again on all rows has seen every past date.
    found = model_versions.version(reader.client, spec.name, standing.champion)
    until = found.tags.get("trained_until", "")
    predictor = loading.predictor(spec.name, str(found.version), loading.seal_of(found, standing))
    cuts = cuts_in_use.of_version(spec.score, found.tags)
    return predictor, datetime.fromisoformat(until) if until else datetime.max, cuts


def scores(predictor: Any, rows: pd.DataFrame) -> Numbers:
    """The risk of each row by a loaded model, shape (n_rows,)."""
    found: Numbers = loading.predict_in_parts(predictor, rows)["churn_probability"].to_numpy(dtype=float)
    return found
