"""`make bench`: the figures of the README, measured on this machine in one run.

Set-up downloads packages, so its time is also the network's. Every figure is taken in a fresh copy of the repository.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from pipelines.workspace import Workspace
from tests.end_to_end.splits import over_splits

ROOT = Path(__file__).parent.parent.parent
TELCO = ROOT.parent / "shared" / "data" / "telco" / "WA_Fn-UseC_-Telco-Customer-Churn.csv"


@dataclass(frozen=True)
class Cost:
    """What a command took: seconds of wall time and of CPU, and the most memory of all its processes together."""

    wall: float
    cpu: float
    gigabytes: float
    told: str

    def __str__(self) -> str:
        return f"{self.wall:.1f} s | {self.cpu:.1f} s | {self.gigabytes:.2f} GiB"


def measure(*words: str, cwd: Path) -> Cost:
    """Run a command to its end. Raises CalledProcessError when it fails."""
    began = time.perf_counter()
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    running = psutil.Popen(
        list(words), cwd=cwd, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    most: list[int] = [0]
    watcher = threading.Thread(target=_watch, args=(running, most))
    before = os.times()
    watcher.start()
    told, _ = running.communicate()
    watcher.join()
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    if running.returncode != 0:
        raise subprocess.CalledProcessError(running.returncode, words, told)
    return Cost(time.perf_counter() - began, cpu, most[0] / 2**30, told)


def _watch(process: psutil.Popen, most: list[int]) -> None:
    while process.poll() is None:
        total = 0
        for one in [process, *_children(process)]:
            try:
                total += one.memory_info().rss
            except psutil.Error:
                continue  # it has just ended
        most[0] = max(most[0], total)
        time.sleep(0.1)


def _children(process: psutil.Popen) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.Error:
        return []


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
        told = first.told
        if TELCO.exists():
            measure(python, "-m", "pipelines", "data", "telco", str(TELCO), cwd=repository)
            telco = measure(python, "-m", "pipelines", "run", "telco", cwd=repository)
            row("`run telco`: 7,043 customers, 40 trials", telco)
            told += telco.told
        print("\n" + "\n".join(line for line in told.splitlines() if line.startswith("tune ")))
        if TELCO.exists():
            telco_splits(repository)


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
