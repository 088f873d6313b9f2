"""Four months of a world of 1,500 customers, through the code of real rounds."""

import copy
import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from experiments.spec import ExperimentSpec
from features.errors import SpecError
from features.play import played
from features.play.played import World
from features.world.arrays import NEVER
from features.world.campaigns import ARMS
from pipelines.jobs.simulation import plain_policies, simulated, year
from pipelines.jobs.simulation.year import Money, Worth
from pipelines.reporting import simulation_page
from pipelines.specs import spec_files
from pipelines.workspace import Workspace
from tests.specs import trial_spec

ROOT = Path(__file__).parents[4]
MONTHS, CUSTOMERS, SEED = 4, 1500, 4
# So many are drawn that effects can be measured.
BUDGET_SHARE, CONTROL = 0.6, 0.5

# Unlike the demo's, it has something for everybody.
PLAYBOOK = """title: For everybody
segments:
  at_risk: {feature: level, is: [medium, high]}
  pays_more: {feature: value, above: 150}
  others: {feature: value, above: 0}
rows:
  call: {segment: at_risk, action: call, says: {en: "At risk", zh: "有流失风险"}}
  upgrade: {segment: pays_more, action: upgrade, says: {en: "Pays more", zh: "付费较高"}}
  coupon: {segment: others, action: coupon, says: {en: "Others", zh: "其他"}}
"""


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
        "policy": spec.policy.model_copy(update={"budget_share": BUDGET_SHARE}),
        "round": spec.round.model_copy(update=round_),
        "playbook": "demo",
    }
    return spec.model_copy(update=changes), workspace


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("year")


@pytest.fixture(scope="module")
def found(scratch: Path) -> dict[str, Any]:
    spec, _ = small(control=CONTROL)
    workspace = Workspace(scratch / "root", "demo")
    workspace.playbooks.mkdir(parents=True)
    (workspace.playbooks / "demo.yaml").write_text(PLAYBOOK, encoding="utf-8")
    return simulated.simulated(spec, workspace, scratch, months=MONTHS, seed=SEED)


@pytest.fixture(scope="module")
def begun() -> World:
    """The world in which all policies begin."""
    return played.begun(seed=SEED, customers=CUSTOMERS, months=18, start=date(2024, 1, 1))[0]


@dataclass(frozen=True)
class FirstRound:
    """Our first round as it was written into the company's tables; all have shape (n_drawn,) but possible, by action.

    stayed says who is there three months later, in the world played forward with it.
    """

    customer: np.ndarray
    action: np.ndarray
    possible: dict[str, np.ndarray]
    stayed: np.ndarray
    left: list[int]


@pytest.fixture(scope="module")
def first_round(found: dict[str, Any], scratch: Path, begun: World) -> FirstRound:
    del found  # it has written the tables
    path = Workspace(scratch / simulated.OURS, "demo").tables / "treatments" / "2025-07.parquet"
    rows = pd.read_parquet(path)
    customer, action = rows["customer_id"].str[1:].to_numpy(dtype=int) - 1, rows["action"].to_numpy()
    chances = pd.DataFrame([json.loads(one) for one in rows["probabilities"]])
    done = year.nothing(begun)
    done.arms[customer] = [ARMS.index(one) for one in action]
    world, left = begun, []
    for month in range(played.MONTHS_AT_WORK):
        world, _ = played.played(world, done if month == 0 else year.nothing(world))
        left.append(int((world.chapter.ended_at < NEVER).sum()))
    there = np.isin(customer, begun.active)  # some are gone, and nobody knows it yet
    possible = {one: there & ((chances[one] > 0) & (chances[ARMS[0]] > 0)).to_numpy() for one in ARMS[1:]}
    return FirstRound(customer, action, possible, world.chapter.ended_at[customer] == NEVER, np.diff(left).tolist())


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
        assert 0 < sum(contacts.values()) <= BUDGET_SHARE * CUSTOMERS
        assert contacts["call"] <= 0.03 * CUSTOMERS
    assigned, withheld = (sum(one[name] for one in found["effects"].values()) for name in ("assigned", "withheld"))
    # Systematic sampling withholds a share of each stratum, to within one customer.
    assert withheld / (assigned + withheld) == pytest.approx(CONTROL, abs=0.05)


