"""Search a reader's parameters with Optuna; a search that was killed goes on where it was."""

import hashlib
import json
import time

import optuna
import pandas as pd
from optuna.trial import FrozenTrial

from experiments.texts import search
from experiments.texts.spec import HasTuning
from pipelines.files import spreadsheet, storage
from pipelines.learning import code_files, text_rows, trial_runs
from pipelines.learning.text_rows import TextRows
from pipelines.messages import log
from pipelines.servers import mlflow_runs
from pipelines.workspace import Workspace

FIGURE = "macro_f1"
# What trials run, with all that these import: where it changes, so may what they say.
CODE = ("experiments.texts.search", "pipelines.learning.text_rows")


def run(spec: HasTuning, workspace: Workspace) -> None:
    """Try `tuning.trials` sets of parameters on folds of the texts that teach; write the best, and a table of all."""
    teaching, began = text_rows.read(workspace).teaching, time.process_time()
    study = _study(spec, workspace, teaching)
    done = len(search.ended(study))
    with log.bar("tune", unit="trial", total=spec.tuning.trials, done=done) as bar:

        def on_trial(_trial: FrozenTrial) -> None:
            bar.update()

        best = search.tuned(study, teaching.texts, teaching.classes, asked=spec.tuning, on_trial=on_trial)
    trials = search.ended(study)[: spec.tuning.trials]
    chosen = {"params": search.params_of(best), FIGURE: search.value_of(best), "study": study.study_name}
    with storage.replacing_folder(workspace.tuning) as folder:
        storage.write_json(folder / "best.json", chosen)
        spreadsheet.write(folder / "trials.csv", _table(trials))
        with mlflow_runs.answering(workspace.root):
            _logged(spec, workspace, trials, best=best, seconds=time.process_time() - began, study=study.study_name)
    log.done("tune", spec.name, trials=len(trials), macro_f1=round(search.value_of(best), 4))


def study_name(spec: HasTuning, teaching: TextRows) -> str:
    """The study's name: a hash of all that its trials depend on, the code included, so that studies are never mixed."""
    asked = spec.tuning.model_dump(mode="json", exclude={"trials"})
    rows = hashlib.sha256(teaching.rows[["digest", "class"]].to_csv(index=False).encode()).hexdigest()
    everything = json.dumps([asked, rows, code_files.digests(CODE)], sort_keys=True)
    return f"{spec.name}-{hashlib.sha256(everything.encode()).hexdigest()[:12]}"


def _study(spec: HasTuning, workspace: Workspace, teaching: TextRows) -> optuna.Study:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    workspace.state.mkdir(parents=True, exist_ok=True)
    return optuna.create_study(
        study_name=study_name(spec, teaching),
        storage=optuna.storages.RDBStorage(f"sqlite:///{workspace.state / 'study.db'}"),
        direction="maximize",
        load_if_exists=True,
    )


def _table(trials: list[FrozenTrial]) -> pd.DataFrame:
    rows = [{"trial": place, FIGURE: search.value_of(one), **search.params_of(one)} for place, one in enumerate(trials)]
    return pd.DataFrame(rows)


def _logged(
    spec: HasTuning, workspace: Workspace, trials: list[FrozenTrial], *, best: FrozenTrial, seconds: float, study: str
) -> None:
    """One run for the study, with every trial as a step, and nested runs of the trials."""
    client = mlflow_runs.client(workspace.root)
    experiment = mlflow_runs.experiment_id(client, workspace.root, spec.name)
    parent = mlflow_runs.start_run(client, experiment, name=f"study {study}")
    steps = [(FIGURE, search.value_of(one), place) for place, one in enumerate(trials)]
    figures = {one.number: {FIGURE: search.value_of(one)} for one in trials}
    trial_runs.write(client, experiment, parent, trials=trials, figures=figures, seconds=0.04 * seconds)
    mlflow_runs.log_batch(
        client,
        parent,
        params=search.params_of(best),
        metrics=[*steps, (f"best_{FIGURE}", search.value_of(best), 0), ("search_seconds", seconds, 0)],
        status="FINISHED",
    )
