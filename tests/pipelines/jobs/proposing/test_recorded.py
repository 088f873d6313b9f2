"""What `new` proposes for `record`: files of what a team did, and of whom nobody may contact."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from features.event_log.options import EventLogOptions
from pipelines.jobs.proposing.drafts import Draft
from pipelines.outreach.feedback import mapped_files
from pipelines.outreach.feedback.recorded_rows import OUTCOMES
from tests.pipelines.jobs.proposing.proposals import draft, plain, write_frame
from tests.pipelines.jobs.proposing.test_event_logs import orders

MANY = 60
WORDS: dict[str, dict[str, Any]] = {
    "english": {
        "columns": ("customer_id", "contacted_at", "action", "outcome", "agent", "notes", "unsubscribed"),
        "actions": {"call": "call", "voucher": "coupon"},
        "outcomes": {"reached": "reached", "No answer": "not_reached", "not interested": "declined"},
        "out": "yes",
        "files": ("outreach_2024.csv", "do_not_contact.csv"),
        "form": "%Y-%m-%d %H:%M",
    },
    "german": {
        "columns": ("Kundennummer", "Datum", "Aktion", "Ergebnis", "Mitarbeiter", "Notiz", "Werbesperre"),
        "actions": {"Anruf": "call", "Gutschein": "coupon"},
        "outcomes": {"erreicht": "reached", "nicht erreicht": "not_reached", "abgelehnt": "declined"},
        "out": "x",
        "files": ("anrufe_2024.csv", "widersprueche.csv"),
        "form": "%d.%m.%Y %H:%M",
    },
    "chinese": {
        "columns": ("客户编号", "日期", "行动", "结果", "负责人", "备注", "退订"),
        "actions": {"电话": "call", "优惠券": "coupon"},
        "outcomes": {"已接通": "reached", "无人接听": "not_reached", "拒绝": "declined"},
        "out": "是",
        "files": ("联系记录.csv", "退订名单.csv"),
        "form": "%Y/%m/%d %H:%M",
    },
}
LANGUAGES = pytest.mark.parametrize("language", list(WORDS))


def contacts(language: str) -> pd.DataFrame:
    """Contacts of a team, as a system of that language may export them."""
    said, rng = WORDS[language], np.random.default_rng(3)
    when = [datetime(2023, 5, 1, 9) + timedelta(hours=int(one)) for one in rng.integers(0, 5000, MANY)]
    values = (
        [f"K{one:04d}" for one in rng.integers(0, 40, MANY)],
        [one.strftime(said["form"]) for one in when],
        rng.choice(list(said["actions"]), MANY),
        [*said["outcomes"], *rng.choice(list(said["outcomes"]), MANY - 3)],
        rng.choice(["ann", "bob"], MANY),
        [f"remark {one}" for one in range(MANY)],
        np.where(np.arange(MANY) % 10 == 0, said["out"], ""),
    )
    return pd.DataFrame(dict(zip(said["columns"], values, strict=True)))


def options(found: Draft) -> EventLogOptions:
    return EventLogOptions.model_validate(plain(found)["source"])


def recorded(found: Draft, path: Path) -> dict[str, list[dict[str, str]]]:
    """What `record` reads of a file by the spec."""
    return {
        one.kind: [row for _, row in one.rows]
        for one in mapped_files.read(options(found), path, time_zone="UTC", raw=path.parent)
    }


@LANGUAGES
def test_what_a_team_did_is_proposed_for_record_and_makes_no_table(tmp_path: Path, language: str) -> None:
    said, rows = WORDS[language], contacts(language)
    path = write_frame(tmp_path, rows, said["files"][0])
    found = draft(write_frame(tmp_path, orders(), "orders.csv"), path, inactive_days=90)
    assert list(plain(found)["source"]["tables"]) == ["transactions"]
    customer, _, action, outcome, by, note, out = (rows[one] for one in said["columns"])
    read = recorded(found, path)
    told = [(row["customer"], row["action"], row["outcome"], row["by"], row["note"]) for row in read["contacts"]]
    expected = (customer, action.map(said["actions"]), outcome.map(said["outcomes"]), by, note)
    assert sorted(told) == sorted(zip(*expected, strict=True))
    assert sorted(row["customer"] for row in read["opt_outs"]) == sorted(customer[out == said["out"]])
    assert {row["outcome"] for row in read["contacts"]} <= set(OUTCOMES)
    assert f"# {said['files'][0]}: likely: '{said['columns'][2]}' and '{said['columns'][3]}' say what" in found.text
    assert any("must be actions of treatment.arms" in one for one in found.open)


@LANGUAGES
def test_a_list_of_whom_nobody_may_contact_is_proposed_as_opt_outs(tmp_path: Path, language: str) -> None:
    said = WORDS[language]
    rows = contacts(language).iloc[:, :2].drop_duplicates(said["columns"][0])
    path = write_frame(tmp_path, rows, said["files"][1])
    found = draft(write_frame(tmp_path, orders(), "orders.csv"), path, inactive_days=90)
    assert list(plain(found)["source"]["tables"]) == ["transactions"]
    read = recorded(found, path)
    assert list(read) == ["opt_outs"]
    assert [row["customer"] for row in read["opt_outs"]] == rows.iloc[:, 0].tolist()
    assert "lists whom nobody may contact" in found.text


def test_without_such_files_nothing_is_proposed_for_record(tmp_path: Path) -> None:
    """A log of support or of use is what customers did, though it has a channel, an action or a result."""
    rng = np.random.default_rng(1)
    at = [datetime(2022, 3, 1) + timedelta(days=int(one)) for one in rng.integers(0, 600, MANY)]
    who = [f"K{one:04d}" for one in rng.integers(0, 40, MANY)]
    tickets = pd.DataFrame({"customer_id": who, "opened_at": at, "channel": "call", "topic": "bill"})
    tickets["result"] = rng.choice(["resolved", "declined"], MANY)
    used = pd.DataFrame({"customer_id": who, "at_time": at, "action": "open"})
    used["result"] = rng.choice(["completed", "cancelled"], MANY)
    paths = [write_frame(tmp_path, tickets, "support_calls.csv"), write_frame(tmp_path, used, "sessions.csv")]
    found = draft(write_frame(tmp_path, orders(), "orders.csv"), *paths, inactive_days=90)
    assert set(plain(found)["source"]) & {"contacts", "opt_outs"} == set()
    assert set(plain(found)["source"]["tables"]) == {"transactions", "interactions", "usage"}


def test_what_is_no_outcome_of_ours_is_an_open_point(tmp_path: Path) -> None:
    rows = contacts("english").replace({"outcome": {"No answer": "hung up"}})
    found = draft(
        write_frame(tmp_path, orders(), "orders.csv"), write_frame(tmp_path, rows, "outreach.csv"), inactive_days=90
    )
    assert any("such as ['hung up'], must be outcomes" in one for one in found.open)


def test_a_mark_that_nobody_understands_is_an_open_point_and_no_opt_out(tmp_path: Path) -> None:
    rows = contacts("english").replace({"unsubscribed": {"": "B", "yes": "A"}})
    found = draft(
        write_frame(tmp_path, orders(), "orders.csv"), write_frame(tmp_path, rows, "outreach.csv"), inactive_days=90
    )
    assert "opt_outs" not in plain(found)["source"]
    assert any("which of ['a', 'b'] in 'unsubscribed'" in one for one in found.open)
