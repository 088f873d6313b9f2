"""The whole spec of an experiment: all sections of `experiments/specs/NAME.yaml`, checked and immutable.

Only who needs all of it imports this module; a stage imports the modules of the sections that it reads.
"""

from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, SerializerFunctionWrapHandler, field_validator, model_serializer, model_validator

from experiments.sections.checks import CheckSays
from experiments.sections.cost_of_churn import CostOfChurnSpec
from experiments.sections.evaluation import EvaluationSpec
from experiments.sections.gate import GateSpec
from experiments.sections.kpis import KpisSpec
from experiments.sections.label import LabelSpec
from experiments.sections.monitoring import MonitoringSpec
from experiments.sections.observations import ObservationSpec
from experiments.sections.policy import EVERY_ACTION, PolicySpec
from experiments.sections.round import RoundSpec
from experiments.sections.score import ScoreSpec
from experiments.sections.section import Named, Section
from experiments.sections.split import SplitSpec
from experiments.sections.texts import ReaderSpec
from experiments.sections.treatment import TreatmentSpec
from experiments.sections.tuning import TuningSpec
from experiments.sections.validation import ValidationSpec
from experiments.sections.value import ValueSpec

# Keys that came after the first champions.
LATER = ("refit", "time_zone", "alerts", "playbook", "round", "monitoring", "texts", "kpis")
FileName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class ExperimentSpec(Section):
    """Everything an experiment is; two equal specs on equal data give equal models.

    Sections without a default are written in every spec, be it as `{}` or `null`: DVC watches them one by one, and
    cannot see a change of what is not there. checks: by code, the reason why a leak check is switched off, or, under
    `accept`, by column why its finding is right. refit: a new champion is fitted again on all rows, gate
    cohort included, and that version serves. time_zone: that of the company's clocks, in which its days are (of an
    event log under `source`).
    alerts and playbook: a file of that name in experiments/specs/alerts, or .../playbooks. texts: the reader of texts.
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
    checks: dict[str, CheckSays]
    split: SplitSpec
    tuning: TuningSpec
    policy: PolicySpec
    cost_of_churn: CostOfChurnSpec | None = None
    evaluation: EvaluationSpec = EvaluationSpec()
    gate: GateSpec = GateSpec()
    score: ScoreSpec = ScoreSpec()
    refit: bool = False
    time_zone: str = "UTC"
    alerts: FileName | None = None
    playbook: FileName | None = None
    round: RoundSpec = RoundSpec()
    monitoring: MonitoringSpec = MonitoringSpec()
    texts: ReaderSpec | None = None
    kpis: KpisSpec = KpisSpec()

    @property
    def actions(self) -> tuple[str, ...]:
        """The names of the actions; none where no treatment is in the data."""
        return tuple(self.treatment.arms) if self.treatment else ()

    @property
    def clocks(self) -> str:
        """The time zone of the company's clocks: `time_zone`, or the one to which an event log's times are moved."""
        return str(self.source.get("time_zone", self.time_zone))

    @model_serializer(mode="wrap")
    def _without_later_keys_unless_said(self, plain: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Keys that are younger than some champions stand in a spec's hash only where they say something."""
        said = plain(self)
        return {name: value for name, value in said.items() if name not in LATER or value != _DEFAULTS[name]}

    @field_validator("time_zone")
    @classmethod
    def _time_zone_is_known(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:  # OSError: no file may have such a name
            raise ValueError(f"there is no time zone '{name}'; write such as Europe/Berlin or Asia/Shanghai") from error
        return name

    @model_validator(mode="after")
    def _all_clocks_show_the_same(self) -> "ExperimentSpec":
        if "time_zone" in self.model_fields_set and self.time_zone != self.clocks:
            raise ValueError(
                f"time_zone is {self.time_zone}, source.time_zone {self.clocks}: both are that of the company's clocks;"
                " take time_zone out. In which zone a file was recorded is said by recorded_in"
            )
        return self

    @field_validator("source")
    @classmethod
    def _source_has_a_kind(cls, source: dict[str, Any]) -> dict[str, Any]:
        if not isinstance(source.get("kind"), str):
            raise ValueError("it needs a 'kind', such as 'table'")  # noqa: TRY004 - pydantic wants ValueError
        return source

    @model_validator(mode="after")
    def _limits_are_of_actions(self) -> "ExperimentSpec":
        arms = list(self.actions)
        there = f"the actions of treatment.arms are {arms}" if arms else "without treatment it has no action"
        if unknown := sorted(set(self.policy.capacity) - set(arms)):
            raise ValueError(f"policy.capacity names {unknown}; {there}")
        if isinstance(self.policy.opt_out, dict):
            if EVERY_ACTION in arms:
                raise ValueError(f"policy.opt_out: '{EVERY_ACTION}' means all actions, and one is called so; rename it")
            if unknown := sorted(set(self.policy.opt_out) - {*arms, EVERY_ACTION}):
                raise ValueError(f"policy.opt_out names {unknown}; {there}, and '{EVERY_ACTION}' means all of them")
        return self

    @model_validator(mode="after")
    def _floors_that_must_be_beaten_are_there(self) -> "ExperimentSpec":
        if self.gate.beat_floors and not self.evaluation.floors:
            raise ValueError("gate.beat_floors demands that simple scores are beaten; evaluation.floors declares none")
        return self

    @model_validator(mode="after")
    def _a_prior_can_be_honoured(self) -> "ExperimentSpec":
        if self.label.prior is None:
            return self
        if self.treatment is not None:
            raise ValueError(
                "label.prior cannot correct rows with actions: in a trial whose rows were chosen by their outcome, arms"
                " no longer have their probabilities, and one share does not tell what an action does. Take the trial"
                " as it was drawn, or write treatment: null and a file of untreated customers, for the risk alone"
            )
        if self.observations is not None:
            raise ValueError(
                "label.prior corrects a table with one row a customer; an event log has a row for each date of a"
                " customer, and one share does not tell how these were chosen. Take the log of all customers, or of"
                " some at random"
            )
        return self

    @model_validator(mode="after")
    def _dates_agree(self) -> "ExperimentSpec":
        if self.observations is None and self.split.kind == "time":
            raise ValueError("split kind 'time' needs 'observations'; without dates the split is 'random'")
        if self.observations is None and self.gate.shadow is not None:
            raise ValueError("gate.shadow needs 'observations': of a table without dates no outcome comes true later")
        seen = self.observations.look_back_days if self.observations else 0
        if self.label.kind == "inactive" and self.label.active_days > seen:
            raise ValueError(
                f"label.active_days is {self.label.active_days}; observations.look_back_days must reach so far"
            )
        return self


_DEFAULTS = {
    **{name: ExperimentSpec.model_fields[name].default for name in LATER},
    "round": RoundSpec().model_dump(),
    "monitoring": MonitoringSpec().model_dump(),
    "kpis": KpisSpec().model_dump(),
}
