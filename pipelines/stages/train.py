"""Fit the tuned candidate on the training rows and export it as text.

writes: artifacts/SPEC/model, the challenger, the baselines, and the rows that judge them
codes: 5
example: python -m pipelines train demo
"""

from datetime import timedelta
from typing import Protocol

import numpy as np
import pyarrow as pa

from experiments.rows import keys
from experiments.search import candidate
from experiments.search.candidate import OutOfFold
from experiments.search.learning_problem import Candidate, Problem
from experiments.statistics import rounding
from experiments.uplift import nuisances
from experiments.uplift.fitted_learner import FittedLearner
from features.tables import CONTROL
from pipelines.files import storage
from pipelines.learning import earlier_scores, training_data, without_texts
from pipelines.learning.training_data import Learnable, Learning
from pipelines.matrix import matrices
from pipelines.messages import log
from pipelines.models import levels, portable
from pipelines.processes import memory
from pipelines.specs.early_checks import HasTexts
from pipelines.workspace import Workspace

# The nuisances of the uplift scores: plain, the same for every model that is ever compared, and off the gate cohort.
NUISANCE = Candidate(nuisances.FAMILY, "t_learner", nuisances.PARAMS, {})
# Risks of training rows by models that did not see them: cuts of risk levels are derived from these.
OUT_OF_FOLD = "out_of_fold.parquet"
FLOOR = Candidate("prior", "t_learner", {}, {})


class Trained(Learnable, HasTexts, Protocol):
    """A spec as far as the stage reads it; of a pinned reader, that there is one."""


def run(spec: Trained, workspace: Workspace) -> None:
    """Fit the challenger, the prior model and the nuisances; write them, with the positions of the gate cohort."""
    opened = training_data.opened(spec, workspace)
    best = storage.read_json(workspace.tuning / "best.json")
    choice = Candidate(best["family"], best["learner"], best["params"], best["learned"])
    candidates = (choice, FLOOR, NUISANCE)
    problem = opened.problem({one.family for one in candidates}, {one.learner for one in candidates})
    training, gate = opened.split.training, opened.split.gate
    (fitted, judged_by_folds), (floor, _), (nuisance, _) = (
        _fitted(one, problem, seed=spec.tuning.seed) for one in candidates
    )
    judged = _gate_rows(opened, problem, nuisance, workspace)
    del problem  # its encoded rows take memory
    memory.given_back()
    with storage.replacing_folder(workspace.model) as folder:
        usual = portable.typical(opened.X, opened.contract, training[~opened.left_in_gap[training]])
        for name, model in (("challenger", fitted), ("floor", floor)):
            portable.write(folder / name, model, contract=opened.contract, typical=usual)
        storage.write_parquet(folder / "gate.parquet", judged)
        storage.write_parquet(folder / OUT_OF_FOLD, _out_of_fold(judged_by_folds, training))
        storage.write_parquet(folder / "training.parquet", pa.table({"row": row_keys(opened, training)}))
        storage.write_json(folder / levels.LEVELS, levels.seen(opened.X[training], opened.contract))
        challenger = portable.scorer(folder / "challenger")
        earlier = earlier_scores.scores(opened, workspace, challenger=challenger, plain=NUISANCE)
        storage.write_parquet(folder / "frozen.parquet", earlier)
        if spec.texts and (without := without_texts.scores(opened, choice)) is not None:
            storage.write_parquet(folder / "without_texts.parquet", pa.table({"score": without}))
        storage.write_json(folder / "about.json", _about(opened, choice))
    log.done("train", spec.name, **_chosen(opened, choice), training_rows=len(training), gate_rows=len(gate))


def _fitted(choice: Candidate, problem: Problem, *, seed: int) -> tuple[FittedLearner, OutOfFold]:
    """The fitted candidate, with its out-of-fold risks; memory of the fit is freed."""
    found = candidate.fit_and_judge(choice, problem, seed=seed)
    memory.given_back()
    return found


def _out_of_fold(found: OutOfFold, training: np.ndarray) -> pa.Table:
    """The risk of training rows by models that did not see them, by ascending position in the matrix."""
    order = np.argsort(found.rows, kind="stable")
    risk = pa.array(rounding.probabilities(found.risk[order]))
    return pa.table({"position": pa.array(training[found.rows[order]]), "risk": risk})


def _chosen(opened: Learning, choice: Candidate) -> dict[str, str]:
    """The choice in words; without actions no learner was used."""
    return {"family": choice.family, "learner": choice.learner if opened.actions else "none"}


def _gate_rows(opened: Learning, problem: Problem, nuisance: FittedLearner, workspace: Workspace) -> pa.Table:
    """The gate cohort's rows with, for each arm, mu: the nuisance model's probability to stay.

    Where actions were not randomised, the probability of a row's arm is estimated and the logged one is ignored.
    """
    gate = opened.split.gate
    judged = matrices.taken(workspace.matrix, matrices.LEARN, gate).to_pandas()
    if opened.actions and np.isnan(opened.probability).all():
        estimated = problem.propensities(opened.X[gate])
        is_own = np.column_stack([opened.arms[gate] == arm for arm in (CONTROL, *opened.actions)])
        judged = judged.assign(probability=np.where(is_own.any(axis=1), (estimated * is_own).sum(axis=1), np.nan))
    rows = pa.Table.from_pandas(judged, preserve_index=False)
    for arm in (CONTROL, *opened.actions):
        left = nuisance.said(opened.X[gate], nuisance.without if arm == CONTROL else arm)
        rows = rows.append_column(f"mu_{arm}", pa.array(rounding.probabilities(1.0 - left)))
    return rows.append_column("row", pa.array(row_keys(opened, gate)))


def row_keys(opened: Learning, index: np.ndarray) -> np.ndarray:
    """The key of each row at index, to prove that two sets of rows are disjoint."""
    return keys.row_keys(opened.rows.iloc[index])


def trained_until(opened: Learning) -> str:
    """The end of the last label window of the training rows, in ISO 8601; empty where the rows have no dates."""
    training = opened.rows.iloc[opened.split.training]["as_of"]
    window = timedelta(days=opened.spec.label.lead_time_days + opened.spec.label.horizon_days)
    return "" if training.isna().all() else str((training.max() + window).isoformat())


def _about(opened: Learning, choice: Candidate) -> dict[str, object]:
    """A summary of the model's training for its readers."""
    rows = opened.rows
    training = rows.iloc[opened.split.training]
    return {
        **_chosen(opened, choice),
        "params": dict(choice.params),
        "learned": {arm: dict(found) for arm, found in choice.learned.items()},
        "training_rows": len(training),
        "trained_until": trained_until(opened),
        "training_dates": sorted({str(moment.date()) for moment in training["as_of"].dropna().unique()}),
        "gate_dates": sorted(
            {str(moment.date()) for moment in rows.iloc[opened.split.gate]["as_of"].dropna().unique()}
        ),
        "untreated_rows": int(opened.at_risk[opened.split.training].sum()),
        "arms": [CONTROL, *opened.actions],
    }
