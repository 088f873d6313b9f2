"""What every kind of model must say of its own predictions: contributions and a baseline that add up to them."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.special import expit, log_expit, logit, logsumexp

from experiments.family import Family, FittedModel
from experiments.uplift.fitted_learner import FittedLearner
from experiments.uplift.learner import Learner
from features.contract import Contract, Matrix
from features.tables import CONTROL
from pipelines.models import portable
from pipelines.models.scorers import kinds
from tests.conformance.test_families import LEARNT, NEVER_SEEN, ODD, asked_of, every_family, fitted, joint, odd
from tests.conformance.test_learners import LEARNT as WORLD
from tests.conformance.test_learners import NEW, every_pair
from tests.experiments.effect_worlds import CONTRACT, problem
from tests.experiments.effect_worlds import fitted as lesson_fitted
from tests.stranger_xgboost import installed
from tests.strangers import plugged

WITHIN = 1e-6
# Beyond, a double that is nearly 1 no longer holds the log-odds.
CERTAIN = 20.0
COLUMNS = ("as they are", *ODD)


@pytest.fixture(scope="module", autouse=True)
def kinds_of_strangers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with plugged(kinds, tmp_path_factory.mktemp("kinds"), xgboost=installed.KIND_TEXT):
        yield


def served(folder: Path, models: dict[str, FittedModel], contract: Contract) -> Any:
    """The scorer of these models."""
    usual = {column.name: 0.0 for column in contract.columns}
    portable.write(folder, FittedLearner(models), contract=contract, typical=usual)
    return portable.scorer(folder)


def adds_up(model: Any, X: Matrix, *, is_probability: bool = True) -> None:
    """Each row of contributions and baseline is the log-odds of the prediction, or the number that it is."""
    X = np.ascontiguousarray(X)
    parts, said = model.contributions(X), model.predict(X)
    assert parts.shape == (len(X), X.shape[1] + 1)
    assert np.isfinite(parts).all()
    total = parts.sum(axis=1)
    told = np.abs(total) < CERTAIN if is_probability else np.full(len(X), True)
    assert told.mean() > 0.9
    whole = logit(said[told]) if is_probability else said
    assert np.abs(total[told] - whole).max() < WITHIN
    if is_probability:
        assert expit(total) == pytest.approx(said, abs=1e-9)
    # Not by putting all of it into the baseline.
    assert np.ptp(parts[:, -1]) <= 1e-4 + 0.9 * np.ptp(whole)


@every_family
@pytest.mark.parametrize("what", COLUMNS)
def test_contributions_and_baseline_are_the_log_odds(
    family: Family, tiny_world, contract: Contract, what: str, tmp_path: Path
) -> None:
    X, known = odd(tiny_world[0], contract, what) if what in ODD else (tiny_world[0], contract)
    model = fitted(family, X, tiny_world[1], known)
    scorer = served(tmp_path, {CONTROL: model}, known)
    asked = asked_of(X, known)
    adds_up(scorer.models[CONTROL], asked)
    parts = scorer.models[CONTROL].contributions(asked)
    assert np.ptp(parts[:, -1]) < 1e-4  # of nobody in particular
    assert np.abs(parts.sum(axis=1) - logit(scorer.score(known.decode(asked))["churn_score"])).max() < WITHIN


@joint
@pytest.mark.parametrize("what", COLUMNS)
def test_they_are_under_each_thing_given(
    family: Family, tiny_world, contract: Contract, what: str, tmp_path: Path
) -> None:
    X, known = odd(tiny_world[0], contract, what) if what in ODD else (tiny_world[0], contract)
    given = np.random.default_rng(2).random((len(X), 1)).round()
    prepared = family.prepare_jointly(family.prepare(X, tiny_world[1], known), X, given, known)
    params = {**family.starting_points[0], "rounds": 60}
    found = family.fit_jointly(prepared, LEARNT, params=params, seed=0)
    scorer = served(tmp_path, {CONTROL: found[0], "call": found[1]}, known)
    for model in scorer.models.values():
        adds_up(model, asked_of(X, known))


@every_pair
def test_every_model_of_a_learner_adds_up_and_says_of_one_row_what_it_says_of_many(
    learner: Learner, family: Family, tmp_path: Path
) -> None:
    of = problem(WORLD, family_names=[family.name])
    found = lesson_fitted(learner, family, of)
    usual = {column.name: 0.0 for column in CONTRACT.columns}
    portable.write(tmp_path, found, contract=CONTRACT, typical=usual)
    scorer = portable.scorer(tmp_path)
    outcomes = {*learner.calibrated_on(of.actions, found.without)}
    X = np.vstack([NEW.X, np.full((1, 4), np.nan), np.full((1, 4), 50.0), np.full((1, 4), -50.0)])
    for name, model in scorer.models.items():
        is_probability = name in outcomes or name.endswith("_share")
        if family.name == "prior" and not is_probability:
            assert not model.contributions(X)[:, :-1].any()
        else:
            adds_up(model, X, is_probability=is_probability)
    rows = CONTRACT.decode(NEW.X)
    whole = scorer.score(rows)
    for place in (0, 7, len(rows) - 1):
        assert scorer.score(rows.iloc[[place]]).equals(whole.iloc[[place]])


@every_family
def test_a_column_that_a_model_never_saw_vary_adds_nothing(
    family: Family, tiny_world, contract: Contract, tmp_path: Path
) -> None:
    X, known = odd(tiny_world[0], contract, "constant")
    scorer = served(tmp_path, {CONTROL: fitted(family, X, tiny_world[1], known)}, known)
    assert np.abs(scorer.models[CONTROL].contributions(X)[:, 1]).max() < WITHIN


def test_the_law_fails_where_a_single_booster_speaks_for_all(tiny_world, contract: Contract, tmp_path: Path) -> None:
    """What scorers of before said: contributions to the first booster."""
    from experiments.families.lightgbm import FAMILY

    scorer = served(tmp_path, {CONTROL: fitted(FAMILY, *tiny_world, contract)}, contract)
    model = scorer.models[CONTROL]
    first = model.boosters[0].predict(tiny_world[0], pred_contrib=True)
    assert np.abs(first.sum(axis=1) - logit(model.predict(tiny_world[0]))).max() > 0.01


def brute(model: Any, row: Matrix, steps: int = 4000) -> tuple[np.ndarray, float]:
    """The weights along the straight way from the baseline, by small steps: another exact sharing of the same sum."""
    parts = np.stack([booster.predict(row, pred_contrib=True)[0] for booster in model.boosters])
    start, end = parts[:, -1], parts.sum(axis=1)
    way = start + (np.arange(steps)[:, None] + 0.5) / steps * (end - start)
    p = 1.0 / (1.0 + np.exp(-way))
    weight = (p * (1 - p) / len(start) / (p.mean(axis=1) * (1 - p.mean(axis=1)))[:, None]).mean(axis=0)
    return weight @ parts[:, :-1], float(logit((1.0 / (1.0 + np.exp(-start))).mean()))


def test_boosters_are_weighed_nearly_as_along_the_straight_way(tiny_world, contract: Contract, tmp_path: Path) -> None:
    from experiments.families.lightgbm import FAMILY

    model = served(tmp_path, {CONTROL: fitted(FAMILY, *tiny_world, contract)}, contract).models[CONTROL]
    for row in tiny_world[0][:40]:
        parts, baseline = brute(model, row[None])
        told = model.contributions(row[None])[0]
        assert told[-1] == pytest.approx(baseline, abs=1e-12)
        assert told[:-1] == pytest.approx(parts, abs=0.02)


def of_mean(margins: np.ndarray) -> np.ndarray:
    """The log-odds of the mean of the members' probabilities."""
    return np.asarray(logsumexp(log_expit(margins), axis=0) - logsumexp(log_expit(-margins), axis=0))


