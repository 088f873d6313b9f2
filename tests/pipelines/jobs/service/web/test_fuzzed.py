"""Thousands of requests made up from /openapi.json: no 500, and no answer that the document does not know."""

from collections import Counter
from typing import Any

import pandas as pd
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import Case, GenerationMode
from schemathesis.specs.openapi import checks

from pipelines.jobs.service.settings import Settings
from pipelines.jobs.service.web.app import made
from pipelines.jobs.service.web.raw_bodies import LONGEST_SPEC
from tests.pipelines.jobs.service.web.memory_desk import MemoryDesk

KEY = {"X-API-Key": "hf_any"}
CHECKS = [checks.status_code_conformance, checks.content_type_conformance, checks.response_schema_conformance]
TOO_LARGE = 413  # a refusal, too, which schemathesis does not count among them
# Of each route and way; those that take nothing have one request to make up.
EACH, LEAST = 285, 5000


class AnyColumns(MemoryDesk):
    """A desk whose model takes any columns."""

    def score(self, rows: pd.DataFrame, *, reasons: int) -> tuple[str, pd.DataFrame]:
        return super().score(pd.DataFrame({"tenure": 1.0, "plan": "basic"}, index=rows.index), reasons=reasons)


def of_the_served_spec(case: Case) -> Case:
    """The case; of every other one that names a spec, it is the one that there is. What is too long stays wrong."""
    for place in (case.body, case.query):
        named = place.get("spec") if isinstance(place, dict) else None
        if isinstance(named, str) and len(named) % 2 == 0 and len(named) <= LONGEST_SPEC:
            place["spec"] = "demo"
    return case


@pytest.mark.slow
def test_no_made_up_request_gets_an_answer_that_nobody_described(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOLDFAST_LOUDNESS", "quiet")
    app = made({"demo": AnyColumns("demo")}, keys={"hf_any": ("any", None)}.get, settings=Settings(rate=10_000_000))
    schema = schemathesis.openapi.from_asgi("/openapi.json", app, headers=KEY)
    seen: Counter[tuple[str, int]] = Counter()
    for operation in [one.ok() for one in schema.get_all_operations()]:
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            if operation.label != "GET /health":  # which has nothing that could be wrong
                ask(operation, mode, seen)
    assert sum(seen.values()) >= LEAST
    assert {status for _, status in seen} <= {200, 400, 404, 408, 413, 415, 422}
    answered = {label for label, status in seen if status == 200}
    assert {"POST /score", "POST /events", "POST /actions", "GET /customers/{customer_id}"} <= answered


def ask(operation: Any, mode: GenerationMode, seen: Counter[tuple[str, int]]) -> None:
    """Ask the made-up requests of an operation, and hold the answers to the document."""

    @seed(20260130)
    @settings(
        max_examples=EACH,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @given(case=operation.as_strategy(generation_mode=mode).map(of_the_served_spec))
    def asked(case: Case) -> None:
        found = case.call(headers=KEY)
        seen[operation.label, found.status_code] += 1
        rejection = [] if found.status_code == TOO_LARGE else [checks.negative_data_rejection]
        case.validate_response(found, checks=CHECKS + rejection)

    asked()
