"""Spec section `gate`: when a challenger may replace the champion."""

from typing import Annotated, Any

from pydantic import (
    Field,
    PlainValidator,
    SerializerFunctionWrapHandler,
    StringConstraints,
    model_serializer,
    model_validator,
)

from experiments.sections.section import MOST, Amount, Positive, Section, Share

RENAMED = {
    "minimum_gain": "minimum_gain_auc and minimum_gain_money (in the spec's currency a customer): it served both units",
    "calibration_margin": "miscalibration_margin, in units of the Brier score: the old figure had a bias of few rows",
}


Why = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Events = Annotated[int, Field(ge=1, le=10**9)]
# Keys that are written into reports and hashes only where a spec has them, so that a spec without them stays the same.
OPTIONAL = ("minimum_events_of", "off", "parameters", "shadow")


def number_or_each(said: Any) -> float | dict[str, float]:
    """A number, or numbers by action. Raises ValueError for anything else."""
    if isinstance(said, dict) and all(isinstance(name, str) for name in said):
        return {name: _number(one) for name, one in said.items()}
    return _number(said)


def _number(said: Any) -> float:
    if isinstance(said, bool) or not isinstance(said, int | float) or not -MOST <= said <= MOST:
        raise ValueError(f"{said!r} is no number between {-MOST:g} and {MOST:g}; write one, or one by action")
    return float(said)


NumberOrEach = Annotated[
    float | dict[str, float], PlainValidator(number_or_each, json_schema_input_type=float | dict[str, float])
]


class ShadowSpec(Section):
    """A challenger that passes the gate shadows the champion first, and what comes true of both decides.

    dates: on how many dates that were scored by both the outcomes have to be known before they are compared; on three
    times as many it is decided for good.
    """

    dates: int = Field(2, ge=1, le=100)


class GateSpec(Section):
    """When a challenger may replace the champion; see docs/gate.md.

    Margins say by how much a refresh may be worse: auc_margin and slice_margin in AUC, brier_margin and
    miscalibration_margin in units of the Brier score (a squared share). value_share: at least this share of what the
    champion's policy earns is kept; value_margin, where it is said, takes its place: at most so much money a customer
    is lost, and it is refused where it is more than the champion's policy earns.
    minimum_gain_auc and minimum_gain_money (currency a customer): by how much a replacement must be better.
    calibration_limit: how far predicted and observed shares may differ (root mean square, a share).
    minimum_positives: how many untreated customers of the rarer outcome there must be; minimum_events_per_arm: how many
    of it in each arm, minimum_events_of: in an arm by its name. beat_floors: the challenger has to be shown to rank the
    risk better than each simple score of evaluation.floors. approval: a promoting verdict moves nothing until somebody
    approves it. off: rules that are not asked, by code, each with its reason. parameters: numbers of rules that declare
    some, by code and name, and by action where they differ. shadow: a challenger that passes shadows the champion
    first; without it, it is promoted at once.
    """

    alpha: float = Field(0.05, gt=0, le=0.25)
    auc_margin: Positive = 0.005
    brier_margin: Positive = 0.002
    miscalibration_margin: Positive = 0.001
    slice_margin: Positive = 0.05
    value_share: Share = 0.8
    value_margin: Positive | None = None
    minimum_gain_auc: Amount = 0.0
    minimum_gain_money: Amount = 0.0
    minimum_positives: int = Field(100, ge=1, le=10**9)
    minimum_events_per_arm: int = Field(50, ge=1, le=10**9)
    minimum_events_of: dict[str, Events] = Field(default_factory=dict)
    calibration_limit: Positive = 0.05
    beat_floors: bool = False
    approval: bool = False
    off: dict[str, Why] = Field(default_factory=dict)
    parameters: dict[str, dict[str, NumberOrEach]] = Field(default_factory=dict)
    shadow: ShadowSpec | None = None

    def events_needed(self, arm: str) -> int:
        """How many customers of the rarer outcome an arm must have."""
        return self.minimum_events_of.get(arm, self.minimum_events_per_arm)

    @model_serializer(mode="wrap")
    def _without_what_is_not_said(self, plain: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {name: value for name, value in plain(self).items() if value or name not in OPTIONAL}

    @model_validator(mode="before")
    @classmethod
    def _old_names_are_refused(cls, plain: Any) -> Any:
        if isinstance(plain, dict) and (old := [name for name in RENAMED if name in plain]):
            raise ValueError("; ".join(f"'{name}' is now {RENAMED[name]}" for name in old))
        return plain
