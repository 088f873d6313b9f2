"""What opens the desk of a spec."""

from experiments.spec import ExperimentSpec
from pipelines.jobs.service.desk import Desk
from pipelines.jobs.service.settings import Settings
from pipelines.workspace import Workspace


def opened(spec: ExperimentSpec, workspace: Workspace, settings: Settings) -> Desk:
    """A desk that answers. Raises MissingError where there is no champion or no batch, or its files are gone."""
    return Desk(spec, workspace, settings)
