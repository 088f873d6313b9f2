"""A small table of customers: a whole run of it takes some seconds."""

import numpy as np
import pandas as pd
import yaml

from tests.end_to_end.repository import Repository
from tests.pipelines.gate_world import SPEC

SHOP = {
    **SPEC,
    "tuning": {"families": ["logistic"], "trials": 1},
    "gate": {**SPEC["gate"], "minimum_positives": 20},
}


def put_small_table(repository: Repository, *, rows: int = 1500, seed: int = 5) -> str:
    """Write the spec `shop` and its file; gives the file's path, for `data`."""
    rng = np.random.default_rng(seed)
    table = pd.DataFrame({name: rng.normal(size=rows).round(3) for name in ("a", "b", "noise")})
    risk = 1 / (1 + np.exp(1.2 - 1.1 * table["a"] - 0.8 * table["b"]))
    table["left"] = np.where(rng.random(rows) < risk, "yes", "no")
    (repository.root / "experiments" / "specs" / "shop.yaml").write_text(yaml.safe_dump(SHOP))
    path = repository.root.parent / f"{repository.root.name}-raw" / "shop.csv"
    path.parent.mkdir(exist_ok=True)
    table.to_csv(path, index=False)
    return str(path)
