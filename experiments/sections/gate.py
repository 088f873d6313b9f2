"""The section that says when a challenger may replace the champion."""

from typing import Any

from pydantic import Field, model_validator

from experiments.sections.section import Amount, Positive, Section, Share

RENAMED = {
    "minimum_gain": "minimum_gain_auc and minimum_gain_money (in the spec's currency a customer): it served both units",
    "calibration_margin": "miscalibration_margin, in units of the Brier score: the old figure had a bias of few rows",
}


class GateSpec(Section):
    """When a challenger may replace the champion; see docs/gate.md.

    Margins say by how much a refresh may be worse: auc_margin and slice_margin in AUC, brier_margin and
    miscalibration_margin in units of the Brier score (a squared share). value_share: at least this share of what the
    champion's policy earns is kept; value_margin, where it is said, takes its place: at most so much money a customer
    is lost, and it is refused where it is more than the champion's policy earns.
    minimum_gain_auc and minimum_gain_money (currency a customer): by how much a replacement must be better.
    calibration_limit: how far promised and observed shares may lie apart (root mean square, a share).
    minimum_positives: how many untreated customers of the rarer outcome there must be. beat_floors: the challenger has
    to be shown to rank the risk better than each simple score of evaluation.floors. approval: a promoting verdict
    moves nothing until somebody approves it.
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
    calibration_limit: Positive = 0.05
    beat_floors: bool = False
    approval: bool = False

    @model_validator(mode="before")
    @classmethod
    def _old_names_are_refused(cls, plain: Any) -> Any:
        if isinstance(plain, dict) and (old := [name for name in RENAMED if name in plain]):
            raise ValueError("; ".join(f"'{name}' is now {RENAMED[name]}" for name in old))
        return plain
