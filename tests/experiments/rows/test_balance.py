from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from experiments.evaluation import model_figures
from experiments.evaluation.churn_cost import churn_cost_report
from experiments.evaluation.cohort import Cohort
from experiments.evaluation.model_figures import Predictions
from experiments.metrics.auc import METRIC as AUC
from experiments.metrics.brier import METRIC as BRIER
from experiments.rows.balance import Balance
from experiments.search import candidate
from experiments.search.learning_problem import Candidate
from experiments.spec import ExperimentSpec
from experiments.uplift.fitted_learner import FittedLearner
from features.contract import Contract
from features.errors import DataError
from features.feature import FeatureColumn
from pipelines.learning.training_data import Learning
from pipelines.models import portable, provenance
from tests.pipelines import gate_world
from tests.pipelines.reporting.report_world import rows_of, spec_of

CONTRACT = Contract((FeatureColumn("a", "a"), FeatureColumn("b", "b")))


def with_prior(spec: ExperimentSpec, prior: float | None) -> ExperimentSpec:
    plain = spec.model_dump()
    plain["label"]["prior"] = prior
    return ExperimentSpec.model_validate(plain)


def test_a_balance_worked_by_hand() -> None:
    """Half of the file left and a tenth of all customers: a leaver stands for a ninth of what another stands for."""
    balance = Balance(0.1, 0.5)
    assert balance.weights(np.array([1.0, 0.0])) == pytest.approx([1.0, 9.0])
    assert balance.shift == pytest.approx(np.log(1 / 9))
    assert balance.corrected(0.5) == pytest.approx(0.1)
    assert balance.corrected(0.9) == pytest.approx(0.5)
    assert [balance.corrected(0.0), balance.corrected(1.0)] == [0.0, 1.0]


def test_the_smaller_weight_is_one_whichever_outcome_was_sampled() -> None:
    for stated, in_file in ((0.1, 0.5), (0.6, 0.2), (1e-6, 0.999)):
        found = Balance(stated, in_file).weights(np.array([0.0, 1.0]))
        assert found is not None
        assert found.min() == 1.0
        assert found[1] / found[0] == pytest.approx(np.exp(Balance(stated, in_file).shift))


@pytest.mark.parametrize("in_file", [0.0, 1.0])
def test_rows_of_one_outcome_are_refused_with_both_shares(in_file: float) -> None:
    with pytest.raises(DataError, match=rf"prior is 0\.1, but a share of {in_file:g}"):
        Balance(0.1, in_file)


def judged(prior: float | None, *, in_file: float | None = None) -> tuple[Cohort, Predictions]:
    rows = rows_of(np.random.default_rng(7), with_actions=False)
    x = rows["x"].to_numpy()
    cohort = Cohort(rows, with_prior(spec_of(with_actions=False), prior), None, in_file)
    return cohort, Predictions(x, 1 / (1 + np.exp(-x)), {})


def flat(found: Any, path: str = "") -> dict[str, Any]:
    if isinstance(found, dict):
        return {key: one for name, part in found.items() for key, one in flat(part, f"{path}/{name}").items()}
    if isinstance(found, list):
        return {key: one for name, part in enumerate(found) for key, one in flat(part, f"{path}/{name}").items()}
    return {path: found}


def figures(cohort: Cohort, model: Predictions) -> dict[str, Any]:
    parts = (model_figures.risk(cohort, model, model), churn_cost_report(cohort), model_figures.slices(cohort, model))
    return flat([*parts, model_figures.curves(cohort, model), cohort.churned_share(cohort.untreated)])


def test_a_stated_share_equal_to_the_files_changes_no_figure() -> None:
    plain, model = judged(None)
    same, _ = judged(float(plain.churned.mean()))
    expected, found = figures(plain, model), figures(same, model)
    assert expected.keys() == found.keys()
    for name, value in expected.items():
        assert found[name] == (pytest.approx(value, abs=1e-12) if isinstance(value, float) else value), name


