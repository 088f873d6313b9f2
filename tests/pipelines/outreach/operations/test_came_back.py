"""What came back, on SQLite and PostgreSQL: kept once, also by two at once, never changed, and opt-outs that bind."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from multiprocessing import get_context
from pathlib import Path

import pytest
import sqlalchemy as sa

from pipelines.outreach import round_list
from pipelines.outreach.operations import came_back, database, opt_outs, rounds
from pipelines.outreach.operations.came_back import Kept, Rows
from pipelines.outreach.operations.tables import CONTACTS, OPT_OUTS, OUTCOMES
from tests.pipelines.outreach.operations.test_rounds import ROUND, assignments
from tests.pipelines.postgres_server import running_server

AT = "2026-01-05T09:00:00"
CONTACT = {
    "contact": "1",
    "customer_id": "c0",
    "action": "call",
    "happened_at": "2026-01-02T09:00:00",
    "outcome": "reached",
    "offer_taken": None,
    "cost": 2.5,
    "currency": "eur",
    "round": None,
    "note": "",
    "by": "",
    "signed": "desk",
    "known_at": None,
}
OUT = {
    "customer_id": "c0",
    "action": "all",
    "opted_out": True,
    "happened_at": None,
    "by": "",
    "signed": "desk",
    "known_at": None,
}
LEFT = {"round": "2026-01-01", "customer_id": "c0", "churned": True, "happened_at": None, "by": "", "known_at": None}
EVERY = Rows([CONTACT, CONTACT], [OUT, OUT], [{**LEFT, "signed": "desk"}])


@pytest.fixture(params=["sqlite", "postgresql"])
def root(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    if request.param == "sqlite":
        monkeypatch.delenv(database.ADDRESS, raising=False)
        yield tmp_path
        return
    with running_server() as address:
        monkeypatch.setenv(database.ADDRESS, address)
        yield tmp_path


def _keep(root: Path) -> Kept:
    return came_back.keep(database.opened(root), "demo", EVERY, at=AT, is_said=False)


def test_of_two_who_record_the_same_at_once_each_row_is_kept_once_and_never_changed(root: Path) -> None:
    with get_context("spawn").Pool(2) as pool:
        kept = pool.map(_keep, [root, root])
    assert sorted((one.new, one.known) for one in kept) == [(0, 5), (3, 2)]
    engine = database.opened(root)
    assert came_back.contacts(engine, "demo")[["customer_id", "cost", "by"]].values.tolist() == [["c0", 2.5, "desk"]]
    assert came_back.outcomes(engine, "demo")["churned"].tolist() == [True]
    assert opt_outs.now(engine) == {"all": {"c0"}}
    for table in (CONTACTS, OPT_OUTS, OUTCOMES):
        with pytest.raises(sa.exc.DBAPIError, match="append-only"), engine.begin() as connection:
            connection.execute(sa.update(table).values(customer_id="c9"))


def test_of_two_rows_of_one_moment_the_opt_out_holds(root: Path) -> None:
    engine = database.opened(root)
    both = [{**OUT, "happened_at": AT, "opted_out": out} for out in (True, False)]
    came_back.keep(engine, "demo", Rows(opt_outs=both), at=AT, is_said=False)
    assert opt_outs.now(engine) == {"all": {"c0"}}
    came_back.keep(engine, "demo", Rows(opt_outs=[{**OUT, "opted_out": False}]), at="2026-01-06", is_said=False)
    assert opt_outs.now(engine) == {}


@pytest.mark.parametrize(("action", "binds"), [("all", True), ("call", True), ("coupon", False)])
def test_a_round_that_would_contact_who_opted_out_meanwhile_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, action: str, binds: bool
) -> None:
    monkeypatch.delenv(database.ADDRESS, raising=False)
    engine = database.opened(tmp_path)
    other = [{**OUT, "customer_id": "c1", "action": action}]
    came_back.keep(engine, "elsewhere", Rows(opt_outs=other), at=AT, is_said=False)
    # c1 is withheld from a call: no part of a draw that the opt-out forbids.
    assert (rounds.written(engine, ROUND, assignments(), rest_days=0) is None) == binds
    later = replace(ROUND, as_of=date(2026, 2, 1))
    without = assignments().assign(action="none", proposed="none", withheld=False)
    assert rounds.written(engine, later, without, rest_days=0) is not None


def test_the_list_of_a_round_that_was_drawn_says_who_opted_out_since() -> None:
    rows = assignments()
    listed = round_list.shown(rows, {"all": frozenset({"c0"}), "call": frozenset({"c3"})}).set_index("customer_id")
    assert listed.loc["c0", ["action", "next_best_action", "because"]].tolist() == [
        "none",
        "none",
        round_list.OPTED_OUT,
    ]
    assert listed.loc["c3", "action"] == "coupon"
    plain = round_list.shown(rows).set_index("customer_id")
    assert listed.drop(index="c0").equals(plain.drop(index="c0"))