@pytest.mark.parametrize("seed", range(5))
def test_secants_add_up_also_where_members_are_certain_or_disagree(seed: int, tiny_world, contract, tmp_path) -> None:
    from experiments.families.lightgbm import FAMILY

    scorer = served(tmp_path, {CONTROL: fitted(FAMILY, *tiny_world, contract)}, contract)
    secants = type(scorer.models[CONTROL]).contributions.__globals__["secants"]
    rng = np.random.default_rng(seed)
    bases = rng.normal(size=(3, 400)) * rng.choice([0.1, 3.0, 12.0], (1, 400))
    change = rng.normal(size=(3, 400)) * rng.choice([0.0, 1e-12, 1e-8, 1e-3, 1.0, 30.0], (3, 400))
    change[:, :50] = rng.normal(size=(1, 50))  # all agree
    change[2, 50:100] = -change[:2, 50:100].sum(axis=0)  # they nearly cancel
    with np.errstate(all="raise", under="ignore"):
        weights, start = secants(bases, bases + change)
    assert (weights > 0).all()
    gap = start + (weights * change).sum(axis=0) - of_mean(bases + change)
    assert np.abs(gap).max() < WITHIN
    same = bases[:1] + np.zeros((3, 400))
    equal, _ = secants(same, same + change[:1])
    assert equal == pytest.approx(np.full((3, 400), 1 / 3), rel=1e-5)


@every_family
def test_they_are_the_same_in_batches_of_any_size(
    family: Family, tiny_world, contract: Contract, tmp_path: Path
) -> None:
    X, known = odd(tiny_world[0].copy(), contract, "a value that no row has")
    X[:5, 2] = NEVER_SEEN
    model = served(tmp_path, {CONTROL: fitted(family, X, tiny_world[1], replace(known))}, known).models[CONTROL]
    many = np.ascontiguousarray(np.vstack([X] * 3))
    whole = model.contributions(many)
    for some in (slice(0, 1), slice(7, 71), slice(1000, 5300)):
        assert np.array_equal(model.contributions(np.ascontiguousarray(many[some])), whole[some])
    assert model.contributions(many[:0]).shape == (0, many.shape[1] + 1)
