"""Answers of the service and keys to it, on either database."""

import hashlib
import re
from typing import Any

import pytest
import sqlalchemy as sa

from features.errors import UsageError
from pipelines.outreach.operations import answers, database, erasing, service_keys
from pipelines.outreach.operations.erasing import Signed
from pipelines.outreach.operations.service_tables import SERVICE_KEYS
from pipelines.raw_data.erased import pseudonym


@pytest.fixture(scope="module")
def engine(database_address: str, tmp_path_factory: pytest.TempPathFactory) -> sa.Engine:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(database.ADDRESS, database_address)
        return database.opened(tmp_path_factory.mktemp("root"))


def answer(customer: str | None, version: str = "1", at: str = "2026-03-01T08:00:00", **more: Any) -> dict[str, Any]:
    said = {"spec": "demo", "digest": "ab" * 32, "score": 0.1 + 0.2, "advice": None, "event": None, "kind": "score"}
    return {**said, "customer_id": customer, "version": version, "answered_at": at, **more}


def test_the_newest_answer_of_each_customer_and_all_of_one(engine: sa.Engine) -> None:
    first = [answer("c1"), answer(None), answer("c2", event=3, kind="event", advice='{"action": "call"}')]
    later = [answer("c1", "2", "2026-03-02T08:00:00"), answer("c3", "2", "2026-03-03T08:00:00", score=None)]
    other = answer("c1", spec="other")
    answers.keep(engine, first)
    answers.keep(engine, [])
    answers.keep(engine, [*later, other])
    assert answers.latest(engine, "demo").to_dict("records") == [later[0], first[2], later[1]]
    assert answers.latest(engine, "demo", version="1").to_dict("records") == [first[0], first[2]]
    assert answers.of_customer(engine, "demo", "c1") == [first[0], later[0]]
    assert list(answers.latest(engine, "of nobody")) == list(answers.COLUMNS)
    assert erasing.counted(engine, "c1") == {"holdfast_answers": 3}
    erasing.erase(engine, "c1", Signed(pseudonym(), "demo", "2026-04-01T08:00:00", "desk"), {})
    answers.keep(engine, [answer("c1"), answer("c4")])
    assert answers.latest(engine, "demo")["customer_id"].tolist() == ["c2", "c3", "c4"]
    assert answers.of_customer(engine, "other", "c1") == []


def test_scores_of_ready_rows_are_counted_by_input_within_a_time(engine: sa.Engine) -> None:
    at, last = "2026-04-02T08:00:00", "2026-04-03T08:00:00"
    inside = [answer(None, at=one, digest="cd" * 32, score=0.5, spec="counted") for one in (at, last, last)]
    early = answer(None, at="2026-04-01T08:00:00", spec="counted")
    others: list[dict[str, Any]] = [{"kind": "event"}, {"kind": "customer"}, {"score": None}, {"version": "2"}]
    answers.keep(engine, [early, *inside, answer(None, at=last, spec="counted"), *(inside[0] | one for one in others)])
    told = {"version": "1", "after": "2026-04-01T08:00:00", "until": last}
    found = answers.scored(engine, "counted", **told)
    assert sorted(found.itertuples(index=False, name=None)) == [(0.1 + 0.2, 1), (0.5, 3)]
    assert answers.scored(engine, "of nobody", **told).empty


def test_a_key_is_shown_once_and_kept_as_a_hash_alone(engine: sa.Engine) -> None:
    key = service_keys.add(engine, "crm", "write")
    assert re.fullmatch(r"hf_[A-Za-z0-9_-]{43}", key)
    assert service_keys.role_of(engine, key) == ("crm", "write")
    with engine.connect() as connection:
        kept = connection.execute(sa.select(SERVICE_KEYS).where(SERVICE_KEYS.c.name == "crm")).mappings().one()
    assert key not in str(dict(kept))
    assert kept["hash"] == hashlib.sha256(key.encode()).hexdigest()
    for wrong in ("", key[:-1], key + "a", kept["hash"], "\ud800"):
        assert service_keys.role_of(engine, wrong) is None


def test_a_name_has_one_key_in_force_and_a_revoked_key_is_none(engine: sa.Engine) -> None:
    old = service_keys.add(engine, "desk", "desk")
    with pytest.raises(UsageError, match="'desk' in force"):
        service_keys.add(engine, "desk", "read")
    assert service_keys.revoke(engine, "desk")
    assert not service_keys.revoke(engine, "desk")
    assert not service_keys.revoke(engine, "nobody")
    new = service_keys.add(engine, "desk", "read")
    assert service_keys.role_of(engine, old) is None
    assert service_keys.role_of(engine, new) == ("desk", "read")
    told = [one for one in service_keys.all_of(engine) if one["name"] == "desk"]
    assert sorted((one["role"], one["revoked_at"] is None) for one in told) == [("desk", False), ("read", True)]
    assert all(set(one) == {"name", "role", "added_at", "revoked_at"} for one in told)


@pytest.mark.parametrize(("name", "role"), [("", "read"), ("a b", "read"), ("a" * 65, "read"), ("a", "admin")])
def test_names_and_roles_that_are_none(engine: sa.Engine, name: str, role: str) -> None:
    with pytest.raises(UsageError, match=r"no name of a key|no role 'admin'"):
        service_keys.add(engine, name, role)
