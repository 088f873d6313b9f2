"""Models as folders of text that load without the project: how they are written, and how they are opened here."""

import runpy
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from experiments.candidate import FittedCandidate
from features.contract import Contract
from pipelines import storage

SCORER = Path(__file__).parent / "scorers" / "outcome_models.py"


def write(folder: Path, fitted: FittedCandidate, *, contract: Contract, typical: Mapping[str, float]) -> None:
    """Write the scorer, the contract, the boosters as text and what ties them together."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(SCORER, folder / "scorer.py")
    storage.write_json(folder / "contract.json", contract.to_dict())
    arms: dict[str, Any] = {}
    for arm, model in fitted.export().items():
        texts = [f"{arm}.{number}.txt" for number in range(len(model.texts))]
        for name, text in zip(texts, model.texts, strict=True):
            storage.write_bytes(folder / name, text.encode())
        calibration = fitted.calibrations[arm]
        arms[arm] = {
            "kind": model.kind,
            "plain": model.plain,
            "texts": texts,
            "calibration": {"slope": calibration.slope, "intercept": calibration.intercept},
        }
    storage.write_json(folder / "model.json", {"arms": arms, "typical": dict(typical)})


def scorer(folder: Path) -> Any:
    """The scorer of a folder, run from the text that lies in it: what is judged is what will be served."""
    return runpy.run_path(str(folder / "scorer.py"), run_name="scorer")["Scorer"](folder)


def typical(rows: pd.DataFrame, contract: Contract) -> dict[str, float]:
    """The median of every number of the contract; 0 where it is never known."""
    numbers = [column.name for column in contract.columns if column.type == "number"]
    return {str(name): float(value) for name, value in rows[numbers].median().fillna(0.0).items()}
