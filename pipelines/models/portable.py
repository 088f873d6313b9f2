"""Writing and opening portable models: folders of text that load without the project."""

import runpy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from experiments.family import RowIndex
from experiments.statistics.calibration import Calibration
from experiments.uplift.fitted_learner import FittedLearner
from features.contract import Contract, Matrix
from features.errors import ContractError
from pipelines.files import storage
from pipelines.models import scorer_text


def write(folder: Path, fitted: FittedLearner, *, contract: Contract, typical: Mapping[str, float]) -> None:
    """Write the scorer, the contract, the boosters as text, and the model's parameters.

    Raises HoldfastError where a model is of a kind that no scorer knows.
    """
    exports = {name: model.export() for name, model in fitted.models.items()}
    scorer_of_kinds = scorer_text.text({exported.kind for exported in exports.values()})
    folder.mkdir(parents=True, exist_ok=True)
    storage.write_bytes(folder / "scorer.py", scorer_of_kinds.encode())
    storage.write_json(folder / "contract.json", contract.to_dict())
    models: dict[str, Any] = {}
    for name, exported in exports.items():
        texts = {f"{name}.{number}.txt": text for number, text in enumerate(exported.texts)}
        for file, text in texts.items():
            storage.write_bytes(folder / file, text.encode())
        models[name] = {
            "kind": exported.kind,
            "plain": exported.plain,
            "texts": list(texts),
            "calibration": _calibration(fitted.calibrations.get(name)),
        }
    effects = {
        action: [{"weight": term.weight, "models": list(term.models)} for term in terms]
        for action, terms in fitted.terms.items()
    }
    described = {"models": models, "effects": effects, "typical": dict(typical), "without": fitted.without}
    storage.write_json(folder / "model.json", described)


def _calibration(found: Calibration | None) -> dict[str, float] | None:
    return None if found is None else {"slope": found.slope, "intercept": found.intercept}


def scorer(folder: Path) -> Any:
    """The scorer of a folder, run from its own text, so that the judged code is the served code.

    Raises ContractError, and runs nothing, where that text is not the one of this project: it was changed.
    """
    text = folder / "scorer.py"
    if text.read_text(encoding="utf-8") != scorer_text.text(scorer_text.kinds_of(folder)):
        raise ContractError(
            f"{text} is not the scorer of this project: it was changed, or is of another version of the project. Remove"
            f" {folder}, and `python -m pipelines run SPEC` makes it again."
        )
    return runpy.run_path(str(folder / "scorer.py"), run_name="scorer")["Scorer"](folder)


def typical(X: Matrix, contract: Contract, rows: RowIndex | None = None) -> dict[str, float]:
    """The median of every column of encoded rows X, shape (n_rows, n_columns), or of a sample; 0 where all missing."""
    among = np.arange(len(X)) if rows is None else rows
    numbers = [(place, column.name) for place, column in enumerate(contract.columns) if column.type == "number"]
    medians = ((name, pd.Series(X[among, place]).median()) for place, name in numbers)
    return {name: 0.0 if np.isnan(median) else float(median) for name, median in medians}
