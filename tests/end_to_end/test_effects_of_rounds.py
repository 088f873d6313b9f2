"""A campaign of the tiny world as a round: who left is what the training rows say, and so is the effect."""

import json
from datetime import date

import numpy as np
import pandas as pd
import pytest

from pipelines.matrix import matrices
from pipelines.outreach.operations import database, rounds
from pipelines.outreach.operations.rounds import Round
from pipelines.workspace import Workspace
from tests.end_to_end.repository import Repository

ON = date(2025, 1, 1)


def drawn_as_the_campaign(learn: pd.DataFrame) -> pd.DataFrame:
    """The customers of a campaign as the assignments of a round, with the shares of the arms as probabilities."""
    trial = learn[learn["arm"].notna()].reset_index(drop=True)
    arms = trial["arm"].replace({"control": "none"})
    shares = {str(arm): float(share) for arm, share in arms.value_counts(normalize=True).items()}
    rows = pd.DataFrame({"customer_id": trial["customer_id"], "action": arms, "left": trial["churned"]})
    rows = rows.assign(
        proposed=np.where(arms == "none", "call", arms),
        withheld=(arms == "none"),
        explored=False,
        level="low",
        risk=0.1,
        expected_value=1.0,
        because="model",
        next_best="none",
        value=100.0,
        probabilities=[shares] * len(rows),
    )
    deleted = rows.iloc[:1].assign(customer_id="deleted since")
    rows = pd.concat([rows, deleted], ignore_index=True)
    rows["reasons"], rows["warnings"] = ([[] for _ in range(len(rows))] for _ in range(2))
    return rows


def test_outcomes_and_effects_are_those_of_the_training_rows(
    tiny_built: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(database.ADDRESS, raising=False)
    workspace = Workspace(tiny_built.root, "demo")
    learn = matrices.read(workspace.matrix, matrices.LEARN).to_pandas()
    rows = drawn_as_the_campaign(learn[learn["as_of"] == pd.Timestamp(ON)])
    engine = database.opened(tiny_built.root)
    for on, closes in ((ON, date(2025, 3, 16)), (date(2025, 5, 15), date(2025, 7, 28))):
        head = Round("demo", on, "2025-01-01T00:00:00+00:00", "desk", "1", 0.2, 0.0, closes, {})
        assert rounds.written(engine, head, rows, rest_days=0) is not None
    contacts = tiny_built.root / "contacts.csv"
    given = rows[rows["action"] != "none"]
    told = pd.DataFrame({"customer": given["customer_id"], "action": given["action"], "when": "2025-01-02T08:00"})
    told.assign(outcome="reached").to_csv(contacts, index=False)
    for new in (len(told), 0):
        ended = tiny_built.run("record", "demo", "contacts.csv", "--json")
        assert ended.returncode == 0, ended.stderr
        recorded = json.loads(ended.stdout)
        assert (recorded["new"], recorded["outside"]) == (new, 0)
    ended = tiny_built.run("effect", "demo", "--json")
    assert ended.returncode == 0, ended.stderr
    found = json.loads(ended.stdout)
    # The second's window closes after the data end.
    assert [bool(one["pending"]) for one in found["rounds"]] == [False, True]
    assert "the data end" in found["rounds"][1]["pending"]
    assert any(one.startswith("1 customers of rounds are not in the data any longer") for one in found["remarks"])
    rows = rows[rows["customer_id"] != "deleted since"]
    left = rows.groupby("action")["left"].agg(["mean", "sum", "size"])
    for line in (one for one in found["lines"] if one["by"] == "round" and one["value"] == str(ON)):
        arm = left.loc[line["action"]]
        assert line["counts"]["left_assigned"] == arm["sum"]
        assert line["counts"]["left_withheld"] == left.loc["none", "sum"]
        assert line["counts"]["assigned"] == arm["size"]
        if line["unadjusted"] is not None:
            assert line["unadjusted"] == pytest.approx(left.loc["none", "mean"] - arm["mean"])
    assert rows["left"].sum() > 0
    page = (tiny_built.root / "artifacts/demo/effect.html").read_text()
    assert "is pending" in page
    ended = tiny_built.run("effect", "demo", "--at", "2030-01-01")
    assert (ended.returncode, ended.stderr.count("\n")) == (2, 1)
