"""The risk is that of all customers, had nobody been treated: where some were likelier to be left alone, rows weigh."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from experiments.evaluation.cohort import Cohort
from experiments.evaluation.comparison import compare
from experiments.evaluation.model_figures import Predictions, curves, risk
from experiments.metrics.auc import METRIC as AUC
from experiments.metrics.brier import METRIC as BRIER
from experiments.metrics.recall import METRIC as RECALL
from experiments.statistics.delong import delong, weighted_auc
from experiments.statistics.intervals import estimate, multiplicities
from features.errors import MetricError
from tests.specs import trial_spec

ARMS = {"call": {}}


def spec(**changes: Any) -> Any:
    return trial_spec(treatment={"arms": ARMS, **changes}, evaluation={"draws": 200})


def world(seed: int, *, customers: int = 1500, varied: bool = True, outside: float = 0.0) -> pd.DataFrame:
    """Half the customers are easily told apart (x says much) and, if varied, seldom in the control.

    hidden is the outcome had nobody been called; a call keeps half of those who would have left.
    """
    rng = np.random.default_rng(seed)
    easy = rng.random(customers) < 0.5
    x = rng.normal(size=customers)
    hidden = rng.random(customers) < 1 / (1 + np.exp(1 - np.where(easy, 2.5, 0.2) * x))
    chance = np.where(easy, 0.2, 0.8) if varied else np.full(customers, 0.5)
    control, campaign = rng.random(customers) < chance, rng.random(customers) >= outside
    arm = np.where(campaign, np.where(control, "control", "call"), None)  # type: ignore[call-overload]
    called = campaign & ~control
    return pd.DataFrame(
        {
            "customer_id": np.arange(customers).astype(str),
            "as_of": pd.NaT,
            "hidden": hidden.astype(float),
            "churned": np.where(called & (rng.random(customers) < 0.5), 0.0, hidden),
            "arm": arm,
            "probability": np.where(campaign, np.where(control, chance, 1 - chance), np.nan),
            "value": 1.0,
            "x": x,
            "mu_control": 0.6,
            "mu_call": 0.7,
        }
    )


def predictions(rows: pd.DataFrame) -> Predictions:
    x = rows["x"].to_numpy()
    return Predictions(x, 1 / (1 + np.exp(1 - x)), {"call": x})


def area_under(points: list[dict[str, float]]) -> float:
    """The area under a ROC curve."""
    right, up = ([point[name] for point in points] for name in ("false_positive_rate", "true_positive_rate"))
    return float(np.trapezoid(up, right))


def test_control_rows_stand_for_their_campaign_and_rows_outside_for_themselves() -> None:
    rows = pd.DataFrame({"arm": ["control", "call", None, "control"], "probability": [0.25, 0.75, np.nan, 0.5]})
    found = Cohort(rows.assign(customer_id=list("abcd"), as_of=pd.NaT, churned=0.0), spec()).risk_weights
    assert found is not None
    assert found.tolist() == [4.0, 0.0, 1.0, 2.0]


def test_a_control_row_without_its_probability_is_refused() -> None:
    rows = world(0).assign(probability=np.nan)
    with pytest.raises(MetricError, match="control row"):
        Cohort(rows, spec()).risk_weights  # noqa: B018 - it is asked for what it refuses


def test_where_all_stand_for_as_many_nothing_changes_to_the_bit() -> None:
    rows = world(1, varied=False)
    plain, model = Cohort(rows, spec()), predictions(rows)
    assert plain.risk_weights is None
    untreated = plain.untreated
    truth, score = plain.churned[untreated], model.score[untreated]
    expected = estimate(AUC, truth, score, counts=plain.counts, clusters=plain.clusters_of(untreated))
    found = plain.risk(AUC, model.score)
    assert found.point == expected.point
    np.testing.assert_array_equal(found.values, expected.values)
    assert plain.auc_intervals(model.score[:, None], level=0.95)[0] == delong(truth, score[:, None]).interval(0)


def test_where_no_lot_was_drawn_nothing_is_weighted() -> None:
    assert Cohort(world(2), spec(randomised=False)).risk_weights is None


@pytest.mark.parametrize("metric", [AUC, RECALL])
def test_to_weigh_by_a_whole_number_is_to_repeat(metric: Any) -> None:
    rng = np.random.default_rng(3)
    truth, score = rng.integers(0, 2, 60).astype(float), rng.integers(0, 9, 60).astype(float)
    weights, clusters = rng.integers(1, 5, 60), rng.integers(0, 20, 60)
    counts = multiplicities(n_clusters=20, draws=100, seed=0)
    found = estimate(metric, truth, score, counts=counts, clusters=clusters, weights=weights.astype(float))
    again = np.repeat(np.arange(60), weights)
    repeated = estimate(metric, truth[again], score[again], counts=counts, clusters=clusters[again])
    assert found.point == pytest.approx(repeated.point)
    np.testing.assert_allclose(found.values, repeated.values)


def test_the_weighted_auc_of_a_curve_is_the_metric_s_and_without_weights_delong_s() -> None:
    rng = np.random.default_rng(4)
    truth, score = rng.integers(0, 2, 300).astype(float), rng.integers(0, 40, 300).astype(float)
    clusters, weights = rng.integers(0, 100, 300), rng.uniform(1, 5, 300)
    found = weighted_auc(truth, score, weights=weights, clusters=clusters)
    counts = multiplicities(n_clusters=100, draws=2000, seed=0)
    drawn = estimate(AUC, truth, score, counts=counts, clusters=clusters, weights=weights)
    assert found.value == pytest.approx(drawn.point)
    assert found.standard_error == pytest.approx(drawn.interval().standard_error, rel=0.1)
    plain = weighted_auc(truth, score, weights=np.ones(300), clusters=clusters)
    expected = delong(truth, score[:, None], clusters=clusters).interval(0)
    assert (plain.value, plain.standard_error) == pytest.approx((expected.value, expected.standard_error))


def test_every_figure_and_curve_of_the_risk_is_weighted() -> None:
    """Rows that stand for several give what their repetition gives: figures, the floor's, curves, slices' share."""
    rows = world(5, customers=400)
    weighing = rows.assign(probability=np.where(rows["arm"] == "control", np.where(rows["x"] > 0, 0.25, 0.5), 0.5))
    cohort, model = Cohort(weighing, spec()), predictions(rows)
    untreated = rows[cohort.untreated]
    repeated = untreated.loc[np.repeat(untreated.index, np.where(untreated["x"] > 0, 4, 2))].reset_index(drop=True)
    copies = Cohort(repeated.assign(arm=None), trial_spec(treatment=None, evaluation={"draws": 200}))
    same, floor = predictions(repeated), Predictions(0 * model.score, 0 * model.score + 0.4, {})
    found, expected = (
        risk(cohort, model, floor),
        risk(copies, same, Predictions(0 * same.score, 0 * same.score + 0.4, {})),
    )
    for name in expected:
        if name not in ("calibration_error", "miscalibration"):  # their bins are cut on the rows as they are
            assert found[name]["value"] == pytest.approx(expected[name]["value"]), name
    assert found["brier"]["floor"] == pytest.approx(expected["brier"]["floor"])
    assert cohort.churned_share(cohort.untreated) == pytest.approx(repeated["churned"].mean())
    ours, theirs = (area_under(curves(*one)["roc"]) for one in ((cohort, model), (copies, same)))
    assert ours == pytest.approx(theirs, abs=0.005)


def test_the_gate_compares_by_the_bootstrap_where_rows_are_weighted() -> None:
    rows = world(6)
    cohort, model = Cohort(rows, spec()), predictions(rows)
    other = Predictions(np.round(model.score), model.probability, model.uplift)
    pair = compare(cohort, model, other, alpha=0.05)["auc"]
    assert pair.difference is not None
    assert pair.difference.method == "normal"
    assert pair.challenger == pytest.approx(cohort.risk(AUC, model.score).point)


@pytest.mark.slow
@pytest.mark.parametrize("outside", [0.0, 0.4])
def test_the_weighted_figure_covers_that_of_everybody_and_the_plain_one_does_not(outside: float) -> None:
    """200 worlds of 1,500 customers: coverage of a 95 % interval errs by 1.5 points (Monte-Carlo)."""
    everybody = pd.concat([world(10_000 + seed, customers=20_000) for seed in range(10)])
    model = predictions(everybody)
    truth = {
        AUC: estimate(AUC, everybody["hidden"].to_numpy(), model.score, counts=np.ones((1, 200_000), np.uint8)).point,
        BRIER: float(np.mean((everybody["hidden"].to_numpy() - model.probability) ** 2)),
    }
    held: dict[str, list[bool]] = {"auc": [], "brier": [], "plain auc": [], "plain brier": []}
    for seed in range(200):
        rows = world(seed, outside=outside)
        cohort, said = Cohort(rows, spec()), predictions(rows)
        left = cohort.untreated
        for metric, whole in truth.items():
            found = cohort.risk(metric, said.for_metric(metric)).interval()
            held[metric.name].append(found.low <= whole <= found.high)
            plain = cohort.estimate(metric, cohort.churned[left], said.for_metric(metric)[left], mask=left).interval()
            held[f"plain {metric.name}"].append(plain.low <= whole <= plain.high)
    shares = {name: float(np.mean(one)) for name, one in held.items()}
    assert 0.90 <= shares["auc"] <= 0.985, shares
    assert 0.90 <= shares["brier"] <= 0.985, shares
    assert shares["plain auc"] < 0.8, shares
