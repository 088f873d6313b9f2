"""Judge the challenger on the gate cohort: report.json for machines, report.html for people.

writes: artifacts/SPEC/evaluation, report.html, report.json, metrics.json, gate.parquet, and the plots' data
codes: 5
example: python -m pipelines evaluate demo
"""

from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from experiments.evaluation import claims, model_figures
from experiments.evaluation.churn_cost import churn_cost_report
from experiments.evaluation.cohort import Cohort
from experiments.evaluation.cut_earnings import best, cut_earnings
from experiments.evaluation.drivers import drivers
from experiments.evaluation.earliness import earliness
from experiments.evaluation.model_figures import Predictions
from experiments.evaluation.outcomes import Outcome, outcomes_report
from experiments.evaluation.policy_report import policy_report
from experiments.evaluation.worth_of_texts import worth_of_texts
from experiments.money.risk_levels import BY_PROFIT
from experiments.randomisation import arm_differences
from experiments.spec import ExperimentSpec
from experiments.statistics import rounding
from features.catalog import all_features
from features.contract import Contract
from features.errors import SpecError
from features.tables import CONTROL, LEFT_IN_GAP
from pipelines.files import spreadsheet, storage
from pipelines.matrix import enough, matrices
from pipelines.messages import log
from pipelines.models import portable
from pipelines.reporting import effects, report
from pipelines.specs import levels_of_segments, references
from pipelines.workspace import Workspace

# What the report repeats from elsewhere; all else of it is figures.
EXACT = ("spec", "lineage")


def run(spec: ExperimentSpec, workspace: Workspace) -> None:
    """Write the report in both forms, the gate rows with the challenger's predictions, and the plots' data.

    Raises SpecError where the spec, since the build looked at it, names columns that cannot be reported.
    """
    _check(spec, workspace)
    gate = storage.read_parquet(workspace.model / "gate.parquet")
    rows = gate.to_pandas()
    scored = {name: portable.scorer(workspace.model / name).score(rows) for name in ("challenger", "floor")}
    in_file = None if spec.label.prior is None else matrices.churned_share(workspace.matrix)
    cohort = Cohort(rows, spec, matrices.listed(workspace.matrix), in_file)
    found = _report(spec, workspace, cohort, scored)
    with storage.replacing_folder(workspace.evaluation) as folder:
        storage.write_json(folder / "report.json", found)
        storage.write_json(folder / "metrics.json", headlines(found))
        storage.write_bytes(folder / "report.html", report.render(found).encode())
        for name in ("roc", "precision_recall", "calibration"):
            spreadsheet.write(folder / f"{name}.csv", pd.DataFrame(found["curves"][name]))
        for name in scored["challenger"]:
            said = rounding.probabilities(scored["challenger"][name].to_numpy())
            gate = gate.append_column(name, pa.array(said))
        storage.write_parquet(folder / "gate.parquet", gate)
    log.done(
        "evaluate",
        spec.name,
        rows=len(rows),
        **{
            name: round(value, 4)
            for name, value in headlines(found).items()
            if name in ("auc",) or name.startswith("qini")
        },
    )


def _check(spec: ExperimentSpec, workspace: Workspace) -> None:
    """The build's checks of the columns of slices and simple scores, repeated since their change does not rerun it.

    So it is with the reader of texts, which `run` alone puts in its place.
    """
    read = storage.read_json(workspace.tables / "about.json").get("reader")
    if spec.texts and (not read or (read["model"], read["version"]) != (spec.texts.model, spec.texts.version)):
        raise SpecError(
            f"spec '{spec.name}' pins {spec.texts.model} {spec.texts.version}, and its tables were made with"
            f" {'{model} {version}'.format(**read) if read else 'no reader'}; `python -m pipelines run {spec.name}`"
            " makes them anew."
        )
    if spec.observations is not None:
        references.check(spec, references.of_a_matrix(matrices.features(workspace.matrix)))
    names = matrices.names(workspace.matrix, matrices.LEARN)
    levels_of_segments.check(spec, Contract.from_dict(storage.read_json(workspace.matrix / "contract.json")))
    enough.check_slices(spec, matrices.Columns(workspace.matrix, matrices.LEARN, names))


