"""How a run grows: `python -m tests.benchmarks.growth [CUSTOMERS...]`, the demo world stage by stage, and a wide table.

Each size is measured in a fresh clone. The last line says how many rows to learn from one machine can take: memory is
taken to grow with them as it did between the two largest sizes, in the stage that takes most.
"""

import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
import yaml

from tests.benchmarks.measuring import Cost, measure

ROOT = Path(__file__).parent.parent.parent
SIZES = (20_000, 50_000, 100_000)
STAGES = ("ingest", "validate", "build", "tune", "train", "evaluate")
ROWS, NUMBERS, CATEGORIES, LEVELS = 50_000, 57, 3, 2000


def report(row: Callable[[str, Cost], None], sizes: Sequence[int] = SIZES) -> None:
    """Measure each size and the wide table, and tell each figure as it is known."""
    most = {size: _world(size, row) for size in sizes}
    with tempfile.TemporaryDirectory(prefix="holdfast-wide-") as folder:
        clone = _clone(Path(folder))
        _table(clone)
        measure(sys.executable, "-m", "pipelines", "data", "wide", str(clone / "wide.csv"), cwd=clone)
        cost = measure(sys.executable, "-m", "pipelines", "run", "wide", cwd=clone)
        row(f"a table of {ROWS:,} rows and 60 columns, three of {LEVELS:,} values each, 3 trials", cost)
    if len(most) > 1:
        print(f"\n{_limit(most)}")


def _world(customers: int, row: Callable[[str, Cost], None]) -> tuple[int, dict[str, float]]:
    """The rows to learn from, and the GiB of each stage, of a demo world of so many customers."""
    with tempfile.TemporaryDirectory(prefix="holdfast-grown-") as folder:
        clone = _clone(Path(folder))
        spec = clone / "experiments" / "specs" / "demo.yaml"
        spec.write_text(spec.read_text().replace("customers: 20000", f"customers: {customers}"))
        costs = {stage: measure(sys.executable, "-m", "pipelines", stage, "demo", cwd=clone) for stage in STAGES}
        rows = len(pd.read_parquet(clone / "data" / "matrix" / "demo" / "learn", columns=["customer_id"]))
    for stage, cost in costs.items():
        row(f"{customers:,} customers, {rows:,} rows to learn from: `{stage}`", cost)
    return rows, {stage: cost.gigabytes for stage, cost in costs.items()}


def _limit(most: dict[int, tuple[int, dict[str, float]]]) -> str:
    (fewer, before), (rows, now) = list(most.values())[-2:]
    available = psutil.virtual_memory().total / 2**30
    slopes = {stage: (now[stage] - before[stage]) / (rows - fewer) for stage in STAGES}
    taken = {stage: rows + (available - now[stage]) / slope for stage, slope in slopes.items() if slope > 0}
    stage = min(taken, key=lambda one: taken[one])
    return f"{available:.0f} GiB take some {taken[stage] / 1e6:.1f} million rows to learn from: `{stage}` ends there."


def _clone(folder: Path) -> Path:
    clone = folder / "repository"
    subprocess.run(["git", "clone", "-q", str(ROOT), str(clone)], check=True)
    return clone


def _table(clone: Path) -> None:
    """Write the wide table, whose risk follows two numbers and one of the categories, and a spec like Telco's."""
    rng = np.random.default_rng(0)
    numbers, codes = rng.normal(size=(ROWS, NUMBERS)).round(3), rng.integers(0, LEVELS, (ROWS, CATEGORIES))
    score = numbers[:, 0] - 0.7 * numbers[:, 1] + rng.normal(scale=0.7, size=LEVELS)[codes[:, 0]] - 1.2
    rows = pd.DataFrame(numbers, columns=[f"x{k}" for k in range(NUMBERS)])
    rows = rows.assign(**{f"c{k}": [f"v{code}" for code in codes[:, k]] for k in range(CATEGORIES)})
    left = np.where(rng.random(ROWS) < 1 / (1 + np.exp(-score)), "yes", "no")
    rows.assign(id=[f"u{k}" for k in range(ROWS)], left=left).to_csv(clone / "wide.csv", index=False)
    plain = yaml.safe_load((clone / "experiments" / "specs" / "telco.yaml").read_text())
    columns = {f"x{k}": {"type": "number"} for k in range(NUMBERS)}
    columns |= {f"c{k}": {"type": "category"} for k in range(CATEGORIES)}
    columns |= {"left": {"type": "category", "values": ["yes", "no"], "role": "label"}}
    plain["source"] = {"kind": "table", "file": "wide.csv", "key": "id", "columns": columns}
    plain["label"] |= {"column": "left", "churned": "yes", "retained": "no"}
    plain["value"] = {"column": None, "constant": 100.0}
    plain["tuning"]["trials"], plain["evaluation"] = 3, {}
    (clone / "experiments" / "specs" / "wide.yaml").write_text(yaml.safe_dump(plain, sort_keys=False))


def main(sizes: Sequence[int]) -> None:
    """Print the table."""
    print("| what | wall | CPU | memory |\n|---|---|---|---|")
    report(lambda what, cost: print(f"| {what} | {cost} |", flush=True), sizes or SIZES)


if __name__ == "__main__":
    main([int(word) for word in sys.argv[1:]])
