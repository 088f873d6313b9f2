"""Our search beside what else one would take: `python -m tests.benchmarks.automl [DATA SET ...]`.

Plain LightGBM, a tuned logistic regression, FLAML and AutoGluon, on the same rows and columns, over five seeded 80/20
splits. All have one thread. FLAML and AutoGluon are given the CPU seconds that our search and fit took on that split.
They live in an environment of their own in a temporary folder, made by uv.
"""

import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import optuna
import pandas as pd

from experiments.metric import evaluate
from experiments.metrics.auc import METRIC as AUC
from experiments.metrics.brier import METRIC as BRIER
from experiments.search import candidate, past_trials, tuning
from pipelines.learning import training_data
from pipelines.learning.training_data import Learning
from pipelines.specs import spec_files
from pipelines.workspace import Workspace
from tests.benchmarks import automl_rivals
from tests.benchmarks.measuring import measure

ROOT = Path(__file__).parent.parent.parent
DATA = ROOT.parent / "shared" / "data"
SPLITS, TRIALS = 5, 30
OURS = "Holdfast"
NEEDED = ("autogluon.tabular[lightgbm,catboost,xgboost]==1.6.3", "flaml==2.8.0", "pyarrow")
AUC_MARGIN, BRIER_MARGIN = 0.002, 0.0005
PARTS = ("status", "demographics", "location", "services", "population")
# Copies of the outcome, what is filled in for those who left, and scores made of it.
LEAKS = ("Churn Value", "Customer Status", "Churn Category", "Churn Reason", "Churn Score", "Satisfaction Score")


@dataclass(frozen=True)
class Source:
    """A data set: the files, and what `new` is told of them ("" where a spec of ours is there)."""

    name: str
    files: tuple[Path, ...]
    said: tuple[str, ...] = ()


def _dropped(*columns: str) -> tuple[str, ...]:
    return tuple(word for column in columns for word in ("--drop", column))


SOURCES = (
    Source("telco", (DATA / "telco" / "WA_Fn-UseC_-Telco-Customer-Churn.csv",)),
    Source(
        "telco_extended",
        tuple(DATA / "telco_extended" / f"Telco_customer_churn_{part}.csv" for part in PARTS),
        ("--customer-id", "Customer ID", "--label", "Churn Label", "--churned", "Yes", *_dropped(*LEAKS)),
    ),
    Source(
        "visits",
        (DATA / "hillstrom" / "hillstrom.csv",),
        ("--customer-id", "none", "--label", "visit", "--churned", "1", *_dropped("conversion", "spend")),
    ),
)


@dataclass(frozen=True)
class Figures:
    """What a contestant came to on the new rows of a split, and what its fit took, in seconds."""

    auc: float
    brier: float
    wall: float
    cpu: float

    @classmethod
    def of(cls, truth: np.ndarray, said: np.ndarray, *, wall: float, cpu: float) -> "Figures":
        """The figures of these probabilities."""
        return cls(evaluate(AUC, truth, said), evaluate(BRIER, truth, said), wall, cpu)


def built(folder: Path, source: Source) -> Workspace:
    """The matrix of a data set, built in a clone as a user would."""
    words = sys.executable, "-m", "pipelines"
    files = [str(file) for file in source.files]
    if source.said:
        measure(*words, "new", source.name, *files, *source.said, "--treatment", "none", cwd=folder)
    measure(*words, "data", source.name, *files, cwd=folder)
    for stage in ("ingest", "validate", "build"):
        measure(*words, stage, source.name, cwd=folder)
    return Workspace(folder, source.name)


def opened(workspace: Workspace, seed: int) -> Learning:
    """The rows of a data set with a seeded split; a search by the log loss, of the default families."""
    spec = spec_files.load(workspace)
    changed = {
        "split": spec.split.model_copy(update={"seed": seed, "gate_share": 0.2}),
        "tuning": spec.tuning.model_copy(update={"trials": TRIALS, "seed": seed, "metric": "log_loss"}),
    }
    return training_data.opened(spec.model_copy(update=changed), workspace)


def ours(rows: Learning, seed: int) -> Figures:
    """What `tune` and `train` do, from the encoded rows to the calibrated model."""
    began, cpu = time.perf_counter(), time.process_time()
    asked = rows.tuning
    problem = rows.problem(asked.families, asked.learners)
    study = optuna.create_study(directions=tuning.directions(problem), pruner=tuning.pruner())
    best = tuning.search(study, problem, spec=asked, on_trial=lambda _: None)
    model = candidate.fit(past_trials.candidate(best, asked.learners[0]), problem, seed=seed)
    taken = {"wall": time.perf_counter() - began, "cpu": time.process_time() - cpu}
    return Figures.of(rows.y[rows.split.gate], model.risk(rows.X[rows.split.gate]), **taken)


