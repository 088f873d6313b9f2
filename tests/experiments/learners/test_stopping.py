"""In a trial no row that judges has a say in what is judged, nor in when its boosters stop."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from experiments.family import Family
from experiments.rows.risk_weights import relative
from experiments.search.learning_problem import Problem
from experiments.uplift.learner import Learner
from tests.experiments.effect_worlds import FAMILIES, LEARNERS, problem, starting_point, world

OF = world(1500)


def exported(tried: Problem, place: int, learner: Learner, family: Family) -> tuple:
    """What the draft of a fold is, as text, and what it has learned."""
    fold, choice = tried.folds[place], replace(starting_point(family, learner), learned={})
    found = learner.fit(tried.learner_input(choice, fold.fit, seed=0, judged=fold.judge, draft=True))
    return {name: model.export() for name, model in found.models.items()}, found.terms, found.learned


@cache
def asked(family: str, turned: int | None = None) -> Problem:
    """The problem of OF, as it is or with the outcomes turned round of the rows that judge a fold."""
    plain = problem(OF, family_names=[family])
    if turned is None:
        return plain
    judge = np.isin(np.arange(1500), plain.folds[turned].judge)
    return problem(replace(OF, y=np.where(judge, 1 - OF.y, OF.y)), family_names=[family])


@pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES.keys())
@pytest.mark.parametrize("learner", LEARNERS.values(), ids=LEARNERS.keys())
def test_the_outcomes_of_the_judging_rows_change_nothing_of_a_trial(learner: Learner, family: Family) -> None:
    for place in range(len(asked(family.name).folds)):
        plain, turned = (exported(of, place, learner, family) for of in (asked(family.name), asked(family.name, place)))
        assert turned == plain


def test_the_outcomes_of_the_rows_left_aside_do_say_when_to_stop() -> None:
    family, learner = FAMILIES["lightgbm"], LEARNERS["t_learner"]
    tried = asked("lightgbm")
    fold = tried.folds[0]
    aside = fold.fit[tried.parts[fold.fit] == 0]
    noise = np.random.default_rng(0).permutation(OF.y[aside])
    turned = replace(OF, y=OF.y.copy())
    turned.y[aside] = noise
    both = tried, problem(turned, family_names=["lightgbm"])
    rounds, fewer = (exported(of, 0, learner, family)[2]["control"]["rounds"] for of in both)
    assert fewer < rounds


def test_rows_of_one_customer_are_all_left_aside_or_none() -> None:
    """The parts are of customers: whatever rows a part has, a model that stops by it was taught by the others only."""
    family, learner = FAMILIES["lightgbm"], LEARNERS["t_learner"]
    tried = asked("lightgbm")
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
    for place in range(len(asked("lightgbm").folds)):
        models, _, _ = exported(asked("lightgbm"), place, learner, FAMILIES["lightgbm"])
        for model in models.values():
            assert all("[num_threads: 1]" in text for text in model.texts)
