"""Between machines, one process at a time changes the registry of a spec."""

import json
import time
from argparse import Namespace
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread

import pytest
import sqlalchemy as sa

from features.errors import UsageError
from pipelines.champion import lease_table, leases, ledger, ledger_writer
from pipelines.champion.leases import Lease
from pipelines.cli import main
from pipelines.commands import rollback
from pipelines.processes import processes
from pipelines.specs import spec_files
from pipelines.workspace import Workspace


@pytest.fixture
def engine(database_address: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[sa.Engine]:
    monkeypatch.setenv("HOLDFAST_LEDGER_URI", database_address)
    found = ledger.Ledger.open(database_address).engine
    yield found
    with found.begin() as connection:
        lease_table.TABLE.drop(connection, checkfirst=True)


def held_by(engine: sa.Engine, **changes: str) -> Lease:
    """A lease of `shop` that another process took."""
    lease = Lease(engine, "shop")
    assert lease.take() is None
    holder = json.dumps({**processes.this().to_dict(), **changes})
    with engine.begin() as connection:
        connection.execute(sa.update(lease_table.TABLE).values(holder=holder))
    return lease


def test_the_second_waits_and_is_then_told_who_has_it(
    engine: sa.Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(leases.WAIT, "0.5")
    other = held_by(engine, host="elsewhere", pid="7")
    began = time.monotonic()
    with pytest.raises(UsageError, match="in use by process 7 on elsewhere since 20"), leases.held("shop", tmp_path):
        pass
    assert 0.5 < time.monotonic() - began < 5
    with leases.held("another spec", tmp_path):
        pass
    other.release()
    monkeypatch.setenv(leases.WAIT, "0")
    with leases.held("shop", tmp_path):
        pass


def test_who_waited_gets_it_when_it_is_given_back(engine: sa.Engine, tmp_path: Path) -> None:
    other = held_by(engine)
    began = time.monotonic()
    Thread(target=lambda: (time.sleep(0.7), other.release())).start()
    with leases.held("shop", tmp_path):
        assert time.monotonic() - began >= 0.7


def test_the_lease_of_a_killed_process_of_this_machine_is_taken_over_at_once(
    engine: sa.Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(leases.WAIT, "0")
    lost = held_by(engine, started="1")
    with leases.held("shop", tmp_path) as mine:
        with pytest.raises(UsageError, match="another took over"):
            lost.confirm()
        mine.confirm()


def test_the_lease_of_a_machine_that_vanished_is_over_after_its_time(
    engine: sa.Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(leases.SECONDS, "1.5")
    held_by(engine, host="elsewhere")
    began = time.monotonic()
    with leases.held("shop", tmp_path):
        assert 1 < time.monotonic() - began < 6


def test_a_holder_that_works_long_keeps_it(engine: sa.Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(leases.SECONDS, "1.5")
    with leases.held("shop", tmp_path) as mine:
        time.sleep(3)
        mine.confirm()
        assert Lease(engine, "shop").take() is not None


def test_of_many_that_ask_at_once_one_has_it(engine: sa.Engine) -> None:
    asked = [Lease(engine, "shop") for _ in range(6)]
    answers: list[bool] = []
    threads = [Thread(target=lambda one=one: answers.append(one.take() is None)) for one in asked]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [False] * 5 + [True]


def test_a_number_of_seconds_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(leases.WAIT, "soon")
    with pytest.raises(UsageError, match=f"{leases.WAIT} is 'soon'"):
        leases.seconds(leases.WAIT)


def test_of_two_rollbacks_at_once_one_goes_back_and_the_other_did_nothing(
    checkout: Callable[..., Path],
) -> None:
    """Both have seen champion 3 when they are let in; only one step back is made, and each knows whose it is."""
    for version in ("1", "2", "3"):
        root = checkout(version)
        assert main(["promote", "shop"]) == 0
    workspace = Workspace(root, "shop")
    spec = spec_files.load(workspace)
    said: dict[str, str] = {}

    def go_back(who: str) -> None:
        try:
            rollback.run(spec, workspace, Namespace(reason=who))
            said[who] = "done"
        except UsageError as error:
            said[who] = str(error)

    with leases.held("shop", root):
        threads = [Thread(target=go_back, args=(who,)) for who in ("anna", "ben")]
        for thread in threads:
            thread.start()
        time.sleep(2)
    for thread in threads:
        thread.join()
    standing, alias = ledger_writer.reading("shop", root).seen()
    rollbacks = [entry for entry in standing.entries if entry.body["kind"] == "rollback"]
    assert [entry.body["champion_version"] for entry in rollbacks] == ["2"]
    assert standing.champion == alias == "2"
    winner = rollbacks[0].body["reason"]
    loser = {"anna": "ben", "ben": "anna"}[winner]
    assert said[winner] == "done"
    assert "This rollback did nothing" in said[loser]
    assert f"back to version 2: {winner}" in said[loser]
