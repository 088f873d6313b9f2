"""Who may ask what, how often, and how much."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from features.errors import StorageError
from pipelines.jobs.service.refusals import NotFound
from pipelines.jobs.service.web import answering
from pipelines.jobs.service.web import keys as web_keys
from pipelines.outreach.operations import database, service_keys
from tests.pipelines.jobs.service.web.memory_desk import MemoryDesk
from tests.pipelines.jobs.service.web.running import KEYS, ROW, Running, running

EVENT = {"key": "e1", "table": "tickets", "row": {"customer_id": "C1"}}
ASKED: dict[str, tuple[str, str, Any]] = {
    "score": ("POST", "/score", {"rows": [ROW]}),
    "list": ("GET", "/list", None),
    "version": ("GET", "/version", None),
    "events": ("POST", "/events", {"events": [EVENT]}),
    "actions": ("POST", "/actions", {"actions": [{"customer": "C1"}]}),
}
READS = {"score", "list", "version"}
MAY = {"hf_reader": READS, "hf_writer": READS | {"events"}, "hf_team": READS | {"actions"}}
GUARDED = ["/ready", "/version", "/metrics", "/openapi.json", "/columns", "/list", "/customers/C1"]


@pytest.mark.parametrize("key", MAY)
def test_a_role_may_what_it_may_and_nothing_else(service: Running, key: str) -> None:
    statuses = {name: service.ask(*asked, key=key).status for name, asked in ASKED.items()}
    assert statuses == {name: 200 if name in MAY[key] else 403 for name in ASKED}


@pytest.mark.parametrize("path", GUARDED)
def test_only_health_needs_no_key(service: Running, path: str) -> None:
    found = service.ask("GET", path, key=None)
    assert (found.status, found.headers["www-authenticate"]) == (401, "Bearer")
    assert service.ask("GET", path).status == 200
    assert service.ask("GET", "/health", key=None).plain == {"status": "ok"}


def test_a_key_may_be_a_bearer_token(service: Running) -> None:
    assert service.ask("GET", "/version", key=None, Authorization="bearer hf_reader").status == 200


@pytest.mark.parametrize("shown", ["Basic hf_reader", "Bearer", "Bearer hf_other", "hf_reader", "Bearer hf reader"])
def test_other_words_are_no_key(service: Running, shown: str) -> None:
    assert service.ask("GET", "/version", key=None, Authorization=shown).status == 401


def test_keys_of_the_database_hold_until_they_are_revoked(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_keys, "FRESH_SECONDS", 0.0)
    engine = database.opened(tmp_path)
    key = service_keys.add(engine, "crm", "read")
    with running(keys=lambda shown: service_keys.role_of(engine, shown)) as service:
        assert service.ask("GET", "/version", key=key).status == 200
        assert service.ask("GET", "/version", key=key[:-1]).status == 401
        service_keys.revoke(engine, "crm")
        assert service.ask("GET", "/version", key=key).status == 401
    engine.dispose()


def test_a_key_is_looked_up_once_in_some_seconds() -> None:
    asked = []

    def look_up(key: str) -> tuple[str, str] | None:
        asked.append(key)
        return KEYS.get(key)

    with running(keys=look_up) as service:
        statuses = [service.ask("GET", "/version", key=key).status for key in ("hf_reader", "hf_no") * 3]
    assert statuses == [200, 401] * 3
    assert asked == ["hf_reader", "hf_no"]


def test_a_known_key_is_believed_while_the_database_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_keys, "FRESH_SECONDS", 0.0)
    gone, asked = threading.Event(), []

    def look_up(key: str) -> tuple[str, str] | None:
        asked.append(key)
        if gone.is_set():
            raise StorageError("the database is gone")
        return KEYS.get(key)

    with running(keys=look_up) as service:
        assert service.ask("GET", "/version").status == 200
        gone.set()
        assert [service.ask("GET", "/version").status for _ in range(3)] == [200] * 3
        assert asked == ["hf_reader"] * 2, "while it is gone, not every request waits for it"
        assert service.ask("GET", "/version", key="hf_team").status == 503


def test_without_keys_anybody_may_who_names_this_machine() -> None:
    with running(keys=None, without_keys=True) as service:
        assert [service.ask(*asked, key=None).status for asked in ASKED.values()] == [200] * len(ASKED)
        assert service.ask("GET", "/version", key=None, Host="localhost:80").status == 200
        assert service.ask("GET", "/version", key=None, Host="rebound.example").status == 400


def test_a_key_that_asks_too_often_waits_and_others_do_not() -> None:
    with running(rate=5) as service:
        statuses = [service.ask("GET", "/version").status for _ in range(7)]
        refused = service.ask("GET", "/version")
        assert statuses == [200] * 5 + [429] * 2
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        assert service.ask("GET", "/version", key="hf_team").status == 200
        assert service.ask("GET", "/health", key=None).status == 200


def test_a_body_of_ten_megabytes_is_too_large(service: Running) -> None:
    found = service.ask("POST", "/events", {"events": [{**EVENT, "row": {"text": "x" * 10_000_000}}]}, key="hf_writer")
    assert found.status == 413
    assert found.headers["connection"] == "close"


def test_a_body_that_tells_no_length_is_counted_while_it_comes() -> None:
    part = b"186a0\r\n" + b"x" * 100_000 + b"\r\n"
    head = b"POST /score HTTP/1.1\r\nHost: x\r\nX-API-Key: hf_reader\r\nContent-Type: application/json\r\n"
    with running(json_bytes=150_000) as service:
        sent = head + b"Transfer-Encoding: chunked\r\n\r\n" + part * 3 + b"0\r\n\r\n"
        assert service.raw(sent).startswith(b"HTTP/1.1 413 ")


def test_a_declared_length_far_too_large_is_not_even_read(service: Running) -> None:
    head = b"POST /score HTTP/1.1\r\nHost: x\r\nX-API-Key: hf_reader\r\nContent-Type: application/json\r\n"
    assert service.raw(head + b"Content-Length: 99999999999\r\n\r\n").startswith(b"HTTP/1.1 413 ")


def test_a_body_that_does_not_come_is_waited_for_no_longer_than_told() -> None:
    head = b"POST /score HTTP/1.1\r\nHost: x\r\nX-API-Key: hf_reader\r\nContent-Type: application/json\r\n"
    with running(body_seconds=0.2) as service:
        assert service.raw(head + b"Content-Length: 10\r\n\r\n{").startswith(b"HTTP/1.1 408 ")


def test_rows_and_events_have_a_most(service: Running) -> None:
    rows = [{"tenure": 1, "plan": ""}]
    assert len(service.ask("POST", "/score", {"rows": rows * 10_000}).plain["predictions"]) == 10_000
    assert service.ask("POST", "/score", {"rows": rows * 10_001}).status == 422
    events = [{**EVENT, "key": f"m{number}"} for number in range(501)]
    assert service.ask("POST", "/events", {"events": events}, key="hf_writer").status == 422
    assert len(service.ask("POST", "/events", {"events": events[:500]}, key="hf_writer").plain["events"]) == 500


def test_endless_headers_are_refused(service: Running) -> None:
    found = service.raw(b"GET /health HTTP/1.1\r\nX: " + b"x" * 100_000)
    assert found.startswith(b"HTTP/1.1 400 ")


def test_more_requests_than_are_held_are_told_to_come_again() -> None:
    desk = MemoryDesk("demo", seconds=1.0)
    with running(desk, in_flight=1) as service:
        first = threading.Thread(target=service.ask, args=("POST", "/score", {"rows": [ROW]}))
        first.start()
        assert desk.held.wait(10)
        busy = service.ask("GET", "/version")
        assert service.ask("GET", "/health").status == 200
        first.join()
        assert (busy.status, busy.headers["retry-after"]) == (503, "1")
        assert service.ask("GET", "/version").status == 200


def test_requests_that_wait_for_a_pass_hold_up_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    slow, other = MemoryDesk("slow"), MemoryDesk("other")
    free, asked = threading.Event(), threading.Semaphore(0)

    def customer(customer_id: str) -> dict[str, Any]:
        asked.release()
        assert free.wait(60)
        raise NotFound(f"there is no {customer_id}.")

    monkeypatch.setattr(slow, "customer", customer)
    with running(slow, other) as service, ThreadPoolExecutor(answering.WAITING) as pool:
        waiting = [pool.submit(service.ask, "GET", "/customers/C1?spec=slow") for _ in range(answering.WAITING)]
        assert all(asked.acquire(timeout=60) for _ in waiting)
        found = [
            service.ask("GET", path, key="hf_team").status for path in ("/list?spec=slow", "/customers/C1?spec=other")
        ]
        free.set()
        assert found == [200, 200]
        assert {one.result().status for one in waiting} == {404}


def test_events_are_known_by_their_key(service: Running) -> None:
    def state(**changed: Any) -> str:
        body = {"events": [{"key": "same", "table": "tickets", "row": {"customer_id": "C2"}, **changed}]}
        return service.ask("POST", "/events", body, key="hf_writer").plain["events"][0]["state"]

    assert [state(), state(), state(row={"customer_id": "C3"})] == ["new", "known", "conflict"]
    assert state(key="of a file", table=None, file="calls.csv") == "new"
    assert state(key="without", row={}) == "refused"


def test_an_event_has_a_table_or_a_file(service: Running) -> None:
    for places in ({}, {"table": "a", "file": "b"}, {"table": None}):
        event = {"key": "k", "row": {"customer_id": "C1"}, **places}
        assert service.ask("POST", "/events", {"events": [event]}, key="hf_writer").status == 422


def test_actions_are_signed_by_the_key_and_read_as_texts(service: Running) -> None:
    sent = {"customer": "C1", "action": "call", "cost": 12.5, "note": None}
    assert service.ask("POST", "/actions", {"actions": [sent]}, key="hf_team").plain["new"] == 1
    assert service.desk.acted[-1] == ("key team", {"customer": "C1", "action": "call", "cost": "12.5"})
    for empty in ({}, {"customer": None}):
        refused = service.ask("POST", "/actions", {"actions": [sent, empty]}, key="hf_team")
        assert (refused.status, "actions.1 is empty" in refused.message) == (422, True)
    assert service.ask("POST", "/actions", {"actions": [{"opted_out": False}]}, key="hf_team").status == 422
