"""What is around every answer: headers, its id, its line in the log, and metrics."""

import io
import json
import re
import sys

import pytest
from prometheus_client.parser import text_string_to_metric_families

from pipelines.messages import json_lines
from tests.pipelines.jobs.service.web.running import ROW, Running

HEADERS = {
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
}
SOMEBODY = "Mrs-Secret"


@pytest.mark.parametrize("path", ["/health", "/version", "/nowhere", f"/customers/{SOMEBODY}", "/openapi.json"])
def test_every_answer_has_the_headers_and_names_no_server(service: Running, path: str) -> None:
    found = service.ask("GET", path)
    assert {name: found.headers.get(name) for name in HEADERS} == HEADERS
    assert "server" not in found.headers
    assert "access-control-allow-origin" not in found.headers


@pytest.mark.parametrize(
    ("sent", "kept"),
    [("abc-DEF_1.2", True), ("a" * 64, True), ("a" * 65, False), ("a b", False), ("<x>", False), ("", False)],
)
def test_a_short_token_is_the_requests_id(service: Running, sent: str, kept: bool) -> None:
    found = service.ask("GET", "/health", X_Request_ID=sent).headers["x-request-id"]
    assert (found == sent) == kept
    assert kept or re.fullmatch("[0-9a-f]{32}", found)


def logged(service: Running, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The lines of the log of some requests."""
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    event = {"key": SOMEBODY, "table": "t", "row": {"customer_id": SOMEBODY}}
    service.ask("GET", f"/customers/{SOMEBODY}?spec={SOMEBODY}", X_Request_ID="seen")
    service.ask("POST", "/score", {"rows": [{**ROW, "plan": SOMEBODY}]}, X_Request_ID="seen")
    service.ask("POST", "/score", {"rows": [{"tenure": SOMEBODY, "plan": ""}]}, X_Request_ID="seen")
    service.ask("POST", "/events", {"events": [event]}, key="hf_writer", X_Request_ID="seen")
    service.ask("GET", f"/{SOMEBODY}", X_Request_ID="seen")
    service.ask("GET", "/health")  # it is begun when all before have their lines
    return [line for line in stream.getvalue().splitlines() if "seen" in line]


def test_the_log_has_a_line_for_each_request_and_nothing_of_a_customer(
    service: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = logged(service, monkeypatch)
    assert SOMEBODY not in str(lines)
    assert "hf_" not in str(lines)
    assert [" ".join(line.split()[:3]) for line in lines] == [
        "GET /customers/{customer_id} 404",
        "POST /score 200",
        "POST /score 422",
        "POST /events 200",
        "GET none 404",
    ]


def test_the_log_may_be_objects(service: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOLDFAST_LOG", "json")
    lines = [json.loads(line) for line in logged(service, monkeypatch)]
    assert [line["fields"]["status"] for line in lines] == [404, 200, 422, 200, 404]
    assert lines[0].keys() == {*json_lines.KEYS, "fields"}
    assert lines[0]["fields"].keys() == {"method", "route", "status", "milliseconds", "key", "request_id"}
    assert lines[3]["fields"]["key"] == "feed"
    assert SOMEBODY not in str(lines)


def measured(service: Running) -> dict[tuple[str, ...], float]:
    text = service.ask("GET", "/metrics").body.decode()
    samples = (sample for family in text_string_to_metric_families(text) for sample in family.samples)
    return {(one.name, *(value for _, value in sorted(one.labels.items()))): one.value for one in samples}


def test_metrics_count_what_was_asked(service: Running) -> None:
    before = measured(service)
    events = [{"key": f"metric{number}", "table": "t", "row": {"customer_id": "C1"}} for number in range(3)]
    service.ask("POST", "/score", {"rows": [ROW] * 5})
    service.ask(
        "POST", "/events", {"events": [*events, events[0], {**events[0], "key": "r", "row": {}}]}, key="hf_writer"
    )
    service.ask("GET", "/customers/somebody")
    service.ask("POST", "/score", {"rows": [{"tenure": 14, "plan": ""}]})
    after = measured(service)

    def grew(*name: str) -> float:
        return after[name] - before.get(name, 0.0)

    assert grew("holdfast_requests_total", "POST", "/score", "200") == 1
    assert grew("holdfast_requests_total", "POST", "/score", "503") == 1
    assert grew("holdfast_requests_total", "GET", "/customers/{customer_id}", "200") == 1
    assert grew("holdfast_request_seconds_count", "POST", "/score") == 2
    assert grew("holdfast_answers_total", "score", "demo", "7") == 5
    assert grew("holdfast_answers_total", "event", "demo", "7") == 1
    assert grew("holdfast_answers_total", "customer", "demo", "7") == 1
    assert [grew("holdfast_events_total", "demo", state) for state in ("new", "known", "refused")] == [3, 1, 1]
    assert grew("holdfast_pass_size_sum", "score", "demo") == 5
    assert grew("holdfast_database_errors_total") == 1
    assert after["holdfast_champion_info", "demo", "7"] == after["holdfast_ready", "demo"] == 1


def test_metrics_name_no_path_that_was_made_up(service: Running) -> None:
    before = {name[2] for name in measured(service) if name[0] == "holdfast_requests_total"}
    for path in ("/a", "/b", "/customers/x", "/customers/y/z"):
        service.ask("GET", path)
    after = {name[2] for name in measured(service) if name[0] == "holdfast_requests_total"}
    assert after - before <= {"none", "/customers/{customer_id}", "/metrics"}
