"""How often a challenger of known AUC passes both the gate and its shadow: the real comparison, rules and alpha.

Customers of one business are judged at the gate on one date and in the shadow on the dates after it, a month apart.
Scores are binormal, so that the AUC of a model is what it is said to be. `python -m tests.benchmarks.shadow_power`
prints the table of docs/gate.md.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit
from scipy.stats import norm

from experiments.evaluation.cohort import Cohort
from experiments.evaluation.model_figures import Predictions
from experiments.metric import Numbers
from experiments.sections.gate import ShadowSpec
from experiments.sections.label import LabelSpec
from experiments.statistics.delong import delong
from pipelines.champion.succession import Standing
from pipelines.gate.alpha_spending import next_look
from pipelines.gate.shadow_decisions import CANNOT_TELL, MOST
from pipelines.ruling.champion_for import Claims
from pipelines.ruling.evidence import Mode
from pipelines.ruling.verdict import MOVES, Verdict
from tests.pipelines.gate.test_alpha_spending import written
from tests.pipelines.gate.test_gate_simulations import at_most, rows_of, spec_of, verdict_on

SPEC = spec_of(treated=False)
LABEL = LabelSpec(kind="cancelled", horizon_days=28)
ASKED = ShadowSpec().dates
# The share that leaves within a window, the champion's AUC, and how far both models err alike among those who leave,
# and among those who stay.
LEAVING, CHAMPION, ALIKE = 0.08, 0.72, 0.8


@dataclass(frozen=True)
class World:
    """The rows (customer_id, as_of, churned) of the first dates of a business, and what both models say of them."""

    rows: pd.DataFrame
    challenger: Predictions
    champion: Predictions

    def of(self, first: int, last: int) -> tuple[Cohort, Predictions, Predictions]:
        """The same on the dates from first to last, the gate's being 0."""
        chosen = self.rows["date"].between(first, last).to_numpy()
        models = (
            Predictions(one.score[chosen], one.probability[chosen], {}) for one in (self.challenger, self.champion)
        )
        return (Cohort(self.rows[chosen].reset_index(drop=True), SPEC), *models)


def world(seed: int, customers: int, gain: float, *, dates: int) -> World:
    """A challenger whose AUC is better by gain, on so many dates; fewer dates of a seed are the first of more.

    Whoever leaves is replaced by a new customer. What chance adds to the scores of a customer stays the same.
    """
    chance = np.empty((3, customers))
    born, gone = np.zeros(customers, dtype=int), np.ones(customers, dtype=bool)
    found, noises = [], []
    for date in range(dates):
        rng = np.random.default_rng([seed, date])
        chance[:, gone] = rng.normal(size=(3, customers))[:, gone]
        born[gone] = date
        gone = rng.random(customers) < LEAVING
        names = pd.Series(np.arange(customers) + customers * born).astype(str)
        rows = rows_of(gone.astype(float)).assign(customer_id=names, as_of=pd.Timestamp(2026, 1 + date, 1), date=date)
        found.append(rows)
        noises.append(chance.copy())
    rows, noise = pd.concat(found, ignore_index=True), np.concatenate(noises, axis=1)
    churned = rows["churned"].to_numpy()
    both = (
        binormal(auc, churned, np.sqrt(ALIKE) * noise[0] + np.sqrt(1 - ALIKE) * own)
        for auc, own in ((CHAMPION + gain, noise[1]), (CHAMPION, noise[2]))
    )
    return World(rows, *both)


def binormal(auc: float, churned: Numbers, noise: Numbers) -> Predictions:
    """A calibrated model of this AUC: scores are normal of variance 1, around another mean for those who leave."""
    apart = np.sqrt(2) * norm.ppf(auc)
    score = apart * churned + noise
    return Predictions(score, expit(logit(LEAVING) + apart * score - apart**2 / 2), {})


