"""Files of rules and playbooks that are none: each is named as it lies, with what it needs."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from experiments.logic.condition import KnownColumn
from features.errors import MissingError, SpecError
from pipelines.outreach import columns as known_columns
from pipelines.outreach import outreach_files


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "{}/t.yaml is empty; it needs keys such as title and "),
        ("- a", "{}/t.yaml is empty; it needs keys such as title and "),
        ("title: 2026-01-01", "{}/t.yaml: title: write the date"),
        ("title: t\nextra: 1", "{}/t.yaml"),
    ],
)
@pytest.mark.parametrize("kind", ["alerts", "playbooks"])
def test_a_file_that_is_none_is_named(tmp_path: Path, kind: str, text: str, told: str) -> None:
    folder = tmp_path / kind
    folder.mkdir()
    spec: Any = SimpleNamespace(name="demo", alerts="t", playbook="t")
    workspace: Any = SimpleNamespace(alerts=folder, playbooks=folder)
    read = outreach_files.alerts if kind == "alerts" else outreach_files.playbook
    with pytest.raises(MissingError, match=r"there is no file"):
        read(spec, workspace)
    (folder / "t.yaml").write_text(text)
    with pytest.raises(SpecError) as found:
        read(spec, workspace)
    assert told.format(kind) in str(found.value)
    assert "source" not in str(found.value)


BOOK = """
title: Book
segments: {{warned: {{warning: {rule}}}}}
rows:
  one: {{segment: warned, action: none, says: {{en: "Leave", zh: "不联系"}}}}
"""
RULES = """
title: Warnings
rules:
  use_is_down:
    says: {en: "Uses it less", zh: "使用减少"}
    when: {feature: use, below: 1}
    owner: desk
"""


@pytest.mark.parametrize(
    ("rule", "alerts", "is_there"),
    [("use_is_down", "t", True), ("any", "t", True), ("use_is_dwon", "t", False), ("use_is_down", None, False)],
)
def test_a_segment_asks_for_warnings_of_rules_that_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rule: str, alerts: str | None, is_there: bool
) -> None:
    monkeypatch.setattr(known_columns, "built", lambda _: {"use": KnownColumn("number")})
    spec: Any = SimpleNamespace(name="demo", alerts=alerts, playbook="t", actions=())
    workspace: Any = SimpleNamespace(alerts=tmp_path / "alerts", playbooks=tmp_path / "playbooks", matrix=tmp_path)
    for folder, text in (("alerts", RULES), ("playbooks", BOOK.format(rule=rule))):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "t.yaml").write_text(text, encoding="utf-8")
    if is_there:
        assert outreach_files.checked_playbook(spec, workspace) is not None
    else:
        with pytest.raises(SpecError, match=f"playbooks/t.yaml: warned: there is no rule of warnings '{rule}'"):
            outreach_files.checked_playbook(spec, workspace)
