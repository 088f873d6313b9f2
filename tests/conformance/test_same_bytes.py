"""Every family and learner gives the same bytes whatever kernels BLAS uses and whatever numpy's processor can do."""

import json
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.experiments.effect_worlds import FAMILIES, LEARNERS, world
from tests.kernels import AS_NUMPY_WILL, KERNELS, needs_kernels

PROGRAM = """
import hashlib, json, pickle, sys
import numpy as np
from experiments.search import candidate, judging
from experiments.search.past_trials import Record
from tests.conformance.test_learners import exported
from tests.experiments.effect_worlds import FAMILIES, LEARNERS, problem, starting_point

found = {}
for name, of in pickle.load(open(sys.argv[1], "rb")).items():
    asked = problem(of)
    for family in FAMILIES.values():
        for learner in LEARNERS.values():
            fitted = candidate.fit(starting_point(family, learner), asked, seed=0)
            record = Record.of([judging.judge(asked, fold, fitted) for fold in asked.folds], [fitted.learned])
            kept = [exported(fitted), repr(fitted.calibrations), repr(record)]
            found[f"{family.name} {learner.name} {name}"] = hashlib.sha256("".join(kept).encode()).hexdigest()
raw = np.random.default_rng(0).normal(size=(2, 100_003))
print(json.dumps({"raw": [float(raw[0] @ raw[1]), hashlib.sha256(np.exp(raw).tobytes()).hexdigest()], "kept": found}))
"""


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The rows are made once: to make them, numpy's exponential is needed, too."""
    path = tmp_path_factory.mktemp("worlds") / "worlds.pickle"
    of = {"shares": world(1200), "logged probabilities": world(1200, chosen=True)}
    path.write_bytes(pickle.dumps(of))
    return path


def told(worlds: Path, root: Path, **variables: str) -> dict[str, Any]:
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(worlds)],
        cwd=root,
        env={**os.environ, **variables, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(ended.stdout)


@pytest.fixture(scope="module")
def usual(worlds: Path, root: Path) -> dict[str, Any]:
    """What the newer kernels and numpy's own exponential give."""
    return told(worlds, root, OPENBLAS_CORETYPE=KERNELS[1])


@needs_kernels
def test_models_and_their_figures_do_not_depend_on_the_kernels_of_blas(
    worlds: Path, root: Path, usual: dict[str, Any]
) -> None:
    other = told(worlds, root, OPENBLAS_CORETYPE=KERNELS[0])
    assert usual["raw"][0] != other["raw"][0], "the two kernels add alike: nothing was tested"
    assert len(usual["kept"]) == 2 * len(FAMILIES) * len(LEARNERS)
    assert usual["kept"] == other["kept"]


@pytest.mark.slow
@needs_kernels
def test_nor_on_what_the_processor_has_for_numpys_exponential(worlds: Path, root: Path, usual: dict[str, Any]) -> None:
    other = told(worlds, root, OPENBLAS_CORETYPE=KERNELS[1], **AS_NUMPY_WILL)
    assert usual["raw"][1] != other["raw"][1], "both exponentials are the same: nothing was tested"
    assert usual["kept"] == other["kept"]
