"""What a decision rests on: both models on the gate cohort, and the facts that make the comparison valid."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import mlflow
import numpy as np
import pandas as pd
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

from experiments import comparison
from experiments.cohort import Cohort
from experiments.comparison import Pair
from experiments.evaluation import Predictions
from experiments.metric import evaluate
from experiments.metrics.auc import METRIC as AUC
from experiments.metrics.brier import METRIC as BRIER
from experiments.metrics.policy_value import METRIC as POLICY_VALUE
from experiments.metrics.qini import METRIC as QINI
from experiments.spec import ExperimentSpec
from features.errors import HoldfastError
from features.plugins import discover
from pipelines import portable, registry, rules, storage
from pipelines.provenance import spec_hash
from pipelines.rule import Evidence, Finding, Mode, Rule, Status, decide
from pipelines.verdict import MOVES, WORDS
from pipelines.workspace import Workspace

TRAINING = "training.parquet"


@dataclass(frozen=True)
class Judged:
    """The evidence, and each model's figures with intervals, by name, for people."""

    evidence: Evidence
    figures: Mapping[str, Mapping[str, Any]]


def judge(spec: ExperimentSpec, workspace: Workspace, *, version: str, champion: ModelVersion | None) -> Judged:
    """Take the evidence on a challenger against the champion, or against the prior model where there is none."""
    rows = storage.read_parquet(workspace.evaluation / "gate.parquet").to_pandas()
    cohort = Cohort(rows, spec)
    challenger = Predictions.of(rows)
    floor = Predictions.of(portable.scorer(workspace.model / "floor").score(rows))
    faults = _faults_of_challenger(spec, rows, version)
    seen = _seen(rows, storage.read_parquet(workspace.model / TRAINING).to_pandas())
    against: Predictions | None = floor
    if champion is not None:
        against, fault = _predictions(spec.name, champion.version, rows)
        seen += _seen_by(champion, rows)
        faults += [fault] if fault else []
    pairs = comparison.compare(cohort, challenger, against) if against else {}
    evidence = Evidence(
        mode=_mode(spec, champion),
        primary="policy_value" if cohort.actions and spec.treatment and spec.treatment.randomised else "auc",
        figures=pairs,
        floor=_floor(cohort, floor),
        positives=int(cohort.churned[cohort.untreated].sum()),
        events_per_arm=cohort.events_per_arm,
        slices=comparison.compare_slices(cohort, challenger, against) if against and champion else (),
        seen_rows=seen,
        faults=tuple(faults),
    )
    figures = {"challenger": figures_of(cohort, challenger)}
    if champion is not None and against is not None:
        figures["champion"] = figures_of(cohort, against)
    return Judged(evidence, figures)


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
    return Mode.REFRESH if champion.tags.get("spec_hash") == spec_hash(spec) else Mode.REPLACE


def _floor(cohort: Cohort, floor: Predictions) -> dict[str, float]:
    truth = cohort.churned[cohort.untreated]
    return {metric.name: evaluate(metric, truth, floor.for_metric(metric)[cohort.untreated]) for metric in (AUC, BRIER)}


def _predictions(name: str, version: str, rows: pd.DataFrame) -> tuple[Predictions | None, str]:
    """What a registered version says of the rows, or why it says nothing."""
    try:
        return Predictions.of(registry.predict(registry.predictor(name, version), rows)), ""
    except (HoldfastError, MlflowException, ValueError, KeyError) as error:
        return None, f"version {version} does not predict: {str(error).splitlines()[0]}"


def _faults_of_challenger(spec: ExperimentSpec, rows: pd.DataFrame, version: str) -> list[str]:
    found, fault = _predictions(spec.name, version, rows)
    if found is None:
        return [fault]
    if not np.array_equal(found.score, rows["churn_score"].to_numpy()):
        return [f"version {version} predicts other numbers than were evaluated"]
    return []


def _seen(rows: pd.DataFrame, training: pd.DataFrame) -> int:
    """How many rows of the gate cohort stand among the training rows."""
    return int(np.isin(rows["row"].to_numpy(), training["row"].to_numpy()).sum())


def _seen_by(champion: ModelVersion, rows: pd.DataFrame) -> int:
    """The same for the champion, whose training rows are kept with its run; all of them where they are lost."""
    try:
        path = mlflow.artifacts.download_artifacts(run_id=champion.run_id, artifact_path=TRAINING)
    except (MlflowException, OSError):
        return len(rows)
    return _seen(rows, pd.read_parquet(path))


def plain(pairs: Mapping[str, Pair]) -> dict[str, Any]:
    """Pairs as plain data."""
    return {
        name: {
            "challenger": pair.challenger,
            "champion": pair.champion,
            "difference": pair.difference.to_dict() if pair.difference else None,
        }
        for name, pair in pairs.items()
    }


def decided(asked: Mapping[str, Any], judged: Judged, spec: ExperimentSpec) -> dict[str, Any]:
    """Ask every rule of the mode and put the decision in plain data."""
    evidence = judged.evidence
    findings = {
        rule: rule.judge(evidence, spec.gate) for rule in discover(rules, Rule).values() if evidence.mode in rule.modes
    }
    verdict = decide(evidence.mode, findings)
    moved = verdict in MOVES
    figures = dict(judged.figures)
    if moved:
        figures["champion"] = figures["challenger"]
    return {
        **asked,
        "champion_version": asked["challenger_version"] if moved else asked["compared_with"],
        "verdict": verdict.value,
        "words": WORDS.get(verdict) or _reasons(findings),
        "mode": evidence.mode.value,
        "primary": evidence.primary,
        "findings": [
            {"rule": rule.code, "demands": rule.meaning, "status": finding.status.value, "reason": finding.reason}
            for rule, finding in findings.items()
        ],
        "pairs": plain(evidence.figures),
        "figures": figures,
        "gate": spec.gate.model_dump(mode="json"),
        "decided_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _reasons(findings: Mapping[Rule, Finding]) -> str:
    """The rules that did not hold, with what they found."""
    return "; ".join(
        f"{rule.code} {one.status.value}: {one.reason}"
        for rule, one in findings.items()
        if one.status is not Status.HOLDS
    )
