"""Realised figures of the champion on rows whose outcomes became known after its gate."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd

from experiments.evaluation.cohort import Cohort
from experiments.evaluation.model_figures import Predictions
from experiments.evaluation.monitoring.evidence import MeasuredFigure, Realised
from experiments.metrics.ate import METRIC as ATE
from experiments.metrics.auc import METRIC as AUC
from experiments.metrics.brier import METRIC as BRIER
from experiments.spec import ExperimentSpec
from experiments.statistics.intervals import Interval
from features.tables import CONTROL
from pipelines.champion import loading
from pipelines.jobs.monitoring.watched import Watched
from pipelines.matrix import matrices
from pipelines.workspace import Workspace

# Of fewer, an arm's mean is hardly known.
FEWEST_IN_ARM = 50
# Of fewer customers of the rarer outcome, nothing can be said.
FEWEST_OUTCOMES = 20


def dates(spec: ExperimentSpec, workspace: Workspace, watched: Watched, *, at: date) -> list[str]:
    """The dates whose outcomes are known at a date, and which the champion neither learned from nor was judged on."""
    window = timedelta(days=spec.label.lead_time_days + spec.label.horizon_days)
    after = max([watched.trained_until[:10], *watched.reference.gate_dates])
    there = [one.removeprefix("as_of=") for one in matrices.dates(workspace.matrix, matrices.LEARN)]
    return [one for one in there if one > after and date.fromisoformat(one) + window <= at]


def realised(
    spec: ExperimentSpec, workspace: Workspace, watched: Watched, *, over: Sequence[str]
) -> Iterator[Realised]:
    """The figures of the last of these dates, and of all together, beside those that the gate measured.

    Where outcomes are too few to judge a model at all there are none.
    """
    spans = {f"on {over[-1]}": over[-1:]} if over else {}
    if len(over) > 1:
        spans[f"since {over[0]}"] = over
    for name, span in spans.items():
        rows = pd.concat(
            [matrices.of_date(workspace.matrix, matrices.LEARN, f"as_of={one}").to_pandas() for one in span]
        )
        yield from _figures(spec, watched, rows.reset_index(drop=True), over=name)


def _figures(spec: ExperimentSpec, watched: Watched, rows: pd.DataFrame, *, over: str) -> Iterator[Realised]:
    spec = _with_arms_of(spec, rows)
    scored = loading.predict_in_parts(watched.model, rows).reset_index(drop=True)
    known = Predictions.of(scored, spec.actions)
    cohort = Cohort(_with_means(rows, (CONTROL, *spec.actions)), spec)
    if cohort.rarer < FEWEST_OUTCOMES:
        return
    risk = watched.report["risk"]
    calibration = cohort.miscalibration(known.probability)
    level = replace(calibration, gaps=np.zeros_like(calibration.gaps)).interval(0, level=0.95)
    measured: dict[str, Interval] = {
        "auc": cohort.risk(AUC, known.score).interval(),
        "brier": cohort.risk(BRIER, known.probability).interval(),
        "miscalibration": calibration.interval(0, level=0.95),
    }
    for name, found in measured.items():
        if risk.get(name, {}).get("value") is not None:
            figure = MeasuredFigure(found.value, found.standard_error, level.standard_error)
            yield Realised(name, over, _promised(risk[name]), figure)
    uplift = watched.report["uplift"]
    if not uplift["measured"] or spec.treatment is None or not spec.treatment.randomised:
        return
    for action in spec.actions:
        promised = uplift["actions"].get(action, {}).get("figures", {}).get("ate", {})
        if promised.get("value") is None or min((cohort.arm == one).sum() for one in (CONTROL, action)) < FEWEST_IN_ARM:
            continue
        effect = cohort.uplift(ATE, known.knowing(spec.actions).uplift[action], action).interval()
        yield Realised("ate", over, _promised(promised), MeasuredFigure(effect.value, effect.standard_error), action)


def _with_arms_of(spec: ExperimentSpec, rows: pd.DataFrame) -> ExperimentSpec:
    """The spec with those actions only that somebody got in these rows; without any there is no trial."""
    if spec.treatment is None:
        return spec
    there = set(rows["arm"].dropna())
    arms = {name: arm for name, arm in spec.treatment.arms.items() if name in there}
    return spec.model_copy(update={"treatment": spec.treatment.model_copy(update={"arms": arms}) if arms else None})


def _promised(figure: dict[str, float]) -> MeasuredFigure:
    return MeasuredFigure(float(figure["value"]), float(figure["standard_error"]))


def _with_means(rows: pd.DataFrame, arms: Sequence[str]) -> pd.DataFrame:
    """The rows with the share of each arm that stayed as its nuisance, which is that of the plain difference."""
    stayed = 1.0 - rows["churned"].to_numpy(dtype=float)
    of_arm = rows["arm"].astype(object).fillna("").to_numpy()
    means = {f"mu_{arm}": float(stayed[of_arm == arm].mean()) if (of_arm == arm).any() else 0.0 for arm in arms}
    return rows.assign(**{name: np.full(len(rows), mean) for name, mean in means.items()})
