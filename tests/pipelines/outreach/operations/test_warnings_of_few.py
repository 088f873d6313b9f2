"""Warnings between the runs over everybody: what a run over everybody at the same moments would have raised."""

import itertools
import threading
from datetime import datetime, timedelta
from functools import partial

import numpy as np
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from experiments.alerts.alert_file import Rule
from experiments.alerts.episodes import played
from experiments.logic import truth
from pipelines.outreach.operations import clock, database, warnings, warnings_of_few
from pipelines.outreach.operations.warnings import Warning_
from pipelines.outreach.operations.warnings_of_few import Asked
from tests.pipelines.postgres_server import running_server

BEGAN = datetime(2026, 1, 1)
CUSTOMERS = ["c0", "c1", "c2"]
COUNT = itertools.count()
TRUTHS = st.sampled_from([truth.TRUE, truth.FALSE, truth.UNKNOWN])


def rule(**keys: object) -> Rule:
    says = {"en": "It is so", "zh": "是"}
    return Rule.model_validate({"says": says, "when": {"feature": "value", "at_most": 3}, "owner": "desk", **keys})


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> sa.Engine:
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv(database.ADDRESS, raising=False)
        return database.opened(tmp_path_factory.mktemp("few"))


def asked(spec: str, one: Rule, found: list[float], customers: list[str], at: str) -> Asked:
    def warning(place: int, since: float) -> Warning_:
        began = clock.text(clock.moment(since))
        return Warning_(spec, "rule", customers[place], began, at, "high", "desk", "list", at, None, {})

    return Asked(one, np.array(found), warning)


@given(
    st.lists(st.lists(TRUTHS, min_size=3, max_size=3), min_size=1, max_size=7),
    st.sampled_from([0, 24]),
    st.sampled_from([0, 2]),
)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_they_are_those_of_the_back_test(
    engine: sa.Engine, truths: list[list[float]], after_hours: int, quiet_days: int
) -> None:
    spec, one = f"spec{next(COUNT)}", rule(after_hours=after_hours, quiet_days=quiet_days)
    moments = [BEGAN + timedelta(hours=13 * number) for number in range(len(truths))]
    fired = []
    for moment, found in zip(moments, truths, strict=True):
        at, before = clock.text(moment), len(warnings.all_of(engine, spec))
        # Each customer by itself, in whatever order, and twice: as events come.
        for place in (2, 0, 1, 2):
            some = [CUSTOMERS[place]]
            there = warnings_of_few.raised(
                engine, spec, some, {"rule": asked(spec, one, [found[place]], some, at)}, at=at
            )
            assert {row["customer_id"] for row in there} <= set(some)
        every = warnings.all_of(engine, spec)
        fired.append(sorted(every.loc[every["raised_at"] == at, "customer_id"]))
        assert len(every) >= before
    hours = np.array([clock.hours(moment) for moment in moments])
    wanted = played(hours, np.array(truths), delay_hours=one.after_hours, quiet_hours=24 * one.quiet_days)
    assert fired == [[CUSTOMERS[place] for place in np.flatnonzero(row)] for row in wanted]


def test_what_is_over_has_expired_and_an_earlier_moment_changes_nothing(engine: sa.Engine) -> None:
    spec, one = f"spec{next(COUNT)}", rule()
    raised = partial(warnings_of_few.raised, engine, spec, ["c0"])
    days = [clock.text(BEGAN + timedelta(days=number)) for number in range(3)]
    ask = partial(asked, spec, one, customers=["c0"])
    assert [row["state"] for row in raised({"rule": ask([truth.TRUE], at=days[1])}, at=days[1])] == ["open"]
    assert [row["state"] for row in raised({"rule": ask([truth.FALSE], at=days[0])}, at=days[0])] == ["open"]
    assert [row["state"] for row in raised({"rule": ask([truth.FALSE], at=days[2])}, at=days[2])] == ["expired"]


def test_processes_that_ask_at_once_warn_once() -> None:
    with running_server() as address, pytest.MonkeyPatch.context() as patch:
        patch.setenv(database.ADDRESS, address)
        engines = [database.opened(None, pooled=True) for _ in range(4)]  # type: ignore[arg-type]  # no folder is asked
        at, one, together = clock.text(BEGAN), rule(), threading.Barrier(4)
        customers = [f"c{number}" for number in range(20)]

        def raise_all(engine: sa.Engine) -> None:
            together.wait()
            for who in customers:
                warnings_of_few.raised(
                    engine, "shop", [who], {"rule": asked("shop", one, [truth.TRUE], [who], at)}, at=at
                )

        threads = [threading.Thread(target=raise_all, args=(engine,)) for engine in engines]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(warnings.all_of(engines[0], "shop")["customer_id"]) == sorted(customers)
        for engine in engines:
            engine.dispose()
