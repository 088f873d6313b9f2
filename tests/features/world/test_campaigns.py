"""The campaigns of the demo world: they are fair, and what they do agrees with the truth."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from scipy import stats

from features.sources.simulated import SOURCE, SimulatedOptions

ARMS = ["control", "call", "coupon", "upgrade"]
ACTIONS = ARMS[1:]
COSTS = np.array([8.0, 12.0, 4.0])
BUDGET = 0.2
DAY = pd.Timedelta(days=1)


@pytest.fixture(scope="module")
def world() -> dict[str, pd.DataFrame]:
    options = SimulatedOptions(customers=4000)
    assert SOURCE.truth is not None
    rows: dict[str, list[pa.Table]] = {}
    for part in [*SOURCE.read({}, options), *SOURCE.truth(options)]:
        rows.setdefault(part.table, []).append(part.rows)
    return {name: pa.concat_tables(tables).to_pandas() for name, tables in rows.items()}


@pytest.fixture(scope="module")
def cohort(world: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Customers by campaign with truth, arm and outcome; those who left within the lead time have none."""
    given = world["treatments"].rename(columns={"event_at": "as_of", "action": "arm"})
    rows = world["truth"].merge(given[["customer_id", "as_of", "arm", "probability"]], how="left")
    ended = rows["customer_id"].map(world["contracts"].groupby("customer_id")["ended_at"].max())
    rows["churned"] = (ended <= rows["as_of"] + 74 * DAY).astype(float)
    rows.loc[ended <= rows["as_of"] + 14 * DAY, "churned"] = np.nan
    price = world["contracts"].groupby("customer_id")["price"].first()
    plan = world["contracts"].groupby("customer_id")["plan"].first()
    return rows.assign(value=6 * rows["customer_id"].map(price), plan=rows["customer_id"].map(plan))


def uplift(rows: pd.DataFrame) -> np.ndarray:
    return (rows[["risk_control"]].to_numpy() - rows[[f"risk_{arm}" for arm in ACTIONS]].to_numpy()).T


def test_a_campaign_begins_every_third_month_at_midnight(cohort: pd.DataFrame) -> None:
    dates = [str(moment) for moment in sorted(cohort["as_of"].unique())]
    assert dates == [f"{day} 00:00:00" for day in (
        "2024-04-01", "2024-07-01", "2024-10-01", "2025-01-01", "2025-04-01", "2025-07-01", "2025-10-01"
    )]  # fmt: skip


def test_treatments_are_known_when_assigned_and_only_customers_who_are_there_take_part(
    world: dict[str, pd.DataFrame], cohort: pd.DataFrame
) -> None:
    assert (world["treatments"]["event_at"] == world["treatments"]["known_at"]).all()
    assert cohort["arm"].notna().sum() == len(world["treatments"])


def test_the_arms_are_drawn_with_the_logged_probabilities(cohort: pd.DataFrame) -> None:
    trial = cohort[cohort["arm"].notna()]
    logged = trial.groupby("arm")["probability"].agg(["min", "max"])
    assert (logged["min"] == logged["max"]).all()
    assert logged["max"].to_dict() == {"control": 0.4, "call": 0.2, "coupon": 0.2, "upgrade": 0.2}
    assert stats.chisquare(trial["arm"].value_counts()[ARMS], len(trial) * logged.loc[ARMS, "max"]).pvalue > 1e-3
    assert stats.binomtest(len(trial), len(cohort), 0.7).pvalue > 1e-3


@pytest.mark.parametrize("risk", ["risk_control", "risk_call", "risk_coupon", "risk_upgrade"])
def test_neither_the_arm_nor_taking_part_depends_on_the_hidden_risk(cohort: pd.DataFrame, risk: str) -> None:
    groups = [rows[risk] for _, rows in cohort.fillna({"arm": "none"}).groupby("arm")]
    assert len(groups) == 5
    assert stats.f_oneway(*groups).pvalue > 1e-3


@pytest.mark.parametrize("arm", ARMS)
def test_outcomes_agree_with_the_true_risk_of_the_arm_given(cohort: pd.DataFrame, arm: str) -> None:
    """The sum of outcomes less risks is a martingale: its variance is the sum of risk x (1 - risk)."""
    given = cohort["arm"].fillna("control") == arm
    rows = cohort[given & cohort["churned"].notna()]
    risk = rows[f"risk_{arm}"]
    assert len(rows) > 1000
    assert abs((rows["churned"] - risk).sum()) < 4 * np.sqrt((risk * (1 - risk)).sum())


def test_outcomes_agree_with_the_true_risk_at_every_level_of_it(cohort: pd.DataFrame) -> None:
    rows = cohort[cohort["arm"].fillna("control").eq("control") & cohort["churned"].notna()]
    for _, band in rows.groupby(pd.qcut(rows["risk_control"], 5)):
        risk = band["risk_control"]
        assert abs((band["churned"] - risk).sum()) < 4 * np.sqrt((risk * (1 - risk)).sum())


