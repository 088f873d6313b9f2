"""The service on a tiny world: what happens while events come, processes are killed, and champions change."""

import json
import os
import signal
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.end_to_end.repository import Repository
from tests.end_to_end.served import Service, note, served, stop
from tests.pipelines.postgres_server import running_server

RULE = "complains_in_words"


@pytest.fixture(scope="module")
def shop(tiny: Repository) -> Repository:
    """The tiny world, with a round."""
    tiny.spec("demo", "demo", alerts="demo", playbook="demo", round={"control": 0.3})
    assert tiny.act("round", "demo").returncode == 0
    return tiny


@pytest.fixture(scope="module")
def drawn(shop: Repository) -> pd.DataFrame:
    """What the round drew: customer_id and action, `control` for those who are withheld."""
    return pd.read_parquet(next(shop.root.glob("artifacts/demo/rounds/*/treatments.parquet")))


@pytest.fixture(scope="module")
def ranked(shop: Repository) -> pd.DataFrame:
    return pd.read_parquet(shop.root / "artifacts/demo/ranked_list/ranked_list.parquet")


@pytest.fixture(scope="module")
def service(shop: Repository) -> Iterator[Service]:
    with served(shop, "demo") as found:
        yield found


def operations(repository: Repository, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(repository.root / "state" / "operations.db")) as connection:
        return connection.execute(query).fetchall()


def test_the_list_is_the_batchs_before_anything_happens(service: Service, ranked: pd.DataFrame) -> None:
    found = service.get("/list?limit=1000")
    wanted = ranked.sort_values(["churn_probability", "customer_id"], ascending=[False, True], ignore_index=True)
    assert found["total"] == len(ranked)
    assert [one["customer_id"] for one in found["customers"]] == wanted["customer_id"].head(1000).tolist()
    assert [one["churn_probability"] for one in found["customers"]] == wanted["churn_probability"].head(1000).tolist()
    part = service.get("/list?offset=7&limit=3")["customers"]
    assert part == found["customers"][7:10]


