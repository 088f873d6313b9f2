"""What every uplift learner must do, over every family."""

import json
import subprocess
import sys
from dataclasses import replace
from functools import cache
from itertools import product

import numpy as np
import pandas as pd
import pytest

from experiments import learners
from experiments.family import Family
from experiments.metric import evaluate
from experiments.metrics.autoc import METRIC as AUTOC
from experiments.search import candidate
from experiments.search.learning_problem import Problem
from experiments.uplift.fitted_learner import FittedLearner
from experiments.uplift.learner import Learner, able_to_use
from features.contract import Contract
from features.errors import SpecError
from features.plugins import names
from pipelines.models import portable
from tests.conformance.test_families import PROGRAM
from tests.experiments.effect_worlds import (
    ACTIONS,
    CONTRACT,
    FAMILIES,
    LEARNERS,
    fitted,
    problem,
    shuffled,
    stacked,
    starting_point,
    world,
)
from tests.experiments.risk_alone import RISK_ALONE

# A family for risk alone is under those learners that can use it.
PAIRS = [(one, family) for one, family in product(LEARNERS.values(), FAMILIES.values()) if not one.lacking(family)]
UPLIFT_PAIRS = [pair for pair in PAIRS if pair[0].name != "risk_ranking"]
every_pair = pytest.mark.parametrize(("learner", "family"), PAIRS, ids=lambda one: one.name)
every_uplift_pair = pytest.mark.parametrize(("learner", "family"), UPLIFT_PAIRS, ids=lambda one: one.name)
LEARNT = world(4000)
NEW = world(4000, seed=1)
CHOSEN = world(1500, chosen=True)


@cache
def known(family: str, seed: int = 0) -> Problem:
    """LEARNT, or the same world drawn anew; learners share what is computed once of a problem."""
    return problem(world(4000, seed=seed), family_names=[family])


@cache
def unlogged(family: str, seed: int) -> Problem:
    """The same, where nobody logged the probabilities."""
    return problem(replace(world(4000, seed=seed), probability=np.full(4000, np.nan)), family_names=[family])


@cache
def without_effects(family: str, seed: int) -> Problem:
    return problem(shuffled(LEARNT, seed), family_names=[family])


@cache
def learnt(learner: str, family: str) -> FittedLearner:
    """A learner fitted on LEARNT."""
    return fitted(LEARNERS[learner], FAMILIES[family], known(family))


def ranking(said: np.ndarray, truth: np.ndarray) -> float:
    """The mean AUTOC of the actions, by the true effects."""
    return float(np.mean([evaluate(AUTOC, *columns) for columns in zip(truth.T, said.T, strict=True)]))


def exported(found: FittedLearner) -> str:
    models = {name: (model.export().kind, model.export().plain) for name, model in found.models.items()}
    texts = [model.export().texts for model in found.models.values()]
    terms = {action: [(term.weight, term.models) for term in terms] for action, terms in found.terms.items()}
    return json.dumps([models, texts, terms])


def test_a_learner_is_named_after_its_file() -> None:
    assert list(LEARNERS) == names(learners)


@every_pair
def test_the_same_seed_gives_the_same_bytes(learner: Learner, family: Family) -> None:
    again = fitted(learner, family, problem(LEARNT, family_names=[family.name]))
    assert exported(again) == exported(learnt(learner.name, family.name))


@every_pair
def test_risks_and_what_actions_leave_of_them_are_probabilities_and_missing_is_accepted(
    learner: Learner, family: Family
) -> None:
    found = learnt(learner.name, family.name)
    X = np.vstack([NEW.X, np.full((1, 4), np.nan), np.full((1, 4), 50.0), np.full((1, 4), -50.0)])
    risk, effects = found.risk(X), found.effects(X)
    assert ((risk >= 0) & (risk <= 1)).all()
    assert set(effects) == set(ACTIONS)
    for effect in effects.values():
        assert effect.shape == risk.shape
        assert ((risk - effect >= 0) & (risk - effect <= 1) & (np.abs(effect) <= 1)).all()


@every_pair
def test_the_order_of_columns_hardly_matters(learner: Learner, family: Family) -> None:
    turned = replace(LEARNT, X=LEARNT.X[:, ::-1].copy())
    one = learnt(learner.name, family.name)
    other = fitted(
        learner, family, problem(turned, contract=Contract(CONTRACT.columns[::-1]), family_names=[family.name])
    )
    before, after = stacked(one.effects(NEW.X)), stacked(other.effects(NEW.X[:, ::-1]))
    assert np.abs(before - after).mean() < 0.03


@every_uplift_pair
def test_it_ranks_by_effect_and_not_where_arms_and_outcomes_are_shuffled(learner: Learner, family: Family) -> None:
    oracle = ranking(NEW.effects, NEW.effects)
    found = learnt(learner.name, family.name)
    assert ranking(stacked(found.effects(NEW.X)), NEW.effects) > 0.5 * oracle
    nothing = [
        ranking(stacked(fitted(learner, family, without_effects(family.name, seed)).effects(NEW.X)), NEW.effects)
        for seed in range(4)
    ]
    assert abs(np.mean(nothing)) < 0.35 * oracle


