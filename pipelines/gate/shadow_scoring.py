"""Scoring of today's customers by a version that shadows the champion, and by the champion, for a later comparison."""

from datetime import datetime

import pandas as pd

from experiments.spec import ExperimentSpec
from features.errors import ContractError, MissingError
from pipelines.champion import loading, model_versions
from pipelines.champion.ledger_writer import LedgerWriter
from pipelines.champion.succession import Standing
from pipelines.matrix import matrices
from pipelines.messages import log
from pipelines.outreach.operations import database, shadow_scores
from pipelines.workspace import Workspace

SCORES = ("churn_score", "churn_probability")
OF_ACTION = "uplift_"


def keep(spec: ExperimentSpec, workspace: Workspace, reader: LedgerWriter, standing: Standing) -> None:
    """Keep what the version that shadows, the champion and its anchor say of the customers of the newest date, once.

    Nothing where no version shadows. A version that does not predict is told of, and nothing is kept: the list does not
    depend on it.
    """
    if standing.shadow is None or spec.observations is None:
        return
    shadow, champion = str(standing.shadow.body["challenger_version"]), str(standing.champion)
    pair = shadow_scores.Pair(spec.name, shadow, champion)
    engine = database.opened(workspace.root)
    newest = newest_moment(workspace)
    if newest.date().isoformat() in shadow_scores.days(engine, pair):
        return
    rows = matrices.to_score(workspace.matrix)
    try:
        said = {
            version: _said(spec, reader, standing, version, rows) for version in _compared(reader, standing, shadow)
        }
    except (ContractError, MissingError) as error:
        log.note(f"score {spec.name}: version {shadow} shadows, and nothing was kept of this date: {error}")
        return
    if shadow_scores.write(engine, pair, newest, said=said, known=rows[["customer_id", *judging(spec)]]):
        log.done("score", spec.name, customers=len(rows), shadow=int(shadow), date=newest.date().isoformat())


def newest_moment(workspace: Workspace) -> datetime:
    """Until when everything is known of the customers to score."""
    found: datetime = (
        matrices.read(workspace.matrix, matrices.SCORE, ["as_of"]).to_pandas()["as_of"].max().to_pydatetime()
    )
    return found


def judging(spec: ExperimentSpec) -> list[str]:
    """The columns by which the gate judges customers beside their scores: value, limits, slices, simple scores."""
    figures = spec.evaluation
    named = [one.column for one in figures.slices.values() if one.column != "arm"]
    named += [column for one in figures.floors.values() for column in one.columns]
    return sorted({"value", *spec.policy.columns, *named})


def _compared(reader: LedgerWriter, standing: Standing, shadow: str) -> list[str]:
    """The versions of the comparison; of a champion that was fitted again on all rows the one that was judged."""
    anchor = model_versions.first_of(reader.client, standing.spec, standing.anchors)
    return list(dict.fromkeys([shadow, str(standing.champion), *([str(anchor.version)] if anchor else [])]))


def _said(
    spec: ExperimentSpec, reader: LedgerWriter, standing: Standing, version: str, rows: pd.DataFrame
) -> pd.DataFrame:
    found = model_versions.version(reader.client, spec.name, version)
    model = loading.predictor(spec.name, version, loading.seal_of(found, standing))
    scored = loading.predict_in_parts(model, rows)
    return scored[[name for name in scored if name in SCORES or str(name).startswith(OF_ACTION)]]
