"""An action that drives customers away at once, before the label's window opens: risk and effects see the truth.

From tables through the build (DuckDB), training and the gate cohort.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from experiments.evaluation import model_figures
from experiments.evaluation.cohort import Cohort
from experiments.evaluation.model_figures import Predictions
from experiments.randomisation import arm_differences
from experiments.spec import ExperimentSpec
from experiments.uplift.learner import BY_THE_END
from pipelines.files import storage
from pipelines.learning import randomisation, training_data
from pipelines.learning.leak_checks import evidence
from pipelines.matrix import matrices
from pipelines.models import portable
from pipelines.stages import build, train
from pipelines.workspace import Workspace
from tests.pipelines.learning.test_earlier_scores import rows
from tests.specs import REQUIRED

DATES = [datetime(2023, month, 1) for month in (1, 4, 7, 10)]
LEAD, HORIZON, CUSTOMERS = 14, 30, 4_000
SPEC: dict[str, Any] = {
    **REQUIRED,
    "name": "driven",
    "title": "Calls that drive customers away at once",
    "source": {"kind": "simulated"},
    "label": {"kind": "cancelled", "lead_time_days": LEAD, "horizon_days": HORIZON},
    "observations": {"first": "2023-01-01", "every_months": 3, "look_back_days": 180},
    "features": ["contracts"],
    "treatment": {"arms": {"call": {"cost": 1.0}}},
    "value": {"constant": 100.0},
    "split": {"kind": "time", "folds": 2},
    "evaluation": {"draws": 200},
}


def chances(price: np.ndarray, called: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The chance to leave in the gap, and, having stayed, in the window: calls drive away those who were at risk."""
    risky = price > 10
    gap = 0.02 + 0.2 * (called & risky)
    return gap, np.where(risky, 0.25, 0.05)


def leaves(price: np.ndarray, called: np.ndarray) -> np.ndarray:
    """The chance to leave by the end of the window."""
    gap, window = chances(price, called)
    return gap + (1 - gap) * window


def write(folder: Path, *, harm: bool = True) -> None:
    """Customers who are called by lot at each date at which they are there; without harm nobody leaves in the gap."""
    rng, joined = np.random.default_rng(3), datetime(2021, 1, 1)
    price = np.where(rng.random(CUSTOMERS) < 0.5, 5.0, 20.0)
    tables: dict[str, list[dict[str, Any]]] = {"customers": [], "contracts": [], "treatments": []}
    ended: dict[int, datetime] = {}
    for date in DATES:
        called = rng.random(CUSTOMERS) < 0.5
        gap, window = chances(price, called)
        in_gap, in_window = harm & (rng.random(CUSTOMERS) < gap), rng.random(CUSTOMERS) < window
        # The very moment of the date lies in the gap, and that of the opening in the window.
        days = np.where(in_gap, rng.integers(0, LEAD, CUSTOMERS), LEAD + rng.integers(0, HORIZON, CUSTOMERS))
        for number in (one for one in range(CUSTOMERS) if one not in ended):
            arm = {"action": "call" if called[number] else "control", "probability": 0.5, "campaign": "c"}
            told = {"treatment_id": f"{date:%m}/{number}", "customer_id": f"c{number:04}", "event_at": date, **arm}
            tables["treatments"].append(told)
            if in_gap[number] or in_window[number]:
                ended[number] = date + timedelta(days=int(days[number]))
    for number in range(CUSTOMERS):
        who = {"customer_id": f"c{number:04}"}
        contract = {**who, "contract_id": f"k{number}", "plan": "basic", "price": price[number], "starts_at": joined}
        tables["customers"].append({**who, "event_at": joined, "joined_at": joined})
        tables["contracts"].append({**contract, "event_at": joined})
        if number in ended:
            tables["contracts"].append({**contract, "event_at": ended[number], "ended_at": ended[number]})
    for name, given in tables.items():
        storage.write_parquet(folder / name / "all.parquet", rows(name, given))
    storage.write_json(folder / "about.json", {"extracted_at": "2023-12-01T00:00:00"})


def made(root: Path, *, harm: bool) -> Workspace:
    """A world of which the matrix was built and a plain T-learner fitted."""
    workspace, spec = Workspace(root, "driven"), ExperimentSpec.model_validate(SPEC)
    write(workspace.tables, harm=harm)
    build.run(spec, workspace)
    best = {"family": "logistic", "learner": "t_learner", "params": {"C": 0.1}, "learned": {}}
    storage.write_json(workspace.tuning / "best.json", best)
    train.run(spec, workspace)
    return workspace


@dataclass(frozen=True)
class Judged:
    """A world, its gate cohort, and what the challenger says of it."""

    workspace: Workspace
    cohort: Cohort
    said: pd.DataFrame

    @property
    def truth(self) -> np.ndarray:
        """What a call changes for each row of the gate cohort in its chance to stay."""
        price = self.cohort.rows["price"].to_numpy()
        nobody = np.zeros(len(price), dtype=bool)
        return leaves(price, nobody) - leaves(price, ~nobody)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Judged:
    workspace = made(tmp_path_factory.mktemp("driven"), harm=True)
    gate = storage.read_parquet(workspace.model / "gate.parquet").to_pandas()
    return Judged(
        workspace,
        Cohort(gate, ExperimentSpec.model_validate(SPEC)),
        portable.scorer(workspace.model / "challenger").score(gate),
    )