def plain(rows: Learning, index: np.ndarray) -> pd.DataFrame:
    """The same columns as pandas has them: numbers as floats, categories with their values."""
    table = rows.contract.decode(rows.X[index])
    kinds = {
        column.name: pd.CategoricalDtype(list(column.categories)) if column.type == "category" else "float64"
        for column in rows.contract.columns
    }
    return table.astype(kinds)


def theirs(python: Path, rows: Learning, name: str, *, seconds: float) -> Figures:
    """The figures of a rival, fitted in its own environment on the same columns as a plain table."""
    with tempfile.TemporaryDirectory(prefix="holdfast-rival-") as folder:
        for part, index in (("learn", rows.split.training), ("new", rows.split.gate)):
            table = plain(rows, index).assign(**{automl_rivals.LABEL: rows.y[index]})
            table.to_parquet(Path(folder) / f"{part}.parquet")
        script = str(Path(automl_rivals.__file__))
        words = str(python), script, name, folder, str(seconds)
        told = measure(*words, cwd=Path(folder), OMP_NUM_THREADS="1").told
        said = pd.read_csv(Path(folder) / "said.csv", header=None)[0].to_numpy()
    taken = json.loads(told.strip().splitlines()[-1])
    return Figures.of(rows.y[rows.split.gate], said, **taken)


def environment(folder: Path) -> Path:
    """The Python of the rivals, installed into the folder."""
    uv = Path(sys.executable).parent / "uv"
    subprocess.run([uv, "venv", "-q", "--python", sys.executable, folder / "venv"], check=True)
    python = folder / "venv" / "bin" / "python"
    subprocess.run([uv, "pip", "install", "-q", "--python", python, *NEEDED], check=True)
    return python


def contest(workspace: Workspace, python: Path) -> dict[str, list[Figures]]:
    """The figures of every contestant, a split each."""
    found: dict[str, list[Figures]] = {name: [] for name in (OURS, *automl_rivals.CONTESTANTS)}
    for seed in range(SPLITS):
        rows = opened(workspace, seed)
        found[OURS].append(first := ours(rows, seed))
        for name in automl_rivals.CONTESTANTS:
            found[name].append(theirs(python, rows, name, seconds=first.cpu))
    return found


def lines(source: str, found: dict[str, list[Figures]]) -> list[str]:
    """A row a contestant: means, and the paired gaps of ours to it with their standard errors over the splits."""
    told = []
    for name, figures in found.items():
        means = [np.mean([getattr(one, key) for one in figures]) for key in ("auc", "brier", "wall", "cpu")]
        gaps = [_gap(found[OURS], figures, key) for key in ("auc", "brier")] if name != OURS else ["", ""]
        took = f"{means[2]:.0f} s | {means[3]:.0f} s"
        told.append(f"| {source} | {name} | {means[0]:.4f} | {means[1]:.4f} | {took} | {gaps[0]} | {gaps[1]} |")
    return [*told, _promise(source, found)]


def _gap(one: list[Figures], other: list[Figures], key: str) -> str:
    apart = np.array([getattr(a, key) - getattr(b, key) for a, b in zip(one, other, strict=True)])
    return f"{apart.mean():+.4f} ± {apart.std(ddof=1) / np.sqrt(len(apart)):.4f}"


def _promise(source: str, found: dict[str, list[Figures]]) -> str:
    """Whether our means are within the margins of the best of theirs."""
    auc = {name: np.mean([one.auc for one in figures]) for name, figures in found.items()}
    brier = {name: np.mean([one.brier for one in figures]) for name, figures in found.items()}
    best_auc = max(value for name, value in auc.items() if name != OURS)
    best_brier = min(value for name, value in brier.items() if name != OURS)
    kept = auc[OURS] >= best_auc - AUC_MARGIN and brier[OURS] <= best_brier + BRIER_MARGIN
    said = "kept" if kept else "NOT KEPT"
    gaps = f"AUC {auc[OURS] - best_auc:+.4f}, Brier {brier[OURS] - best_brier:+.4f} to the best of theirs"
    return f"| {source} | promise {said} | {gaps} | | | | | |"


def report(*only: str) -> None:
    """Print the table, a data set at a time; those whose files are missing are left out."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    sources = [one for one in SOURCES if one.files[0].exists() and (not only or one.name in only)]
    print(f"\n| {SPLITS} splits, {TRIALS} trials | contestant | AUC | Brier | wall | CPU | our AUC to it | our Brier |")
    print("|---|---|---|---|---|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory(prefix="holdfast-automl-") as folder:
        clone = Path(folder) / "repository"
        subprocess.run(["git", "clone", "-q", str(ROOT), str(clone)], check=True)
        python = environment(Path(folder))
        for source in sources:
            print("\n".join(lines(source.name, contest(built(clone, source), python))), flush=True)


if __name__ == "__main__":
    report(*sys.argv[1:])
