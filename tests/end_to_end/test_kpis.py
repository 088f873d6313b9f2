"""`kpis` on the tiny world: every window is that of a count of the tables by hand, and the page and the lines agree."""

import json
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import yaml

from experiments.evaluation.retention.movements import movement
from pipelines.jobs.retention import reading
from pipelines.specs import spec_files
from pipelines.workspace import Workspace
from tests.end_to_end.repository import Repository


def asked(repository: Repository, *words: str) -> dict[str, Any]:
    ended = repository.run("kpis", "demo", *words, "--json")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return json.loads(ended.stdout)


def test_kpis(tiny: Repository) -> None:
    _figures_are_written_and_shown(tiny)
    _every_window_is_a_count_of_the_tables(tiny)
    _rounds_and_warnings_are_counted(tiny)
    _bad_input_is_one_line(tiny)


def _figures_are_written_and_shown(tiny: Repository) -> None:
    found = asked(tiny, "--by", "plan")
    made = tiny.root / "artifacts/demo"
    assert json.loads((made / "kpis.json").read_text()) == found
    page = (made / "kpis.html").read_text()
    assert found["by"] == ["segment", "plan", "cohort"]
    assert [one["state"] for one in found["windows"]] == ["complete"] * 3
    year = found["windows"][-1]
    assert f"{year['all']['customers']['lost']:,}" in page
    assert year["all"]["verdict"] in page
    assert set(found["missing"]) == {"leavers on a list ahead, and lead time", "warnings acted on in time"}
    lifetime = found["lifetime"]
    assert lifetime["version"] == "1"
    assert 0 < lifetime["mean"]["value"] < lifetime["margin_a_year"] * lifetime["years"]
    assert found["drivers"]["thresholds"]
    assert {"all", "renewal", "after_sales"} <= set(year["nps"])
    lines = tiny.run("kpis", "demo").stdout
    assert f"{100 * year['all']['retention']['value']:.1f}\u00a0%" in lines
    assert asked(tiny, "--by", "plan") == found


def _every_window_is_a_count_of_the_tables(tiny: Repository) -> None:
    """One contract a customer in this world: who has one is counted anew with plain comparisons."""
    workspace = Workspace(tiny.root, "demo")
    company = reading.read(spec_files.load(workspace), workspace, ends=pd.Timestamp("2025-06-01").to_pydatetime())
    assert not isinstance(company, str)
    rows = pd.read_parquet(workspace.tables / "contracts").sort_values(["contract_id", "known_at"])
    last = rows.drop_duplicates("contract_id", keep="last")
    assert last["customer_id"].is_unique
    start, end = last["starts_at"], last["ended_at"].fillna(pd.Timestamp("2200-01-01"))
    edges = [*pd.date_range("2024-01-31", "2025-05-31", freq="2ME"), pd.Timestamp("2024-02-29")]
    for closes, days in product(edges, (1, 30, 182, 365)):
        opens = closes - pd.Timedelta(days=days)
        moved = movement(company.spans, opens=np.datetime64(opens, "us"), closes=np.datetime64(closes, "us"))
        before, after = (((start < moment) & (end >= moment)) for moment in (opens, closes))
        assert moved.reconciles
        assert (moved.at_start, moved.at_end) == (before.sum(), after.sum())
        assert (moved.lost, moved.new) == ((before & ~after).sum(), (after & ~before).sum())
        assert moved.came_and_went == ((start >= opens) & (end < closes)).sum()


def _rounds_and_warnings_are_counted(tiny: Repository) -> None:
    path = tiny.root / "experiments/specs/demo.yaml"
    said = {**yaml.safe_load(path.read_text()), "alerts": "demo", "kpis": {"days": [365], "target": {"365": 0.5}}}
    path.write_text(yaml.safe_dump(said, sort_keys=False))
    ended = tiny.run("alerts", "run", "demo", "--at", "2026-01-01T00:00")
    assert ended.returncode == 0, ended.stderr
    found = asked(tiny, "--at", "2025-06-01")
    window = found["windows"][0]
    assert window["state"] == "immature"
    assert window["acted"]["due"] == window["acted"]["raised"] > 0
    assert window["acted"]["in_time"]["value"] == 0
    assert "Share acted on in time" in (tiny.root / "artifacts/demo/kpis.html").read_text()


def _bad_input_is_one_line(tiny: Repository) -> None:
    for words, told in ((("--at", "soon"), "kpis: --at 'soon' is no date"), (("--by", "hat"), "kpis: --by 'hat': ")):
        ended = tiny.run("kpis", "demo", *words)
        assert (ended.returncode, ended.stderr.count("\n")) == (2, 1)
        assert ended.stderr.startswith(told)
