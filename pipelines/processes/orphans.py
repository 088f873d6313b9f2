"""MLflow runs of killed processes, which the next run of the spec ends."""

import json

from mlflow import MlflowClient

from pipelines.messages import json_lines
from pipelines.processes import processes
from pipelines.processes.processes import Process

# The process that writes a run, as JSON.
OWNER = "holdfast.process"
RUN_ID = "holdfast.run_id"
AT_MOST = 100


def owner() -> dict[str, str]:
    """The tags that mark a run as belonging to this process, and to the run whose log has this id."""
    run_id = json_lines.run_id()
    return {OWNER: json.dumps(processes.this().to_dict()), **({RUN_ID: run_id} if run_id else {})}


def end(client: MlflowClient, experiment: str) -> list[str]:
    """End an experiment's runs that are RUNNING and whose process is gone, as KILLED; gives their ids.

    Runs of other machines are left alone, for nothing is known of their processes.
    """
    found = left(client, experiment)
    for run_id in found:
        client.set_terminated(run_id, "KILLED")
    return found


def left(client: MlflowClient, experiment: str) -> list[str]:
    """The ids of an experiment's runs that are RUNNING and whose process is gone."""
    running = client.search_runs([experiment], "attributes.status = 'RUNNING'", max_results=AT_MOST)
    return [one.info.run_id for one in running if _is_orphan(one.data.tags.get(OWNER, ""))]


def _is_orphan(tag: str) -> bool:
    try:
        process = Process.from_dict(json.loads(tag))
    except ValueError:
        return False
    return process is not None and process.is_gone
