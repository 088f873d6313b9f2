"""Warnings in the database: one for an episode, and what became of it."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa

from experiments.alerts.episodes import Episodes
from experiments.logic.truth import FALSE, TRUE
from features.errors import UsageError
from pipelines.outreach.operations import clock, database, warnings
from pipelines.outreach.operations.tables import WARNING_EVENTS
from pipelines.outreach.operations.warnings import Warning_

CUSTOMERS = pd.Index(["c0", "c1", "c2"])
AT = "2026-01-01T00:00:00"
ONE = Warning_(
    "demo", "use_is_down", "c0", AT, AT, "high", "desk", "list", "2026-01-04T00:00:00", "head", {"model": "3"}
)
KEY = ("demo", "use_is_down", "c0", AT)


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> sa.Engine:
    monkeypatch.delenv(database.ADDRESS, raising=False)
    return database.opened(tmp_path)


def stand(*truths: list[float]) -> Episodes:
    """Where three customers stand after the truths of some days."""
    state = Episodes.none(3)
    for day, found in enumerate(truths):
        state, _ = state.after(clock.hours(datetime.fromisoformat(AT)) + 24 * day, np.array(found))
    return state


def test_where_customers_stand_is_read_as_it_was_written(engine: sa.Engine) -> None:
    state = stand([TRUE, FALSE, FALSE], [TRUE, TRUE, FALSE], [FALSE, TRUE, FALSE])
    warnings.raised(engine, [ONE], {"use_is_down": (CUSTOMERS, state)}, spec="demo", at=AT)
    found, last_run = warnings.episodes(engine, "demo", "use_is_down", CUSTOMERS)
    assert last_run == AT
    np.testing.assert_array_equal(found.since, state.since)
    np.testing.assert_array_equal(found.last, state.last)
    assert (found.fired == state.fired).all()


def test_a_run_that_is_repeated_raises_nothing_twice(engine: sa.Engine) -> None:
    standing = {"use_is_down": (CUSTOMERS, stand([TRUE, FALSE, FALSE]))}
    assert warnings.raised(engine, [ONE], standing, spec="demo", at=AT) == {"use_is_down": 1}
    assert not warnings.raised(engine, [ONE], standing, spec="demo", at=AT)
    later = replace(ONE, began_at="2026-02-01T00:00:00")
    assert warnings.raised(engine, [ONE, later], standing, spec="demo", at=AT) == {"use_is_down": 1}
    assert len(warnings.all_of(engine, "demo")) == 2


def test_a_run_that_fails_leaves_nothing(engine: sa.Engine) -> None:
    broken = {"use_is_down": (CUSTOMERS, replace(stand([TRUE, FALSE, FALSE]), since=np.full(3, np.inf)))}
    with pytest.raises(OverflowError):
        warnings.raised(engine, [ONE], broken, spec="demo", at=AT)
    assert warnings.all_of(engine, "demo").empty


def test_who_is_not_there_today_stands_where_they_stood(engine: sa.Engine) -> None:
    warnings.raised(engine, [], {"use_is_down": (CUSTOMERS, stand([TRUE, FALSE, TRUE]))}, spec="demo", at=AT)
    others = pd.Index(["c1", "c9"])
    warnings.raised(engine, [], {"use_is_down": (others, Episodes.none(2))}, spec="demo", at=AT)
    found, _ = warnings.episodes(engine, "demo", "use_is_down", CUSTOMERS)
    assert (~np.isnan(found.since)).tolist() == [True, False, True]


def test_a_warning_goes_from_open_to_acknowledged_to_done(engine: sa.Engine) -> None:
    warnings.raised(engine, [ONE], {}, spec="demo", at=AT)
    states = []
    for kind in (None, warnings.ACKNOWLEDGED, warnings.ESCALATED, warnings.DONE):
        if kind:
            assert warnings.happened(engine, KEY, kind, at=AT, by="clerk")
            assert not warnings.happened(engine, KEY, kind, at=AT, by="clerk")
        states += warnings.all_of(engine, "demo")["state"].tolist()
    assert states == ["open", "acknowledged", "escalated", "done"]
    with pytest.raises(UsageError, match="is done already"):
        warnings.happened(engine, KEY, warnings.EXPIRED, at=AT, by="holdfast")


def test_who_takes_on_what_was_escalated_has_taken_it_on(engine: sa.Engine) -> None:
    warnings.raised(engine, [ONE], {}, spec="demo", at=AT)
    late, later = "2026-01-04T00:00:00", "2026-01-05T00:00:00"
    warnings.happened(engine, KEY, warnings.ESCALATED, at=late, by="holdfast")
    warnings.happened(engine, KEY, warnings.ACKNOWLEDGED, at=later, by="head")
    assert warnings.all_of(engine, "demo")["state"].tolist() == ["acknowledged"]
    # A second run finds it overdue again, and nothing is new.
    warnings.all_happened(engine, [warnings.event(KEY, warnings.ESCALATED, at="2026-01-06T00:00:00", by="holdfast")])
    assert warnings.all_of(engine, "demo")["state"].tolist() == ["acknowledged"]


def test_what_is_closed_stays_closed_whenever_the_rest_happened(engine: sa.Engine) -> None:
    warnings.raised(engine, [ONE], {}, spec="demo", at=AT)
    warnings.happened(engine, KEY, warnings.DONE, at="2026-01-02T00:00:00", by="clerk")
    warnings.all_happened(engine, [warnings.event(KEY, warnings.ESCALATED, at="2026-01-09T00:00:00", by="holdfast")])
    assert warnings.all_of(engine, "demo")["state"].tolist() == ["done"]


def test_nothing_is_done_before_it_was_raised(engine: sa.Engine) -> None:
    warnings.raised(engine, [ONE], {}, spec="demo", at=AT)
    before, now = "2025-12-31T23:59:59", "2026-01-02T09:00:00"
    for kind in (warnings.DONE, warnings.ACKNOWLEDGED):
        with pytest.raises(UsageError, match=f"was raised at {AT}; it cannot be {kind} at {before}, before that"):
            warnings.happened(engine, KEY, kind, at=before, by="clerk", known_at=now)
    assert warnings.happened(engine, KEY, warnings.ACKNOWLEDGED, at=AT, by="clerk", known_at=now)
    # Of what is done now, on clocks that were set back, nobody has said a wrong time.
    assert warnings.happened(engine, KEY, warnings.DONE, at=before, by="clerk")
    with engine.connect() as connection:
        asked = sa.select(WARNING_EVENTS.c.happened_at, WARNING_EVENTS.c.known_at).order_by(WARNING_EVENTS.c.kind)
        assert [tuple(row) for row in connection.execute(asked)] == [(AT, now), (AT, AT)]


def test_the_episodes_of_a_rule_that_is_gone_are_over(engine: sa.Engine) -> None:
    standing = {name: (CUSTOMERS, stand([TRUE, FALSE, FALSE])) for name in ("use_is_down", "score")}
    warnings.raised(engine, [ONE], standing, spec="demo", at=AT)
    warnings.raised(engine, [], {"score": standing["score"]}, spec="demo", at="2026-01-02T00:00:00")
    found, last_run = warnings.episodes(engine, "demo", "use_is_down", CUSTOMERS)
    assert np.isnan(found.since).all()
    assert not found.fired.any()
    assert found.last[0] > -np.inf  # its quiet period lasts
    assert last_run == AT
    kept, _ = warnings.episodes(engine, "demo", "score", CUSTOMERS)
    assert not np.isnan(kept.since[0])


def test_a_warning_that_there_is_not_is_said_to(engine: sa.Engine) -> None:
    with pytest.raises(UsageError, match="has no warning"):
        warnings.happened(engine, KEY, warnings.DONE, at=AT, by="clerk")
