"""Today's customers with their features, the champion's score, its level, and its change since the last round."""

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
    spec: ExperimentSpec, workspace: Workspace, engine: sa.Engine | None
) -> tuple[pd.DataFrame, dict[str, str | None]]:
    """The rows of the newest date, with scores where there is a champion, and the versions of what made them."""
    rows = matrices.read(workspace.matrix, matrices.SCORE).to_pandas()
    reader = ledger_writer.reading(spec.name, workspace.root)
    standing, _ = reader.agreed()
    if standing.serving is None:
        return rows, {"model": None, "alerts": spec.alerts}
    reader.check_champion(standing)
    version = model_versions.version(reader.client, spec.name, standing.serving)
    score = scores(loading.predictor(spec.name, standing.serving, loading.seal_of(version, standing)), rows)
    change = score - rows["customer_id"].map(_last(engine, spec.name)).to_numpy(dtype=float)
    added = {SCORE: score, SCORE_CHANGE: change, LEVEL: known_columns.levels(score, spec.score)}
    return rows.assign(**added), {"model": standing.serving, "alerts": spec.alerts}


def _last(engine: sa.Engine | None, spec: str) -> pd.Series:
    """The risk of each customer in the last round of a spec; empty where there was none."""
    written = rounds.all_of(engine, spec) if engine else ()
    there = rounds.found(engine, spec, written[-1].as_of) if engine and written else None
    return pd.Series(dtype=float) if there is None else there[1].set_index("customer_id")["risk"]
