"""Warnings and a round on a tiny world, from the command line: check, backtest, raise, draw, and again."""

import json
from pathlib import Path

import pandas as pd
import yaml

from tests.end_to_end.repository import Repository

SPECS = Path(__file__).parents[2] / "experiments" / "specs"


def _said(repository: Repository, *words: str) -> dict:
    ended = repository.run(*words, "--json")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return json.loads(ended.stdout)


def _change(repository: Repository, **keys: object) -> None:
    path = repository.root / "experiments/specs/demo.yaml"
    path.write_text(yaml.safe_dump({**yaml.safe_load(path.read_text()), **keys}, sort_keys=False))


def test_warnings_and_rounds(tiny: Repository) -> None:
    _change(tiny, alerts="demo", playbook="demo", round={"control": 0.2, "explore": 0.1})
    _warnings_are_checked_played_and_raised_once(tiny)
    _a_round_is_drawn_once_whatever_changes(tiny)
    _bad_files_are_refused_by_one_line(tiny)


def _warnings_are_checked_played_and_raised_once(tiny: Repository) -> None:
    assert _said(tiny, "alerts", "check", "demo")["advice"] == []
    played = _said(tiny, "alerts", "backtest", "demo")
    page = (tiny.root / "artifacts/demo/alerts/alerts.html").read_text()
    for name, one in played["figures"].items():
        assert name.replace("_", " ") in page or name == "any"
        assert one["warnings"] >= one["judged"]
    assert max(played["dates_of_the_model"], default="9") > min(played["dates"])
    first = _said(tiny, "alerts", "run", "demo", "--at", "2026-01-01T00:00")
    again = _said(tiny, "alerts", "run", "demo", "--at", "2026-01-01T00:00")
    listed = _said(tiny, "alerts", "list", "demo")
    assert sum(first["new"].values()) == first["open"] == again["open"] == len(listed) > 0
    assert sum(again["new"].values()) == 0
    # Nobody is late before they were told, however old the data are.
    assert {one["state"] for one in listed} == {"open"}
    assert min(one["due_at"] for one in listed) > "2026-01-01T00:00:00"
    late = _said(tiny, "alerts", "run", "demo", "--at", "2026-02-01")
    assert late["open"] == first["open"]
    assert {one["state"] for one in _said(tiny, "alerts", "list", "demo")} == {"escalated"}
    one = listed[0]
    _time_goes_forward_only(tiny, one)
    done = ("alerts", "done", "demo", one["rule"], one["customer_id"], "--since", one["began_at"])
    assert [_said(tiny, *done)["new"] for _ in range(2)] == [True, False]
    assert len(_said(tiny, "alerts", "list", "demo")) == len(listed) - 1
    assert len(_said(tiny, "alerts", "list", "demo", "--all")) == len(listed)


def _time_goes_forward_only(tiny: Repository, one: dict) -> None:
    named = ("demo", one["rule"], one["customer_id"], "--since", one["began_at"])
    ended = tiny.run("alerts", "done", *named, "--at", "2025-05-31")
    assert (ended.returncode, ended.stderr.count("\n")) == (2, 1)
    assert "before that" in ended.stderr
    assert _said(tiny, "alerts", "acknowledge", *named)["state"] == "acknowledged"
    there = {(row["rule"], row["customer_id"]): row["state"] for row in _said(tiny, "alerts", "list", "demo")}
    assert there[one["rule"], one["customer_id"]] == "acknowledged"


def _a_round_is_drawn_once_whatever_changes(tiny: Repository) -> None:
    first = _said(tiny, "round", "demo")
    folder = tiny.root / "artifacts/demo/rounds" / first["as_of"]
    listed, csv = pd.read_parquet(folder / "list.parquet"), (folder / "list.csv").read_bytes()
    probabilities = listed.filter(like="probability_of_")
    assert (abs(probabilities.sum(axis=1) - 1) < 1e-9).all()
    contacted = int((listed["action"] != "none").sum())
    warned = {row["customer_id"]: row for row in _said(tiny, "alerts", "list", "demo")}
    assert set(listed.loc[listed["urgency"] != "", "customer_id"]) == set(warned) & set(listed["customer_id"])
    assert set(listed["next_best_action"]) <= {"none", "call", "coupon", "upgrade"}
    drawn = pd.read_parquet(folder / "treatments.parquet")
    assert len(drawn) == contacted + first["withheld"]
    assert (drawn["action"] == "control").sum() == first["withheld"]
    assert contacted + first["withheld"] > 0
    assert set(first["can_show"]) >= set(first["actions"])
    assert abs(first["withheld"] - 0.2 * (contacted + first["withheld"])) <= 1
    _change(tiny, round={"control": 0.5, "explore": 0.0})
    assert _said(tiny, "round", "demo") == first
    assert (folder / "list.csv").read_bytes() == csv
    ended = tiny.run("round", "demo", "--as-of", "2030-01-01")
    assert ended.returncode == 2
    assert "there is no list of 2030-01-01" in ended.stderr


def _bad_files_are_refused_by_one_line(tiny: Repository) -> None:
    alerts = tiny.root / "experiments/specs/alerts/demo.yaml"
    good = alerts.read_text()
    for right, wrong, told in (
        ("days_since_last_use,", "days_since_last_user,", "there is no feature 'days_since_last_user'"),
        ("route: by_region", "route: by_regions", "there is no route 'by_regions'"),
    ):
        alerts.write_text(good.replace(right, wrong, 1))
        ended = tiny.run("alerts", "check", "demo")
        assert (ended.returncode, ended.stderr.count("\n")) == (2, 1)
        assert told in ended.stderr
    alerts.write_text(good)
    playbook = tiny.root / "experiments/specs/playbooks/demo.yaml"
    playbook.write_text(playbook.read_text().replace("action: coupon", "action: gift", 1))
    _change(tiny, name="demo")
    (tiny.root / "state/operations.db").unlink()
    ended = tiny.run("round", "demo")
    assert ended.returncode == 2
    assert "the action 'gift' has no cost" in ended.stderr
