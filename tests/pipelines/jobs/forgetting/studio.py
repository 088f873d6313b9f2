"""A studio under git and DVC: raw files with names, mail addresses and texts, rounds, and what came back."""

import subprocess
import sys
from contextlib import chdir
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from experiments.spec import ExperimentSpec
from pipelines.jobs import add_data
from pipelines.jobs.retention import kpis
from pipelines.outreach import round_list
from pipelines.outreach.feedback import effect_run, record_run
from pipelines.outreach.operations import database, rounds, warnings
from pipelines.outreach.operations.rounds import Round
from pipelines.specs import spec_files
from pipelines.stages import build, ingest
from pipelines.workspace import Workspace

ROUND_ON = date(2025, 9, 1)
LATER = date(2026, 6, 1)
# In 40 customers; each word of hers stands nowhere else.
ANNA, NAME, MAIL, TEXT, NOTE = "K-0007", "Anna Zweig", "anna@zweig.example", "My Zweig loom is broken", "call Annas son"
SPEC: dict[str, Any] = {
    "title": "A studio",
    "currency": "eur",
    "source": {
        "kind": "event_log",
        "time_zone": "UTC",
        "extracted_at": "2026-03-01",
        "identities": [{"file": "mails.csv", "key": "mail", "customer_id": "id"}],
        "tables": {
            "customers": {
                "files": "people.csv",
                "columns": {"customer_id": "id", "event_at": "joined", "joined_at": "joined", "segment": "town"},
            },
            "contracts": {
                "files": "contracts.parquet",
                "columns": {
                    "contract_id": "contract",
                    "customer_id": "id",
                    "event_at": "known",
                    "plan": "plan",
                    "price": "price",
                    "starts_at": "starts",
                    "ended_at": "ends",
                },
            },
            "interactions": {
                "files": "letters.jsonl",
                "identity": True,
                "look_up": {"said": {"file": "texts.xlsx", "key": "number", "take": "words", "by": "letter"}},
                "columns": {
                    "customer_id": "mail",
                    "event_at": "day",
                    "channel": "'mail'",
                    "complaint": "said LIKE '%broken%'",
                    "text": "said",
                },
            },
        },
    },
    "label": {"kind": "cancelled", "lead_time_days": 7, "horizon_days": 30},
    "observations": {"first": "2025-02-01", "every_months": 3, "look_back_days": 90},
    "features": ["tenure", "support"],
    "treatment": {"arms": {"call": {"cost": 2.0}, "coupon": {"cost": 5.0}}},
    "validation": {},
    "checks": {},
    "value": {"constant": 100.0},
    "policy": {},
    "split": {"kind": "time", "gate_dates": 1, "folds": 2},
    "tuning": {},
    "cost_of_churn": {"acquisition_cost": 50.0, "value_months": 12, "months": 12},
}


