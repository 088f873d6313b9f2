"""The list of all customers: the newest that was said of each, of the batch or of an event."""

from pathlib import Path
from typing import Any

import pandas as pd
import sqlalchemy as sa

from pipelines.jobs.service.online.listing import Listing
from pipelines.outreach.operations import answers, database

BATCH = pd.DataFrame({"customer_id": ["a", "b", "c"], "churn_probability": [0.9, 0.5, 0.1]})


def said(engine: sa.Engine, who: str, score: float | None, **more: Any) -> None:
    row: dict[str, Any] = {"spec": "demo", "customer_id": who, "version": "1", "answered_at": "2026-03-01T08:00:00"}
    answers.keep(engine, [{**row, "digest": "", "score": score, "advice": None, "event": 1, "kind": "event", **more}])


def shown(listing: Listing) -> list[tuple[str, float]]:
    total, rows = listing.part(offset=0, limit=1000)
    assert total == len(rows)
    assert [row["rank"] for row in rows] == list(range(1, total + 1))
    return [(row["customer_id"], row["churn_probability"]) for row in rows]


def test_whoever_left_by_an_event_leaves_the_list_and_whoever_comes_back_is_there_again(tmp_path: Path) -> None:
    engine = database.opened(tmp_path)
    listing = Listing(engine, "demo", "1", BATCH)
    said(engine, "a", None)
    assert shown(listing) == [("b", 0.5), ("c", 0.1)]
    said(engine, "of nobody before", None)
    said(engine, "c", None)
    said(engine, "b", None)
    assert shown(listing) == []
    said(engine, "a", 0.05)
    said(engine, "a customer of a long name", 0.2)
    said(engine, "b", 0.3, version="2")
    said(engine, "c", 0.3, kind="customer")
    assert shown(listing) == [("a customer of a long name", 0.2), ("a", 0.05)]
    assert shown(Listing(engine, "demo", "1", BATCH)) == shown(listing), "also after a restart"


def test_what_was_said_after_events_that_the_batch_has_is_older_than_the_batch(tmp_path: Path) -> None:
    engine = database.opened(tmp_path)
    said(engine, "a", 0.2, event=7)
    said(engine, "b", 0.7, event=8)
    assert shown(Listing(engine, "demo", "1", BATCH, received=7)) == [("a", 0.9), ("b", 0.7), ("c", 0.1)]
    assert shown(Listing(engine, "demo", "1", BATCH, received=8)) == [("a", 0.9), ("b", 0.5), ("c", 0.1)]