@pytest.mark.parametrize("arm", ACTIONS)
def test_the_realised_effect_of_an_arm_agrees_with_the_truth(cohort: pd.DataFrame, arm: str) -> None:
    rows = cohort[cohort["churned"].notna()]
    treated, control = rows[rows["arm"] == arm], rows[rows["arm"] == "control"]
    realised = treated["churned"].mean() - control["churned"].mean()
    error = np.sqrt(treated["churned"].var() / len(treated) + control["churned"].var() / len(control))
    assert abs(realised - (rows[f"risk_{arm}"] - rows["risk_control"]).mean()) < 4 * error


def test_the_risk_is_as_high_and_as_predictable_as_in_a_business(cohort: pd.DataFrame) -> None:
    assert cohort.groupby("as_of")["risk_control"].mean().between(0.07, 0.13).all()
    assert 0.08 < cohort["risk_control"].mean() < 0.11
    risk = np.sort(cohort["risk_control"])
    pairs = (np.cumsum(1 - risk) - (1 - risk) / 2) @ risk
    assert 0.80 < pairs / (risk.sum() * (1 - risk).sum()) < 0.88


def test_sleeping_dogs_exist_and_have_long_not_used_the_product(
    world: dict[str, pd.DataFrame], cohort: pd.DataFrame
) -> None:
    dogs = cohort[(uplift(cohort) < -0.03).all(axis=0)]
    assert 0.04 < len(dogs) / len(cohort) < 0.25
    assert used_lately(world["usage"], dogs).mean() < 0.05
    assert used_lately(world["usage"], cohort).mean() > 0.75


def used_lately(usage: pd.DataFrame, rows: pd.DataFrame) -> pd.Series:
    days = usage[["customer_id", "event_at"]].sort_values("event_at").assign(used_at=lambda frame: frame["event_at"])
    last = pd.merge_asof(
        rows.sort_values("as_of"),
        days,
        left_on="as_of",
        right_on="event_at",
        by="customer_id",
        allow_exact_matches=False,
    )
    return last["used_at"] > last["as_of"] - 30 * DAY


def test_a_coupon_does_nothing_for_customers_of_high_value(cohort: pd.DataFrame) -> None:
    awake = cohort[cohort["risk_call"] <= cohort["risk_control"]]
    effect = awake["risk_control"] - awake["risk_coupon"]
    assert effect[awake["plan"] == "premium"].abs().max() < 1e-12
    assert effect[awake["plan"] != "premium"].quantile(0.95) > 0.05


@pytest.mark.parametrize(
    ("arm", "table", "sign"),
    [("call", "interactions", "complaint"), ("coupon", "transactions", "failed")],
)
def test_who_an_action_suits_shows_in_what_is_recorded(
    world: dict[str, pd.DataFrame], cohort: pd.DataFrame, arm: str, table: str, sign: str
) -> None:
    rows = world[table]
    signs = (
        rows[rows["complaint"] & (rows["topic"] != "price")] if table == "interactions" else rows[rows["kind"] == sign]
    )
    seen = cohort.reset_index().merge(signs[["customer_id", "event_at"]], on="customer_id")
    seen = seen[(seen["event_at"] < seen["as_of"]) & (seen["event_at"] > seen["as_of"] - 60 * DAY)]
    with_sign = cohort.index.isin(seen["index"]) & (cohort["plan"] != "premium")
    effect = cohort["risk_control"] - cohort[f"risk_{arm}"]
    assert effect[with_sign].mean() > 0.05
    assert effect[with_sign].mean() > 5 * abs(effect[~with_sign].mean())


def test_an_upgrade_suits_those_whose_use_falls(world: dict[str, pd.DataFrame], cohort: pd.DataFrame) -> None:
    days = cohort.reset_index().merge(world["usage"][["customer_id", "event_at"]], on="customer_id")
    age = (days["as_of"] - days["event_at"]) / DAY
    recent = days[(age > 0) & (age <= 30)].groupby("index").size().reindex(cohort.index, fill_value=0)
    before = days[(age > 30) & (age <= 90)].groupby("index").size().reindex(cohort.index, fill_value=0)
    falls = (before >= 12) & (recent > 0) & (recent < 0.25 * before) & (cohort["plan"] != "premium")
    effect = cohort["risk_control"] - cohort["risk_upgrade"]
    assert effect[falls].mean() > effect[~falls].mean() + 0.03


def test_targeting_by_uplift_pays_and_nothing_simpler_does(cohort: pd.DataFrame) -> None:
    """By the truth: the best action for the best fifth, against one action for everybody or for the riskiest."""
    gains = cohort["value"].to_numpy() * uplift(cohort) - COSTS[:, None]
    fifth = int(BUDGET * len(cohort))
    best = np.maximum(np.sort(gains.max(axis=0))[-fifth:], 0).sum() / len(cohort)
    riskiest = np.argsort(-cohort["risk_control"].to_numpy())[:fifth]
    assert best > 2.5
    assert (gains.mean(axis=1) < -1).all()
    assert (gains[:, riskiest].sum(axis=1) / len(cohort) < 0.5).all()
