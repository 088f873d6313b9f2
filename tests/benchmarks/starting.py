"""What a run costs beside its work: a table of 3,000 rows and three trials, and the same again with nothing changed."""

import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from tests.benchmarks.measuring import Cost, measure

ROOT = Path(__file__).parent.parent.parent
ROWS, COLUMNS = 3000, 18


def report(row: Callable[[str, Cost], None]) -> None:
    """Measure in a fresh clone, and tell each figure as it is known."""
    with tempfile.TemporaryDirectory(prefix="holdfast-start-") as folder:
        clone, python = Path(folder) / "repository", sys.executable
        subprocess.run(["git", "clone", "-q", str(ROOT), str(clone)], check=True)
        _table(clone)
        measure(python, "-m", "pipelines", "data", "small", str(clone / "small.csv"), cwd=clone)
        words = python, "-m", "pipelines", "run", "small"
        row("`run` of a table of 3,000 rows, 3 trials, from nothing", measure(*words, cwd=clone))
        row("... again, nothing changed", measure(*words, cwd=clone))
        row("... once more", measure(*words, cwd=clone))


def _table(clone: Path) -> None:
    """Write the rows, whose risk follows three of the columns, and a spec for them like Telco's."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(ROWS, COLUMNS)).round(3)
    left = rng.random(ROWS) < 1 / (1 + np.exp(1.2 - X[:, 0] + 0.7 * X[:, 1] - 0.5 * X[:, 2]))
    names = [f"x{place}" for place in range(COLUMNS)]
    rows = pd.DataFrame(X, columns=names).assign(id=[f"c{k}" for k in range(ROWS)], left=np.where(left, "yes", "no"))
    rows.to_csv(clone / "small.csv", index=False)
    specs = clone / "experiments" / "specs"
    plain = yaml.safe_load((specs / "telco.yaml").read_text())
    label = {"type": "category", "values": ["yes", "no"], "role": "label"}
    columns = {**{name: {"type": "number"} for name in names}, "left": label}
    plain["source"] = {"kind": "table", "file": "small.csv", "key": "id", "columns": columns}
    plain["label"] |= {"column": "left", "churned": "yes", "retained": "no"}
    plain["value"] = {"column": None, "constant": 100.0}
    plain["tuning"]["trials"], plain["evaluation"] = 3, {}
    (specs / "small.yaml").write_text(yaml.safe_dump(plain, sort_keys=False))