def headlines(found: dict[str, Any]) -> dict[str, float]:
    """The figures for DVC and MLflow, by name: every metric's.

    Of actions that were not randomised it is the adjusted difference alone. What is not measured is left out.
    """
    figures = {name: one["value"] for name, one in found["risk"].items() if one["value"] is not None}
    figures |= {"auc_loss_without_texts": found["texts"]["loss"]["value"]} if "texts" in found else {}
    figures |= _derived_cuts(found)
    if effects.effect_evidence(found) == "observational":
        actions = found["uplift"]["actions"].items()
        return figures | {f"observational_ate_{name}": one["figures"]["ate"]["value"] for name, one in actions}
    for action, effect in found["uplift"]["actions"].items():
        measured = {name: one["value"] for name, one in effect["figures"].items() if one["value"] is not None}
        figures |= {f"{name}_{action}": value for name, value in measured.items()}
    if found["policy"]:
        figures["policy_value"] = found["policy"]["value"]["value"]
        figures |= {name: one["value"] for name, one in found["policy"].get("figures", {}).items()}
    return figures


def _derived_cuts(found: dict[str, Any]) -> dict[str, float]:
    """The risk cuts that were derived by profit; none where the spec says them."""
    used = found["levels"]["in_use"]
    return {name: used[name] for name in ("medium_from", "high_from")} if used["origin"] == BY_PROFIT else {}


def _report(
    spec: ExperimentSpec, workspace: Workspace, cohort: Cohort, scored: dict[str, pd.DataFrame]
) -> dict[str, Any]:
    challenger, floor = (Predictions.of(scored[name], cohort.actions) for name in ("challenger", "floor"))
    contract = Contract.from_dict(storage.read_json(workspace.matrix / "contract.json"))
    measured = bool(cohort.actions)
    outcomes = [Outcome(**one) for one in storage.read_json(workspace.matrix / "outcomes.json")]
    whole = _whole_trial(spec, workspace, [one.column for one in outcomes]) if measured else pd.DataFrame()
    found = {
        "spec": spec.model_dump(mode="json"),
        "cohort": _cohort(cohort),
        "risk": model_figures.risk(cohort, challenger, floor),
        "simple_scores": model_figures.simple_scores(cohort, challenger),
        "curves": model_figures.curves(cohort, challenger),
        "uplift": {
            "measured": measured,
            "declared_randomised": bool(spec.treatment and spec.treatment.randomised),
            "trial": arm_differences.differences(whole, cohort.actions, 1.0 - whole["churned"].to_numpy())
            if measured
            else {},
            "outcomes": outcomes_report(cohort, challenger, whole, outcomes) if measured else {},
            "randomisation": storage.read_json(workspace.tuning / "randomisation.json"),
            "actions": model_figures.effects(cohort, challenger) if measured else {},
        },
        "policy": policy_report(cohort, challenger) if measured else {},
        "levels": cut_earnings(cohort, challenger.probability, best_of_training=_best_of_training(spec, workspace)),
        "cost_of_churn": churn_cost_report(cohort),
        "slices": model_figures.slices(cohort, challenger),
        "drivers": _drivers(cohort, contract),
        "importance": _importance(workspace, cohort, contract),
        "earliness": earliness(cohort, _frozen(workspace)),
        "checks": storage.read_json(workspace.tuning / "checks.json"),
        "lineage": _lineage(workspace, contract),
    }
    if (path := workspace.model / "without_texts.parquet").is_file():
        found["texts"] = worth_of_texts(cohort, challenger.score, storage.read_parquet(path)["score"].to_numpy())
    if cohort.balance:
        found["balanced_file"] = model_figures.as_in_file(cohort, challenger)
    claimed = claims.with_claims(_rounded(found), randomised=effects.is_randomised(found))
    return _rounded(claimed)


def _rounded(found: dict[str, Any]) -> dict[str, Any]:
    return {key: part if key in EXACT else rounding.plain(part) for key, part in found.items()}


