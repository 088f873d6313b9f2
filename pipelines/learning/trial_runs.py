"""Trials as nested runs of MLflow, for its comparison and parallel-coordinates views.

A nested run costs three calls, some 20 ms of CPU, a twentieth of the time of a short trial; so they are written when
the search has ended, the best first, and no more of them than its share of the time allows. All trials are in
the study's own run, in `trials.csv` and in Optuna's database.
"""

import time
from collections.abc import Mapping, Sequence

from mlflow import MlflowClient
from optuna.trial import FrozenTrial

from pipelines.servers import mlflow_runs

# Of the search's CPU time, all tracking together; the target in docs/performance.md is 5 %.
MOST_SHARE = 0.04
MOST_RUNS = 1000
NOTE = (
    "A search of Optuna. Each trial is a parameter `trial 012` and a step of the metrics; `best` holds the one that was"
    " taken. The best one and as many others as 4 % of the time allow are nested runs: choose them, Compare, Parallel"
    " Coordinates Plot. `search_seconds` is what all trials took together."
)


def write(
    client: MlflowClient,
    experiment: str,
    parent: str,
    *,
    trials: Sequence[FrozenTrial],
    figures: Mapping[int, Mapping[str, float]],
    seconds: float,
) -> int:
    """Write trials as nested runs of parent, in order, until seconds of CPU time are used; gives their number.

    The first is written in any case. figures are those of each trial by its number. Those that are there stay.
    """
    began = time.thread_time()
    there = _there(client, experiment, parent)
    for place, trial in enumerate(trials):
        if place and time.thread_time() - began >= seconds:
            break
        if (name := _name(trial)) not in there:
            run_id = mlflow_runs.start_run(
                client, experiment, name=name, parent=parent, began_ms=_ms(trial, start=True)
            )
            mlflow_runs.log_batch(
                client,
                run_id,
                params=trial.params,
                metrics=[(key, value, 0) for key, value in figures[trial.number].items()],
                status="FINISHED",
                ended_ms=_ms(trial, start=False),
            )
            there.add(name)
    return len(there)


def _there(client: MlflowClient, experiment: str, parent: str) -> set[str]:
    """The existing nested runs of a resumed study."""
    nested = f"tags.`{mlflow_runs.PARENT}` = '{parent}'"
    found = client.search_runs([experiment], nested, max_results=MOST_RUNS)
    return {str(one.info.run_name) for one in found if one.info.status == "FINISHED"}


def _name(trial: FrozenTrial) -> str:
    return f"trial {trial.number:03}"


def _ms(trial: FrozenTrial, *, start: bool) -> int | None:
    moment = trial.datetime_start if start else trial.datetime_complete
    return int(moment.timestamp() * 1000) if moment else None


def lasted(trials: Sequence[FrozenTrial]) -> float:
    """The total duration of the trials, in seconds."""
    return sum(trial.duration.total_seconds() for trial in trials if trial.duration is not None)
