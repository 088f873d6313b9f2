"""The retention figures as lines of a terminal."""

import re
from pathlib import Path

import pytest

from pipelines.jobs.retention import in_lines, kpis
from pipelines.outreach.operations import database
from tests.pipelines.jobs.retention import company_by_hand as by_hand


def test_the_lines_of_a_terminal_write_figures_as_the_pages_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(database.ADDRESS, raising=False)
    spec = by_hand.spec(kpis={"days": [362]})
    told = "\n".join(in_lines.lines(kpis.figures(spec, by_hand.company(tmp_path), at="2024-12-28", by=None)))
    for words in ("100.0\u00a0%", "85\u00a0% cannot tell", "86.1\u00a0%"):
        assert words in told
    assert not re.search(r"\d%", told)
