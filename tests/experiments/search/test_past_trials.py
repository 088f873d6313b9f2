from dataclasses import asdict

import numpy as np
import optuna
import pytest

from experiments.search import past_trials
from experiments.search.judging import FoldFigures
from experiments.search.past_trials import RECORD, Record

optuna.logging.set_verbosity(optuna.logging.WARNING)


def study(*rows: tuple[float, float, float], pruned: int = 0) -> optuna.Study:
    """A study of risk (lower is better) and uplift (higher is); each row one trial, with its policy's value."""
    made = optuna.create_study(directions=["minimize", "maximize"])
    for risk, uplift, value in rows:
        record = Record((risk + 0.1, risk), (uplift - 0.1, uplift), value, {"control": {"rounds": 7.0}})
        made.add_trial(
            optuna.trial.create_trial(
                params={"family": "logistic", "learner": "x_learner", "logistic.C": 0.1, "lightgbm.leaves": 3},
                distributions={
                    "family": optuna.distributions.CategoricalDistribution(["logistic"]),
                    "learner": optuna.distributions.CategoricalDistribution(["x_learner"]),
                    "logistic.C": optuna.distributions.FloatDistribution(0.01, 1.0),
                    "lightgbm.leaves": optuna.distributions.IntDistribution(2, 9),
                },
                values=[risk, uplift],
                user_attrs={RECORD: asdict(record)},
            )
        )
    for _ in range(pruned):
        made.add_trial(optuna.trial.create_trial(state=optuna.trial.TrialState.PRUNED))
    return made


def test_the_best_is_the_policy_that_earned_most_among_those_that_nothing_beats_in_both() -> None:
    found = study((0.30, 0.01, 1.0), (0.20, 0.02, 2.0), (0.25, 0.03, 3.0), (0.26, 0.02, 9.0), (0.21, 0.01, 8.0))
    assert past_trials.best(found, 5).number == 2


def test_of_equal_earnings_the_better_risk_wins_and_of_equals_in_all_the_first() -> None:
    assert past_trials.best(study((0.30, 0.03, 2.0), (0.20, 0.02, 2.0)), 2).number == 1
    assert past_trials.best(study((0.20, 0.02, 2.0), (0.20, 0.02, 2.0)), 2).number == 0


def test_trials_after_those_asked_for_change_nothing() -> None:
    found = study((0.30, 0.01, 1.0), (0.20, 0.02, 2.0), (0.10, 0.03, 3.0))
    assert past_trials.best(found, 2).number == 1


@pytest.mark.parametrize("seed", range(20))
def test_the_front_is_that_of_every_pair_compared(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = [tuple(float(one) for one in row) for row in rng.integers(0, 5, (8, 3))]
    chosen = past_trials.best(study(*rows), 8).number
    front = [k for k, a in enumerate(rows) if not any(b[0] <= a[0] and b[1] >= a[1] and b[:2] != a[:2] for b in rows)]
    front = [k for k in front if rows[k][1] > 0] or front
    assert chosen == min(front, key=lambda k: (-rows[k][2], rows[k][0], k))


def test_with_one_figure_the_best_is_the_best_by_that() -> None:
    made = optuna.create_study(direction="maximize")
    for auc in (0.7, 0.8, 0.75):
        record = asdict(Record((auc,), (), None, {}))
        made.add_trial(optuna.trial.create_trial(value=auc, user_attrs={RECORD: record}))
    assert past_trials.best(made, 3).number == 1


@pytest.mark.parametrize("noise", [-1e-13, 0.0, 1e-13])
def test_the_last_digits_of_sums_choose_no_best(noise: float) -> None:
    made = optuna.create_study(direction="minimize")
    for auc in (0.2, 0.2 + noise):
        record = Record.of([FoldFigures(auc, float("nan"), np.array([]))], [])
        made.add_trial(optuna.trial.create_trial(value=record.values[0], user_attrs={RECORD: asdict(record)}))
    assert past_trials.best(made, 2).number == 0


def judged(risk: float, uplift: float) -> FoldFigures:
    return FoldFigures(risk, uplift, np.array([1.0, 3.0]))


@pytest.mark.parametrize(
    ("risk", "uplift", "stopped"), [(0.5, 0.0, True), (0.5, 0.5, False), (0.1, 0.0, False), (0.1, 0.5, False)]
)
def test_a_trial_is_stopped_when_both_figures_are_worse_than_the_median(
    risk: float, uplift: float, stopped: bool
) -> None:
    others = study(*((0.2 + 0.01 * k, 0.2 + 0.01 * k, 1.0) for k in range(5)))
    assert past_trials.worse_than_the_median(others, Record.of([judged(risk, uplift)], [])) is stopped


def test_nothing_is_stopped_before_there_are_enough_to_compare_with() -> None:
    others = study(*((0.2, 0.2, 1.0) for _ in range(4)), pruned=3)
    assert not past_trials.worse_than_the_median(others, Record.of([judged(0.9, 0.0)], []))


def test_a_record_holds_means_after_every_fold_and_what_the_policy_earned() -> None:
    learned = [{"control": {"rounds": 10.0}}, {"control": {"rounds": 21.0}}]
    found = Record.of([judged(0.2, 0.1), judged(0.4, 0.2)], learned)
    assert found.risk == pytest.approx((0.2, 0.3))
    assert found.uplift == pytest.approx((0.1, 0.15))
    assert found.figures == pytest.approx({"score": 0.3, "uplift": 0.15, "policy_value": 2.0})
    assert found.learned == {"control": {"rounds": 15.5}}


def test_a_candidate_has_the_parameters_of_its_family_alone() -> None:
    found = past_trials.candidate(past_trials.best(study((0.2, 0.1, 1.0)), 1), "t_learner")
    assert (found.family, found.learner, dict(found.params)) == ("logistic", "x_learner", {"C": 0.1})
    assert found.learned == {"control": {"rounds": 7.0}}
