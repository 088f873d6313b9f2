"""Four months of a world of 1,000 customers, through the code of real rounds."""

import copy
from pathlib import Path
from typing import Any

import pytest

from experiments.spec import ExperimentSpec
from features.errors import SpecError
from pipelines.jobs.simulation import simulated
from pipelines.reporting import simulation_page
from pipelines.specs import spec_files
from pipelines.workspace import Workspace
from tests.specs import trial_spec

ROOT = Path(__file__).parents[4]
MONTHS, CUSTOMERS = 4, 1000


def small(**round_: Any) -> tuple[ExperimentSpec, Workspace]:
    """The demo, of 1,000 customers over 18 months, with one trial of the logistic family."""
    workspace = Workspace(ROOT, "demo")
    spec = spec_files.load(workspace)
    source = {**spec.source, "customers": CUSTOMERS, "months": 18}
    tuning = {"trials": 1, "families": ("logistic",), "learners": ("t_learner",)}
    changes = {
        "source": source,
        "features": ("recency", "contracts", "tenure", "support", "experience"),
        "tuning": spec.tuning.model_copy(update=tuning),
        "split": spec.split.model_copy(update={"gate_dates": 1, "folds": 2}),
        "evaluation": spec.evaluation.model_copy(update={"floors": {}, "slices": {}}),
        "round": spec.round.model_copy(update=round_),
        "playbook": "demo",
    }
    return spec.model_copy(update=changes), workspace


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    spec, workspace = small(control=0.3)
    return simulated.simulated(spec, workspace, tmp_path_factory.mktemp("year"), months=MONTHS, seed=4)


def test_every_policy_lives_the_same_months_and_acts_at_its_rounds(found: dict[str, Any]) -> None:
    assert set(found["policies"]) == {
        "nothing",
        "riskiest_first",
        "coupon_for_all",
        "playbook_alone",
        "ours",
        "oracle",
    }
    for name, months in found["policies"].items():
        assert [one["month"] for one in months] == ["2025-07", "2025-08", "2025-09", "2025-10"]
        acted = [sum(one["contacts"].values()) for one in months]
        assert (acted[0] > 0) == (name != "nothing")
        assert acted[1:3] == [0, 0]
        assert len(found["gain"][name]) == MONTHS
    assert found["gain"]["nothing"] == [0.0] * MONTHS


def test_our_rounds_keep_to_the_limits_and_withhold(found: dict[str, Any]) -> None:
    for contacts in (found["policies"]["ours"][place]["contacts"] for place in (0, 3)):
        assert 0 < sum(contacts.values()) <= 0.2 * CUSTOMERS
        assert contacts["call"] <= 0.03 * CUSTOMERS
    assigned, withheld = (sum(one[name] for one in found["effects"].values()) for name in ("assigned", "withheld"))
    # Systematic sampling withholds a share of each stratum, to within one customer.
    assert withheld / (assigned + withheld) == pytest.approx(0.3, abs=0.05)


def test_the_truth_stands_beside_what_was_measured(found: dict[str, Any]) -> None:
    assert set(found["effects"]) == {"call", "coupon", "upgrade"}
    for one in found["effects"].values():
        assert one["missing"] or (one["low"] < one["value"] < one["high"])
        assert one["truth"] is None or -1 < one["truth"] < 1


def test_the_page_says_it_all_and_the_same_twice(found: dict[str, Any]) -> None:
    page = simulation_page.render(found)
    assert page == simulation_page.render(copy.deepcopy(found))
    for words in ("our rounds", "oracle that knows the true effects", "call the riskiest", "<svg"):
        assert words in page
    told = copy.deepcopy(found)
    told["gain"]["share_of_oracle"][-1] = None
    assert "no gap to close" in simulation_page.render(told)


def test_a_spec_without_a_world_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="only kind 'simulated'"):
        simulated.simulated(trial_spec(), Workspace(ROOT, "shop"), tmp_path, months=1, seed=1)


def test_a_spec_whose_value_the_world_does_not_know_is_refused(tmp_path: Path) -> None:
    spec, workspace = small()
    told = spec.model_copy(update={"value": spec.value.model_copy(update={"column": "tenure_days"})})
    with pytest.raises(SpecError, match=r"value\.column is 'tenure_days'.*write price"):
        simulated.simulated(told, workspace, tmp_path, months=1, seed=1)


def test_a_spec_whose_actions_the_world_does_not_know_is_refused(tmp_path: Path) -> None:
    spec, workspace = small()
    arms = {"call": {"cost": 1.0}, "coupon": {"cost": 1.0}, "visit": {"cost": 1.0}}
    told = ExperimentSpec.model_validate({**spec.model_dump(), "treatment": {"arms": arms}})
    with pytest.raises(SpecError, match="visit"):
        simulated.simulated(told, workspace, tmp_path, months=1, seed=1)
