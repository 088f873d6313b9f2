"""`make bench`: the figures of docs/performance.md, measured on this machine in one run.

Set-up downloads packages, so its time is also the network's. Every figure is taken in a fresh copy of the repository.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from pipelines.ruling.verdict import EXIT_CODES
from pipelines.workspace import Workspace
from tests.benchmarks import (
    automl,
    building,
    company,
    effects,
    growth,
    judging,
    kills,
    risk_search,
    searching,
    service,
    service_kills,
    serving,
    starting,
    year,
)
from tests.benchmarks.measuring import Cost, measure
from tests.end_to_end.splits import over_splits

ROOT = Path(__file__).parent.parent.parent
TELCO = ROOT.parent / "shared" / "data" / "telco" / "WA_Fn-UseC_-Telco-Customer-Churn.csv"


@contextmanager
def copy() -> Iterator[Path]:
    """A fresh clone of what is committed."""
    with tempfile.TemporaryDirectory(prefix="holdfast-bench-") as folder:
        target = Path(folder) / "repository"
        subprocess.run(["git", "clone", "-q", str(ROOT), str(target)], check=True)
        yield target


def main() -> None:
    """Measure and print, a row as soon as it is known."""
    print(f"{os.cpu_count()} cores, {psutil.virtual_memory().total / 2**30:.0f} GiB, Python {sys.version.split()[0]}\n")
    print("| what | wall | CPU | memory |\n|---|---|---|---|")
    python = sys.executable
    with copy() as repository:
        if shutil.which("make") and "--setup" in sys.argv:
            row("set-up: `make .venv/ready`", measure("make", ".venv/ready", cwd=repository))
        row("`--help`", measure(python, "-m", "pipelines", "--help", cwd=repository))
        first = measure(python, "-m", "pipelines", "run", "demo", cwd=repository)
        row("`make run` after set-up: 20,000 customers, 24 months", first)
        row("`make run` again, nothing changed", measure(python, "-m", "pipelines", "run", "demo", cwd=repository))
        print("\nAnswers of the demo's champion:", flush=True)
        serving.report(repository, "demo")
        print("\nThe service, beside a million customers:", flush=True)
        service.main(repository, "demo", copies=50, minutes=10.0)
        service_kills.main(repository, "demo", service_kills.TIMES)
        print("\n| what | wall | CPU | memory |\n|---|---|---|---|")
        row("the gate on the demo: `promote` of a second challenger", gate(repository))
        told = first.told
        if TELCO.exists():
            measure(python, "-m", "pipelines", "data", "telco", str(TELCO), cwd=repository)
            telco = measure(python, "-m", "pipelines", "run", "telco", cwd=repository)
            row("`run telco`: 7,043 customers, 40 trials", telco)
            told += telco.told
        starting.report(row)
        print("\n" + "\n".join(line for line in told.splitlines() if line.startswith("tune ")))
        overheads(repository)
        print("\n| uplift learners | CPU | promised |\n|---|---|---|")
        print(measure(python, "-m", effects.__name__, "time", cwd=ROOT).told.strip(), flush=True)
        if TELCO.exists():
            telco_splits(repository)
    risk_search.report()
    building.report()
    judging.report()
    kills.report()
    growth.main(growth.SIZES)
    company.main()
    automl.report()
    year.main()


def gate(repository: Path) -> Cost:
    """What it takes to judge a second model against the champion; whatever comes of it."""
    spec = repository / "experiments" / "specs" / "demo.yaml"
    spec.write_text(spec.read_text().replace("[logistic, lightgbm]", "[logistic]").replace("trials: 24", "trials: 3"))
    for stage in ("tune", "train", "evaluate", "register"):
        measure(sys.executable, "-m", "pipelines", stage, "demo", cwd=repository)
    verdicts = set(EXIT_CODES.values()) - {5}
    cost = measure(sys.executable, "-m", "pipelines", "promote", "demo", cwd=repository, ends_with=verdicts)
    if "NO_CHANGE" in cost.told:
        raise AssertionError("the second challenger is the champion itself: nothing was judged")
    return cost


def overheads(repository: Path) -> None:
    """Print what a search costs beside bare LightGBM, of the specs that were run."""
    print("\n| CPU of a search of LightGBM, 40 trials | ours | bare | more |\n|---|---|---|---|")
    for spec in ["demo", *(["telco"] if TELCO.exists() else [])]:
        words = [sys.executable, "-m", searching.__name__, str(repository), spec, "40"]
        print(measure(*words, cwd=ROOT).told.strip().splitlines()[-1], flush=True)


def telco_splits(repository: Path) -> None:
    """Print the means over Telco's five splits, a family a row."""
    print("\n| Telco, five 80/20 splits | trials | AUC | Brier | CPU of one search |\n|---|---|---|---|---|")
    for family, trials in (("logistic", 12), ("lightgbm", 40)):
        found = over_splits(Workspace(repository, "telco"), family=family, trials=trials)
        print(f"| {family} | {trials} | {found.auc:.4f} | {found.brier:.4f} | {found.cpu_seconds:.0f} s |", flush=True)


def row(what: str, cost: Cost) -> None:
    """One row of the table."""
    print(f"| {what} | {cost} |", flush=True)


if __name__ == "__main__":
    main()
