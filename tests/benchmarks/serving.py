"""What an answer takes: `python -m tests.benchmarks.serving REPOSITORY SPEC` measures the champion of a spec.

The rows are those to score, over and over. The bare boosters get the same rows as doubles, ready made, and the same
threads; MLflow adds its own. A machine that does other things too is seen by the p95 and by the CPU.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd

from pipelines.matrix import matrices
from pipelines.servers import mlflow_runs
from pipelines.workspace import Workspace

SIZES = (1, 10, 100, 1_000, 10_000, 100_000)
HEADER = (
    "| rows | threads | bare boosters | scorer | pyfunc | CPU, p95: scorer, pyfunc | scorer's rows a second"
    " | of the bare boosters': wall, CPU |"
)


def repeats(size: int) -> int:
    """How often a batch is asked: a second or two of rows, and no less than five times."""
    return max(5, min(400, 40_000 // size))


def timed(ask: Callable[[], Any]) -> tuple[float, float]:
    """Seconds of wall time and of CPU."""
    wall, cpu = time.perf_counter(), time.process_time()
    ask()
    return time.perf_counter() - wall, time.process_time() - cpu


def taken(asks: Iterable[Callable[[], Any]], times: int) -> np.ndarray:
    """Wall and CPU of each, shape (times, n_asks, 2); they take turns, so that all see the same machine."""
    asks = tuple(asks)
    for ask in asks:
        ask()
    return np.array([[timed(ask) for ask in asks] for _ in range(times)])


def shown(seconds: np.ndarray) -> str:
    """Median and p95 in milliseconds."""
    return f"{1e3 * np.median(seconds):.2f} (p95 {1e3 * np.quantile(seconds, 0.95):.2f}) ms"


def main(repository: Path, spec: str) -> None:
    """Print the table."""
    workspace = Workspace(repository, spec)
    mlflow.set_tracking_uri(mlflow_runs.uri(repository))
    os.chdir(repository)
    model = mlflow.pyfunc.load_model(f"models:/{spec}@champion")
    scorer = model.unwrap_python_model().scorer
    settings = type(scorer).score.__globals__
    boosters = [booster for one in scorer.models.values() for booster in getattr(one, "boosters", [])]
    some = matrices.read(workspace.matrix, matrices.SCORE).to_pandas()[list(scorer.reader.names)]
    print(f"{len(boosters)} boosters, {len(scorer.columns)} columns\n\n{HEADER}\n|---|---|---|---|---|---|---|---|")
    for size in SIZES:
        rows = pd.concat([some] * (size // len(some) + 1), ignore_index=True).head(size)
        X = scorer.reader.read(rows)
        threads = max(1, min(settings["THREADS"], size // settings["ROWS_EACH"]))
        asks = (
            lambda X=X, threads=threads: [one.predict(X, num_threads=threads) for one in boosters],
            lambda rows=rows: scorer.score(rows),
            lambda rows=rows: model.predict(rows),
        )
        wall, cpu = np.moveaxis(taken(asks, repeats(size)), 2, 0)
        middle, spent = np.median(wall, axis=0), np.median(cpu, axis=0)
        most = 1e3 * np.quantile(cpu, 0.95, axis=0)
        print(
            f"| {size:,} | {threads} | {' | '.join(map(shown, wall.T))} | {most[1]:.2f}, {most[2]:.2f} ms"
            f" | {size / middle[1]:,.0f} | {middle[0] / middle[1]:.0%}, {spent[0] / spent[1]:.0%} |",
            flush=True,
        )


def report(repository: Path, spec: str) -> None:
    """Measure in a process whose environment says nothing of OpenMP's threads, as a serving team's."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("OMP_", "GOMP_"))}
    words = [sys.executable, "-m", __spec__.name, str(repository), spec]
    subprocess.run(words, check=True, env=environment, cwd=Path(__file__).parent.parent.parent)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), sys.argv[2])
