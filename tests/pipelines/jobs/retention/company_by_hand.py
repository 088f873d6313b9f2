"""A company of a few customers, written as the canonical tables that the stages would leave."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from experiments.spec import ExperimentSpec
from pipelines.workspace import Workspace

SPECS = Path(__file__).parents[4] / "experiments" / "specs"
ENDS = datetime(2025, 1, 1)
# Customer, contract, event, known, price, start, end, plan.
ROWS = (
    # One contract, dearer from May.
    ("a", "a1", "2023-01-31", "2023-01-31", 10.0, "2023-01-31", None, "basic"),
    ("a", "a1", "2024-05-01", "2024-05-01", 15.0, "2023-01-31", None, "plus"),
    # Two contracts that overlap; the first ends on the leap day, the second runs.
    ("b", "b1", "2023-06-01", "2023-06-01", 20.0, "2023-06-01", None, "basic"),
    ("b", "b1", "2024-02-29", "2024-02-29", 20.0, "2023-06-01", "2024-02-29", "basic"),
    ("b", "b2", "2024-01-10", "2024-01-10", 5.0, "2024-01-10", None, "plus"),
    # Left on a 31st, came back in October.
    ("c", "c1", "2023-03-01", "2023-03-01", 30.0, "2023-03-01", None, "basic"),
    ("c", "c1", "2024-03-31", "2024-04-03", 30.0, "2023-03-01", "2024-03-31", "basic"),
    ("c", "c2", "2024-10-05", "2024-10-05", 30.0, "2024-10-05", None, "plus"),
    # Joined and left within the year.
    ("d", "d1", "2024-06-15", "2024-06-15", 8.0, "2024-06-15", None, "basic"),
    ("d", "d1", "2024-08-15", "2024-08-15", 8.0, "2024-06-15", "2024-08-15", "basic"),
    # A leaving that was taken back by a correction.
    ("e", "e1", "2023-02-01", "2023-02-01", 12.0, "2023-02-01", None, "basic"),
    ("e", "e1", "2024-07-01", "2024-07-01", 12.0, "2023-02-01", "2024-07-01", "basic"),
    ("e", "e1", "2024-07-01", "2024-07-05", 12.0, "2023-02-01", None, "basic"),
    # New, of no segment.
    ("f", "f1", "2024-12-20", "2024-12-20", 9.0, "2024-12-20", None, "basic"),
)
SEGMENTS = (("a", "2023-01-31", "x"), ("a", "2024-09-01", "y"), ("b", "2023-06-01", "x"), ("c", "2023-03-01", "y"))


def spec(**changes: Any) -> ExperimentSpec:
    """The demo's, with some keys changed."""
    plain = yaml.safe_load((SPECS / "demo.yaml").read_text())
    return ExperimentSpec.model_validate({"name": "demo", **plain, **changes})


def write(workspace: Workspace, tables: dict[str, pd.DataFrame], *, ends: datetime | None = ENDS) -> None:
    """The tables as Parquet, with the date at which they end."""
    for name, rows in tables.items():
        folder = workspace.tables / name
        folder.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.Table.from_pandas(rows, preserve_index=False), folder / "part.parquet")
    about = {"extracted_at": ends.isoformat() if ends else None}
    (workspace.tables / "about.json").write_text(json.dumps(about))


def contracts() -> pd.DataFrame:
    """The contracts of all."""
    names = ["customer_id", "contract_id", "event_at", "known_at", "price", "starts_at", "ended_at", "plan"]
    rows = pd.DataFrame(ROWS, columns=names).assign(renews_at=None)
    dated = ("event_at", "known_at", "starts_at", "ended_at", "renews_at")
    return rows.assign(**{name: pd.to_datetime(rows[name]).astype("datetime64[us]") for name in dated})


def customers() -> pd.DataFrame:
    """The customers; of some nothing is known beside their contracts."""
    rows = pd.DataFrame(SEGMENTS, columns=["customer_id", "event_at", "segment"])
    moment = pd.to_datetime(rows["event_at"]).astype("datetime64[us]")
    joined = moment.groupby(rows["customer_id"]).transform("min")
    return rows.assign(event_at=moment, known_at=moment, joined_at=joined, region=None, language=None).astype(
        {"region": "string", "language": "string"}
    )


def usage() -> pd.DataFrame:
    """A day of use, which shows from when on the data are kept."""
    day = pd.to_datetime(["2023-01-01"]).astype("datetime64[us]")
    return pd.DataFrame({"customer_id": ["a"], "event_at": day, "known_at": day, "actions": [1]})


def company(root: Path, **more: pd.DataFrame) -> Workspace:
    """A workspace with all of them."""
    workspace = Workspace(root, "demo")
    write(workspace, {"contracts": contracts(), "customers": customers(), "usage": usage(), **more})
    return workspace