@every_pair
def test_effects_have_the_right_size_for_every_action(learner: Learner, family: Family) -> None:
    found = learnt(learner.name, family.name)
    assert stacked(found.effects(NEW.X)).mean(axis=0) == pytest.approx(NEW.effects.mean(axis=0), abs=0.05)


@every_pair
def test_treated_rows_never_teach_the_risk_without_action(learner: Learner, family: Family) -> None:
    turned = replace(LEARNT, y=np.where(np.isin(LEARNT.arms, ACTIONS), 1 - LEARNT.y, LEARNT.y))
    other = fitted(learner, family, problem(turned, family_names=[family.name]))
    assert np.array_equal(other.risk(NEW.X), learnt(learner.name, family.name).risk(NEW.X))


@every_pair
def test_without_actions_there_is_the_risk_alone(learner: Learner, family: Family) -> None:
    risk_only = problem(replace(LEARNT, arms=np.full(4000, None)), actions=(), family_names=[family.name])
    found = fitted(learner, family, risk_only)
    assert list(found.models) == ["control"]
    assert found.effects(NEW.X) == {}


@every_pair
def test_probabilities_that_nobody_logged_are_estimated(learner: Learner, family: Family) -> None:
    """Over three worlds: in a single one, a column may just be taken up by the one fit and not by the other."""
    apart = []
    for seed in range(3):
        problems = known(family.name, seed), unlogged(family.name, seed)
        one, other = (fitted(learner, family, of).effects(NEW.X) for of in problems)
        apart.append([np.abs(one[action] - other[action]).mean() for action in ACTIONS])
    assert (np.mean(apart, axis=0) < 0.02).all()


@pytest.mark.parametrize("learner", LEARNERS.values(), ids=LEARNERS.keys())
def test_a_learner_uses_a_family_for_risk_alone_or_says_what_it_needs_of_it(learner: Learner) -> None:
    of = problem(LEARNT)
    of = replace(
        of,
        families={**of.families, RISK_ALONE.name: RISK_ALONE},
        prepared={**of.prepared, RISK_ALONE.name: of.prepared["logistic"]},
    )
    if learner.lacking(RISK_ALONE):
        with pytest.raises(SpecError, match="family 'risk_alone' has no "):
            fitted(learner, RISK_ALONE, of)
        with pytest.raises(SpecError, match=rf"learners can use it \({learner.name} needs .*\)\. Write t_learner or"):
            able_to_use(RISK_ALONE, [learner])
    else:
        assert able_to_use(RISK_ALONE, [learner]) == [learner.name]
        assert list(fitted(learner, RISK_ALONE, of).effects(NEW.X)) == list(ACTIONS)


@pytest.fixture(scope="module")
def answered(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> dict[tuple[str, str], tuple[FittedLearner, pd.DataFrame]]:
    """Every learner over every family that is asked about, and what one process without the project says of them."""
    chosen = [one.callspec.params for one in request.session.items if "answered" in getattr(one, "fixturenames", ())]
    pairs = [(one["learner"], one["family"]) for one in chosen]
    plans = np.array(["basic", "plus"], dtype=object)[CHOSEN.X[:, 3].astype(int)]
    rows = pd.DataFrame({"usage": CHOSEN.X[:, 0], "calls": CHOSEN.X[:, 1], "noise": CHOSEN.X[:, 2], "plan": plans})
    made, problems = {}, {family.name: problem(CHOSEN, family_names=[family.name]) for _, family in pairs}
    for learner, family in pairs:
        found = candidate.fit(starting_point(family, learner), problems[family.name], seed=0)
        folder = tmp_path_factory.mktemp(f"{learner.name}-{family.name}")
        usual = portable.typical(CONTRACT.encode(rows), CONTRACT)
        portable.write(folder / "model", found, contract=CONTRACT, typical=usual)
        rows.to_parquet(folder / "model" / "rows.parquet")
        made[learner.name, family.name] = found, folder / "model"
    folders = [str(folder) for _, folder in made.values()]
    subprocess.run([sys.executable, "-I", "-c", PROGRAM, *folders], check=True, cwd=tmp_path_factory.getbasetemp())
    return {names: (found, pd.read_parquet(folder / "answer.parquet")) for names, (found, folder) in made.items()}


@every_pair
def test_the_exported_model_equals_memory_to_the_bit_without_the_project(
    learner: Learner, family: Family, answered: dict[tuple[str, str], tuple[FittedLearner, pd.DataFrame]]
) -> None:
    found, answer = answered[learner.name, family.name]
    assert np.array_equal(answer["churn_score"], found.models["control"].predict(CHOSEN.X))
    assert np.array_equal(answer["churn_probability"], found.risk(CHOSEN.X))
    for action, effect in found.effects(CHOSEN.X).items():
        assert np.array_equal(answer[f"uplift_{action}"], effect)
