"""Erasing somebody from the database, of either kind: nothing names them, all else stays, and triggers refuse again."""

import re
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
import sqlalchemy as sa

from experiments.alerts.episodes import Episodes
from features.errors import DataError
from pipelines.outreach.operations import came_back, database, erased_people, erasing, opt_outs, rounds, warnings
from pipelines.outreach.operations.came_back import Rows
from pipelines.outreach.operations.erasing import Signed
from pipelines.outreach.operations.migrations import append_only
from pipelines.outreach.operations.tables import APPEND_ONLY, ASSIGNMENTS, CONTACTS, METADATA, NOTES, OPT_OUTS, OUTCOMES
from pipelines.raw_data.erased import Erased, is_pseudonym, pseudonym
from tests.pipelines.outreach.operations.test_rounds import ROUND, assignments

AT = "2026-02-01T08:00:00"
SIGNED = Signed("erased-" + "0" * 32, "demo", AT, "desk")


@pytest.fixture
def engine(database_address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> sa.Engine:
    monkeypatch.setenv(database.ADDRESS, database_address)
    found = database.opened(tmp_path)
    with found.begin() as connection, append_only.lifted(connection, APPEND_ONLY):
        for table in reversed(METADATA.sorted_tables):
            connection.execute(sa.delete(table))
    assert rounds.written(found, ROUND, assignments(), rest_days=0) is not None
    told = {"by": "desk", "known_at": None, "customer_id": "c0"}
    call = {**told, "action": "call", "happened_at": "2026-01-02T10:00:00", "outcome": "reached", "offer_taken": None}
    call |= {
        "contact": "c0|call|2026-01-02",
        "cost": 1.0,
        "currency": "eur",
        "round": "2026-01-01",
        "note": "c0 is ill",
    }
    out = {**told, "action": "all", "opted_out": True, "happened_at": None}
    left = {**told, "round": "2026-01-01", "churned": True, "happened_at": None}
    kept = []
    for who in ("c0", "c1"):
        named = {"contact": f"{who}|call", "note": f"{who} is ill"}
        kept += [{**one, "customer_id": who, **(named if one is call else {})} for one in (call, out, left)]
    came_back.keep(found, "demo", Rows(kept[::3], kept[1::3], kept[2::3]), at=AT, is_said=False)
    return found


def everything(engine: sa.Engine) -> dict[str, pd.DataFrame]:
    with engine.connect() as connection:
        found = {name: pd.read_sql(sa.select(table), connection) for name, table in METADATA.tables.items()}
    found = {name: rows.astype(object).where(rows.notna(), None) for name, rows in found.items()}
    return {
        name: rows.sort_values("place", ignore_index=True) if "place" in rows else rows for name, rows in found.items()
    }


def test_the_person_is_named_nowhere_and_all_else_is_as_it_was(engine: sa.Engine) -> None:
    before = everything(engine)
    contacts = came_back.contacts(engine, "demo")
    told = erasing.erase(engine, "c0", SIGNED, {})
    after = everything(engine)
    for name, rows in after.items():
        assert not re.search(r"\bc0\b", rows.to_csv()), name
        if "customer_id" in rows:
            others = [one[one["customer_id"] == "c1"].reset_index(drop=True) for one in (before[name], rows)]
            assert others[0].equals(others[1]), name
            assert len(rows) == len(before[name]), name
    assert told["rows"] == {table.name: 1 for table in (ASSIGNMENTS, CONTACTS, OPT_OUTS, OUTCOMES, NOTES)}
    # Of the row there is what figures need, in its place.
    figures = ["place", "action", "proposed", "withheld", "risk", "probabilities", "value", "level"]
    assert after["holdfast_assignments"][figures].equals(before["holdfast_assignments"][figures])
    numbers = ["action", "happened_at", "outcome", "cost", "round", "place"]
    assert came_back.contacts(engine, "demo")[numbers].equals(contacts[numbers])
    for table in (CONTACTS, OPT_OUTS, OUTCOMES):  # a key is a hash of the row that was
        assert not set(before[table.name].query("customer_id == 'c0'")["key"]) & set(after[table.name]["key"])
    assert rounds.found(engine, "demo", ROUND.as_of) is not None  # its digest is that of its rows
    assert erased_people.read(engine).among(["c0", "c1"]) == {"c0"}
    assert opt_outs.now(engine)["all"] == {SIGNED.pseudonym, "c1"}


# Texts of these columns come from the spec, a round or a clock; they say nothing that is of one person alone.
OF_NOBODY = {
    *(
        "action",
        "as_of",
        "at",
        "because",
        "began_at",
        "by",
        "champion",
        "channel",
        "contact",
        "currency",
        "customer_id",
    ),
    *("due_at", "escalates_to", "happened_at", "key", "kind", "known_at", "level", "next_best", "outcome", "owner"),
    *("playbook_row", "probabilities", "proposed", "raised_at", "receiver", "round", "rule", "segment", "spec"),
    *("moment", "shadow", "state", "version", "versions", "warnings"),
}


def test_every_text_of_a_person_is_written_over() -> None:
    """A new column of a text is to be written over, or to be added to those of nobody."""
    for table, over in erasing.TEXTS.items():
        texts = {column.name for column in table.columns if isinstance(column.type, sa.Text)}
        assert texts - over.keys() <= OF_NOBODY, table.name


def test_twice_it_gives_what_was_done_once(engine: sa.Engine) -> None:
    first = erasing.erase(engine, "c0", SIGNED, {})
    after = everything(engine)
    assert erasing.erase(engine, "c0", SIGNED, {}) == first
    assert all(rows.equals(after[name]) for name, rows in everything(engine).items())


def test_the_triggers_refuse_again_and_an_error_takes_all_back(engine: sa.Engine) -> None:
    before = everything(engine)
    with engine.begin() as connection, append_only.lifted(connection, [ASSIGNMENTS]):
        connection.execute(sa.update(ASSIGNMENTS).filter_by(customer_id="c1").values(risk=0.9))
    with pytest.raises(DataError, match="is not what was written"):
        erasing.erase(engine, "c0", SIGNED, {})
    assert erasing.counted(engine, "c0")
    with engine.begin() as connection, append_only.lifted(connection, [ASSIGNMENTS]):
        risk = before["holdfast_assignments"].query("customer_id == 'c1'")["risk"].iloc[0]
        connection.execute(sa.update(ASSIGNMENTS).filter_by(customer_id="c1").values(risk=float(risk)))
    erasing.erase(engine, "c0", SIGNED, {})
    for table in APPEND_ONLY:
        with engine.connect() as connection:
            if not connection.execute(sa.select(sa.func.count()).select_from(table)).scalar():
                continue
        with pytest.raises(sa.exc.DBAPIError, match="append-only"), engine.begin() as connection:
            connection.execute(sa.delete(table))


def test_outcomes_that_the_data_told_are_kept_by_the_pseudonym(engine: sa.Engine) -> None:
    row = {"round": "2026-01-01", "churned": False, "happened_at": None, "known_at": AT}
    erasing.erase(engine, "c2", SIGNED, {"demo": [row]})
    found = came_back.outcomes(engine, "demo")
    assert found.loc[found["customer_id"] == SIGNED.pseudonym, "churned"].tolist() == [False]
    with pytest.raises(sa.exc.DBAPIError, match="append-only"), engine.begin() as connection:
        connection.execute(sa.delete(OUTCOMES))


def test_a_hash_tells_who_was_erased_and_a_pseudonym_nothing() -> None:
    found = Erased().added("c0").added("c1").added("c0")
    assert len(found.people) == 2
    assert len({salt for salt, _ in found.people}) == 1
    assert found.among(["c0", "c2", "c1", "C0"]) == {"c0", "c1"}
    assert Erased().added("c0").people != Erased().added("c0").people  # each list has a salt of its own
    assert pseudonym() != pseudonym()
    assert is_pseudonym(pseudonym())
    assert not any(map(is_pseudonym, ("c0", "erased-1", f"{pseudonym()}0", "")))


def test_the_round_of_a_later_date_is_of_the_same_person(engine: sa.Engine) -> None:
    later = rounds.Round(**{**ROUND.__dict__, "as_of": date(2026, 5, 1), "spec": "other"})
    assert rounds.written(engine, later, assignments().iloc[[2, 3]], rest_days=0) is not None
    assert erasing.specs_with_rounds(engine, "c3") == {
        "demo": frozenset({"2026-01-01"}),
        "other": frozenset({"2026-05-01"}),
    }


def test_what_another_process_had_read_before_is_not_written_after(engine: sa.Engine) -> None:
    erasing.erase(engine, "c0", SIGNED, {})
    before = everything(engine)
    told = {"by": "desk", "known_at": None, "customer_id": "c0", "action": "all", "happened_at": None}
    came_back.keep(engine, "demo", Rows(opt_outs=[{**told, "opted_out": True}]), at=AT, is_said=False)
    times = {"began_at": AT, "raised_at": AT, "due_at": AT, "escalates_to": None, "versions": {}}
    of_rule = {"spec": "demo", "rule": "use", "level": "high", "owner": "desk", "channel": "mail"}
    made = [warnings.Warning_(**of_rule, **times, customer_id=one) for one in ("c0", "c1")]
    found = Episodes.none(2)
    found.since[:] = 1.0
    standing = {"use": (pd.Index(["c0", "c1"]), found)}
    assert warnings.raised(engine, made, standing, spec="demo", at=AT) == {"use": 1}
    after = everything(engine)
    assert after["holdfast_opt_outs"].equals(before["holdfast_opt_outs"])
    for name in ("holdfast_warnings", "holdfast_episodes"):
        assert after[name]["customer_id"].tolist() == ["c1"]
