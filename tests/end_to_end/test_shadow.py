"""A refresh of the tiny world's champion shadows it on newer data, and what came true decides."""

import json

import pandas as pd

from tests.end_to_end.repository import TINY, Repository

# A refresh of so few rows may be worse by anything that is not shown.
WIDE = {"auc_margin": 1, "brier_margin": 1, "miscalibration_margin": 1, "slice_margin": 1, "value_share": 0.01}
GATE = {**TINY["gate"], **WIDE, "shadow": {"dates": 1}}


def at(repository: Repository, months: int) -> None:
    """The spec on data of so many months, the first twelve of which are not observed: what was searched stays."""
    source = {**TINY["source"], "months": months}
    repository.spec("demo", "demo", source=source, gate=GATE)


def decision(repository: Repository) -> dict:
    return json.loads((repository.root / "artifacts/demo/decision.json").read_text())


import time


def go(repository, words):
    for one in words.split():
        a = time.process_time()
        w = time.time()
        ended = repository.act(one, "demo")
        print("TIMED", one, time.process_time() - a, time.time() - w)
    return ended


def test_a_refresh_shadows_the_champion_and_what_came_true_decides(tiny: Repository) -> None:
    at(tiny, 18)
    ended = go(tiny, "ingest build train evaluate register promote")
    assert ended.returncode == 3, ended.stderr
    first = decision(tiny)
    assert first["verdict"] == "SHADOWING", first["words"]
    assert first["shadow"]["until"] == "2025-09-13"
    ended = go(tiny, "score")
    listed = pd.read_parquet(tiny.root / "artifacts/demo/ranked_list/ranked_list.parquet")
    assert set(listed["model_version"]) == {"1"}
    summary = tiny.act("summary", "demo").stdout
    assert "In shadow: version 2 is scored beside version 1; version 1 stays champion" in summary
    assert "lists are made by version 1 alone, and what comes true decides" in summary
    page = (tiny.root / "artifacts/demo/decision.html").read_text()
    assert "影子运行" in page
    at(tiny, 21)
    ended = go(tiny, "ingest build promote")
    assert ended.returncode == 0, ended.stderr
    found = decision(tiny)
    assert (found["verdict"], found["champion_version"]) == ("REFRESH", "2")
    assert found["came_true"]["dates"] == found["cohort"]["dates"] == ["2025-07-01"]
    # A campaign began on that very day: policies are valued by it.
    assert found["cohort"]["untreated"] < found["cohort"]["rows"]
    assert "policy_value" in found["pairs"]
    assert 0
