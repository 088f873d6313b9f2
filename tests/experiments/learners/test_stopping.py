"""In a trial no row that judges has a say in what is judged, nor in when its boosters stop."""

from dataclasses import replace

import numpy as np
import pytest

from experiments.family import Family
from experiments.rows.risk_weights import relative
from experiments.uplift.learner import Learner
from tests.experiments.effect_worlds import FAMILIES, LEARNERS, World, problem, starting_point, world

OF = world(1500)


def exported(of: World, learner: Learner, family: Family) -> list[tuple]:
    """What the drafts of each fold are, as text, and what they have learned."""
    tried = problem(of, family_names=[family.name])
    choice = replace(starting_point(family, learner), learned={})
    told = []
    for fold in tried.folds:
        found = learner.fit(tried.learner_input(choice, fold.fit, seed=0, judged=fold.judge, draft=True))
        told.append(({name: model.export() for name, model in found.models.items()}, found.terms, found.learned))
    return told


@pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES.keys())
@pytest.mark.parametrize("learner", LEARNERS.values(), ids=LEARNERS.keys())
def test_the_outcomes_of_the_judging_rows_change_nothing_of_a_trial(learner: Learner, family: Family) -> None:
    plain = exported(OF, learner, family)
    for place, fold in enumerate(problem(OF, family_names=[family.name]).folds):
        turned = replace(OF, y=np.where(np.isin(np.arange(1500), fold.judge), 1 - OF.y, OF.y))
        assert exported(turned, learner, family)[place] == plain[place]


def test_the_outcomes_of_the_rows_left_aside_do_say_when_to_stop() -> None:
    family, learner = FAMILIES["lightgbm"], LEARNERS["t_learner"]
    tried = problem(OF, family_names=["lightgbm"])
    fold = tried.folds[0]
    aside = fold.fit[tried.parts[fold.fit] == 0]
    noise = np.random.default_rng(0).permutation(OF.y[aside])
    turned = replace(OF, y=OF.y.copy())
    turned.y[aside] = noise
    rounds, fewer = (exported(of, learner, family)[0][2]["control"]["rounds"] for of in (OF, turned))
    assert fewer < rounds


def test_rows_of_one_customer_are_all_left_aside_or_none() -> None:
    """The parts are of customers: whatever rows a part has, a model that stops by it was taught by the others only."""
    family, learner = FAMILIES["lightgbm"], LEARNERS["t_learner"]
    tried = problem(OF, family_names=["lightgbm"])
    choice = replace(starting_point(family, learner), learned={})
    index = np.arange(1500)
    alone = learner.fit(tried.learner_input(choice, index, seed=0, draft=True)).models["control"]
    untreated = index[(OF.arms == None) | (OF.arms == "control")]  # noqa: E711 - an array of objects
    taught = untreated[tried.parts[untreated] != 0]
    rounds = {**choice.params, "rounds": alone.learned["rounds"], "members": 1}
    weights = relative(tried.weights, tried.arms, tried.actions, at=untreated)
    again = family.fit(replace(tried.prepared["lightgbm"], weights=weights), taught, params=rounds, seed=0)
    assert again.predict(OF.X) == pytest.approx(alone.predict(OF.X), abs=1e-9)


@pytest.mark.parametrize("learner", LEARNERS.values(), ids=LEARNERS.keys())
def test_few_rows_are_fitted_on_one_thread(learner: Learner) -> None:
    """LightGBM writes the number into its text; two threads on few rows spend their time waiting for one another."""
    for models, _, _ in exported(OF, learner, FAMILIES["lightgbm"]):
        for model in models.values():
            assert all("[num_threads: 1]" in text for text in model.texts)
