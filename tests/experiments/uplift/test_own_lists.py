"""A champion that learns from its own lists: the risk stays right, and one that forgets the treatment does not."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from scipy.special import expit

from experiments.family import PARTS
from experiments.metrics.log_loss import METRIC as LOG_LOSS
from experiments.rows.split import Fold
from experiments.search import candidate
from experiments.search.learning_problem import Candidate, PolicySettings, Problem
from experiments.sections.policy import PolicySpec
from experiments.uplift.fitted_learner import FittedLearner
from experiments.uplift.learner import EFFECT
from features.contract import Contract
from features.feature import FeatureColumn
from tests.experiments.effect_worlds import FAMILIES, LEARNERS

CONTRACT = Contract((FeatureColumn("use", "Use"), FeatureColumn("calls", "Calls")))
MONTHS, CUSTOMERS, CONTROL, SAVED = 12, 1500, 0.1, 0.6
CHOICE = Candidate("logistic", "t_learner", {"C": 1.0}, {})


@dataclass(frozen=True)
class Month:
    X: np.ndarray
    arms: np.ndarray
    probability: np.ndarray
    y: np.ndarray


def risk_of(X: np.ndarray, hidden: np.ndarray) -> np.ndarray:
    return expit(-1.6 + 1.2 * X[:, 0] - 0.5 * X[:, 1] + 1.5 * hidden)


def lived(rng: np.random.Generator, X: np.ndarray, proposed: np.ndarray, hidden: np.ndarray) -> Month:
    """Nine in ten of those proposed are called, and six in ten of these saved; the others are withheld by lot."""
    withheld = proposed & (rng.random(len(X)) < CONTROL)
    called = proposed & ~withheld
    arms = np.where(called, "call", np.where(withheld, "control", None)).astype(object)
    probability = np.where(called, 1 - CONTROL, np.where(withheld, CONTROL, np.nan))
    y = rng.random(len(X)) < risk_of(X, hidden) * np.where(called, 1 - SAVED, 1.0)
    return Month(X, arms, probability, y.astype(float))


def problem(months: list[Month], *, forgets: bool = False, logged: bool = True) -> Problem:
    X, arms, probability, y = (
        np.concatenate([getattr(one, name) for one in months]) for name in ("X", "arms", "probability", "y")
    )
    arms = np.full(len(X), None, dtype=object) if forgets else arms
    return Problem(
        X=X,
        y=y,
        contract=CONTRACT,
        prepared={"logistic": FAMILIES["logistic"].prepare(X, y, CONTRACT)},
        arms=arms,
        actions=() if forgets else ("call",),
        probability=probability if logged and not forgets else np.full(len(X), np.nan),
        parts=np.arange(len(X)) % PARTS,
        folds=(),
        families={"logistic": FAMILIES["logistic"]},
        learners=LEARNERS,
        metric=LOG_LOSS,
    )


def learned(of: Problem) -> FittedLearner:
    return LEARNERS["t_learner"].fit(of.learner_input(CHOICE, np.arange(len(of.y)), seed=0))


def a_year(seed: int, *, forgets: bool) -> float:
    """Predicted less observed risk of those withheld in the month after.

    Each month the model of all months before proposes a call to the three in ten of the highest risk.
    """
    rng = np.random.default_rng(seed)
    months: list[Month] = []
    for month in range(MONTHS + 1):
        size = CUSTOMERS if month < MONTHS else 20 * CUSTOMERS
        X = rng.normal(size=(size, 2))
        said = learned(problem(months, forgets=forgets)).risk(X) if months else rng.random(size)
        months.append(lived(rng, X, said >= np.quantile(said, 0.7), np.zeros(size)))
    last, withheld = months[-1], months[-1].arms == "control"
    return float((said - last.y)[withheld].mean())


@pytest.mark.slow
def test_after_a_year_of_its_own_lists_the_risk_is_right_on_the_withheld_and_a_forgetful_one_is_wrong() -> None:
    gaps = {forgets: np.array([a_year(seed, forgets=forgets) for seed in range(8)]) for forgets in (False, True)}
    error = {name: float(found.std(ddof=1) / np.sqrt(len(found))) for name, found in gaps.items()}
    # A year of 1,500 customers a month has some 540 withheld: the fit itself errs by a point or two in each world.
    assert abs(gaps[False].mean()) < 3 * error[False]
    assert abs(gaps[False].mean()) < 0.02
    assert gaps[True].mean() < -0.05 - 3 * error[True]


def of_everybody(seed: int, *, logged: bool) -> float:
    """Predicted less true risk without action, of everybody, where calls go to those whom a hidden cause drives."""
    rng = np.random.default_rng(seed)
    X, hidden = rng.normal(size=(6000, 2)), (rng.random(6000) < 0.4).astype(float)
    found = learned(problem([lived(rng, X, hidden == 1, hidden)], logged=logged))
    return float((found.risk(X) - risk_of(X, hidden)).mean())


def test_weights_make_the_risk_that_of_everybody_where_lists_follow_what_no_column_tells() -> None:
    weighted, plain = (np.array([of_everybody(seed, logged=logged) for seed in range(10)]) for logged in (True, False))
    error = weighted.std(ddof=1) / np.sqrt(10)
    assert abs(weighted.mean()) < 3 * error
    assert plain.mean() < -0.05


def tried(seed: int) -> tuple[Problem, float]:
    """A trial in which a hidden cause drives the risk and the logged chance of a call; what a call saves on average."""
    rng = np.random.default_rng(seed)
    X, hidden = rng.normal(size=(6000, 2)), (rng.random(6000) < 0.4).astype(float)
    chance = np.where(hidden == 1, 0.85, 0.15)
    called = rng.random(6000) < chance
    risk = risk_of(X, hidden)
    y = (rng.random(6000) < risk * np.where(called, 1 - SAVED, 1.0)).astype(float)
    arms = np.where(called, "call", "control").astype(object)
    month = Month(X, arms, np.where(called, chance, 1 - chance), y)
    turn = np.arange(6000) % 3
    folds = tuple(Fold(np.flatnonzero(turn != k), np.flatnonzero(turn == k)) for k in range(3))
    settings = PolicySettings(np.full(6000, 100.0), np.arange(6000), np.array([1.0]), PolicySpec(), np.ones(6000, bool))
    return replace(problem([month]), folds=folds, policy_settings=settings), float(SAVED * risk.mean())


@pytest.mark.slow
@pytest.mark.parametrize("learner", LEARNERS)
def test_effects_follow_from_logged_probabilities_that_differ_between_customers(learner: str) -> None:
    """In 12 worlds of one draw each; told by arms alone a call would seem to save hardly anybody."""
    effect = FAMILIES["logistic"].effect_point if LEARNERS[learner].regresses else {}
    choice = Candidate("logistic", learner, {"C": 1.0, **{f"{EFFECT}{key}": one for key, one in effect.items()}}, {})
    errors, naive = [], []
    for seed in range(12):
        of, true = tried(seed)
        said = candidate.fit(choice, of, seed=0).effects(of.X)["call"]
        errors.append(float(said.mean()) - true)
        naive.append(float(of.y[of.arms == "control"].mean() - of.y[of.arms == "call"].mean()) - true)
    assert abs(np.mean(errors)) < 3 * np.std(errors, ddof=1) / np.sqrt(12)
    assert abs(np.mean(errors)) < 0.015
    assert np.mean(naive) < -0.08
