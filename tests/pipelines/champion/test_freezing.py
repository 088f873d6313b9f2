"""While promotions are frozen challengers are judged and none is promoted; a freeze ends by itself."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.errors import UsageError
from pipelines.champion import authorship, entry_kinds, freezing, ledger
from pipelines.champion.authorship import Authorship
from pipelines.champion.chain import faults
from pipelines.champion.ledger import Entry
from pipelines.champion.succession import Standing
from pipelines.cli import main
from pipelines.files import storage
from pipelines.ruling.verdict import Verdict
from pipelines.specs import spec_files
from pipelines.stages import promote
from pipelines.workspace import Workspace

Checkout = Callable[..., Path]
FREEZE = ("freeze", "shop", "--until", "2099-12-31", "--reason", "holidays")
DAYS = st.dates(date(2020, 1, 1), date(2090, 12, 31))
ZONES = st.sampled_from(["UTC", "Europe/Berlin", "Asia/Shanghai", "America/New_York", "Pacific/Kiritimati"])
BEGIN = datetime(2019, 12, 30, tzinfo=UTC)


def decision(root: Path) -> dict[str, Any]:
    return storage.read_json(Workspace(root, "shop").decision)


def standing(root: Path) -> Standing:
    entries = ledger.opened(root).entries("shop")
    assert not faults(entries)
    return Standing("shop", entries)


def later(monkeypatch: pytest.MonkeyPatch, at: str) -> None:
    """Have the clock show another time to whoever signs."""
    signed = authorship.sign({}, datetime.fromisoformat(at))
    monkeypatch.setattr("pipelines.champion.ledger_writer.sign", lambda *_: signed)


def test_a_challenger_that_the_rules_accept_is_judged_and_not_promoted_until_the_freeze_is_over(
    checkout: Checkout, promoted: Checkout, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = promoted("1")
    assert main([*FREEZE]) == 0
    checkout("2")
    capsys.readouterr()
    assert main(["promote", "shop"]) == 3
    assert "FROZEN" in capsys.readouterr().err
    assert standing(root).champion == "1"
    found = decision(root)
    assert (found["verdict"], found["champion_version"]) == ("FROZEN", "1")
    assert found["reasons"][1].startswith("the rules said PROMOTE: ")
    page = Workspace(root, "shop").decision_page.read_text()
    assert "Promotions are frozen until the end of" in page
    assert "期间照常训练和比较模型" in page
    # Asked again it is the same entry, which no later run may repeat unasked: its end is in no file.
    entries = len(standing(root).entries)
    assert main(["promote", "shop"]) == 3
    assert len(standing(root).entries) == entries
    workspace = Workspace(root, "shop")
    assert promote.again(spec_files.load(workspace), workspace, found) is None
    # Over: decided again, by the same look.
    later(monkeypatch, "2100-01-01T00:00:00+00:00")
    assert main(["promote", "shop"]) == 0
    assert (standing(root).champion, decision(root)["verdict"]) == ("2", "PROMOTE")
    assert decision(root)["look"] == found["look"]
    assert len(standing(root).looks()) == 2
    assert "frozen until" not in workspace.decision_page.read_text()


def test_unfreeze_ends_it_and_another_freeze_takes_its_place(checkout: Checkout, capsys) -> None:
    root = checkout("1")
    assert main(["unfreeze", "shop"]) == 0
    assert len(standing(root).entries) == 0
    assert main([*FREEZE]) == 0
    assert main(["promote", "shop"]) == 3
    assert standing(root).champion is None
    assert main(["freeze", "shop", "--until", "2098-01-01", "--reason", "audit"]) == 0
    assert main(["promote", "shop"]) == 3
    assert decision(root)["freeze"]["reason"] == "audit"
    capsys.readouterr()
    assert main(["status", "shop"]) == 0
    assert "until the end of 2098-01-01 by " in capsys.readouterr().out
    assert main(["history", "shop"]) == 0
    assert [line.split()[2] for line in capsys.readouterr().out.splitlines()[1:]] == [
        *("frozen", "decision", "frozen", "decision"),
    ]
    assert main(["unfreeze", "shop", "--reason", "launched"]) == 0
    assert main(["promote", "shop"]) == 0
    assert standing(root).champion == "1"
    assert len(standing(root).looks()) == 1
    assert main(["registry", "check", "shop"]) == 0


def test_a_freeze_holds_against_force_and_approval_and_lets_a_rollback_through(
    checkout: Checkout, promoted: Checkout, capsys
) -> None:
    root = promoted("1", "2")
    checkout("3", approval=True)
    assert main(["promote", "shop"]) == 0  # it awaits approval
    assert main([*FREEZE]) == 0
    for words in (["approve", "shop", "3"], ["promote", "shop", "--force", "--reason", "must"]):
        capsys.readouterr()
        assert main(words) == 2
        assert "`python -m pipelines unfreeze shop`" in capsys.readouterr().err
    assert standing(root).champion == "2"
    assert main(["rollback", "shop"]) == 0
    assert standing(root).champion == "1"


def test_what_changes_nothing_says_so_as_ever_and_its_page_shows_the_freeze(
    checkout: Checkout, promoted: Checkout
) -> None:
    root = promoted("1")
    assert main([*FREEZE]) == 0
    assert main(["promote", "shop"]) == 0
    assert decision(root)["verdict"] == "NO_CHANGE"
    assert decision(root)["freeze"]["until"] == "2099-12-31"
    assert "冻结" in Workspace(root, "shop").decision_page.read_text()
    checkout("4")
    assert main(["promote", "shop"]) == 3
    assert decision(root)["verdict"] == "KEEP"
    assert "freeze" not in standing(root).entries[-1].body


@pytest.mark.parametrize(
    ("until", "words"),
    [("tomorrow", "is no day"), ("2001-01-01", "is over"), ("9999-12-31", "the last day that there is")],
)
def test_a_day_that_cannot_be_is_refused(until: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        freezing.end_of_day(until, "UTC", datetime.now(UTC))


@given(DAYS, ZONES)
def test_a_freeze_holds_to_the_last_second_of_its_day_by_the_companys_clocks(day: date, zone: str) -> None:
    until, ends_at = freezing.end_of_day(day.isoformat(), zone, BEGIN)
    body = entry_kinds.frozen(
        Standing("shop"), Authorship("ada", BEGIN.isoformat()), until=until, ends_at=ends_at, reason="r"
    )
    frozen = Standing("shop", (Entry.after((), "shop", body),))
    over = datetime.fromisoformat(ends_at)
    assert over.astimezone(ZoneInfo(zone)).date() == day + timedelta(days=1)
    last = over - timedelta(seconds=1)
    assert last.astimezone(ZoneInfo(zone)).date() == day
    assert frozen.frozen(last.isoformat()) == body["freeze"]
    assert frozen.frozen(over.isoformat()) is None


@given(st.lists(st.sampled_from(["frozen", "unfrozen"]), max_size=6))
def test_the_last_word_counts_and_no_freeze_moves_a_champion(kinds: list[str]) -> None:
    now = Standing("shop")
    signed = Authorship("ada", BEGIN.isoformat())
    for number, kind in enumerate(kinds):
        body = (
            entry_kinds.frozen(now, signed, until="2020-01-01", ends_at="2020-01-02T00:00:00+00:00", reason=str(number))
            if kind == "frozen"
            else entry_kinds.unfrozen(now, signed, reason="")
        )
        now = Standing("shop", (*now.entries, Entry.after(now.entries, "shop", body)))
    assert not faults(now.entries)
    found = now.frozen(signed.at)
    assert (found["reason"] if found else None) == (str(len(kinds) - 1) if kinds[-1:] == ["frozen"] else None)
    assert now.champion is None
    assert now.decided is None
    assert not now.looks()


def test_every_verdict_that_moves_is_held_back() -> None:
    found = {**entry_kinds.NOTHING, "reasons": ["as found"], "figures": {"challenger": {"AUC": 0.7}}}
    asked = {"challenger_version": "2", "compared_with": "1", "question": "q"}
    freeze = {"until": "2020-01-01", "ends_at": "2020-01-02T00:00:00+00:00", "by": "ada", "reason": "r"}
    signed = Authorship("ada", BEGIN.isoformat())
    for verdict in (Verdict.FIRST_CHAMPION, Verdict.PROMOTE, Verdict.REFRESH):
        for approval in (True, False):
            decided = entry_kinds.decision(
                asked, {**found, "verdict": verdict.value}, signed, digest="d", approval=approval
            )
            held = entry_kinds.held_back(decided, found, freeze)
            assert (held["champion_version"], held["verdict"], held["awaiting_approval"]) == ("1", "FROZEN", False)
            assert held["figures"] == found["figures"]
