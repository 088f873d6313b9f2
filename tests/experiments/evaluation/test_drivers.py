import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from experiments.evaluation.drivers import Driver, drivers, touchpoint_of
from features.contract import Contract
from features.feature import FeatureColumn

NAMES = ("usage", "minutes", "score_after_sales", "nothing", "constant")
CONTRACT = Contract(
    (
        *(FeatureColumn(name, f"What {name} means", "minutes" if name == "minutes" else None) for name in NAMES),
        FeatureColumn("plan", "The plan", type="category", categories=("basic", "plus", "rare")),
    )
)
THEMES = {"usage": "activity", "minutes": "support", "score_after_sales": "experience"}


def world(seed: int = 3, n_customers: int = 2000) -> pd.DataFrame:
    """Customers at two dates; they leave more with little use, above 8 minutes, with low scores and on plus."""
    rng = np.random.default_rng(seed)
    n_rows, customers = 2 * n_customers, np.repeat(np.arange(n_customers), 2)
    usage, score = rng.normal(20, 5, n_rows), rng.normal(7, 2, n_rows)
    minutes = rng.gamma(6, 1.1, n_rows)
    plan = rng.choice(["basic", "plus", "rare"], n_rows, p=[0.6, 0.39, 0.01])
    risk = -1.9 - 0.06 * (usage - 20) - 0.2 * (score - 7) + 1.2 * (minutes > 8) + 0.5 * (plan == "plus")
    left = (rng.random(n_rows) < expit(risk)).astype(float)
    minutes[rng.random(n_rows) < 0.25] = np.nan
    return pd.DataFrame(
        {
            "customer_id": [f"c{number}" for number in customers],
            "churned": left,
            "usage": usage,
            "minutes": minutes,
            "score_after_sales": score,
            "nothing": rng.normal(size=n_rows),
            "constant": 1.0,
            "plan": plan,
        }
    )


@pytest.fixture(scope="module")
def found() -> dict[tuple[str, str | None], Driver]:
    return {(one.feature, one.value): one for one in drivers(world(), CONTRACT, THEMES)}


def test_what_goes_with_leaving_is_established_and_what_does_not_is_not(
    found: dict[tuple[str, str | None], Driver],
) -> None:
    established = {key for key, one in found.items() if one.established}
    assert established == {
        ("usage", None),
        ("minutes", None),
        ("score_after_sales", None),
        ("plan", "basic"),
        ("plan", "plus"),
    }
    assert found["minutes", None].effect > 0 > found["usage", None].effect
    assert all(one.low < one.effect < one.high for one in found.values())
    assert all(one.p <= one.q for one in found.values())


def test_a_factor_knows_its_theme_touchpoint_unit_and_what_is_missing(
    found: dict[tuple[str, str | None], Driver],
) -> None:
    minutes, score, plan = found["minutes", None], found["score_after_sales", None], found["plan", "plus"]
    assert (minutes.theme, minutes.touchpoint, minutes.unit) == ("support", None, "minutes")
    assert minutes.missing_share == world()["minutes"].isna().mean()
    assert (score.theme, score.touchpoint) == ("experience", "after_sales")
    assert plan.theme == "table"


def test_only_the_break_is_told_as_one(found: dict[tuple[str, str | None], Driver]) -> None:
    assert [key for key, one in found.items() if one.threshold is not None] == [("minutes", None)]
    minutes = found["minutes", None]
    assert minutes.threshold == pytest.approx(8, abs=0.5)
    assert minutes.leaving_low is not None
    assert minutes.leaving_high is not None
    assert minutes.leaving_low < minutes.leaving_high


def test_a_constant_and_a_rare_value_yield_nothing(found: dict[tuple[str, str | None], Driver]) -> None:
    assert not {("constant", None), ("plan", "rare")} & set(found)


def test_the_strongest_come_first() -> None:
    strengths = [abs(one.effect) for one in drivers(world(), CONTRACT, THEMES)]
    assert strengths == sorted(strengths, reverse=True)


def test_the_order_of_the_rows_is_irrelevant() -> None:
    rows = world()
    for one, other in zip(
        drivers(rows, CONTRACT, THEMES), drivers(rows.sample(frac=1, random_state=0), CONTRACT, THEMES), strict=True
    ):
        assert (one.feature, one.value, one.threshold) == (other.feature, other.value, other.threshold)
        assert (one.effect, one.low, one.q) == pytest.approx((other.effect, other.low, other.q))


def test_q_is_the_least_rate_of_false_discoveries_at_which_a_factor_is_found() -> None:
    found = drivers(world(), CONTRACT, THEMES)
    p = [one.p for one in found]
    for one in found:
        rates = [level * len(p) / sum(other <= level for other in p) for level in p if level >= one.p]
        assert one.q == pytest.approx(min(1.0, *rates))


def test_where_nothing_goes_with_leaving_a_discovery_is_as_rare_as_promised() -> None:
    contract = Contract(tuple(FeatureColumn(f"x{number}", "Nothing") for number in range(20)))

    def discovered(seed: int) -> bool:
        rng = np.random.default_rng(seed)
        customers = np.repeat(np.arange(400), 2)
        own = rng.normal(size=(400, 20))[customers]
        own[:, 1::2] = np.exp(own[:, 1::2])
        left = (rng.random(800) < 0.2 * np.exp(0.5 * rng.normal(size=400)[customers])).astype(float)
        rows = pd.DataFrame(own, columns=contract.names).assign(customer_id=customers, churned=left)
        return any(one.established for one in drivers(rows, contract, {}))

    # 5 % of 200 is 10, with a standard deviation of 3.
    assert sum(discovered(seed) for seed in range(200)) <= 17


def test_too_few_leavers_or_nobody_known_leave_nothing_to_say() -> None:
    rows = world()
    assert drivers(rows.assign(churned=(np.arange(len(rows)) < 10).astype(float)), CONTRACT, THEMES) == []
    assert drivers(rows.assign(**dict.fromkeys(NAMES, np.nan), plan=None), CONTRACT, THEMES) == []


def test_what_few_customers_have_is_not_examined_however_many_rows_they_bring() -> None:
    rows = world()
    known = rows["customer_id"].isin([f"c{number}" for number in range(4)])
    assert ("nothing", None) not in {
        (one.feature, one.value) for one in drivers(rows.assign(nothing=known.astype(float)), CONTRACT, THEMES)
    }
    wider = rows["customer_id"].isin([f"c{number}" for number in range(5)])
    assert ("nothing", None) in {
        (one.feature, one.value) for one in drivers(rows.assign(nothing=wider.astype(float)), CONTRACT, THEMES)
    }


def test_twenty_rows_of_few_customers_are_not_twenty_who_left() -> None:
    rows = world()
    few = rows["customer_id"].isin([f"c{number}" for number in range(19)])
    assert drivers(rows.assign(churned=few.astype(float)), CONTRACT, THEMES) == []
    enough = rows["customer_id"].isin([f"c{number}" for number in range(20)])
    assert drivers(rows.assign(churned=enough.astype(float)), CONTRACT, THEMES) != []


@pytest.mark.parametrize(
    ("feature", "theme", "touchpoint"),
    [
        ("touchpoint_score_onboarding", "experience", "onboarding"),
        ("touchpoint_score_after_sales", "experience", "after_sales"),
        ("low_scores_90d", "experience", None),
        ("days_to_renewal", "contracts", None),
        ("score_renewal", "table", None),
    ],
)
def test_a_touchpoint_is_what_the_name_of_a_survey_feature_ends_in(
    feature: str, theme: str, touchpoint: str | None
) -> None:
    assert touchpoint_of(feature, theme) == touchpoint
