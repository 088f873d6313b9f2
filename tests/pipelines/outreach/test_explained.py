"""Reasons have the numbers of the model's own; what an effect rests on adds up to it, or nothing is said."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import logit

from experiments.family import Family
from experiments.search import candidate
from experiments.search.learning_problem import Problem
from experiments.uplift.fitted_learner import FittedLearner
from experiments.uplift.learner import Learner
from pipelines.models import portable
from pipelines.outreach import effect_parts, explained
from tests.experiments.effect_worlds import ACTIONS, CONTRACT, FAMILIES, LEARNERS, problem, starting_point, world
from tests.experiments.rows.test_gap import with_gap

LEARNT, NEW = world(3000), world(300, seed=1)
ROWS = pd.DataFrame(NEW.X, columns=CONTRACT.names).assign(plan=np.where(NEW.X[:, 3] == 1, "plus", "basic"))
X = CONTRACT.encode(ROWS)
SAYS = {"t_learner", "s_learner", "dr_learner", "x_learner"}
DIFFERENCES = {"t_learner": ("{without}", "{action}"), "s_learner": ("joint_control", "joint_{action}")}
every_family = pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES.keys())
every_learner = pytest.mark.parametrize("learner", LEARNERS.values(), ids=LEARNERS.keys())


def written(folder: Path, found: FittedLearner) -> Any:
    portable.write(folder, found, contract=CONTRACT, typical=dict.fromkeys(CONTRACT.names, 0.0))
    return portable.scorer(folder)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Learner, Family, bool], Any]:
    """The scorer of a learner over a family, calibrated and shrunk, made once."""
    kept: dict[tuple[str, str, bool], Any] = {}
    problems: dict[bool, Problem] = {False: problem(LEARNT), True: with_gap(LEARNT)}

    def make(learner: Learner, family: Family, gap: bool) -> Any:
        name = learner.name, family.name, gap
        if name not in kept:
            found = candidate.fit(starting_point(family, learner), problems[gap], seed=0)
            kept[name] = written(tmp_path_factory.mktemp("made"), found)
        return kept[name]

    return make


@every_family
@pytest.mark.parametrize("gap", [False, True])
def test_reasons_are_told_by_the_numbers_of_the_models_own(made, family: Family, gap: bool) -> None:
    """Also where the outcome that effects start from is another than the risk that the list shows."""
    scorer = made(LEARNERS["t_learner"], family, gap)
    assert (scorer.without != "control") == gap
    told = explained.contributions(scorer, X)
    own = scorer.models["control"].contributions(scorer.reader.read(ROWS))
    assert np.array_equal(told, own[:, :-1])
    assert np.abs(own.sum(axis=1) - logit(scorer.score(ROWS)["churn_score"])).max() < 1e-6
    first = scorer.score(ROWS, reasons=1)["reason_1"]
    best = [CONTRACT.columns[k].meaning if top > 0 else "" for k, top in zip(told.argmax(1), told.max(1), strict=True)]
    assert [text.split(":")[0] for text in first] == best
    # Each column is a theme of its own here, and somebody can act on all: the same first reason.
    listed = explained.risk(scorer, ROWS)["reason_1_en"]
    assert all(one in text and bool(one) == bool(text) for one, text in zip(best, listed, strict=True))


@every_family
@every_learner
@pytest.mark.parametrize("gap", [False, True])
def test_parts_add_up_to_the_effect_or_there_is_silence(made, learner: Learner, family: Family, gap: bool) -> None:
    scorer = made(learner, family, gap)
    scored = scorer.score(ROWS)
    for action in ACTIONS:
        effect = scored[f"uplift_{action}"].to_numpy()
        parts = effect_parts.effect_parts(scorer, X, action=action, effect=effect)
        assert parts.shape == X.shape
        said = ~np.isnan(parts).any(axis=1)
        assert np.array_equal(said, ~np.isnan(parts).all(axis=1))
        if learner.name not in SAYS:
            assert not np.nan_to_num(parts).any()  # a share of the risk, or shrunk to a constant
            continue
        assert said.mean() > 0.9
        if learner.name not in DIFFERENCES:
            assert np.ptp((effect - parts.sum(axis=1))[said]) < 1e-6
            continue
        names = [one.format(without=scorer.without, action=action) for one in DIFFERENCES[learner.name]]
        columns = []
        for name in names:
            calibration, raw = scorer.calibrations[name], scorer.models[name].predict(X)
            columns.append(calibration["intercept"] + calibration["slope"] * logit(raw))
        apart = columns[0] - columns[1]
        expected = sum(
            sign * scorer.calibrations[name]["slope"] * scorer.models[name].contributions(X)[:, :-1]
            for sign, name in zip((1, -1), names, strict=True)
        )
        # By one positive number a row, the difference of the two models' contributions.
        scale = (parts.sum(axis=1) / expected.sum(axis=1))[:, None]
        clear = said & (np.abs(expected.sum(axis=1)) > 1e-3) & (np.abs(parts).max(axis=1) > 1e-9)
        assert (scale[clear] > 0).all()
        assert parts[clear] == pytest.approx((scale * expected)[clear], abs=1e-9)
        if learner.name == "t_learner":  # whose baseline is nobody's in particular
            rest = apart[clear] - expected[clear].sum(axis=1)
            assert np.ptp(rest) < 1e-6


def test_products_of_models_and_models_of_before_are_silent(made, tmp_path: Path) -> None:
    chosen = world(1500, chosen=True)
    family, learner = FAMILIES["logistic"], LEARNERS["x_learner"]
    estimated = problem(
        type(chosen)(chosen.X, chosen.y, chosen.arms, np.full(1500, np.nan), chosen.effects), family_names=["logistic"]
    )
    scorer = written(tmp_path, candidate.fit(starting_point(family, learner), estimated, seed=0))
    effect = scorer.score(ROWS)["uplift_call"].to_numpy()
    assert any(len(term["models"]) > 1 for term in scorer.effects["call"])
    assert np.isnan(effect_parts.effect_parts(scorer, X, action="call", effect=effect)).all()
    told = made(LEARNERS["t_learner"], family, False)
    effect = told.score(ROWS)["uplift_call"].to_numpy()
    model, new = told.models["call"], told.models["call"].contributions
    try:
        model.contributions = lambda rows: new(rows)[:, :-1]
        assert np.isnan(effect_parts.effect_parts(told, X, action="call", effect=effect)).all()
    finally:
        del model.contributions


def test_a_row_whose_effect_was_cut_off_is_silent(made) -> None:
    scorer = made(LEARNERS["dr_learner"], FAMILIES["logistic"], False)
    effect = scorer.score(ROWS)["uplift_call"].to_numpy(copy=True)
    effect[3] += 0.01
    parts = effect_parts.effect_parts(scorer, X, action="call", effect=effect)
    assert np.isnan(parts[3]).all()
    assert not np.isnan(parts[4]).any()


def test_the_list_says_of_each_action_why_it_is_this_one(made, monkeypatch) -> None:
    """The call helps by usage, the coupon by plan."""
    scorer = made(LEARNERS["t_learner"], FAMILIES["logistic"], False)
    scored, turn = scorer.score(ROWS), np.arange(len(ROWS))
    action = np.array([*ACTIONS, "none"], dtype=object)[turn % 3]
    found = explained.actions(scorer, ROWS, scored, action)
    assert list(found) == ["why_action_en", "why_action_zh"]
    assert found[turn % 3 == 2].eq("").all().all()
    called = found["why_action_en"][(turn % 3 == 0) & (ROWS["usage"] > 1)]
    assert called.str.startswith("Days of use").mean() > 0.8
    coupons = found["why_action_en"][(turn % 3 == 1) & (ROWS["plan"] == "plus")]
    assert coupons.str.contains("The plan: plus").mean() > 0.8
    monkeypatch.setattr(explained, "ROWS_AT_ONCE", 77)
    assert explained.actions(scorer, ROWS, scored, action).equals(found)
    assert explained.risk(scorer, ROWS).equals(explained.risk(scorer, pd.concat([ROWS])))


def test_a_list_of_nobody_has_the_columns(made) -> None:
    scorer = made(LEARNERS["t_learner"], FAMILIES["logistic"], False)
    none = ROWS.head(0)
    assert len(explained.actions(scorer, none, scorer.score(none), np.array([], dtype=object))) == 0
    assert list(explained.risk(scorer, none)) == list(explained.reasons.columns())