class Studio:
    """The checkout, and what its commands do."""

    def __init__(self, root: Path) -> None:
        self.root, self.workspace, self.files = root, Workspace(root, "studio"), root / "from_elsewhere"
        self.ids = [f"K-{number:04}" for number in range(40)]
        if not self.workspace.spec_file.exists():
            self.found()
        self.spec: ExperimentSpec = spec_files.load(self.workspace)
        self.engine = database.opened(root)

    def found(self) -> None:
        for words in (["git", "init", "-q"], [sys.executable, "-m", "dvc", "init", "-q"]):
            subprocess.run(words, cwd=self.root, check=True, capture_output=True)
        self.workspace.specs.mkdir(parents=True)
        self.workspace.spec_file.write_text(yaml.safe_dump(SPEC))
        (self.root / "params.yaml").write_text("specs: []\ntexts: []\n")
        (self.root / "dvc.yaml").write_text("stages: {}\n")
        self.files.mkdir()
        self.write_files()

    def write_files(self) -> None:
        gen, n = np.random.default_rng(3), len(self.ids)
        names = [NAME if one == ANNA else f"Name {one[2:]}" for one in self.ids]
        self.mails = [MAIL if one == ANNA else f"m{one[2:]}@all.example" for one in self.ids]
        joined = [date(2024, 1, 1) + timedelta(days=int(days)) for days in gen.integers(0, 300, n)]
        towns = np.where(np.arange(n) % 2 == 0, "Köln", "Jena")
        people = pd.DataFrame({"id": self.ids, "name": names, "joined": joined, "town": towns})
        people.to_csv(self.files / "people.csv", index=False)
        pd.DataFrame({"mail": self.mails, "id": self.ids}).to_csv(self.files / "mails.csv", index=False)
        ends = [
            date(2025, 1, 5) + timedelta(days=int(days)) if days < 420 else None for days in gen.integers(0, 900, n)
        ]
        ends[7], ends[8] = date(2025, 9, 20), None
        contracts = pd.DataFrame({"contract": [f"V{one}" for one in self.ids], "id": self.ids, "starts": joined})
        contracts = contracts.assign(plan="basic", price=10.0, starts=pd.to_datetime(contracts["starts"]))
        contracts = contracts.assign(ends=pd.to_datetime(pd.Series(ends)))
        begun = contracts.assign(known=contracts["starts"], ends=pd.NaT)
        ended = contracts[contracts["ends"].notna()].assign(known=lambda rows: rows["ends"])
        pd.concat([begun, ended]).to_parquet(self.files / "contracts.parquet", index=False)
        letters = [(number, one) for number, one in enumerate(one for one in self.mails for _ in range(2))]
        days = [date(2025, 1, 10) + timedelta(days=3 * (number % 100)) for number, _ in letters]
        rows = {"letter": [number for number, _ in letters], "mail": [one for _, one in letters], "day": map(str, days)}
        pd.DataFrame(rows).to_json(self.files / "letters.jsonl", orient="records", lines=True)
        said = [TEXT if one == MAIL else f"Text {number}" for number, one in letters]
        pd.DataFrame({"number": [number for number, _ in letters], "words": said}).to_excel(
            self.files / "texts.xlsx", index=False
        )

    def add(self) -> None:
        with chdir(self.root):
            add_data.add(self.spec, self.workspace, [str(self.files)])

    def ingest(self) -> None:
        ingest.run(self.spec, self.workspace)

    def build(self) -> None:
        build.write(self.spec, self.workspace, must_be_enough=False)

    def draw(self, on: date = ROUND_ON) -> pd.DataFrame:
        """A round of everybody, half of them withheld, kept and shown."""
        gen, n = np.random.default_rng(5), len(self.ids)
        proposed, withheld = np.where(np.arange(n) % 2 == 0, "call", "coupon"), gen.random(n) < 0.5
        frame = pd.DataFrame({"customer_id": self.ids, "proposed": proposed, "withheld": withheld, "level": "high"})
        frame = frame.assign(action=np.where(withheld, "none", proposed), explored=False, risk=gen.uniform(0.2, 0.6, n))
        frame = frame.assign(expected_value=1.0, because="playbook", next_best="none", value=100.0, segment="all")
        frame["probabilities"] = [{"none": 0.5, "call": 0.0, "coupon": 0.0, one: 0.5} for one in proposed]
        frame["reasons"] = [[[f"Wrote: {one}", f"写了 {one}"]] for one in self.ids]
        frame["warnings"] = [[] for _ in self.ids]
        closes, versions = on + timedelta(days=37), {"model": "1", "playbook": "book"}
        head = Round("studio", on, f"{on}T08:00:00+00:00", "desk", "1", 0.5, 0.0, closes, versions)
        kept = rounds.written(self.engine, head, frame, rest_days=0)
        assert kept is not None
        self.show(on)
        return frame

    def show(self, on: date = ROUND_ON) -> None:
        kept = rounds.found(self.engine, "studio", on)
        assert kept is not None
        folder = round_list.folder_of(self.workspace.rounds, on)
        round_list.write(folder, *kept, title="A studio", currency="eur", time_zone="UTC")

    def warn(self, customer: str, spec: str = "studio") -> None:
        """An open warning, with a remark in which somebody names the person."""
        told = {"raised_at": "2025-09-02T08:00:00", "level": "high", "owner": "desk", "channel": "mail"}
        told |= {"due_at": "2025-09-04T08:00:00", "escalates_to": None, "versions": {"model": "1"}}
        one = warnings.Warning_(spec=spec, rule="use", customer_id=customer, began_at="2025-09-01T00:00:00", **told)
        warnings.raised(self.engine, [one], {}, spec=spec, at="2025-09-02T08:00:00")
        key = (spec, "use", customer, "2025-09-01T00:00:00")
        warnings.happened(self.engine, key, warnings.ACKNOWLEDGED, at="2025-09-03T08:00:00", by="desk", note=NOTE)

    def record(self, rows: list[dict[str, Any]]) -> Any:
        path = self.root / "back.csv"
        pd.DataFrame(rows).to_csv(path, index=False)
        try:
            told = {"renamed": {}, "said_at": None, "signed": "desk", "dry_run": False}
            return record_run.record(self.spec, self.workspace, self.engine, [path], **told)
        finally:
            path.unlink()

    def effect(self, at: date = LATER) -> dict[str, Any]:
        return effect_run.figures(self.spec, self.workspace, self.engine, at=at)

    def kpis(self) -> dict[str, Any]:
        return kpis.figures(self.spec, self.workspace, at="2026-01-01", by=None)


def filled(root: Path) -> Studio:
    """The studio after a round, a warning and a contact, with its matrix built."""
    found = Studio(root)
    found.add()
    found.ingest()
    found.build()
    drawn = found.draw()
    found.warn(ANNA)
    contacted = drawn.loc[drawn["action"] != "none", ["customer_id", "action"]].to_dict("records")
    contacted += [{"customer_id": ANNA, "action": "call"}]
    when = {"when": "2025-09-02T10:00", "outcome": "reached", "note": ""}
    rows = {one["customer_id"]: {"customer": one["customer_id"], "action": one["action"], **when} for one in contacted}
    rows[ANNA]["note"] = NOTE
    found.record(list(rows.values()))
    return found
