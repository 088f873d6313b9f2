"""A trial with no column but arm, label and what was spent: its effect, and one probability for all."""

import csv
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import yaml

from tests.end_to_end.repository import Repository
from tests.end_to_end.test_bad_input import add
from tests.specs import REQUIRED

SPEC: dict[str, Any] = {
    **REQUIRED,
    "title": "A plain trial",
    "source": {
        "kind": "table",
        "file": "small.csv",
        "columns": {
            "left": {"type": "category", "values": ["yes", "no"], "role": "label"},
            "spent": {"type": "number", "role": "outcome", "nullable": True, "unit": "eur"},
        },
        "treatment": {"column": "arm", "control": "none", "arms": {"mail": "mail"}},
    },
    "label": {"kind": "column", "column": "left", "churned": "yes", "retained": "no"},
    "treatment": {"arms": {"mail": {"cost": 1.0}}},
    "value": {"constant": 100.0},
    "split": {"kind": "random", "gate_share": 0.4, "folds": 2},
    "evaluation": {"draws": 200},
}


def content(effect: float) -> str:
    """3,000 customers; without mail 3 in 10 leave; two are not known to have spent anything or nothing."""
    rng = np.random.default_rng(1)
    mailed = rng.random(3000) < 0.5
    left = rng.random(3000) < 0.3 - effect * mailed
    spent = ["" if n in (5, 77) else f"{10 + 2 * mail}" for n, mail in enumerate(mailed)]
    rows = zip(mailed, left, spent, strict=True)
    lines = [f"{'mail' if mail else 'none'},{'yes' if gone else 'no'},{money}" for mail, gone, money in rows]
    return "\n".join(["arm,left,spent", *lines]) + "\n"


@pytest.mark.parametrize("effect", [0.1, 0.0], ids=["an effect", "none"])
def test_a_trial_without_a_column_to_learn_from_ends_with_its_effect(
    copy_of_repository: Callable[[], Repository], effect: float
) -> None:
    repository = copy_of_repository()
    (repository.root / "experiments/specs/small.yaml").write_text(yaml.safe_dump(SPEC, sort_keys=False))
    assert add(repository, content(effect)).returncode == 0
    ended = repository.go_through("ingest validate build tune train evaluate register promote", "small")
    assert "Traceback" not in ended.stderr
    assert ended.returncode in (0, 3, 4), ended.stderr
    artifacts = repository.root / "artifacts/small"
    assert json.loads((artifacts / "decision.json").read_text())["verdict"]
    assert json.loads((artifacts / "model/about.json").read_text())["family"] == "prior"
    report = json.loads((artifacts / "evaluation/report.json").read_text())
    found = report["uplift"]["trial"]["mail"]
    assert found["low"] < effect < found["high"]
    assert (found["low"] > 0) == (effect > 0)
    assert report["uplift"]["randomisation"]["sample_ratio_p"] > 0.01
    assert report["uplift"]["actions"]["mail"]["figures"]["qini"]["value"] == 0
    assert report["risk"]["auc"]["value"] == 0.5
    assert report["drivers"] == report["importance"] == []
    assert report["uplift"]["outcomes"]["spent"]["trial"]["mail"]["value"] == pytest.approx(2)
    page = (artifacts / "evaluation/report.html").read_text()
    assert "There is no column to learn from." in page
    assert "nothing limits it" in page
    assert "It is missing in 2 of 3,000 rows, which are left out" in page
    if ended.returncode:
        assert repository.act("promote", "small", "--force", "--reason", "to see the list").returncode == 0
    assert repository.act("score", "small").returncode == 0
    with (artifacts / "ranked_list/ranked_list.csv").open() as lines:
        listed = list(csv.DictReader(lines))
    assert len(listed) == 3000
    assert len({row["churn_probability"] for row in listed}) == 1
    assert {row["action"] for row in listed} <= ({"mail", "none"} if effect else {"not established"})
