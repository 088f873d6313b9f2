"""The model of a simulated year: a small search on the rows that are known, fitted on all of them."""

from dataclasses import dataclass
from datetime import datetime

import optuna
import pandas as pd

from experiments.evaluation import claims
from experiments.evaluation.claims import Claim
from experiments.randomisation import arm_differences
from experiments.search import candidate, past_trials, tuning
from experiments.spec import ExperimentSpec
from experiments.statistics.holm import rejected
from experiments.uplift.fitted_learner import FittedLearner
from features.contract import Contract
from pipelines.learning import training_data
from pipelines.workspace import Workspace


@dataclass(frozen=True)
class Model:
    """A fitted model; established says of each action whether its mean effect is (Holm over the actions)."""

    fitted: FittedLearner
    contract: Contract
    established: dict[str, bool]

    def scored(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Risk and effects of each customer, columns as a champion's."""
        X = self.contract.encode(rows)
        effects = {f"uplift_{action}": effect for action, effect in self.fitted.effects(X).items()}
        return pd.DataFrame({"churn_probability": self.fitted.risk(X), **effects})


def learned(spec: ExperimentSpec, workspace: Workspace, *, trial_until: datetime) -> Model:
    """The best of the search, fitted on all mature rows.

    Whether a mean effect is established the rows before trial_until say: later actions were proposed for some only.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    opened = training_data.opened(spec, workspace).whole
    problem = opened.problem(spec.tuning.families, spec.tuning.learners)
    study = optuna.create_study(directions=tuning.directions(problem), pruner=tuning.pruner())
    best = tuning.search(study, problem, spec=spec.tuning, on_trial=lambda _: None)
    choice = past_trials.candidate(best, spec.tuning.learners[0])
    fitted = candidate.fit(choice, problem, seed=spec.tuning.seed)
    trial = opened.rows[(opened.rows["as_of"] < trial_until) & opened.rows["arm"].notna()].reset_index(drop=True)
    return Model(fitted, opened.contract, established(trial, spec.actions))


def established(trial: pd.DataFrame, actions: tuple[str, ...]) -> dict[str, bool]:
    """Of which actions the mean effect on staying differs from none; trial as `arm_differences` needs it."""
    found = arm_differences.differences(trial, actions, 1.0 - trial["churned"].to_numpy(dtype=float))
    held = [Claim("effect", action, found[action]) for action in actions]
    return dict(zip(actions, rejected([one.p for one in held], alpha=claims.ALPHA), strict=True))
