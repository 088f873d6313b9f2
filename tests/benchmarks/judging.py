"""The judging at scale: `python -m tests.benchmarks.judging` prints its table; its commands are what is measured.

paired ROWS DRAWS     AUC, QINI, AUTOC and policy value of two models on the same draws of customers; the differences
curves ROWS DRAWS     the gain curve and the uplift by decile of one model
delong ROWS           the difference of two AUCs with its interval, by DeLong
point METRIC ROWS     one figure of one model, QINI or AUTOC, without an interval
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from experiments.metric import Metric, Numbers, evaluate
from experiments.metrics import auc, autoc, policy_value, qini
from experiments.statistics.delong import delong
from experiments.statistics.intervals import estimate, multiplicities
from experiments.statistics.poisson import Clusters
from experiments.uplift.uplift_curves import gain_curve, uplift_groups
from tests.benchmarks.measuring import measure

ROOT = Path(__file__).parent.parent.parent
ROWS, DRAWS = 1_000_000, 1000
METRICS = {one.METRIC.name: one.METRIC for one in (auc, qini, autoc, policy_value)}


def world(n_rows: int) -> tuple[dict[str, Numbers], Clusters]:
    """A trial of customers with one to four rows each, and two models of it, `a` and `b`; the row's customer."""
    rng = np.random.default_rng(7)
    clusters = np.unique(rng.integers(0, n_rows, n_rows), return_inverse=True)[1]
    x = rng.normal(size=n_rows)
    truth = (rng.random(n_rows) < 1 / (1 + np.exp(1.5 - x))).astype(np.float64)
    columns = {"truth": truth, "gamma": 0.02 + 0.02 * x + rng.normal(size=n_rows)}
    for model, blur in (("a", 1.0), ("b", 1.1)):
        columns[f"score_{model}"] = x + blur * rng.normal(size=n_rows)
        # Trees give few different values: about 20,000 here.
        columns[f"uplift_{model}"] = np.round(x + blur * rng.normal(size=n_rows), 3)
        columns[f"net_value_{model}"] = (40 * columns["gamma"] - 1) * (columns[f"uplift_{model}"] > 1)
    return columns, clusters


def inputs(metric: Metric, columns: dict[str, Numbers], model: str) -> list[Numbers]:
    """What a metric looks at, of one model."""
    return [columns[name] if name in columns else columns[f"{name}_{model}"] for name in metric.inputs]


def paired(n_rows: int, draws: int) -> None:
    """Every figure of both models, and the difference."""
    columns, clusters = world(n_rows)
    counts = multiplicities(n_clusters=int(clusters.max()) + 1, draws=draws, seed=1)
    for name, metric in METRICS.items():
        began = time.process_time()
        a, b = (
            estimate(metric, *inputs(metric, columns, model), counts=counts, clusters=clusters) for model in ("a", "b")
        )
        gap = (a - b).interval()
        told = f"{name}: {gap.value:.5f} [{gap.low:.5f}, {gap.high:.5f}]"
        print(f"{told}, {time.process_time() - began:.1f} s", flush=True)


def curves(n_rows: int, draws: int) -> None:
    """The gain curve and the deciles of one model."""
    columns, clusters = world(n_rows)
    drawn = {"counts": multiplicities(n_clusters=int(clusters.max()) + 1, draws=draws, seed=1), "clusters": clusters}
    for what in (gain_curve, uplift_groups):
        seconds(what.__name__, lambda what=what: what(columns["gamma"], columns["uplift_a"], **drawn))


def point(name: str, n_rows: int) -> None:
    """One figure, timed by itself."""
    columns, _ = world(n_rows)
    seconds(name, lambda: evaluate(METRICS[name], *inputs(METRICS[name], columns, "a")))


def of_delong(n_rows: int) -> None:
    """Two AUCs, timed by themselves."""
    columns, _ = world(n_rows)
    scores = np.column_stack([columns["score_a"], columns["score_b"]])
    seconds("delong", lambda: delong(columns["truth"], scores).difference(0, 1))


def seconds(what: str, act: Callable[[], object]) -> None:
    """Print what an act took of CPU and wall time."""
    cpu, wall = time.process_time(), time.perf_counter()
    act()
    print(json.dumps({"what": what, "cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}), flush=True)


def report() -> None:
    """Measure all of it at a million rows, and print."""
    print("| judging 1,000,000 rows | wall | CPU | memory |\n|---|---|---|---|")
    row("1,000 paired replicates of AUC, QINI, AUTOC and policy value, two models", "paired", str(ROWS), str(DRAWS))
    row("1,000 replicates of a gain curve and of uplift by decile", "curves", str(ROWS), str(DRAWS))
    for what, words in {
        "QINI": ("point", "qini", str(ROWS)),
        "AUTOC": ("point", "autoc", str(ROWS)),
        "paired DeLong": ("delong", str(ROWS)),
    }.items():
        cost = measure(sys.executable, "-m", __spec__.name, *words, cwd=ROOT)
        took = json.loads(cost.told.splitlines()[-1])
        print(f"| {what} | {took['wall']:.2f} s | {took['cpu']:.2f} s | {cost.gigabytes:.2f} GiB |", flush=True)


def row(what: str, *words: str) -> None:
    """Measure a command, from its start to its end, and print its row."""
    print(f"| {what} | {measure(sys.executable, '-m', __spec__.name, *words, cwd=ROOT)} |", flush=True)


def main(words: list[str]) -> None:
    """Do one command, or measure them all."""
    if not words:
        report()
    elif words[0] == "point":
        point(words[1], int(words[2]))
    else:
        {"paired": paired, "curves": curves, "delong": of_delong}[words[0]](*map(int, words[1:]))


if __name__ == "__main__":
    main(sys.argv[1:])
