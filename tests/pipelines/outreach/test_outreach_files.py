"""Files of rules and playbooks that are none: each is named as it lies, with what it needs."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from features.errors import MissingError, SpecError
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
