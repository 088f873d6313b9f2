"""Whether the last validation of a spec's tables refused them: then no stage after it begins, whoever calls it."""

from features.errors import DataError
from pipelines.files import storage
from pipelines.validation import findings
from pipelines.workspace import Workspace

# The stages that a refusal does not stop: they are how it is mended.
BEFORE = ("ingest", "validate")


def check(workspace: Workspace, stage: str) -> None:
    """Raise DataError, with a line for each broken expectation, when the tables were refused and not validated since.

    Where nothing was validated yet nothing is said: the graph validates before it builds.
    """
    path = workspace.validation / "result.json"
    if stage in BEFORE or not path.is_file():
        return
    result = storage.read_json(path)
    if not result["passed"]:
        told = findings.refusal(result["broken"], workspace.validation.relative_to(workspace.root))
        raise DataError(f"{told}\n  mend the data or the spec, then: python -m pipelines validate {workspace.spec}")
