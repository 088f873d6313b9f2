"""A company's table, from the files to the list: `python -m tests.benchmarks.company [TRIALS]`.

50,000 rows and 60 columns beside key and outcome: numbers, counts, money, days, categories of 2, 20 and 2,000 values, a
third of the columns with missing values. `new` proposes the spec, `data` adds the file, `run` goes to the list.
"""

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from tests.benchmarks.measuring import Cost, measure

ROOT = Path(__file__).parent.parent.parent
ROWS, TRIALS = 50_000, 50
TAKEN = pd.Timestamp("2026-01-01")
NUMBERS, COUNTS, MONEY, DAYS = 20, 12, 8, 6
LEVELS = (2,) * 6 + (20,) * 6 + (2000,) * 2
NAME = "company"


def table(n_rows: int = ROWS, *, seed: int = 0) -> pd.DataFrame:
    """The rows; who leaves follows lines, bends, two pairs of columns, a day and a category of each size."""
    rng = np.random.default_rng(seed)
    numbers = rng.normal(size=(n_rows, NUMBERS)) + 0.5 * rng.normal(size=(n_rows, 1))
    counts = rng.poisson(np.linspace(0.3, 12, COUNTS), size=(n_rows, COUNTS))
    money = np.exp(rng.normal(3.5, 0.9, size=(n_rows, MONEY)))
    days = rng.integers(1, [3000, 1200, 900, 400, 365, 90], size=(n_rows, DAYS))
    codes = [np.minimum(rng.geometric(min(0.6, 4 / size), n_rows) - 1, size - 1) for size in LEVELS]
    effects = [np.random.default_rng([7, k]).normal(0, 0.4, size) for k, size in enumerate(LEVELS)]
    pull = 0.6 * numbers[:, 0] - 0.4 * numbers[:, 1] + 0.5 * np.abs(numbers[:, 2]) - 0.15 * counts[:, 4]
    pull = pull + 0.4 * (numbers[:, 3] > 0) * (counts[:, 6] < 4) + 0.4 * np.sign(numbers[:, 4]) * numbers[:, 5]
    pull = pull - 0.3 * np.log(money[:, 0]) - 0.6 * (days[:, 0] > 730) + 0.005 * days[:, 5]
    pull = pull + sum(effects[k][codes[k]] for k in (0, 6, 7, 12))
    left = rng.random(n_rows) < 1 / (1 + np.exp(0.9 - pull))
    found = {f"number_{k}": numbers[:, k].round(4) for k in range(NUMBERS)}
    found |= {f"count_{k}": counts[:, k] for k in range(COUNTS)}
    found |= {f"money_{k}": money[:, k].round(2) for k in range(MONEY)}
    found |= {f"day_{k}": (TAKEN - pd.to_timedelta(days[:, k], "D")).strftime("%Y-%m-%d") for k in range(DAYS)}
    found |= {f"kind_{k}": np.char.add(f"k{k}-", codes[k].astype(str)) for k in range(len(LEVELS))}
    rows = pd.DataFrame(found)
    for k, name in enumerate(rows.columns[::3]):
        rows[name] = rows[name].mask(rng.random(n_rows) < 0.02 * (1 + k % 8))
    key = [f"c{number:06}" for number in rng.permutation(n_rows)]
    return rows.assign(customer_id=key, left=np.where(left, "yes", "no"))


def report(row: Callable[[str, Cost], None], trials: int = TRIALS) -> str:
    """Measure in a fresh clone, tell each figure as it is known, and give the AUC and Brier of the report."""
    with tempfile.TemporaryDirectory(prefix="holdfast-company-") as folder:
        clone = Path(folder) / "repository"
        subprocess.run(["git", "clone", "-q", str(ROOT), str(clone)], check=True)
        file = Path(folder) / "customers.csv"
        table().to_csv(file, index=False)
        words = sys.executable, "-m", "pipelines"
        said = "--customer-id", "customer_id", "--label", "left", "--churned", "yes", "--treatment", "none"
        asked = *words, "new", NAME, str(file), *said, "--as-of", f"{TAKEN:%Y-%m-%d}"
        row(f"a company's table, {ROWS:,} rows and 60 columns: `new`", measure(*asked, cwd=clone))
        spec = clone / "experiments" / "specs" / f"{NAME}.yaml"
        spec.write_text(re.sub(r"trials: \d+", f"trials: {trials}", spec.read_text()))
        row("... `data`", measure(*words, "data", NAME, str(file), cwd=clone))
        cost = measure(*words, "run", NAME, cwd=clone)
        row(f"... `run`, {trials} trials, to the list", cost)
        figures = json.loads((clone / "artifacts" / NAME / "evaluation" / "report.json").read_text())["risk"]
    return " ".join(f"{name} {figures[name]['value']:.4f}" for name in ("auc", "brier"))


def main(trials: str = str(TRIALS)) -> None:
    """Print the table."""
    print("| what | wall | CPU | memory |\n|---|---|---|---|")
    print(report(lambda what, cost: print(f"| {what} | {cost} |", flush=True), int(trials)))


if __name__ == "__main__":
    main(*sys.argv[1:])
