"""A stable company alarms in at most 2 % of months, and a planted drift of each kind is named in its month."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from experiments.evaluation.monitoring import kinds
from experiments.evaluation.monitoring.evidence import AgeSeen, MonthSeen, VolumeSeen
from experiments.evaluation.monitoring.kind import DriftKind
from experiments.evaluation.monitoring.verdicts import Judged, judged, not_measured, unknown, unknown_names
from experiments.sections.monitoring import MonitoringSpec
from features.plugins import discover
from tests.experiments.evaluation.monitoring.months import DATES, World, realised, seen, stable, world

KINDS = discover(kinds, DriftKind)
SAID = MonitoringSpec()
MONTHS, MOST = 1_000, 0.02
PLANTED = 20


def asking(month: MonthSeen, said: MonitoringSpec = SAID) -> list[Judged]:
    return [one for one in judged(KINDS, month, said=said) if one.asks]


@pytest.mark.slow
def test_a_stable_company_is_told_to_retrain_in_at_most_2_percent_of_months() -> None:
    """By Monte Carlo: were the rate 2 %, more than 2.9 % of 1,000 months would alarm in 1 of 40 runs.

    Beyond chance, whatever the size of the effect, are no more: the thresholds are not what holds it.
    """
    alarms = beyond = 0
    for seed in range(MONTHS):
        found = judged(KINDS, stable(np.random.default_rng(seed)), said=SAID)
        assert len({one.kind for one in found}) == len(KINDS), "every kind is asked"
        alarms += any(one.asks for one in found)
        beyond += any(one.beyond_chance for one in found)
    error = np.sqrt(MOST * (1 - MOST) / MONTHS)
    assert alarms / MONTHS <= MOST
    assert beyond / MONTHS <= MOST + 1.96 * error


def planted(change: Callable[[pd.DataFrame, np.random.Generator], pd.DataFrame], seed: int) -> MonthSeen:
    """A month in which today's rows are changed."""
    rng = np.random.default_rng(seed)
    month, known = stable(rng), {"training": world(rng, dates=DATES), "the gate cohort": world(rng)}
    today = world(rng)
    return replace(month, features=seen(World(change(today.rows, rng), today.customers), known))


def _shifted(rows: pd.DataFrame, _: np.random.Generator) -> pd.DataFrame:
    return rows.assign(normal_1=rows["normal_1"] + 0.8)


def _constant_moved(rows: pd.DataFrame, _: np.random.Generator) -> pd.DataFrame:
    return rows.assign(constant=0.0)


