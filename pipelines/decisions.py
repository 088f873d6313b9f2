"""What a decision rests on: both models on the gate cohort, and the facts that make the comparison valid."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

from experiments import comparison
from experiments.cohort import Cohort, Mask
from experiments.evaluation import Predictions
from experiments.metrics.auc import METRIC as AUC
from experiments.metrics.brier import METRIC as BRIER
from experiments.metrics.policy_value import METRIC as POLICY_VALUE
from experiments.metrics.qini import METRIC as QINI
from experiments.spec import ExperimentSpec
from features.errors import HoldfastError
from features.plugins import discover
from pipelines import matrices, plain, portable, registry, rules, storage
from pipelines.provenance import recipe
from pipelines.reporting.effects import standing
from pipelines.rule import Evidence, Finding, Mode, Rule, Status, decide
from pipelines.verdict import MOVES, WORDS, Verdict
from pipelines.workspace import Workspace

TRAINING = "training.parquet"


@dataclass(frozen=True)
class Judged:
    """The evidence, whether the challenger's own artifact is clean, and each model's figures with intervals.

    rows says who was judged; curves holds those of both models, as `comparison.curves` gives them.
    """

    evidence: Evidence
    clean: bool
    figures: Mapping[str, Mapping[str, Any]]
    rows: Mapping[str, Any] = field(default_factory=dict)
    curves: Mapping[str, Any] = field(default_factory=dict)


def judge(
    spec: ExperimentSpec, workspace: Workspace, *, version: str, champion: ModelVersion | None, alpha: float
) -> Judged:
    """Take the evidence on a challenger against the champion, or against the prior model where there is none.

    alpha is what this look at the gate cohort spends: bounds are one-sided at it. Rows that the champion was fitted on,
    or that are no later than the outcomes it learnt from, are left out.
    """
    everything = storage.read_parquet(workspace.evaluation / "gate.parquet").to_pandas()
    faults = _faults_of_challenger(spec, everything, version)
    clean = not faults
    rows = everything if champion is None else everything[~_seen_by(champion, everything)].reset_index(drop=True)
    seen = len(everything) if rows.empty else int(_among(rows, workspace.model / TRAINING).sum())
    cohort = Cohort(rows, spec, matrices.listed(workspace.matrix))
    if not cohort.can_judge:
        return Judged(_too_little(_mode(spec, champion), cohort, seen, faults), clean, {})
    challenger = Predictions.of(rows, cohort.actions)
    floor = Predictions.of(portable.scorer(workspace.model / "floor").score(rows), cohort.actions)
    against: Predictions | None = floor.knowing(cohort.actions)
    if champion is not None:
        found, fault = _predictions(spec, champion.version, rows)
        against = found.knowing(cohort.actions) if found else None
        faults += [fault] if fault else []
    evidence = Evidence(
        mode=_mode(spec, champion),
        primary=_primary(workspace),
        figures=comparison.compare(cohort, challenger, against, alpha=alpha) if against else {},
        floor=_floor(cohort, floor),
        positives=int(cohort.churned[cohort.untreated].sum()),
        events_per_arm=cohort.events_per_arm,
        slices=comparison.compare_slices(cohort, challenger, against, alpha=alpha) if against and champion else (),
        seen_rows=seen,
        faults=tuple(faults),
        alpha=alpha,
    )
    figures = {"challenger": figures_of(cohort, challenger)}
    if champion is not None and against is not None:
        figures["champion"] = figures_of(cohort, against)
    told = plain.cohort(cohort, left_out=len(everything) - len(rows))
    return Judged(evidence, clean, figures, told, comparison.curves(cohort, challenger, against) if against else {})


def _too_little(mode: Mode, cohort: Cohort, seen: int, faults: list[str]) -> Evidence:
    """The evidence where no rows are left that the champion has not seen, or none of an arm, or of an outcome."""
    left = cohort.churned[cohort.untreated]
    rarer, arms = int(min(left.sum(), len(left) - left.sum())), cohort.events_per_arm
    return Evidence(mode, "auc", {}, {}, rarer, arms, seen_rows=seen, faults=tuple(faults))


def _primary(workspace: Workspace) -> str:
    """The policy's value where the trial was found to be by lot; only the risk elsewhere."""
    by_lot = standing(storage.read_json(workspace.evaluation / "report.json")) == "by lot"
    return "policy_value" if by_lot else "auc"


