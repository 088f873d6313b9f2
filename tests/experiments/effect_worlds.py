"""Worlds of which every customer's effects are known, and problems made of them."""

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np

from experiments import families, learners
from experiments.family import PARTS, Family
from experiments.metrics.log_loss import METRIC as LOG_LOSS
from experiments.rows.split import Fold
from experiments.search.learning_problem import Candidate, PolicySettings, Problem
from experiments.sections.policy import PolicySpec
from experiments.uplift.fitted_learner import FittedLearner
from experiments.uplift.learner import BY_THE_END, EFFECT, Learner
from features.contract import Contract
from features.feature import FeatureColumn
from features.plugins import discover

FAMILIES = {name: family for name, family in discover(families, Family).items() if name != "prior"}
LEARNERS = discover(learners, Learner)
ACTIONS = ("call", "coupon")
CONTRACT = Contract(
    (
        FeatureColumn("usage", "Days of use"),
        FeatureColumn("calls", "Calls to support"),
        FeatureColumn("noise", "Nothing"),
        FeatureColumn("plan", "The plan", type="category", categories=("basic", "plus")),
    )
)


@dataclass(frozen=True)
class World:
    """Encoded rows, what happened, and what nobody can observe: the effects, shape (n_rows, n_actions)."""

    X: np.ndarray
    y: np.ndarray
    arms: np.ndarray
    probability: np.ndarray
    effects: np.ndarray


def world(n_rows: int, *, seed: int = 0, chosen: bool = False, missing: float = 0.05) -> World:
    """A call helps heavy users who called and harms others; a coupon helps on the plan `plus`.

    A tenth is in no campaign. chosen: whom to call was not drawn evenly, but by usage, with known probabilities.
    """
    rng = np.random.default_rng(seed)
    usage, calls, noise = rng.normal(size=(3, n_rows))
    plan = rng.integers(0, 2, n_rows).astype(float)
    effects = np.column_stack([np.where(usage > 0, 0.2, -0.1) + 0.05 * np.tanh(calls), 0.15 * plan])
    risk = 0.35 - 0.1 * np.tanh(usage) + 0.05 * np.tanh(calls)
    called = 0.15 + 0.5 / (1 + np.exp(-2 * usage)) if chosen else np.full(n_rows, 0.35)
    chances = np.column_stack([0.8 - called, called, np.full(n_rows, 0.2)])
    drawn = (rng.random(n_rows)[:, None] > np.cumsum(chances, axis=1)[:, :2]).sum(axis=1)
    arms = np.array(["control", *ACTIONS], dtype=object)[drawn]
    outside = rng.random(n_rows) < 0.1
    arms[outside] = None
    saved = np.column_stack([np.zeros(n_rows), effects])[np.arange(n_rows), np.where(outside, 0, drawn)]
    y = (rng.random(n_rows) < np.clip(risk - saved, 0.01, 0.99)).astype(float)
    X = np.column_stack([usage, calls, noise, plan])
    X[rng.random(n_rows) < missing, 1] = np.nan
    return World(X, y, arms, np.where(outside, np.nan, chances[np.arange(n_rows), drawn]), effects)


def problem(
    of: World,
    *,
    contract: Contract = CONTRACT,
    actions: tuple[str, ...] = ACTIONS,
    family_names: Collection[str] = tuple(FAMILIES),
    folds: int = 2,
) -> Problem:
    """The problem of a world, every row a customer; folds and parts by turns."""
    turn = np.arange(len(of.y))
    found = {name: FAMILIES[name] for name in {*family_names, "logistic"}}
    return Problem(
        X=of.X,
        y=of.y,
        contract=contract,
        prepared={name: family.prepare(of.X, of.y, contract) for name, family in found.items()},
        arms=of.arms,
        actions=actions,
        probability=of.probability,
        parts=turn // folds % PARTS,
        folds=tuple(Fold(np.flatnonzero(turn % folds != k), np.flatnonzero(turn % folds == k)) for k in range(folds)),
        families=found,
        learners=LEARNERS,
        metric=LOG_LOSS,
        policy_settings=PolicySettings(
            value=np.full(len(turn), 100.0),
            ids=turn,
            cost=np.full(len(actions), 2.0),
            policy=PolicySpec(budget_share=0.3),
            may_contact=np.ones(len(turn), dtype=np.bool_),
        )
        if actions
        else None,
    )


def starting_point(family: Family, learner: Learner) -> Candidate:
    """The family's first starting point for that learner, with a few rounds where it has any."""
    effect = {f"{EFFECT}{key}": value for key, value in family.effect_point.items()} if learner.regresses else {}
    rounds = {"rounds": 60.0} if family.name == "lightgbm" else {}
    learned = dict.fromkeys(learner.calibrated_on(ACTIONS, BY_THE_END), rounds)
    return Candidate(family.name, learner.name, {**family.starting_points[0], **effect}, learned)


def fitted(
    learner: Learner, family: Family, of: Problem, *, index: np.ndarray | None = None, seed: int = 0
) -> FittedLearner:
    """The learner fitted from its starting point on the rows at index, all rows unless said; as it is, uncalibrated."""
    at = np.arange(len(of.y)) if index is None else index
    return learner.fit(of.learner_input(starting_point(family, learner), at, seed=seed))


def stacked(effects: dict[str, np.ndarray]) -> np.ndarray:
    """The effects as columns, in the order of the actions."""
    return np.column_stack([effects[action] for action in ACTIONS])


def shuffled(of: World, seed: int) -> World:
    """The same customers, with arms and outcomes that have nothing to do with them."""
    order = np.random.default_rng(seed).permutation(len(of.y))
    return replace(of, y=of.y[order], arms=of.arms[order], probability=of.probability[order])
