"""MLflow runs of killed processes are ended, and no others."""

import json
from dataclasses import replace
from pathlib import Path

from pipelines.processes import orphans, processes
from pipelines.servers import mlflow_runs


def test_the_runs_of_processes_that_are_gone_are_ended_and_no_others(tmp_path: Path) -> None:
    client = mlflow_runs.client(tmp_path)
    experiment, other = (mlflow_runs.experiment_id(client, tmp_path, name) for name in ("shop", "another"))
    me = processes.this()
    dead = replace(me, started="1")

    def run_of(process: processes.Process | None, where: str = experiment) -> str:
        tags = {orphans.OWNER: json.dumps(process.to_dict())} if process else {}
        return str(client.create_run(where, tags=tags).info.run_id)

    orphan, ended = run_of(dead), run_of(dead)
    client.set_terminated(ended, "FINISHED")
    kept = [run_of(me), run_of(replace(dead, host="elsewhere")), run_of(None), run_of(dead, other)]
    kept.append(mlflow_runs.start_run(client, experiment, name="ours"))
    assert orphans.end(client, experiment) == [orphan]
    assert client.get_run(orphan).info.status == "KILLED"
    assert client.get_run(ended).info.status == "FINISHED"
    assert {client.get_run(one).info.status for one in kept} == {"RUNNING"}