def _other_plans(rows: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    return rows.assign(plan=np.where(rng.random(len(rows)) < 0.5, "plan2", rows["plan"]))


def _gone(rows: pd.DataFrame, _: np.random.Generator) -> pd.DataFrame:
    return rows.drop(columns="price")


def _partly_gone(rows: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    return rows.assign(price=rows["price"].where(rng.random(len(rows)) > 0.25))


def _new_plan(rows: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    return rows.assign(plan=np.where(rng.random(len(rows)) < 0.08, "enterprise", rows["plan"]))


@pytest.mark.parametrize(
    ("change", "kind", "subject"),
    [
        (_shifted, "feature_shift", "normal_1"),
        (_constant_moved, "feature_shift", "constant"),
        (_other_plans, "feature_shift", "plan"),
        (_gone, "missing_share", "price"),
        (_partly_gone, "missing_share", "price"),
        (_new_plan, "new_category", "plan"),
    ],
)
def test_a_planted_change_of_the_rows_is_named_in_its_month_and_nothing_else(
    change: Callable[[pd.DataFrame, np.random.Generator], pd.DataFrame], kind: str, subject: str
) -> None:
    named, others = 0, set()
    for seed in range(PLANTED):
        found = {(one.kind, one.change.subject) for one in asking(planted(change, seed))}
        named += (kind, subject) in found
        others |= found - {(kind, subject)}
    assert named >= PLANTED - 1
    assert not others


@pytest.mark.parametrize(
    ("changed", "named_as"),
    [
        ({"apart": 0.6}, "AUC on 2026-01-01"),
        ({"times": 2.0}, "calibration on 2026-01-01"),
        ({"works": 0.0}, "call on 2026-01-01"),
    ],
)
def test_a_changed_concept_and_an_action_that_stopped_working_are_named_when_outcomes_are_known(
    changed: dict[str, float], named_as: str
) -> None:
    named = 0
    for seed in range(PLANTED):
        rng = np.random.default_rng(seed)
        month = replace(stable(rng), realised=realised(rng, rows=6_000, **changed))
        told = asking(month)
        named += named_as in {one.change.subject for one in told}
        assert all(one.sentence.endswith(".") and "Retrain, or" in one.sentence for one in told)
    assert named >= PLANTED - 1


def test_a_table_that_stopped_and_one_that_halved_are_named() -> None:
    month = stable(np.random.default_rng(1))
    late = AgeSeen("calls", 40.0, np.ones(300))
    missed = AgeSeen("bills", 62.0, np.full(12, 30.4))
    halved = VolumeSeen("visits", 1_000.0, np.random.default_rng(2).poisson(2_000, 24).astype(float), 12)
    told = asking(replace(month, ages=(*month.ages, late, missed), volumes=(*month.volumes, halved)))
    assert {one.change.subject for one in told} == {"calls", "bills", "visits"}


def test_the_same_month_of_last_year_excuses_a_season_and_nothing_more() -> None:
    rng = np.random.default_rng(4)
    training, gate, summer = world(rng, dates=DATES), world(rng), world(rng)
    warm, now = summer.rows.assign(normal_2=summer.rows["normal_2"] + 1.0), world(rng)
    now = World(now.rows.assign(normal_2=now.rows["normal_2"] + 1.0), now.customers)
    known = {"training": training, "the gate cohort": gate}
    without = asking(MonthSeen(seen(now, known)))
    assert [one.change.subject for one in without] == ["normal_2"]
    assert not asking(MonthSeen(seen(now, {**known, "last year": World(warm, summer.customers)})))
    hotter = World(now.rows.assign(normal_2=now.rows["normal_2"] + 1.5), now.customers)
    assert asking(MonthSeen(seen(hotter, {**known, "last year": World(warm, summer.customers)})))


def test_what_the_spec_accepts_or_switches_off_asks_for_nothing_and_thresholds_are_its_own() -> None:
    month = planted(_shifted, 0)
    said = MonitoringSpec(accept={"feature_shift": {"normal_1": "a new product"}})
    shown = [one for one in judged(KINDS, month, said=said) if one.accepted]
    assert {(one.kind, one.change.name) for one in shown} == {("feature_shift", "normal_1")}
    assert not any(one.asks for one in shown)
    assert not asking(month, MonitoringSpec(without={"feature_shift": "we look ourselves"}))
    assert not asking(month, MonitoringSpec(thresholds={"feature_shift": 5.0}))
    assert asking(month)


def test_an_accepted_change_stays_accepted_whatever_rows_it_is_shown_with() -> None:
    """Of figures that come true the shown name has a date, which is another one next month."""
    said = MonitoringSpec(accept={"realised_auc": {"AUC": "a merger"}, "realised_uplift": {"call": "a new desk"}})
    for over in ("on 2026-01-01", "on 2026-02-01", "since 2026-01-01"):
        rng = np.random.default_rng(0)
        came = [replace(one, over=over) for one in realised(rng, rows=6_000, apart=0.6, works=0.0)]
        found = judged(KINDS, MonthSeen(realised=tuple(came)), said=said)
        assert {one.change.subject for one in found if one.accepted} == {f"AUC {over}", f"call {over}"}
        assert not [one for one in found if one.asks and one.kind in said.accept]
        assert not not_measured(said, found)


def test_what_is_accepted_of_one_kind_is_not_accepted_of_another() -> None:
    said = MonitoringSpec(accept={"missing_share": {"normal_1": "not asked for any more"}})
    assert ("feature_shift", "normal_1") in {(one.kind, one.change.name) for one in asking(planted(_shifted, 0), said)}


def test_a_name_that_is_not_watched_is_unknown_and_one_that_nothing_was_measured_of_is_not() -> None:
    watched = {"features": ["plan"], "actions": ["call"]}
    said = MonitoringSpec(
        accept={
            "feature_shift": {"plan": "new", "plna": "new"},
            "realised_uplift": {"call": "new", "call on 2026-01-01": "new"},
            "realised_auc": {"AUC": "new"},
        }
    )
    assert unknown_names(KINDS, said, watched=watched) == {
        "feature_shift": ["plna"],
        "realised_uplift": ["call on 2026-01-01"],
    }
    assert unknown(KINDS, MonitoringSpec(accept={"feature_shfit": {"plan": "new"}})) == ["feature_shfit"]
    assert not_measured(MonitoringSpec(accept={"realised_auc": {"AUC": "new"}}), []) == ["realised_auc: AUC"]