def test_figures_are_those_of_the_stated_mixture_and_the_auc_is_untouched() -> None:
    """The Brier score is the mixture of those of leavers and of others; the AUC and its interval are equal exactly."""
    (plain, model), (cohort, _) = judged(None), judged(0.1, in_file=0.5)
    left = cohort.churned == 1
    of_each = [np.mean((model.probability[rows] - cohort.churned[rows]) ** 2) for rows in (left, ~left)]
    share = (left.mean() * 0.2) / (left.mean() * 0.2 + (1 - left.mean()) * 1.8)
    assert cohort.churned_share(cohort.untreated) == pytest.approx(share)
    assert cohort.risk(BRIER, model.probability).point == pytest.approx(np.dot([share, 1 - share], of_each))
    assert cohort.risk_figure(BRIER, model.probability) == pytest.approx(np.dot([share, 1 - share], of_each))
    ours, theirs = cohort.risk(AUC, model.score), plain.risk(AUC, model.score)
    assert ours.point == theirs.point
    np.testing.assert_array_equal(ours.values, theirs.values)
    found, expected = (model_figures.risk(one, model, model)["auc"] for one in (cohort, plain))
    assert found == expected


def test_the_report_holds_the_figures_of_the_file_beside_those_of_all_customers() -> None:
    (plain, model), (cohort, _) = judged(None), judged(0.1, in_file=0.5)
    balance = Balance(0.1, 0.5)
    odds = model.probability / (1 - model.probability) * np.exp(balance.shift)
    corrected = Predictions(model.score, odds / (1 + odds), {})
    told, expected = model_figures.as_in_file(cohort, corrected), model_figures.risk(plain, model, model)
    assert (told["stated"], told["in_file"], told["judged"]) == (0.1, 0.5, plain.churned.mean())
    for name in ("auc", "brier", "log_loss", "lift", "expected_profit", "calibration_error"):
        assert told["risk"][name]["value"] == pytest.approx(expected[name]["value"], abs=1e-12), name
    assert model_figures.as_in_file(plain, model) == {}


def test_a_spec_without_a_prior_is_the_same_to_the_byte() -> None:
    spec = gate_world.spec()
    null = with_prior(spec, None)
    assert "prior" not in spec.model_dump(mode="json")["label"]
    assert provenance.spec_hash(null) == provenance.spec_hash(spec)
    assert provenance.recipe(null) == provenance.recipe(spec)
    assert provenance.recipe(with_prior(spec, 0.1)) != provenance.recipe(spec)


@pytest.mark.parametrize("wrong", [0, 1, -0.1, 3, True, float("nan")])
def test_a_prior_is_a_share_between_none_and_all(wrong: Any) -> None:
    with pytest.raises(ValidationError, match="prior"):
        with_prior(gate_world.spec(), wrong)


def test_a_prior_with_actions_or_dates_is_refused_with_the_reason() -> None:
    with pytest.raises(ValidationError, match=r"label\.prior cannot correct rows with actions"):
        with_prior(spec_of(with_actions=True), 0.1)
    plain = spec_of(with_actions=False).model_dump()
    plain["label"]["prior"], plain["observations"] = 0.1, {"first": "2024-01-01"}
    with pytest.raises(ValidationError, match=r"label\.prior corrects a table"):
        ExperimentSpec.model_validate(plain)