@cache
def alphas(customers: int) -> tuple[float, ...]:
    """What the gate may spend, then each comparison of the shadow if none before it could tell."""
    rows, standing, found = world(0, customers, 0.0, dates=1 + MOST * ASKED).rows, Standing("tiny"), []
    for first, last in ((0, 0), *((1, last) for last in range(ASKED, MOST * ASKED + 1))):
        judged = rows[rows["date"].between(first, last)]
        look = next_look(standing, judged, LABEL, cohort="c", alpha=SPEC.gate.alpha)
        standing = written(standing, look)
        found.append(float(look["alpha"]))
    return tuple(found)


def judged(of: World, first: int, last: int, *, alpha: float) -> Verdict:
    return verdict_on(*of.of(first, last), Mode.REPLACE, Claims(risk=True), alpha=alpha)[0]


def might_pass(seed: int, customers: int, gain: float) -> bool:
    """Whether the AUC alone lets a challenger pass the gate: a tenth of the time of all rules."""
    cohort, ours, theirs = world(seed, customers, gain, dates=1).of(0, 0)
    found = delong(cohort.churned, np.column_stack([ours.score, theirs.score])).difference(0, 1)
    return found.z >= norm.isf(alphas(customers)[0])


def passes(seed: int, customers: int, gain: float) -> Iterator[Verdict]:
    """The verdicts on a challenger: of the gate, and where that lets it shadow, of each comparison until it is over."""
    spent = alphas(customers)
    if not might_pass(seed, customers, gain):
        yield Verdict.INCONCLUSIVE
        return
    verdict = judged(world(seed, customers, gain, dates=1), 0, 0, alpha=spent[0])
    yield verdict
    if verdict not in MOVES:
        return
    for alpha, last in zip(spent[1:], range(ASKED, MOST * ASKED + 1), strict=True):
        verdict = judged(world(seed, customers, gain, dates=1 + last), 1, last, alpha=alpha)
        yield verdict
        if verdict not in CANNOT_TELL:
            return


def test_the_aucs_of_the_simulated_models_are_what_they_are_said_to_be() -> None:
    cohort, ours, theirs = world(1, 200_000, 0.04, dates=1).of(0, 0)
    found = delong(cohort.churned, np.column_stack([ours.score, theirs.score]))
    assert found.aucs == pytest.approx([CHAMPION + 0.04, CHAMPION], abs=0.01)
    assert ours.probability.mean() == pytest.approx(LEAVING, abs=0.002)


def test_whom_the_auc_alone_does_not_let_pass_no_rule_promotes() -> None:
    for seed in range(20):
        verdict = judged(world(seed, 2000, 0.02, dates=1), 0, 0, alpha=alphas(2000)[0])
        assert might_pass(seed, 2000, 0.02) or verdict is not Verdict.PROMOTE


@pytest.mark.slow
def test_an_equally_good_challenger_comes_through_gate_and_shadow_more_rarely_than_through_the_gate() -> None:
    runs = 350
    found = [list(passes(seed, 2000, 0.0)) for seed in range(runs)]
    began = [verdicts for verdicts in found if verdicts[0] is Verdict.PROMOTE]
    assert len(began) / runs <= at_most(alphas(2000)[0], runs)
    assert len(began) > 0, "none was let shadow: nothing was tested"
    # Each comparison of the shadow is at its alpha, which all of them together spend on those who shadow.
    most = alphas(2000)[0] * sum(alphas(2000)[1:])
    assert sum(verdicts[-1] is Verdict.PROMOTE for verdicts in began if len(verdicts) > 1) / runs <= at_most(most, runs)


@pytest.mark.slow
def test_a_better_challenger_comes_through_both() -> None:
    found = [list(passes(seed, 2000, 0.04)) for seed in range(30)]
    began = [verdicts for verdicts in found if verdicts[0] is Verdict.PROMOTE]
    promoted = [verdicts for verdicts in began if verdicts[-1] in MOVES and len(verdicts) > 1]
    assert len(began) > 15
    assert len(promoted) > 0.9 * len(began)
