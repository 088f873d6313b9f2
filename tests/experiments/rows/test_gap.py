"""A harm that falls into the lead time: effects count it, the risk leaves it out, every learner has it in its size."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from experiments.evaluation.cohort import Cohort
from experiments.family import Family
from experiments.metrics.ate import METRIC as ATE
from experiments.randomisation.arm_differences import differences
from experiments.rows.gap import left_in_gap
from experiments.search import candidate
from experiments.search.learning_problem import Problem
from experiments.uplift.learner import BY_THE_END, Learner
from features.tables import CONTROL
from pipelines.models import portable
from tests.experiments.effect_worlds import (
    ACTIONS,
    CONTRACT,
    FAMILIES,
    LEARNERS,
    World,
    fitted,
    problem,
    stacked,
    starting_point,
    world,
)
from tests.specs import trial_spec

every_learner = pytest.mark.parametrize("learner", LEARNERS.values(), ids=LEARNERS.keys())
# Boosters take half a minute a learner on a busy machine: the one whose effects start from the model in question.
both = [(FAMILIES["logistic"], one) for one in LEARNERS.values()] + [(FAMILIES["lightgbm"], LEARNERS["t_learner"])]
some_families = pytest.mark.parametrize(
    ("family", "learner"), both, ids=[f"{family.name}-{learner.name}" for family, learner in both]
)
SPEC = trial_spec(treatment={"arms": {"call": {}}}, evaluation={"draws": 200})
AT_RISK = 0.3


def harmed(seed: int, size: int = 4000) -> tuple[pd.DataFrame, float]:
    """A call drives 11 in 100 of those at risk away at once; who stays is called to no effect. And the true difference.

    A tenth of those at risk, and 1 in 100 of the others, leave in the gap without a call, and 40 and 14 in 100 later.
    """
    rng = np.random.default_rng(seed)
    at_risk, called = rng.random(size) < AT_RISK, rng.random(size) < 0.5
    gap = np.where(at_risk, 0.1, 0.01) + 0.19 * (at_risk & called)
    window = np.where(at_risk, 0.4, 0.14)
    left_early, left_late = rng.random(size) < gap, rng.random(size) < window
    rows = pd.DataFrame(
        {
            "customer_id": np.arange(size).astype(str),
            "as_of": pd.Timestamp(2024, 1, 1),
            "churned": (left_early | left_late).astype(float),
            "left_in_gap": left_early,
            "arm": np.where(called, "call", "control"),
            "probability": 0.5,
            "value": 1.0,
            "mu_control": np.where(at_risk, 0.54, 0.85),
            "mu_call": np.where(at_risk, 0.43, 0.85),
        }
    )
    return rows, -AT_RISK * 0.19 * (1 - 0.4)


@pytest.mark.slow
def test_intervals_hold_the_harm_of_the_gap_and_those_without_its_rows_do_not() -> None:
    """300 trials of 4,000: the harm is 3.4 points; without those who left in the gap it seems a help of one.

    Coverage 0.95 with a Monte-Carlo error of 0.0126: three of them either way.
    """
    held = {"plain": 0, "aipw": 0, "blind": 0}
    points: dict[str, list[float]] = {name: [] for name in held}
    for seed in range(300):
        rows, truth = harmed(seed)
        cohort = Cohort(rows, SPEC)
        plain = differences(rows, ("call",), 1 - rows["churned"].to_numpy())["call"]
        aipw = cohort.uplift(ATE, np.zeros(len(rows)), "call").interval().to_dict()
        stayed = rows[~rows["left_in_gap"]]
        blind = differences(stayed, ("call",), 1 - stayed["churned"].to_numpy())["call"]
        for name, one in (("plain", plain), ("aipw", aipw), ("blind", blind)):
            held[name] += one["low"] < truth < one["high"]
            points[name].append(one["value"])
    assert truth == pytest.approx(-0.0342)
    assert 0.912 <= held["plain"] / 300 <= 0.988
    assert 0.912 <= held["aipw"] / 300 <= 0.988
    assert held["blind"] / 300 < 0.3
    assert np.mean(points["plain"]) == pytest.approx(truth, abs=0.003)
    assert np.mean(points["aipw"]) == pytest.approx(truth, abs=0.003)
    assert np.mean(points["blind"]) > 0


def test_the_cohort_parts_the_rows_of_the_risk_from_those_of_effects() -> None:
    rows, _ = harmed(0)
    cohort = Cohort(rows, SPEC)
    early = rows["left_in_gap"].to_numpy()
    assert (cohort.untreated == ((rows["arm"] == "control").to_numpy() & ~early)).all()
    assert cohort.in_trial.all()
    assert len(cohort.gamma) == len(rows)
    assert (cohort.churned[early] == 1).all()


@pytest.mark.parametrize(
    "marker",
    [None, [False, False, False], [None, None, None], [0, 0, 0]],
    ids=["no column", "nobody", "nothing known", "as numbers"],
)
def test_rows_without_a_marker_have_nobody_in_the_gap(marker: list | None) -> None:
    """Cohorts that were written before there was one go on having the digest that they had."""
    rows = pd.DataFrame(
        {"customer_id": list("abc"), "as_of": pd.NaT, "churned": [0.0, 1.0, 0.0], "arm": ["call", "control", None]}
    )
    marked = rows if marker is None else rows.assign(left_in_gap=pd.Series(marker, dtype=object))
    assert not left_in_gap(marked).any()
    assert Cohort(marked, SPEC).digest == Cohort(rows, SPEC).digest == "3986946794119a10"
    assert Cohort(rows.assign(left_in_gap=[False, True, False]), SPEC).digest != Cohort(rows, SPEC).digest


def early(of: World, seed: int = 5) -> tuple[World, np.ndarray]:
    """The world in which a call drives another 15 in 100 away in the gap, 5 in 100 leave there in any case; and who."""
    rng = np.random.default_rng(seed)
    left = rng.random(len(of.y)) < 0.05 + 0.15 * (of.arms == "call")
    return replace(of, y=np.maximum(of.y, left)), left


def with_gap(of: World, **options: Any) -> Problem:
    churned, left = early(of)
    return replace(problem(churned, **options), left_in_gap=left)


LEARNT, NEW = world(4000), world(1000, seed=1)


@some_families
def test_effects_have_the_size_that_counts_the_gap_and_the_risk_does_not_know_of_it(
    learner: Learner, family: Family
) -> None:
    """Of those whom the window finds there, nothing has changed; the effects are the plain differences of the trial."""
    told = with_gap(LEARNT, family_names=[family.name])
    found = fitted(learner, family, told)
    before = fitted(learner, family, problem(LEARNT, family_names=[family.name]))
    assert found.without == BY_THE_END
    assert found.risk(LEARNT.X).mean() == pytest.approx(before.risk(LEARNT.X).mean(), abs=0.02)
    left = {arm: told.y[LEARNT.arms == arm].mean() for arm in (CONTROL, *ACTIONS)}
    plain = [left[CONTROL] - left[action] for action in ACTIONS]
    effects = stacked(found.effects(LEARNT.X)).mean(axis=0)
    assert effects == pytest.approx(plain, abs=0.04)
    assert effects[0] < stacked(before.effects(LEARNT.X)).mean(axis=0)[0] - 0.07


@pytest.fixture(scope="module")
def nobody_in_gap() -> tuple[Problem, Problem]:
    """One problem without a marker and one that marks nobody."""
    plain, again = (problem(LEARNT, family_names=["logistic"]) for _ in range(2))
    return plain, replace(again, left_in_gap=np.zeros(len(LEARNT.y), dtype=bool))


@every_learner
def test_where_nobody_is_in_the_gap_not_a_bit_changes(learner: Learner, nobody_in_gap: tuple[Problem, Problem]) -> None:
    choice = starting_point(FAMILIES["logistic"], learner)
    one, other = (candidate.fit(choice, of, seed=0) for of in nobody_in_gap)
    assert list(one.models) == list(other.models)
    assert one.without == other.without == CONTROL
    assert one.calibrations == other.calibrations
    assert np.array_equal(stacked(one.effects(NEW.X)), stacked(other.effects(NEW.X)))


@pytest.fixture(scope="module")
def with_and_without() -> tuple[Problem, Problem]:
    """A world with customers who leave in the gap, and the same without."""
    of = world(1500)
    return with_gap(of, family_names=["logistic"]), problem(of, family_names=["logistic"])


@every_learner
def test_what_is_exported_says_the_same_and_what_was_exported_before_goes_on_saying_it(
    learner: Learner, with_and_without: tuple[Problem, Problem], tmp_path: Path
) -> None:
    """A model that was stored before the outcome without action had a name takes the risk for it."""
    choice = starting_point(FAMILIES["logistic"], learner)
    found, old = (candidate.fit(choice, of, seed=0) for of in with_and_without)
    rows = pd.DataFrame(NEW.X, columns=CONTRACT.names).assign(plan=np.where(NEW.X[:, 3] == 1, "plus", "basic"))
    portable.write(tmp_path / "new", found, contract=CONTRACT, typical=dict.fromkeys(CONTRACT.names, 0.0))
    said = portable.scorer(tmp_path / "new").score(rows)
    for action in ACTIONS:
        assert np.array_equal(said[f"uplift_{action}"], found.effects(NEW.X)[action])
    assert np.array_equal(said["churn_probability"], found.risk(NEW.X))
    portable.write(tmp_path / "old", old, contract=CONTRACT, typical=dict.fromkeys(CONTRACT.names, 0.0))
    stored = tmp_path / "old" / "model.json"
    described = json.loads(stored.read_text())
    assert described.pop("without") == CONTROL
    stored.write_text(json.dumps(described))
    again = portable.scorer(tmp_path / "old").score(rows)
    assert all(np.array_equal(again[f"uplift_{one}"], old.effects(NEW.X)[one]) for one in ACTIONS)