def world(size: int, seed: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Customers of whom some 8 % leave, and the chance of each."""
    rng = np.random.default_rng(seed)
    found = pd.DataFrame({name: rng.normal(size=size) for name in ("a", "b")})
    risk = 1 / (1 + np.exp(3.0 - 1.0 * found["a"] - 0.6 * found["b"])).to_numpy()
    found = found.assign(
        customer_id=[f"c{number}" for number in range(size)],
        as_of=pd.Series(pd.NaT, index=range(size), dtype="datetime64[us]"),
        churned=(rng.random(size) < risk).astype(int),
        arm=None,
        probability=np.nan,
        value=1.0,
    )
    return found, risk


def balanced(rows: pd.DataFrame) -> pd.DataFrame:
    """All who left, and as many of the others."""
    left = rows[rows["churned"] == 1]
    return pd.concat([left, rows[rows["churned"] == 0].sample(len(left), random_state=1)]).reset_index(drop=True)


def learnt(rows: pd.DataFrame, prior: float | None, family: str = "logistic") -> tuple[FittedLearner, Learning]:
    spec = with_prior(gate_world.spec(), prior)
    spec = spec.model_copy(update={"split": spec.split.model_copy(update={"gate_share": 0.3})})
    opened = Learning(spec, rows, CONTRACT.encode(rows), CONTRACT, listed=0)
    params: dict[str, Any] = {"C": 1.0} if family == "logistic" else {"rounds": 30.0}
    choice = Candidate(family, "t_learner", params, {"control": {"rounds": 30.0}} if family == "lightgbm" else {})
    return candidate.fit(choice, opened.problem({family}, ["t_learner"]), seed=0), opened


@pytest.mark.parametrize("family", ["logistic", "lightgbm", "prior"])
def test_the_exported_model_corrects_the_odds_by_itself_to_the_bit(family: str, tmp_path: Path) -> None:
    """Odds are those without a prior times one ratio, the raw score is the same, and a copy alone says it all."""
    rows = balanced(world(8000, 3)[0])
    (plain, opened), (model, _) = (learnt(rows, prior, family) for prior in (None, 0.08))
    portable.write(tmp_path / "model", model, contract=CONTRACT, typical={"a": 0.0, "b": 0.0})
    told, memory = portable.scorer(tmp_path / "model").score(rows), model.risk(opened.X)
    np.testing.assert_array_equal(told["churn_probability"], memory)
    np.testing.assert_array_equal(told["churn_score"], plain.models["control"].predict(opened.X))
    odds = [said / (1 - said) for said in (memory, plain.risk(opened.X))]
    np.testing.assert_allclose(odds[0] / odds[1], np.exp(Balance(0.08, 0.5).shift), rtol=2e-6)


def test_a_prior_equal_to_the_files_share_gives_the_same_model() -> None:
    rows = balanced(world(4000, 4)[0])
    (plain, _), (model, _) = (learnt(rows, prior) for prior in (None, 0.5))
    assert model.calibrations == plain.calibrations


def test_a_balanced_file_that_is_corrected_is_as_good_as_the_file_of_all() -> None:
    """Over 12 worlds: mean chance, slope against the true chance, and Brier score, on customers whom nobody has seen.

    The bounds are 3.5 Monte-Carlo errors; without correction the mean chance is off by hundreds of them. The weighted
    Brier score of the balanced gate cohort is that of all customers. The Brier score is 0.0002 above that of a model of
    all rows, some 0.07: the balanced file has a sixth of them.
    """
    found = [_apart(seed) for seed in range(12)]
    mean, slope, brier, weighted, uncorrected = np.array(found).T

    def off(values: np.ndarray) -> float:
        return float(abs(values.mean()) / (values.std(ddof=1) / np.sqrt(len(values))))

    assert off(mean) < 3.5
    assert off(slope) < 3.5
    assert abs(brier.mean()) < 4e-4
    assert off(weighted) < 3.5
    assert off(uncorrected) > 100


def _apart(seed: int) -> tuple[float, ...]:
    rows, _ = world(20_000, seed)
    few, (new, risk) = balanced(rows), world(40_000, seed + 100)
    prior = float(rows["churned"].mean())
    X = CONTRACT.encode(new)
    (model, opened), (whole, _), (plain, _) = learnt(few, prior), learnt(rows, None), learnt(few, None)
    said, of_all = model.risk(X), whole.risk(X)
    logit = np.log(said / (1 - said))
    slope = np.polyfit(np.log(risk / (1 - risk)), logit, 1)[0]
    gate = opened.split.gate
    cohort = Cohort(opened.rows.iloc[gate], opened.spec, None, opened.churned_share)  # type: ignore[arg-type]
    told = cohort.risk_figure(BRIER, model.risk(opened.X[gate]))
    true = [float(np.mean((p - risk) ** 2 + risk * (1 - risk))) for p in (said, of_all)]
    off = float(plain.risk(X).mean() - risk.mean())
    return float(said.mean() - risk.mean()), float(slope - 1), true[0] - true[1], told - true[0], off
