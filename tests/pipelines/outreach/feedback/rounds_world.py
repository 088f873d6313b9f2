"""Rounds of a shop without dates in a database of their own, with an effect that is known."""

import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa

from experiments.spec import ExperimentSpec
from pipelines.outreach.feedback import effect_run, record_run
from pipelines.outreach.operations import database, rounds
from pipelines.outreach.operations.came_back import Kept
from pipelines.outreach.operations.rounds import Round
from pipelines.reporting import catalogue
from pipelines.workspace import Workspace
from tests.specs import trial_spec

Rows = pd.DataFrame | list[dict[str, Any]]
FIRST = date(2025, 1, 1)
# What is recorded without a time is known from now on.
LATER = date.today() + timedelta(days=1)


def spec_of(**changes: Any) -> ExperimentSpec:
    arms = {"arms": {"call": {"cost": 2.0}, "coupon": {"cost": 5.0}}}
    costs = {"acquisition_cost": 50.0, "value_months": 12, "months": 12}
    return trial_spec(**{"treatment": arms, "cost_of_churn": costs, **changes})


class Shop:
    """A shop: its spec, its database, and what the commands do there."""

    def __init__(self, root: Path, **changes: Any) -> None:
        self.spec, self.workspace = spec_of(**changes), Workspace(root, "shop")
        self.root = root
        self.engine: sa.Engine = database.opened(root)

    def draw(self, *, customers: int = 600, number: int = 0, control: float = 0.3, seed: int = 0) -> pd.DataFrame:
        """A round, 40 days after the one before: half are to be called, half get a coupon, some are withheld."""
        gen = np.random.default_rng([5, seed, number])
        names = [f"c{number}-{place:04}" for place in range(customers)]
        proposed = np.where(np.arange(customers) % 2 == 0, "call", "coupon")
        withheld = gen.random(customers) < control
        level = gen.choice(["low", "medium", "high"], customers)
        shares = [{"none": control, "call": 0.0, "coupon": 0.0, one: 1 - control} for one in proposed]
        frame = pd.DataFrame({"customer_id": names, "proposed": proposed, "withheld": withheld, "level": level})
        frame = frame.assign(
            action=np.where(withheld, "none", proposed),
            explored=False,
            risk=gen.uniform(0.2, 0.6, customers),
            expected_value=1.0,
            because="playbook",
            next_best="none",
            value=100.0,
            segment=np.where(gen.random(customers) < 0.5, "new", "old"),
            playbook_row=np.where(proposed == "call", "call_them", "send_it"),
            probabilities=shares,
        )
        frame["reasons"], frame["warnings"] = ([[] for _ in names] for _ in range(2))
        on = FIRST + timedelta(days=40 * number)
        closes, versions = on + timedelta(days=90), {"model": "1", "playbook": "book"}
        head = Round(self.spec.name, on, "2025-01-01T00:00:00+00:00", "desk", "1", control, 0.0, closes, versions)
        kept = rounds.written(self.engine, head, frame, rest_days=0)
        assert kept is not None
        return kept[1].assign(round=on.isoformat())

    def draw_again(
        self, drawn: pd.DataFrame, *, on: date, spec: str | None = None, at: str = "2025-02-01T00:00:00+00:00"
    ) -> None:
        """A later round, of this spec or of another, that contacts customers of an earlier one as it did."""
        closes = on + timedelta(days=90)
        head = Round(spec or self.spec.name, on, at, "desk", "1", 0.3, 0.0, closes, {"model": "1", "playbook": "book"})
        assert rounds.written(self.engine, head, drawn, rest_days=0) is not None

    def record(self, rows: Rows, *, at: str | None = None, dry_run: bool = False, form: str = "csv") -> Kept:
        """What `record` does with a file of these rows."""
        path, frame = self.root / f"back.{form}", pd.DataFrame(rows)
        if form == "xlsx":
            frame.to_excel(path, index=False)
        elif form == "parquet":
            frame.to_parquet(path, index=False)
        elif form == "jsonl":
            frame.to_json(path, orient="records", lines=True)
        else:
            frame.to_csv(path, index=False)
        told = {"renamed": {}, "said_at": at, "signed": "desk", "dry_run": dry_run}
        return record_run.record(self.spec, self.workspace, self.engine, [path], **told)

    def effect(self, *, at: date = LATER, **more: Any) -> dict[str, Any]:
        """What `effect` finds, none of which the page lacks in Chinese."""
        found = effect_run.figures(self.spec, self.workspace, self.engine, at=at, **more)
        said = [*found["remarks"], *(one["pending"] for one in found["rounds"] if one["pending"])]
        for one in (*found["lines"], *found["refused"]):
            said += one["missing"] if one.get("effect") else [one["because"], *one["missing"]]
        words = catalogue.of_page("effect")
        assert [one for one in said if not re.search("[\u4e00-\u9fff]", words.translated(one)[1])] == []
        return found


def fates(drawn: pd.DataFrame, *, call: float = -0.25, coupon: float = 0.0, seed: int = 1) -> pd.DataFrame:
    """Who left, as a file of outcomes: by risk, which a call changes by so much and a coupon by so much."""
    gen = np.random.default_rng([77, seed])  # not the numbers of any draw
    chance = drawn["risk"] + drawn["action"].map({"none": 0.0, "call": call, "coupon": coupon})
    left = (gen.random(len(drawn)) < chance).astype(int)
    return pd.DataFrame({"customer": drawn["customer_id"], "round": drawn["round"], "churned": left})


def calls(drawn: pd.DataFrame, **more: Any) -> pd.DataFrame:
    """Everything that was assigned, done on the second day, as a file of contacts."""
    done = drawn[drawn["action"] != "none"]
    plain = {"customer": done["customer_id"], "action": done["action"], "when": done["round"] + "T09:00:00"}
    return pd.DataFrame(plain).assign(**{"outcome": "reached", **more})
