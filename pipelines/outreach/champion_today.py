"""Current customers scored by the champion with reasons, and the actions whose effects are established."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa
from mlflow.entities.model_registry import ModelVersion

from experiments.evaluation import claims
from experiments.money.risk_levels import RiskCuts
from experiments.spec import ExperimentSpec
from pipelines.champion import ledger_writer, loading, model_versions
from pipelines.files import storage
from pipelines.matrix import matrices
from pipelines.outreach import champion_scores, explained, open_warnings, serving_champion
from pipelines.outreach.columns import SCORE_CHANGE
from pipelines.outreach.operations import erased_people
from pipelines.ruling.effect_evidence import RANDOMISED, current
from pipelines.workspace import Workspace


@dataclass(frozen=True)
class ChampionToday:
    """rows are the newest customers with features and value; scored, row by row, what version says of them.

    established says of each action whether its effect is: then the model may decide on it. reasons are those that a
    person can act on, as `reasons.columns` names them; cuts those of the risk levels; warned are the open warnings, as
    `open_warnings.read` has them. why gives, of the names of the rows' actions, shape (n_rows,), what the predicted
    effect of each rests on, as `explained.actions` does; None where that is not asked.
    """

    rows: pd.DataFrame
    scored: pd.DataFrame
    version: str
    established: Mapping[str, bool]
    reasons: pd.DataFrame
    cuts: RiskCuts
    warned: pd.DataFrame
    why: Callable[[np.ndarray], pd.DataFrame] | None = None


def read(spec: ExperimentSpec, workspace: Workspace, engine: sa.Engine, *, as_of: date) -> ChampionToday:
    """The newest customers, scored by the version that serves, with the change of their score since the last round.

    as_of is the date of the list. Raises MissingError where there is no champion.
    """
    champion = serving_champion.read(spec.name, workspace)
    if champion is None:
        raise ledger_writer.no_champion(spec.name)
    rows = erased_people.left_out(engine, matrices.to_score(workspace.matrix))
    scored = loading.predict_in_parts(champion.model, rows, shown_as="score")
    # The judged twin's report where the version that serves was fitted again on all rows.
    judged = model_versions.version(champion.reader.client, spec.name, str(champion.standing.champion))
    risk = scored["churn_probability"].to_numpy(dtype=float)
    rows = rows.assign(**{SCORE_CHANGE: champion_scores.since_last(rows, risk, engine, spec, on=as_of)})
    scorer = champion.model.unwrap_python_model().scorer
    risks, why = explained.risk(scorer, rows), partial(explained.actions, scorer, rows, scored)
    warned = open_warnings.read(engine, spec.name)
    return ChampionToday(
        rows,
        scored,
        champion.version,
        established(judged, spec.actions),
        risks,
        champion.cuts(spec.score),
        warned,
        why,
    )


def established(judged: ModelVersion, actions: Collection[str]) -> dict[str, bool]:
    """Of each action, whether the report of a judged version establishes its effect."""
    uplift = current(str(judged.tags.get("uplift", RANDOMISED)))
    report = loading.fetched(model_versions.REPORT, run_id=str(judged.run_id)) if uplift == RANDOMISED else None
    found = storage.read_json(report)["claims"]["made"] if report else {}
    return {action: _is_established(found, action) for action in actions}


def _is_established(made: Mapping[str, Any], action: str) -> bool:
    """Whether a report may claim that the action changes something, held together with all its claims (Holm)."""
    return bool(made.get(claims.name("effect", action), claims.NEVER)["established"])
