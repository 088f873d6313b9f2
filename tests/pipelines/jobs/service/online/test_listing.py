"""The list with newer scores is the list that a sort of everybody's newest score would give."""

import itertools
from datetime import datetime
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.jobs.service.online.listing import Listing
from pipelines.outreach.operations import answers, database

AT = datetime(2026, 1, 1).isoformat()
NAMES = [f"c{number}" for number in range(12)]
SCORES = st.sampled_from([0.1, 0.2, 0.2000001, 0.5, 0.9])
COUNT = itertools.count()


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> sa.Engine:
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv(database.ADDRESS, raising=False)
        return database.opened(tmp_path_factory.mktemp("listing"))


def answered(
    spec: str, customer: str, score: float | None, *, version: str = "1", kind: str = "event"
) -> dict[str, Any]:
    told = {"spec": spec, "customer_id": customer, "version": version, "answered_at": AT, "digest": "", "score": score}
    return {**told, "advice": None, "event": 1, "kind": kind}


@given(
    st.dictionaries(st.sampled_from(NAMES[:8]), SCORES, min_size=1),
    # Without a score is who has left.
    st.lists(st.lists(st.tuples(st.sampled_from(NAMES), st.none() | SCORES), max_size=5), max_size=4),
)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_it_is_the_sort_of_the_newest_scores(
    engine: sa.Engine, batch: dict[str, float], later: list[list[tuple[str, float | None]]]
) -> None:
    spec = f"spec{next(COUNT)}"
    ordered = sorted(batch.items(), key=lambda one: (-one[1], one[0]))
    listing = Listing(engine, spec, "1", pd.DataFrame(ordered, columns=["customer_id", "churn_probability"]))
    newest: dict[str, float | None] = dict(batch)
    for some in later:
        answers.keep(engine, [answered(spec, who, score) for who, score in some])
        # Of another version, and of somebody who only was looked at.
        answers.keep(engine, [answered(spec, "c0", 0.7, version="2"), answered(spec, "c0", 0.7, kind="customer")])
        newest |= dict(some)
        newest = {who: score for who, score in newest.items() if score is not None}
        total, rows = listing.part(offset=0, limit=100)
        assert total == len(newest)
        found = [(one["customer_id"], one["churn_probability"]) for one in rows]
        assert dict(found) == newest
        scores = [score for _, score in found]
        assert scores == sorted(scores, reverse=True)
        assert [one["rank"] for one in rows] == list(range(1, total + 1))
        assert listing.part(offset=2, limit=3) == (total, rows[2:5])