def test_a_customer_has_the_batchs_score_reasons_and_level(service: Service, ranked: pd.DataFrame) -> None:
    for _, row in ranked.iloc[:: len(ranked) // 5].iterrows():
        found = service.get(f"/customers/{row['customer_id']}")
        # The service is seconds later than the batch, by which days since this and that have grown.
        assert found["risk"]["churn_probability"] == pytest.approx(row["churn_probability"], abs=0.02)
        assert found["active"] is True
        assert found["version"] == row["model_version"]
        assert len(found["reasons"]) <= 3
        known = [one["known_at"] for one in found["timeline"]]
        assert known == sorted(known, reverse=True)
        assert {one["customer_id"] for one in found["timeline"] if one["table"] != "contacts"} == {row["customer_id"]}


def test_ready_rows_are_scored_as_the_batch_did_and_the_answers_are_kept(
    service: Service, shop: Repository, ranked: pd.DataFrame
) -> None:
    names = [one["name"] for one in service.get("/columns")["columns"]]
    rows = pd.read_parquet(next((shop.root / "data/matrix/demo/score").glob("*.parquet")))
    themes = [
        pd.read_parquet(one) for one in sorted((shop.root / "data/matrix/demo/themes").glob(f"*/{_newest(shop)}"))
    ]
    features = pd.concat(themes, axis=1).iloc[rows["place"].to_numpy()]
    some = np.arange(0, len(rows), max(1, len(rows) // 20))
    asked = json.loads(features.iloc[some][names].to_json(orient="records"))
    status, found = service.ask("POST", "/score", {"rows": asked, "reasons": 2})
    assert status == 200, found
    by_customer = ranked.set_index("customer_id")["churn_probability"]
    wanted = by_customer.loc[rows["customer_id"].iloc[some]].tolist()
    assert [one["churn_probability"] for one in found["predictions"]] == wanted
    until = time.monotonic() + 20
    while time.monotonic() < until:
        kept = operations(shop, "SELECT score FROM holdfast_answers WHERE kind = 'score' ORDER BY number")
        if len(kept) == len(wanted):
            break
        time.sleep(0.05)
    assert [row[0] for row in kept] == wanted


def _newest(repository: Repository) -> str:
    return next((repository.root / "data/matrix/demo/score").glob("*.parquet")).name


def test_an_event_changes_its_customer_at_once_and_is_kept_once(
    service: Service, shop: Repository, ranked: pd.DataFrame
) -> None:
    who = ranked["customer_id"].iloc[-1]
    before = service.get(f"/customers/{who}")
    found = service.post(note("a", who))
    (event,), (after,) = found["events"], found["customers"]
    assert event["state"] == "new"
    assert after["as_of"] > event["known_at"]
    assert after["risk"]["churn_probability"] != before["risk"]["churn_probability"]
    assert RULE in {one["rule"] for one in after["warnings"]}
    again = service.post(note("a", who))
    assert again["events"] == [{**event, "state": "known"}]
    assert again["customers"][0]["warnings"] == after["warnings"]
    other = service.post(note("a", who, complaint=False))["events"][0]
    assert other["state"] == "conflict"
    raised = f"SELECT count(*) FROM holdfast_warnings WHERE customer_id = '{who}' AND rule = '{RULE}'"
    assert operations(shop, raised) == [(1,)]
    assert operations(shop, "SELECT count(*) FROM holdfast_events WHERE key = 'a'") == [(1,)]
    parts = [service.get(f"/list?limit=1000&offset={offset}")["customers"] for offset in range(0, len(ranked), 1000)]
    listed = [one["churn_probability"] for part in parts for one in part if one["customer_id"] == who]
    assert listed == [again["customers"][0]["risk"]["churn_probability"]]
    shown = service.get(f"/customers/{who}")["timeline"][0]
    assert (shown["table"], shown["interaction_id"]) == ("interactions", "note-a")


def test_the_advice_is_what_the_round_drew_and_nothing_for_those_withheld(
    service: Service, drawn: pd.DataFrame
) -> None:
    withheld, given = drawn[drawn["action"] == "control"], drawn[drawn["action"] != "control"]
    assert len(withheld) > 0
    assert len(given) > 0
    for who in withheld["customer_id"].head(3):
        advice = service.get(f"/customers/{who}")["advice"]
        assert advice["action"] == "none"
        assert advice["withheld_until"] > "2025-06-01"
        assert service.post(note(f"w-{who}", who))["customers"][0]["advice"] == advice
    for _, row in given.head(3).iterrows():
        advice = service.get(f"/customers/{row['customer_id']}")["advice"]
        assert (advice["action"], advice["withheld_until"]) == (row["action"], None)


def test_what_was_done_is_recorded_once_and_shown(service: Service, shop: Repository, drawn: pd.DataFrame) -> None:
    row = drawn[drawn["action"] != "control"].iloc[-1]
    on = next(shop.root.glob("artifacts/demo/rounds/*")).name
    done = {"customer": row["customer_id"], "action": row["action"], "when": f"{on}T09:00", "outcome": "reached"}
    assert [service.ask("POST", "/actions", {"actions": [done]}) for _ in range(2)] == [
        (200, {"new": 1, "known": 0, "corrections": 0}),
        (200, {"new": 0, "known": 1, "corrections": 0}),
    ]
    shown = [one for one in service.get(f"/customers/{row['customer_id']}")["timeline"] if one["table"] == "contacts"]
    assert [(one["action"], one["outcome"]) for one in shown] == [(row["action"], "reached")]
    status, found = service.ask("POST", "/actions", {"actions": [{**done, "action": "dance"}]})
    assert (status, "there is no action" in found["error"]["message"]) == (422, True)


BAD = {
    "an unknown customer": (note("b1", "nobody"), "the customer is unknown"),
    "an unknown table": ({"key": "b2", "table": "calls", "row": {}}, "no table"),
    "the future": (note("b3", "C", event_at="2099-01-01T00:00:00"), "future"),
    "a column that is set here": (note("b4", "C", known_at="2025-01-01T00:00:00"), "set on arrival"),
    "another type": (note("b5", "C", complaint="yes"), "true or false"),
    "another value": (note("b6", "C", channel="pigeon"), "must be one of"),
    "long ago": (note("b7", "C", event_at="1999-01-01T00:00:00"), "before"),
    "a file without mapping": ({"key": "b8", "file": "x.csv", "row": {}}, "maps no files"),
}


@pytest.mark.parametrize("kind", BAD)
def test_what_cannot_be_kept_is_refused_alone(
    service: Service, shop: Repository, ranked: pd.DataFrame, kind: str
) -> None:
    event, why = BAD[kind]
    who = ranked["customer_id"].iloc[3]
    if event["row"].get("customer_id") == "C":
        event = {**event, "row": {**event["row"], "customer_id": who}}
    found = service.post(event, note(f"good {kind}", who))
    refused, kept = found["events"]
    assert (refused["state"], kept["state"]) == ("refused", "new")
    assert why in refused["why"]
    assert [one["customer_id"] for one in found["customers"]] == [who]
    assert operations(shop, f"SELECT count(*) FROM holdfast_events WHERE key = '{event['key']}'") == [(0,)]


def test_a_customer_whom_nobody_knows_is_not_there(service: Service) -> None:
    assert service.ask("GET", "/customers/nobody")[0] == 404
    assert service.ask("GET", "/customers/nobody?spec=other")[0] == 404


def test_a_new_customer_comes_by_events(service: Service) -> None:
    joined = {"key": "n1", "table": "customers", "row": {"customer_id": "N1", "event_at": "2025-05-31T08:00:00"}}
    joined["row"]["joined_at"] = "2025-05-31T08:00:00"
    begun = {
        "contract_id": "KN1",
        "customer_id": "N1",
        "event_at": "2025-05-31T08:00:00",
        "plan": "basic",
        "price": 9.0,
    }
    contract = {"key": "n2", "table": "contracts", "row": {**begun, "starts_at": "2025-05-31T08:00:00"}}
    found = service.post(joined, contract)
    assert [one["state"] for one in found["events"]] == ["new", "new"]
    assert [(one["customer_id"], one["active"]) for one in found["customers"]] == [("N1", True)]
    assert service.get("/customers/N1")["risk"]["churn_probability"] is not None
    early = service.post(note("n3", "N1", event_at="2025-05-31T09:00:00"))
    assert early["events"][0]["state"] == "new"


def _senders(
    service: Callable[[], Service], customers: list[str], acknowledged: set[str], stopping: threading.Event
) -> list[threading.Thread]:
    """Clients that send events until they are stopped, again where nobody acknowledged them."""

    def send(number: int) -> None:
        place = 0
        while not stopping.is_set():
            key = f"load-{number}-{place}"
            try:
                status, found = service().ask(
                    "POST", "/events", {"events": [note(key, customers[place % len(customers)])]}
                )
            except (OSError, json.JSONDecodeError):
                time.sleep(0.05)
                continue
            if status == 200 and found["events"][0]["state"] in ("new", "known"):
                acknowledged.add(key)
                place += 1

    return [threading.Thread(target=send, args=(number,)) for number in range(4)]


def test_no_acknowledged_event_is_lost_and_none_is_kept_twice_whenever_it_is_killed(
    shop: Repository, tmp_path: Path, ranked: pd.DataFrame
) -> None:
    database = tmp_path / "killed.db"
    uri, customers = f"sqlite:///{database}", ranked["customer_id"].head(50).tolist()
    acknowledged: set[str] = set()
    stopping, current = threading.Event(), list[Service]()
    senders = _senders(lambda: current[-1], customers, acknowledged, stopping)
    lot = np.random.default_rng(0)
    for place in range(4):
        with served(shop, "demo", HOLDFAST_OPERATIONS_URI=uri) as service:
            current.append(service)
            for one in senders if place == 0 else ():
                one.start()
            before = len(acknowledged)
            while len(acknowledged) < before + 8:
                time.sleep(0.02)
            if place < 3:
                time.sleep(lot.uniform(0, 0.5))
                service.kill()
            else:
                stopping.set()
                for one in senders:
                    one.join()
    with closing(sqlite3.connect(database)) as connection:
        rows = connection.execute("SELECT key, number, known_at FROM holdfast_events ORDER BY number").fetchall()
        warned = connection.execute("SELECT customer_id, rule FROM holdfast_warnings").fetchall()
    kept = Counter(key for key, *_ in rows)
    assert acknowledged <= set(kept)
    assert set(kept.values()) == {1}
    assert [number for _, number, _ in rows] == list(range(1, len(rows) + 1))
    known = [moment for *_, moment in rows]
    assert known == sorted(set(known))
    assert set(Counter(warned).values()) == {1}


def test_a_database_that_is_gone_is_said_and_comes_back_without_a_restart(
    shop: Repository, tmp_path: Path, ranked: pd.DataFrame
) -> None:
    database, away = tmp_path / "gone.db", tmp_path / "away.db"
    who = ranked["customer_id"].iloc[0]
    with served(shop, "demo", HOLDFAST_OPERATIONS_URI=f"sqlite:///{database}") as service:
        assert service.post(note("g1", who))["events"][0]["state"] == "new"
        with closing(sqlite3.connect(database)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        database.rename(away)
        status, found = service.ask("POST", "/events", {"events": [note("g2", who)]})
        assert status == 503, found
        assert who not in json.dumps(found)
        assert service.ask("GET", f"/customers/{who}")[0] == 503
        assert service.ask("GET", "/ready")[0] == 503
        assert service.ask("GET", "/health")[0] == 200
        for left in tmp_path.glob("gone.db*"):
            left.unlink()
        away.rename(database)
        assert service.post(note("g2", who))["events"][0] == {
            **service.post(note("g2", who))["events"][0],
            "state": "new",
        }
        assert [one["state"] for one in service.post(note("g1", who), note("g2", who))["events"]] == ["known", "known"]


def test_two_processes_on_one_postgresql_share_events_and_warn_once(shop: Repository, ranked: pd.DataFrame) -> None:
    customers = ranked["customer_id"].head(12).tolist()
    with (
        running_server() as uri,
        served(shop, "demo", HOLDFAST_OPERATIONS_URI=uri) as one,
        served(shop, "demo", HOLDFAST_OPERATIONS_URI=uri) as other,
    ):
        found: list[Any] = []

        def send(service: Service, name: str) -> None:
            found.extend(service.post(note(f"{name}-{who}", who), note(f"both-{who}", who)) for who in customers)

        threads = [threading.Thread(target=send, args=pair) for pair in ((one, "one"), (other, "other"))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        events = [event for answer in found for event in answer["events"]]
        assert Counter(event["state"] for event in events) == {"new": 3 * len(customers), "known": len(customers)}
        assert sorted({event["number"] for event in events}) == list(range(1, 3 * len(customers) + 1))
        for who in customers:
            mine = one.get(f"/customers/{who}"), other.get(f"/customers/{who}")
            seen = [
                {row["interaction_id"] for row in page["timeline"] if row["table"] == "interactions"} for page in mine
            ]
            assert seen[0] == seen[1] >= {f"note-one-{who}", f"note-other-{who}", f"note-both-{who}"}
            rules = [row["rule"] for row in mine[0]["warnings"]]
            assert sorted(rules) == sorted({*rules, RULE})
            assert mine[0]["warnings"] == mine[1]["warnings"]
            assert mine[0]["advice"] == mine[1]["advice"]


def test_a_champion_changes_under_load_and_every_answer_names_its_own(
    shop: Repository, tmp_path: Path, ranked: pd.DataFrame
) -> None:
    rows = _rows(shop)
    with served(shop, "demo", HOLDFAST_OPERATIONS_URI=f"sqlite:///{tmp_path}/change.db") as service:
        answers, stopping, failed = list[tuple[str, float]](), threading.Event(), list[Any]()

        def ask() -> None:
            while not stopping.is_set():
                status, found = service.ask("POST", "/score", {"rows": rows})
                if status != 200:
                    failed.append(found)
                    continue
                answers.append((found["version"], found["predictions"][0]["churn_probability"]))

        threads = [threading.Thread(target=ask) for _ in range(2)]
        for thread in threads:
            thread.start()
        _another_champion(shop)
        until = time.monotonic() + 60
        while service.get("/version")["specs"][0]["version"] != "2" and time.monotonic() < until:
            time.sleep(0.1)
        time.sleep(0.3)
        stopping.set()
        for thread in threads:
            thread.join()
        assert failed == []
        assert {version for version, _ in answers} == {"1", "2"}
        assert len(set(answers)) == 2, "an answer is of one version or of the other"
        assert service.get(f"/customers/{ranked['customer_id'].iloc[0]}")["version"] == "2"
        assert stop(service).returncode == 0


def _rows(repository: Repository) -> list[dict[str, Any]]:
    """A ready row for any model of the world: all features of the batch's first customer."""
    themes = sorted((repository.root / "data/matrix/demo/themes").glob(f"*/{_newest(repository)}"))
    row = pd.concat([pd.read_parquet(one).head(1) for one in themes], axis=1)
    found: list[dict[str, Any]] = json.loads(row.to_json(orient="records"))
    return found


def _another_champion(repository: Repository) -> None:
    """Promote another model by hand."""
    repository.spec("demo", "demo", tuning={"trials": 5, "families": ["logistic"], "seed": 5})
    ended = repository.go_through("tune train evaluate register", "demo")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    ended = repository.act("promote", "demo", "--force", "--reason", "another one")
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_a_champion_that_does_not_load_leaves_the_old_one_serving(shop: Repository, tmp_path: Path) -> None:
    rows = _rows(shop)
    with served(shop, "demo", HOLDFAST_OPERATIONS_URI=f"sqlite:///{tmp_path}/broken.db") as service:
        version = service.get("/version")["specs"][0]["version"]
        about = shop.root / "data/tables/demo/about.json"
        before = about.read_text()
        about.write_text("{")  # as of a batch that is half written
        _wait_for_problem(service, "JSON")
        assert service.ask("POST", "/score", {"rows": rows})[1]["version"] == version
        rules = shop.root / "experiments/specs/alerts/demo.yaml"
        said = rules.read_text()
        about.write_text(before)
        _wait_for_problem(service, None)
        rules.write_text(said.replace(f"{RULE}:", "says_so:"))
        _wait_for_warning(service, "says_so", shop)
        rules.write_text(said)
        os.kill(service.process.number, signal.SIGSTOP)
        assert shop.act("rollback", "demo", "--reason", "back").returncode == 0
        for path in shop.root.glob("mlartifacts/**/scorer.py"):
            path.write_text(path.read_text() + "\n# changed\n")
        os.kill(service.process.number, signal.SIGCONT)
        _wait_for_problem(service, "changed")
        assert service.get("/version")["specs"][0]["version"] == version
        assert service.ask("POST", "/score", {"rows": rows})[1]["version"] == version


def _wait_for_warning(service: Service, rule: str, shop: Repository) -> None:
    who = pd.read_parquet(shop.root / "artifacts/demo/ranked_list/ranked_list.parquet")["customer_id"].iloc[-7]
    until, number, raised = time.monotonic() + 60, 0, set[str]()
    while rule not in raised:
        assert time.monotonic() < until, raised
        number += 1
        raised = {one["rule"] for one in service.post(note(f"rules {number}", who))["customers"][0]["warnings"]}
        time.sleep(0.1)


def _wait_for_problem(service: Service, word: str | None) -> None:
    """Wait until a problem with this word is told; with None, until there is none."""
    until = time.monotonic() + 60
    while True:
        told = service.get("/version")["specs"][0]["problem"]
        if told is None if word is None else word in (told or ""):
            return
        assert time.monotonic() < until, told
        time.sleep(0.1)
