"""The spec: the one frozen description of an experiment, read once from `experiments/specs/NAME.yaml`."""

import re
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, field_validator, model_validator

from experiments.gate_spec import GateSpec
from experiments.money_spec import CampaignSpec, CostOfChurnSpec, PolicySpec
from experiments.section import MOST, MOST_MONTHS, Amount, Day, Days, Named, Positive, Section, Seed, Share, SomeDays
from features.reserved import NO_ACTIONS, alike, plain

# Of any language; they stand in the names of files, columns and figures of MLflow.
NAME_OF_AN_ARM = re.compile(r"\w[\w \-]{0,60}")
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class LabelSpec(Section):
    """What is predicted, and over which window after the observation date.

    The window of the risk is [as_of + lead_time_days, as_of + lead_time_days + horizon_days): who left before is left
    out of it. Of an action's effect leaving before is the bad outcome too. column, churned and retained belong to the
    label `column`: which column tells, and its values. leavers_are_gone: in a table without dates, those who left are
    no customers any more and are not scored. bad and good are the words that the report uses for the two outcomes, in
    the past tense. table, event and active_days belong to the label `inactive`: which events it looks for, and within
    how many days before the observation one makes a customer active.
    """

    kind: str
    lead_time_days: Days = 0
    horizon_days: Days = 0
    column: str | None = None
    churned: str | None = None
    retained: str | None = None
    table: str = "transactions"
    event: str | None = None
    active_days: SomeDays = 365
    leavers_are_gone: bool = False
    bad: str = "left"
    good: str = "stayed"


class ObservationSpec(Section):
    """Which dates to learn from: every `every_months` months from `first`, up to the end of the data.

    engine builds the features; the values are the same on both. A feature whose window is longer than look_back_days
    is left out.
    """

    engine: Literal["duckdb", "spark"] = "duckdb"
    first: Day
    every_months: int = Field(1, ge=1, le=MOST_MONTHS)
    look_back_days: SomeDays = 180


class ArmSpec(Section):
    """An action: what one costs, in the spec's currency."""

    cost: Amount = 0.0


class TreatmentSpec(Section):
    """The actions that were tried against a control, and whether they were handed out by lot."""

    arms: dict[str, ArmSpec] = Field(min_length=1)
    randomised: bool = True

    @field_validator("arms")
    @classmethod
    def _arms_can_be_named(cls, arms: dict[str, ArmSpec]) -> dict[str, ArmSpec]:
        for arm in arms:
            if plain(arm) in NO_ACTIONS:
                raise ValueError(f"'{arm}' is what the list says where there is no action; call it otherwise")
            if not NAME_OF_AN_ARM.fullmatch(arm):
                raise ValueError(f"'{arm}' names files and figures: write letters, digits, '_', '-' and blanks")
        if two := next(alike(list(arms)), None):
            raise ValueError(f"{two} differ by capital letters only; call one otherwise")
        return arms


class ValueSpec(Section):
    """What a good outcome is worth, in the spec's currency: a constant, times a column where one is named."""

    constant: float = Field(1.0, ge=-MOST, le=MOST)
    column: str | None = None


class SplitSpec(Section):
    """How rows are divided into training, folds and gate cohort.

    time: the last `gate_dates` mature dates are the gate cohort; where it says nothing, a quarter of all mature dates,
    so that the cohort grows with the data. random: a stratified `gate_share`, drawn with `seed`.
    """

    kind: Literal["time", "random"]
    gate_dates: int | None = Field(None, ge=1, le=MOST_MONTHS)
    gate_share: float = Field(0.2, gt=0, lt=1)
    folds: int = Field(3, ge=2, le=1_000)
    seed: Seed = 0


class TuningSpec(Section):
    """What Optuna searches, by what it judges, and for how long.

    learners matter where there is a treatment only; metric is the risk's, on untreated rows.
    """

    families: Named = Field(("logistic", "lightgbm"), min_length=1)
    learners: Named = Field(("t_learner", "x_learner", "risk_ranking", "s_learner", "dr_learner"), min_length=1)
    metric: str = "log_loss"
    trials: int = Field(30, ge=1, le=100_000)
    timeout_seconds: Positive | None = None
    seed: Seed = 0


