"""The build at scale: `python -m tests.benchmarks.building` prints its table; its commands are what is measured.

write FOLDER CUSTOMERS EVENTS     make the tables
build FOLDER DATES [THEME...]     build so many monthly snapshots and the newest to score, of all themes or these
scan FOLDER                       read every column once that the features need, and do nothing with it
pandas FOLDER DATES               the same 18 columns by a loop over the dates, as one would write it by hand
"""

import shutil
import sys
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from experiments.spec import ExperimentSpec
from features.catalog import features_for
from pipelines.files import storage
from pipelines.matrix import dated
from pipelines.stages import build
from pipelines.workspace import Workspace
from tests.benchmarks import events
from tests.benchmarks.measuring import Cost, measure
from tests.specs import REQUIRED

END = "2026-12-01T00:00:00"
ROOT = Path(__file__).parent.parent.parent
HALF = ("activity", "contracts", "experience", "onboarding", "recency", "tenure")
NEEDED = {
    "usage": "customer_id, event_at, known_at, actions, kinds, sessions, minutes",
    "transactions": "customer_id, event_at, known_at, kind, amount, discount",
    "interactions": "customer_id, event_at, known_at, channel, topic, complaint, resolved, resolved_at, sentiment",
    "surveys": "customer_id, event_at, known_at, touchpoint, score",
    "treatments": "customer_id, event_at, known_at, action",
}


def spec(dates: int, themes: Sequence[str]) -> ExperimentSpec:
    """The last `dates` monthly dates of the made tables, and the newest to score."""
    first = pd.Timestamp(END) - pd.DateOffset(months=dates)
    return ExperimentSpec.model_validate(
        {
            **REQUIRED,
            "name": "big",
            "title": "Made tables",
            "source": {"kind": "simulated"},
            "label": {"kind": "inactive", "table": "usage", "active_days": 180, "horizon_days": 1},
            "observations": {"first": first.date(), "every_months": 1, "look_back_days": 180},
            "treatment": {"arms": {"call": {}}},
            "split": {"kind": "random"},
            "features": list(themes),
        }
    )


def scan(folder: Path) -> None:
    """Read each needed column once, with a hash of it so that nothing is skipped."""
    with duckdb.connect(config={"memory_limit": "2GB"}) as connection:
        for table, columns in NEEDED.items():
            hashes = ", ".join(f"max(hash({column}))" for column in columns.split(", "))
            connection.execute(f"SELECT {hashes} FROM read_parquet('{folder / table}/*.parquet')").fetchall()


def by_hand(folder: Path, dates: int) -> None:
    """Eighteen columns of usage and payments, date by date, over tables held in memory."""
    usage = pd.read_parquet(folder / "usage", columns=["customer_id", "event_at", "known_at", "actions", "minutes"])
    money = pd.read_parquet(folder / "transactions", columns=["customer_id", "event_at", "known_at", "kind", "amount"])
    for as_of in pd.date_range(end=END, periods=dates, freq="MS"):
        found = []
        for days in (30, 90, 180):
            since = as_of - pd.Timedelta(days=days)
            used = usage[(usage["known_at"] < as_of) & (usage["event_at"] >= since)].groupby("customer_id")
            found.append(used.agg(days=("event_at", "size"), actions=("actions", "sum"), minutes=("minutes", "mean")))
            recent = money[(money["known_at"] < as_of) & (money["event_at"] >= since)]
            paid = recent[recent["kind"] == "payment"].groupby("customer_id")
            found.append(paid.agg(spend=("amount", "sum"), payments=("amount", "size"), last=("event_at", "max")))
        pd.concat(found, axis=1)


def main(words: list[str]) -> None:
    """Do one command, or measure them all."""
    if not words:
        return report()
    folder = Path(words[1])
    if words[0] == "write":
        events.write(folder, customers=int(words[2]), events=int(words[3]))
        storage.write_json(folder / "about.json", {"extracted_at": END})
    elif words[0] == "build":
        workspace = Workspace(folder.parent.parent.parent, "big")
        if words[3:]:  # a build makes every theme, whatever its spec learns from
            dated.features_for = partial(_of, words[3:])
        build.write(spec(int(words[2]), words[3:]), workspace, must_be_enough=False)
    elif words[0] == "scan":
        scan(folder)
    else:
        by_hand(folder, int(words[2]))
    return None


def _of(themes: Sequence[str], _asked: Sequence[str], tables: Sequence[str], *, look_back_days: int) -> Any:
    return features_for(themes, tables, look_back_days=look_back_days)


def report() -> None:
    """The large build against one plain scan, the small one against pandas, and how both grow."""
    print("| build of all themes | wall | CPU | memory |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="holdfast-build-") as scratch:
        large = made(Path(scratch) / "large", 1_000_000, 50_000_000)
        row("1,000,000 customers, 50,000,000 events, 12 dates, all cores", "build", large, 11)
        unbuilt(large)
        cost = row("the same on one core", "build", large, 11, cores="1")
        plain = row("one plain scan of the columns it needs", "scan", large)
        print(f"\n{cost.cpu / plain.cpu:.0f} times the CPU of one scan, for 12 snapshots of {columns(large)} columns\n")
    with tempfile.TemporaryDirectory(prefix="holdfast-build-") as scratch:
        print("| build of all themes | wall | CPU | memory |\n|---|---|---|---|")
        small = made(Path(scratch) / "small", 100_000, 5_000_000)
        ours = row("100,000 customers, 5,000,000 events, 6 dates", "build", small, 5)
        theirs = row("a loop in pandas, 18 columns", "pandas", small, 6)
        each = columns(small)
        print(f"\nper column: {ours.cpu / each:.2f} s of CPU against {theirs.cpu / 18:.2f} s in pandas\n")
        print("| growth | wall | CPU | memory |\n|---|---|---|---|")
        unbuilt(small)
        fewer = row("six themes of eleven", "build", small, 5, *HALF)
        print(f"({columns(small)} columns of {each}: {fewer.cpu / ours.cpu:.2f} of the CPU)")
        row("twice the dates (12)", "build", made(Path(scratch) / "dates", 100_000, 5_000_000), 11)
        row("twice the events (10,000,000)", "build", made(Path(scratch) / "events", 100_000, 10_000_000), 5)
        row("twice the customers (200,000)", "build", made(Path(scratch) / "customers", 200_000, 5_000_000), 5)


def made(root: Path, customers: int, rows: int) -> Path:
    """The folder of tables of that size, made now."""
    folder = root / "data" / "tables" / "big"
    measure(sys.executable, "-m", __spec__.name, "write", str(folder), str(customers), str(rows), cwd=ROOT)
    return folder


def unbuilt(folder: Path) -> None:
    """Forget what was built of the tables, so that it is built anew."""
    for place in ("data/matrix", "state"):
        shutil.rmtree(folder.parent.parent.parent / place)


def columns(folder: Path) -> int:
    """How many feature columns were built."""
    plain = storage.read_json(folder.parent.parent / "matrix" / "big" / "contract.json")
    return len(plain["columns"])


def row(what: str, command: str, folder: Path, *words: int | str, cores: str | None = None) -> Cost:
    """Measure a command and print its row; on so many cores, or all."""
    limit = {"HOLDFAST_CORES": cores} if cores else {}
    cost = measure(sys.executable, "-m", __spec__.name, command, str(folder), *map(str, words), cwd=ROOT, **limit)
    print(f"| {what} | {cost} |", flush=True)
    return cost


if __name__ == "__main__":
    main(sys.argv[1:])
