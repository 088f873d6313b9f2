"""What follows warnings on a later run: escalated when overdue, expired when over, whatever became of their rule."""

from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa

from experiments.alerts.episodes import Episodes
from pipelines.outreach import alert_run
from pipelines.outreach.operations import database, warnings
from pipelines.outreach.operations.tables import WARNING_EVENTS
from pipelines.outreach.operations.warnings import Warning_

AT, DUE = "2026-01-01T00:00:00", "2026-01-04T00:00:00"
NOW = datetime(2026, 1, 5)
CUSTOMERS = pd.Index(["c0", "c1"])


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> sa.Engine:
    monkeypatch.delenv(database.ADDRESS, raising=False)
    found = database.opened(tmp_path)
    made = [
        Warning_("demo", rule, customer, AT, AT, "high", "desk", "list", DUE, "head", {})
        for rule in ("lasts", "taken_out")
        for customer in CUSTOMERS
    ]
    warnings.raised(found, made, {}, spec="demo", at=AT)
    return found


def states(engine: sa.Engine) -> dict[tuple[str, str], str]:
    rows = warnings.all_of(engine, "demo")
    return {(row.rule, row.customer_id): row.state for row in rows.itertuples()}


def test_a_warning_of_a_rule_that_was_taken_out_expires_and_says_why(engine: sa.Engine) -> None:
    standing = Episodes(np.array([480_000.0, np.nan]), np.array([True, False]), np.full(2, 480_000.0))
    for _ in range(2):  # a run that is repeated writes nothing twice
        alert_run._follow_up(engine, "demo", {"lasts": (CUSTOMERS, standing)}, now=NOW)
    assert states(engine) == {
        ("lasts", "c0"): "escalated",
        ("lasts", "c1"): "expired",
        ("taken_out", "c0"): "expired",
        ("taken_out", "c1"): "expired",
    }
    with engine.connect() as connection:
        asked = sa.select(WARNING_EVENTS.c.rule, WARNING_EVENTS.c.note)
        notes = set(map(tuple, connection.execute(asked)))
    assert notes == {("lasts", "head"), ("lasts", ""), ("taken_out", alert_run.TAKEN_OUT)}
