"""What the champion and the rules say of few customers at a moment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import sqlalchemy as sa

from experiments.alerts.alert_file import AlertFile, Rule
from experiments.metric import Numbers
from experiments.spec import ExperimentSpec
from pipelines.jobs.service.online import advice
from pipelines.jobs.service.online.served import Served
from pipelines.outreach import alert_run, explained, open_warnings, reasons
from pipelines.outreach import columns as known_columns
from pipelines.outreach.columns import LEVEL, SCORE, SCORE_CHANGE
from pipelines.outreach.operations import clock, rounds, warnings_of_few
from pipelines.outreach.operations.warnings import Warning_
from pipelines.outreach.operations.warnings_of_few import Asked
from pipelines.outreach.reasons import LANGUAGES, MOST
from pipelines.outreach.spoken import Spoken
from pipelines.ruling.effect_evidence import RANDOMISED, current
from pipelines.stages.score import EVERYTHING


@dataclass(frozen=True)
class Judged:
    """Customers with features and all that rules may name, what the model predicts, and the reasons, row by row.

    X is what the model was given, as `encoded` has it.
    """

    rows: pd.DataFrame
    scored: pd.DataFrame
    reasons: pd.DataFrame
    X: Numbers
    as_of: datetime

    def of(self, customers: Sequence[str]) -> "Judged":
        """The same of some of them."""
        if self.rows.empty:
            return self
        those = self.rows["customer_id"].isin(customers).to_numpy()
        rows, scored, reasons = (one[those].reset_index(drop=True) for one in (self.rows, self.scored, self.reasons))
        return Judged(rows, scored, reasons, self.X[those], self.as_of)


def judged(
    spec: ExperimentSpec,
    served: Served,
    engine: sa.Engine,
    customers: Sequence[str],
    received: Mapping[str, pa.Table],
    *,
    as_of: datetime,
) -> Judged:
    """Score those of the customers who are observed just before a moment.

    received holds, by table, rows that the batch does not have.
    """
    found = served.rows.rows(customers, received, as_of=as_of)
    rows = served.valued(found, spec, as_of=as_of)
    if rows.empty:
        return Judged(rows, pd.DataFrame(), pd.DataFrame(), np.empty((0, 0)), as_of)
    scored = served.predict(rows)
    risk = scored["churn_probability"].to_numpy(dtype=float)
    before = rounds.risks_before(engine, spec.name, list(rows["customer_id"]), as_of.date())
    change = risk - rows["customer_id"].map(before).to_numpy(dtype=float)
    level = known_columns.levels(rows, risk, served.champion.cuts(spec.score))
    rows = rows.assign(**{SCORE: risk, SCORE_CHANGE: change, LEVEL: level})
    X = encoded(found, served.scorer.columns)
    contributions = explained.contributions(served.scorer, X)
    why = reasons.reasons(contributions, X, described=served.scorer.columns)
    return Judged(_spoken(served, rows, as_of), scored, why, X, as_of)


def encoded(rows: pa.Table, described: Sequence[Mapping[str, Any]]) -> Numbers:
    """Rows as a model's contract encodes them, shape (n_rows, n_columns): numbers, and of categories their places."""
    X = np.full((rows.num_rows, len(described)), np.nan)
    for place, column in enumerate(described):
        values = rows[column["name"]]
        if column["type"] == "category":
            codes = {name: code for code, name in enumerate(column["categories"])}
            X[:, place] = [codes.get(one, np.nan) for one in values.to_pylist()]
        else:
            X[:, place] = values.to_numpy()
    return X


def _spoken(served: Served, rows: pd.DataFrame, as_of: datetime) -> pd.DataFrame:
    """The rows with what the customers wrote, as the conditions of the rules count it."""
    if served.file is None:
        return rows
    conditions = [rule.when for rule in served.file.rules.values()]
    days = [leaf.days for leaf in known_columns.word_conditions(conditions)]
    texts = served.rows.texts(since=as_of - timedelta(days=max(days))) if days else None
    if texts is None:
        return rows
    return Spoken.of(texts, conditions, served.file.lexicons, first=as_of).beside(rows, conditions, as_of=as_of)


def warned(spec: ExperimentSpec, served: Served, engine: sa.Engine, found: Judged) -> list[dict[str, Any]]:
    """Raise the warnings that rules give rise to; gives all that there are of these customers."""
    if served.file is None or found.rows.empty:
        return []
    at, customers = clock.text(found.as_of), list(map(str, found.rows["customer_id"]))
    versions = {"model": served.champion.version, "alerts": spec.alerts}
    versions |= {"levels": served.champion.cuts(spec.score).text}
    told = {"spec": spec.name, "raised_at": at, "versions": versions}
    asked = {
        name: Asked(
            rule,
            rule.when.truth(known_columns.values(found.rows, rule.when.columns(), served.columns)),
            partial(_warning, served.file, rule, found, customers, {**told, "rule": name}),
        )
        for name, rule in served.file.rules.items()
    }
    return warnings_of_few.raised(engine, spec.name, customers, asked, at=at)


def _warning(
    file: AlertFile,
    rule: Rule,
    found: Judged,
    customers: Sequence[str],
    told: Mapping[str, Any],
    place: int,
    since: float,
) -> Warning_:
    by = [] if rule.route is None else [file.routes[rule.route].by]
    (owner,) = alert_run.owners(file, rule, found.rows[[one for one in by if one in found.rows]].iloc[[place]])
    return alert_run.warning(rule, customers[place], since, owner, heard=found.as_of, told=told)


def told(
    spec: ExperimentSpec,
    served: Served,
    engine: sa.Engine,
    customers: Sequence[str],
    found: Judged,
    warned: Sequence[Mapping[str, Any]],
) -> list[dict[str, Any]]:
    """What is known of each customer, as plain data; warned are the open warnings."""
    advised = advice.of_customers(engine, spec.name, customers, found.as_of.date())
    places = {str(who): place for place, who in enumerate(found.rows["customer_id"])} if len(found.rows) else {}
    every = []
    for who, one in zip(customers, advised, strict=True):
        every.append(
            {
                "spec": spec.name,
                "customer_id": who,
                "version": served.champion.version,
                "as_of": found.as_of.isoformat(),
                "active": who in places,
                **_scores(spec, served, found, places.get(who)),
                "warnings": [
                    {name: row[name] for name in (*open_warnings.SHOWN, "state")}
                    for row in warned
                    if row["customer_id"] == who
                ],
                "advice": one.to_dict(),
            }
        )
    return every


def _scores(spec: ExperimentSpec, served: Served, found: Judged, place: int | None) -> dict[str, Any]:
    """Risk, uplift and reasons of one customer; none of somebody who is not observed."""
    if place is None:
        return {"risk": {"churn_probability": None, "level": None}, "uplift": {}, "reasons": []}
    standing = served.champion.standing
    claims = standing.claims or EVERYTHING
    row, said = found.scored.iloc[place], found.reasons.iloc[place]
    shows_uplift = claims.uplift and current(str(served.champion.tags.get("uplift", RANDOMISED))) == RANDOMISED
    uplift = {name: float(row[f"uplift_{name}"]) for name in spec.actions if shows_uplift and f"uplift_{name}" in row}
    pairs = [{one: str(said[f"reason_{number}_{one}"]) for one in LANGUAGES} for number in range(1, MOST + 1)]
    level = found.rows[LEVEL].iloc[place] if claims.risk else None
    return {
        "risk": {"churn_probability": float(row["churn_probability"]), "level": level},
        "uplift": uplift,
        "reasons": [pair for pair in pairs if pair[LANGUAGES[0]]],
    }