def test_the_truth_is_that_of_the_world_on_those_who_could_have_got_the_action(
    found: dict[str, Any], first_round: FirstRound, begun: World
) -> None:
    """It is computed here from the tables that the round left; the second round is not three months old."""
    assert set(found["effects"]) == set(ARMS[1:])
    chance = played.outlook(begun)[:, first_round.customer]
    for name, one in found["effects"].items():
        possible = first_round.possible[name]
        assert possible.sum() >= 10, found["effects"]
        assert one["assigned"] == (possible & (first_round.action == name)).sum()
        assert one["withheld"] == (possible & (first_round.action == ARMS[0])).sum()
        assert one["truth"] == pytest.approx((chance[0] - chance[ARMS.index(name)])[possible].mean(), abs=1e-9)


def test_what_was_measured_is_of_the_months_that_our_rounds_made(
    found: dict[str, Any], first_round: FirstRound
) -> None:
    lost = [one["left"] for one in found["policies"]["ours"]]
    assert lost[1 : played.MONTHS_AT_WORK] == first_round.left
    measured = [one for one in found["effects"].items() if not one[1]["missing"]]
    assert measured, found["effects"]
    for name, one in measured:
        possible = first_round.possible[name]
        shares = [first_round.stayed[possible & (first_round.action == arm)].mean() for arm in (name, ARMS[0])]
        # The figure allows for the risk; without it the difference is a little another one.
        assert one["value"] == pytest.approx(shares[0] - shares[1], abs=(one["high"] - one["low"]) / 4)
        assert one["low"] < one["value"] < one["high"]
        assert one["covers"] == (one["low"] <= one["truth"] <= one["high"])


def test_what_is_kept_beyond_nothing_adds_up(found: dict[str, Any]) -> None:
    """Margin less cost of all months so far, and the worth of who is left; to within the cents of its parts."""
    kept = {
        name: np.cumsum([one["margin"] - one["cost"] for one in months]) + [one["ahead"] for one in months]
        for name, months in found["policies"].items()
    }
    for name, one in kept.items():
        assert found["gain"][name] == pytest.approx(one - kept["nothing"], abs=0.05)
    ours, riskiest, oracle = (kept[name] for name in ("ours", "riskiest_first", "oracle"))
    for place, share in enumerate(found["gain"]["share_of_oracle"]):
        room = oracle[place] - riskiest[place]
        assert (share is None) == (room <= 0)
        assert share is None or share == pytest.approx((ours[place] - riskiest[place]) / room, abs=1e-3)


def test_policies_without_a_model_are_those_of_the_world_played_apart(found: dict[str, Any], begun: World) -> None:
    spec, _ = small()
    arms = spec.treatment.arms if spec.treatment else {}
    cost = {name: one.cost for name, one in arms.items()}
    worth = Worth(6.0, by_price=True)
    policies = {
        "nothing": plain_policies.Nothing(),
        "coupon_for_all": plain_policies.Everybody("coupon"),
        "oracle": plain_policies.Oracle(tuple(cost), np.array(list(cost.values())), spec.policy, worth),
    }
    for name, policy in policies.items():
        months, _ = year.lived(begun, policy, months=MONTHS, every_months=3, money=Money(cost, 0.7, worth))
        for one, other in zip(found["policies"][name], months, strict=True):
            assert (one["month"], one["left"], one["contacts"]) == (other.month, other.left, other.contacts)
            assert (one["margin"], one["cost"], one["ahead"]) == pytest.approx(
                (other.margin, other.cost, other.ahead), abs=0.01
            )


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