def figures_of(cohort: Cohort, model: Predictions) -> dict[str, dict[str, Any]]:
    """AUC, the QINI of each action and the policy's value, each with its 95 % interval."""
    if cohort.one_row_a_customer:
        auc = cohort.auc_intervals(model.score[:, None], level=0.95)[0]
    else:
        auc = cohort.risk(AUC, model.score).interval()
    found = {"AUC": auc.to_dict()}
    for action in cohort.actions:
        found[f"QINI {action}"] = cohort.uplift(QINI, model.uplift[action], action).interval().to_dict()
    if cohort.actions:
        earned = cohort.realised(cohort.choice(model.uplift))
        name = f"policy value a customer ({cohort.spec.currency})"
        found[name] = cohort.estimate(POLICY_VALUE, earned, mask=cohort.in_trial).interval().to_dict()
    return found


def _mode(spec: ExperimentSpec, champion: ModelVersion | None) -> Mode:
    if champion is None:
        return Mode.FIRST
    return Mode.REFRESH if champion.tags.get("recipe") == recipe(spec) else Mode.REPLACE


def _floor(cohort: Cohort, floor: Predictions) -> dict[str, float]:
    return {metric.name: cohort.risk_figure(metric, floor.for_metric(metric)) for metric in (AUC, BRIER)}


def _predictions(spec: ExperimentSpec, version: str, rows: pd.DataFrame) -> tuple[Predictions | None, str]:
    """What a registered version says of the rows, or why it says nothing."""
    try:
        return Predictions.of(registry.predict(registry.predictor(spec.name, version), rows), spec.actions), ""
    except (HoldfastError, MlflowException, ValueError, KeyError) as error:
        return None, f"version {version} does not predict: {str(error).splitlines()[0]}"


def _faults_of_challenger(spec: ExperimentSpec, rows: pd.DataFrame, version: str) -> list[str]:
    found, fault = _predictions(spec, version, rows)
    if found is None:
        return [fault]
    evaluated = Predictions.of(rows, spec.actions)
    pairs = [(found.score, evaluated.score), (found.probability, evaluated.probability)]
    pairs += [(found.uplift[action], effect) for action, effect in evaluated.uplift.items()]
    if not all(np.array_equal(one, other) for one, other in pairs):
        return [f"version {version} predicts other numbers than were evaluated"]
    return []


def _among(rows: pd.DataFrame, training: Path) -> Mask:
    """Which rows of the gate cohort stand among training rows."""
    known = pd.read_parquet(training)["row"]
    found: Mask = np.isin(rows["row"].to_numpy(), known.to_numpy())
    return found


def _seen_by(champion: ModelVersion, rows: pd.DataFrame) -> Mask:
    """Which rows the champion knows of: trained on, or dated before its last outcome; all where that is lost."""
    try:
        path = mlflow.artifacts.download_artifacts(run_id=champion.run_id, artifact_path=TRAINING)
    except (MlflowException, OSError):
        return np.ones(len(rows), dtype=np.bool_)
    until = champion.tags.get("trained_until", "")
    early = (rows["as_of"] < pd.Timestamp(until)).to_numpy() if until else np.zeros(len(rows), dtype=np.bool_)
    known: Mask = _among(rows, Path(path)) | early
    return known


def decided(judged: Judged, spec: ExperimentSpec) -> dict[str, Any]:
    """Ask every rule of the mode and put what they decide, and on what, in plain data."""
    evidence = judged.evidence
    findings = {
        rule: rule.judge(evidence, spec.gate) for rule in discover(rules, Rule).values() if evidence.mode in rule.modes
    }
    verdict = decide(evidence.mode, findings)
    return {
        "verdict": verdict.value,
        "words": _words(verdict, evidence, findings),
        "mode": evidence.mode.value,
        "primary": evidence.primary,
        "findings": [
            {
                "rule": rule.code,
                "demands": rule.meaning,
                "status": finding.status.value,
                "otherwise": rule.otherwise.value,
                "reason": finding.reason,
                "thresholds": [asdict(one) for one in finding.thresholds],
            }
            for rule, finding in findings.items()
        ],
        "pairs": plain.pairs(evidence.figures),
        "slices": plain.slices(evidence, spec.gate),
        "cohort": dict(judged.rows),
        "figures": dict(judged.figures),
        "gate": spec.gate.model_dump(mode="json"),
    }


def _words(verdict: Verdict, evidence: Evidence, findings: Mapping[Rule, Finding]) -> str:
    """The verdict in a sentence, with what the rules found that did not hold, or those that judge the primary."""
    primary = {evidence.primary, "floor"}
    told = {
        rule: one
        for rule, one in findings.items()
        if (primary & set(rule.needs) if verdict in MOVES else one.status is not Status.HOLDS)
    }
    reasons = [f"{rule.code} {one.status.value}: {one.reason}" for rule, one in told.items()]
    if verdict not in MOVES and evidence.mode is Mode.FIRST:
        reasons.insert(0, "there is no champion yet")
    return "; ".join([*([WORDS[verdict]] if verdict in MOVES else []), *reasons])