def test_every_event_lies_in_one_of_gap_and_window(world: Judged) -> None:
    """Of all dates: who was there, who left in the gap and who by the end, by a count of its own."""
    learn = matrices.read(world.workspace.matrix, matrices.LEARN).to_pandas()
    contracts = storage.read_parquet(world.workspace.tables / "contracts").to_pandas()
    ended = contracts.dropna(subset="ended_at").set_index("customer_id")["ended_at"]
    days = (learn["customer_id"].map(ended) - learn["as_of"]).dt.days
    assert (days.dropna() >= 0).all()
    assert {0, LEAD, LEAD + HORIZON - 1} <= set(days)
    assert (learn["left_in_gap"] == (days < LEAD)).all()
    assert (learn["churned"] == (days < LEAD + HORIZON)).all()
    counts = storage.read_json(world.workspace.matrix / "counts.json")
    assert counts["left_in_the_gap"] == learn["left_in_gap"].sum() > 0
    assert counts[matrices.LEARN] == len(learn) - counts["left_in_the_gap"]


def test_the_trials_difference_is_the_truth_and_without_those_rows_it_is_not(world: Judged) -> None:
    learn = matrices.read(world.workspace.matrix, matrices.LEARN).to_pandas()
    price = learn["price"].to_numpy()
    nobody = np.zeros(len(price), dtype=bool)
    truth = float((leaves(price, nobody) - leaves(price, ~nobody)).mean())
    found = arm_differences.differences(learn, ("call",), 1 - learn["churned"].to_numpy())["call"]
    assert truth == pytest.approx(-0.06, abs=0.01)
    assert found["low"] < truth < found["high"] < 0
    left = learn[~learn["left_in_gap"]]
    blind = arm_differences.differences(left, ("call",), 1 - left["churned"].to_numpy())["call"]
    assert blind["low"] > truth


def test_the_effects_of_the_gate_cohort_are_the_truth(world: Judged) -> None:
    """The AIPW mean within its interval, the model's own within two points, for those at risk and the others apart."""
    predictions = Predictions.of(world.said, ("call",))
    ate = model_figures.effects(world.cohort, predictions)["call"]["figures"]["ate"]
    assert ate["low"] < world.truth.mean() < ate["high"] < 0
    for price in (5.0, 20.0):
        of_price = (world.cohort.rows["price"] == price).to_numpy()
        assert predictions.uplift["call"][of_price].mean() == pytest.approx(world.truth[of_price].mean(), abs=0.04)


def test_the_risk_is_that_of_customers_who_are_there_when_the_window_opens(world: Judged) -> None:
    cohort, price = world.cohort, world.cohort.rows["price"].to_numpy()
    assert cohort.left_in_gap.any()
    assert not (cohort.untreated & cohort.left_in_gap).any()
    assert cohort.in_trial[cohort.left_in_gap].all()
    assert cohort.churned[cohort.left_in_gap].all()
    assert world.said["churn_probability"][price == 20].mean() == pytest.approx(0.25, abs=0.03)
    assert world.said["churn_probability"][price == 5].mean() == pytest.approx(0.05, abs=0.02)


def test_training_and_its_checks_look_at_the_rows_that_are_theirs(world: Judged) -> None:
    opened = training_data.opened(ExperimentSpec.model_validate(SPEC), world.workspace)
    problem = opened.problem({"logistic"}, ["t_learner"])
    gone = int(opened.left_in_gap[opened.split.training].sum())
    asked = evidence(opened, problem.folds)
    assert len(asked.training.y) == len(opened.split.training) - gone < len(problem.y)
    for seen, fold in zip(asked.folds, problem.folds, strict=True):
        kept = fold.fit[~opened.left_in_gap[opened.split.training][fold.fit]]
        assert np.array_equal(asked.training.X[seen.fit], problem.X[kept], equal_nan=True)
        assert asked.training.y[seen.fit].mean() < problem.y[fold.fit].mean()
    found = randomisation.examined(opened, opened.spec.source)
    assert found["verdict"] == "randomised"
    assert found["assignments"] == len(opened.rows)


def test_where_nobody_left_in_the_gap_nothing_is_there_to_tell(tmp_path: Path) -> None:
    """No further model, and the digest of a cohort that never heard of the marker."""
    workspace = made(tmp_path, harm=False)
    described = storage.read_json(workspace.model / "challenger" / "model.json")
    assert set(described["models"]) == {"control", "call"}
    gate = storage.read_parquet(workspace.model / "gate.parquet").to_pandas()
    spec = ExperimentSpec.model_validate(SPEC)
    unmarked = Cohort(gate.drop(columns="left_in_gap"), spec)
    assert Cohort(gate, spec).digest == unmarked.digest
    assert (Cohort(gate, spec).untreated == unmarked.untreated).all()
    marked = gate.assign(left_in_gap=gate.index == 0)
    assert Cohort(marked, spec).digest != unmarked.digest


def test_the_outcome_without_action_that_effects_start_from_has_a_model_of_its_own(world: Judged) -> None:
    described = storage.read_json(world.workspace.model / "challenger" / "model.json")
    assert set(described["models"]) == {"control", "call", BY_THE_END}
    assert described["without"] == BY_THE_END
    good = 1 - leaves(world.cohort.rows["price"].to_numpy(), np.zeros(len(world.cohort.rows), dtype=bool))
    assert world.cohort.rows["mu_control"].mean() == pytest.approx(good.mean(), abs=0.02)