def _cohort(cohort: Cohort) -> dict[str, Any]:
    untreated = cohort.churned[cohort.untreated]
    return {
        "hash": cohort.digest,
        "rows": len(cohort.rows),
        "customers": int(cohort.rows["customer_id"].nunique()),
        "dates": sorted({str(moment.date()) for moment in cohort.rows["as_of"].dropna().unique()}),
        "untreated_rows": len(untreated),
        "left_in_gap": int(cohort.left_in_gap.sum()),
        "positives": int(untreated.sum()),
        "churned_share": cohort.churned_share(cohort.untreated),
        "risk_weighted": cohort.risk_weights is not None,
        "in_trial": int(cohort.in_trial.sum()),
        "events_per_arm": cohort.events_per_arm,
    }


def _whole_trial(spec: ExperimentSpec, workspace: Workspace, outcomes: list[str]) -> pd.DataFrame:
    """Arms and outcomes of the whole trial; rows that were not randomised are weighted equally.

    Of a randomised one, without the rows of which no probability was logged.
    """
    names = ["customer_id", "arm", "probability", "churned", *outcomes]
    rows: pd.DataFrame = matrices.read(workspace.matrix, matrices.LEARN, names).to_pandas()
    randomised = spec.treatment is not None and spec.treatment.randomised
    return rows[rows["arm"].isna() | rows["probability"].notna()] if randomised else rows.assign(probability=1.0)


def _drivers(cohort: Cohort, contract: Contract) -> list[dict[str, Any]]:
    """The drivers of churn among untreated rows, strongest first; columns of a plain table have no theme."""
    dated = cohort.spec.observations is not None
    themes = {name: feature.theme for name, feature in all_features().items()} if dated else {}
    found = [asdict(one) for one in drivers(cohort.rows[cohort.untreated], contract, themes)]
    if cohort.balance is None:
        return found
    shares = ("leaving_low", "leaving_high")
    told = cohort.balance.corrected
    return [one | {key: None if one[key] is None else told(one[key]) for key in shares} for one in found]


def _frozen(workspace: Workspace) -> dict[tuple[str, int], np.ndarray]:
    """The scores from earlier features, by theme and days."""
    rows = storage.read_parquet(workspace.model / "frozen.parquet")
    named = {name: name.rsplit("@", 1) for name in rows.column_names}
    return {(theme, int(days)): rows[name].to_numpy() for name, (theme, days) in named.items()}


def _best_of_training(spec: ExperimentSpec, workspace: Workspace) -> tuple[float, float] | None:
    """The risk cuts by profit of the training rows, by predictions of models that did not see them."""
    judged = storage.read_parquet(workspace.model / "out_of_fold.parquet")
    names = ["customer_id", "as_of", "churned", "arm", "probability", LEFT_IN_GAP]
    there = [name for name in names if name in matrices.names(workspace.matrix, matrices.LEARN)]
    rows = matrices.read(workspace.matrix, matrices.LEARN, there).take(judged["position"]).to_pandas()
    in_file = None if spec.label.prior is None else matrices.churned_share(workspace.matrix)
    return best(Cohort(rows, spec, in_file=in_file), judged["risk"].to_numpy())


def _importance(workspace: Workspace, cohort: Cohort, contract: Contract) -> list[dict[str, Any]]:
    """The mean absolute contribution of each column to the risk, as a share of all, largest first."""
    scorer = portable.scorer(workspace.model / "challenger")
    X = contract.encode(cohort.rows[~cohort.left_in_gap].head(report.IMPORTANCE_ROWS))
    mean = np.abs(scorer.models[CONTROL].contributions(X)[:, :-1]).mean(axis=0)
    total = float(mean.sum()) or 1.0
    order = np.argsort(-rounding.figures(mean), kind="stable")
    return [
        {"name": contract.columns[j].name, "meaning": contract.columns[j].meaning, "share": float(mean[j]) / total}
        for j in order
    ]


def _lineage(workspace: Workspace, contract: Contract) -> dict[str, Any]:
    validation = storage.read_json(workspace.validation / "result.json")
    best = storage.read_json(workspace.tuning / "best.json")
    return {
        "tables": storage.read_json(workspace.tables / "about.json"),
        "counts": storage.read_json(workspace.matrix / "counts.json"),
        "validation": {key: validation[key] for key in ("passed", "expectations")},
        "study": best["study"],
        "contract": contract.digest,
        "model": storage.read_json(workspace.model / "about.json"),
    }
