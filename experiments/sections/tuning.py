"""Spec section `tuning`: the search space and budget."""

from typing import Protocol

from pydantic import Field

from experiments.sections.section import Named, Positive, Section, Seed


class TuningSpec(Section):
    """What Optuna searches, by which metric, and for how long.

    learners matter where there is a treatment only; metric is the risk's, on untreated rows.
    """

    families: Named = Field(("logistic", "lightgbm"), min_length=1)
    learners: Named = Field(("t_learner", "x_learner", "risk_ranking", "s_learner", "dr_learner"), min_length=1)
    metric: str = "log_loss"
    trials: int = Field(30, ge=1, le=100_000)
    timeout_seconds: Positive | None = None
    seed: Seed = 0


class HasTuning(Protocol):
    """A spec as far as it says what is searched."""

    @property
    def tuning(self) -> TuningSpec:
        """The section."""