class SliceSpec(Section):
    """A cut of the cohort: the values of a column, or bands of it between `edges` (in the column's unit)."""

    column: str
    edges: tuple[float, ...] = ()

    @field_validator("edges")
    @classmethod
    def _edges_rise(cls, edges: tuple[float, ...]) -> tuple[float, ...]:
        if any(high <= low for low, high in pairwise(edges)):
            raise ValueError(f"{list(edges)} must rise; write {sorted(set(edges))}")
        return edges


class FloorSpec(Section):
    """A simple score that a model has to beat: the sum of columns (missing counts as 0), higher is riskier.

    falling says that a higher sum is safer instead.
    """

    columns: tuple[str, ...] = Field(min_length=1)
    falling: bool = False


class EvaluationSpec(Section):
    """How figures are taken: bootstrap draws, the contact budget of lift and recall, the slices, and simple scores.

    campaign is what expected and maximum profit suppose.
    """

    draws: int = Field(1000, ge=100, le=100_000)
    seed: Seed = 0
    contact_share: Share = 0.1
    slices: dict[str, SliceSpec] = Field(default_factory=dict)
    floors: dict[str, FloorSpec] = Field(default_factory=dict)
    campaign: CampaignSpec = CampaignSpec()


class ScoreSpec(Section):
    """What the list shows: the risk bands by probability, and how many reasons."""

    medium_from: Share = 0.1
    high_from: Share = 0.25
    reasons: int = Field(3, ge=0, le=1_000)

    @model_validator(mode="after")
    def _bands_rise(self) -> "ScoreSpec":
        if self.high_from < self.medium_from:
            raise ValueError(f"score.high_from is {self.high_from}, below score.medium_from, {self.medium_from}")
        return self


class ValidationSpec(Section):
    """How far a table's volume may move against what is usual, as a share of it; ended are tables that come no more."""

    volume_change: Positive = 0.5
    ended: tuple[str, ...] = ()


class ExperimentSpec(Section):
    """Everything an experiment is; two equal specs on equal data give equal models.

    Sections without a default are written in every spec, be it as `{}` or `null`: DVC watches them one by one, and
    cannot see a change of what is not there. checks: leak checks that are switched off, by code, each with its reason.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: str
    currency: str = Field("eur", pattern=r"^[a-z]{3}$")
    source: dict[str, Any]
    label: LabelSpec
    observations: ObservationSpec | None
    features: Named
    treatment: TreatmentSpec | None
    value: ValueSpec
    validation: ValidationSpec
    checks: dict[str, Reason]
    split: SplitSpec
    tuning: TuningSpec
    policy: PolicySpec
    cost_of_churn: CostOfChurnSpec | None = None
    evaluation: EvaluationSpec = EvaluationSpec()
    gate: GateSpec = GateSpec()
    score: ScoreSpec = ScoreSpec()

    @property
    def actions(self) -> tuple[str, ...]:
        """The names of the actions; none where no treatment is in the data."""
        return tuple(self.treatment.arms) if self.treatment else ()

    @field_validator("source")
    @classmethod
    def _source_has_a_kind(cls, source: dict[str, Any]) -> dict[str, Any]:
        if not isinstance(source.get("kind"), str):
            raise ValueError("it needs a 'kind', such as 'table'")  # noqa: TRY004 - pydantic wants ValueError
        return source

    @model_validator(mode="after")
    def _capacities_are_of_actions(self) -> "ExperimentSpec":
        arms = list(self.actions)
        if unknown := sorted(set(self.policy.capacity) - set(arms)):
            there = f"the actions of treatment.arms are {arms}" if arms else "without treatment it has no action"
            raise ValueError(f"policy.capacity names {unknown}; {there}")
        return self

    @model_validator(mode="after")
    def _floors_that_must_be_beaten_are_there(self) -> "ExperimentSpec":
        if self.gate.beat_floors and not self.evaluation.floors:
            raise ValueError("gate.beat_floors demands that simple scores are beaten; evaluation.floors declares none")
        return self

    @model_validator(mode="after")
    def _dates_agree(self) -> "ExperimentSpec":
        if self.observations is None and self.split.kind == "time":
            raise ValueError("split kind 'time' needs 'observations'; without dates the split is 'random'")
        seen = self.observations.look_back_days if self.observations else 0
        if self.label.kind == "inactive" and self.label.active_days > seen:
            raise ValueError(
                f"label.active_days is {self.label.active_days}; observations.look_back_days must reach so far"
            )
        return self
