"""Small worlds that many tests share."""

import gc
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

from experiments.family import Labels
from features.contract import Contract, Matrix
from features.feature import FeatureColumn
from tests import migrated

ROOT = Path(__file__).parent.parent
# PySpark, which Great Expectations imports where it is there, ends a process whose main module has no file, such as a
# worker of pytest-xdist: it takes it for its own doctests.
vars(sys.modules["__main__"]).setdefault("__file__", __file__)
# A busy machine is slow, which is no fault of what a test looks at.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")
SHARED_DATA = ROOT.parent / "shared" / "data"
# The files that take longest, longest first: as a worker takes a file at a time, the last ones must be short.
LONG_FILES = (
    "end_to_end/test_pages.py",
    "end_to_end/test_real_data.py",
    "end_to_end/test_retrain.py",
    "end_to_end/test_tiny_world.py",
    "conformance/test_checks.py",
    "pipelines/jobs/service/web/test_fuzzed.py",
    "pipelines/jobs/forgetting/test_forget.py",
    "end_to_end/test_tries.py",
    "end_to_end/test_service.py",
    "conformance/test_spark.py",
    "end_to_end/test_demo_world.py",
    "pipelines/champion/test_races_and_kills.py",
    "features/sources/test_event_log.py",
    "end_to_end/test_reproduce.py",
    "end_to_end/test_pinned_elsewhere.py",
    "pipelines/learning/test_randomisation_designs.py",
    "end_to_end/test_strangers.py",
    "end_to_end/test_readers_of_texts.py",
    "end_to_end/test_api.py",
    "end_to_end/test_bad_input.py",
    "end_to_end/test_stopped.py",
    "pipelines/gate/test_gate_refresh.py",
    "end_to_end/test_refitting.py",
    "pipelines/gate/test_gate_simulations.py",
    "end_to_end/test_same_bytes.py",
    "experiments/search/test_worlds.py",
    "end_to_end/test_new.py",
    "pipelines/stages/test_promote.py",
    "pipelines/outreach/test_what_if.py",
    "pipelines/stages/test_validate.py",
    "end_to_end/test_dvc_remotes.py",
    "pipelines/stages/test_reserved_names.py",
    "pipelines/stages/test_build.py",
    "end_to_end/test_killed_runs.py",
    "end_to_end/test_bad_events.py",
    "conformance/test_every_event_once.py",
    "experiments/learners/test_among_rivals.py",
    "experiments/evaluation/monitoring/test_months.py",
    "pipelines/test_file_forms.py",
    "pipelines/outreach/feedback/test_effect.py",
    "end_to_end/test_killed.py",
    "pipelines/outreach/feedback/test_mapped_files.py",
    "experiments/texts/test_real_texts.py",
    "pipelines/champion/test_trust.py",
    "experiments/uplift/test_nuisances.py",
)
ADDRESSES = ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI")
gc.disable()  # while libraries are loaded and tests collected, nothing becomes garbage


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files in the order of LONG_FILES, and all others after them in the order in which they were found."""
    rank = {ROOT / "tests" / name: place for place, name in enumerate(LONG_FILES)}
    items.sort(key=lambda item: rank.get(item.path, len(rank)))


def pytest_collection_finish() -> None:
    """What is loaded by now stays: nobody looks through it for garbage at every turn."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    gc.enable()


@pytest.fixture(scope="session")
def empty_mlflow(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the empty database of MLflow lies once one was made; all workers share it."""
    own = tmp_path_factory.getbasetemp()
    return (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "empty_mlflow.db"


@pytest.fixture(scope="session", autouse=True)
def _made_once(empty_mlflow: Path) -> None:
    if "mlflow" in sys.modules:
        migrated.once(empty_mlflow)


@pytest.fixture(scope="module", autouse=True)
def _forgotten_databases() -> Iterator[None]:
    """MLflow remembers in the process, and in its environment, which database was used last; modules start anew."""
    yield
    if "mlflow" in sys.modules:
        import mlflow

        mlflow.set_tracking_uri(None)
        mlflow.set_registry_uri(None)
    for name in ADDRESSES:
        os.environ.pop(name, None)


@pytest.fixture(autouse=True)
def _forgotten_addresses() -> Iterator[None]:
    """What MLflow wrote into the environment in a test, of a database that goes with it, is gone for the next."""
    before = {name: os.environ.get(name) for name in ADDRESSES}
    yield
    for name, address in before.items():
        os.environ.pop(name, None)
        if address is not None:
            os.environ[name] = address


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    return SHARED_DATA


@pytest.fixture(scope="session")
def contract() -> Contract:
    return Contract(
        (
            FeatureColumn("usage", "Days of use"),
            FeatureColumn("noise", "Nothing"),
            FeatureColumn("plan", "The plan", type="category", categories=("basic", "plus")),
        )
    )


@pytest.fixture(scope="session")
def tiny_world() -> tuple[Matrix, Labels]:
    """2,000 customers whose risk falls with usage and is higher on plan 0; some usage is missing."""
    rng = np.random.default_rng(11)
    usage, plan = rng.normal(size=2000), rng.integers(0, 2, 2000).astype(float)
    risk = 1 / (1 + np.exp(1.0 + 1.2 * usage + 0.8 * plan))
    y = (rng.random(2000) < risk).astype(float)
    usage[rng.random(2000) < 0.05] = np.nan
    return np.column_stack([usage, rng.normal(size=2000), plan]), y
