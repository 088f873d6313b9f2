"""The check that a spec's tables passed their last validation, without which no later stage begins."""

from features.errors import DataError
from pipelines.files import storage
from pipelines.validation import findings
from pipelines.workspace import Workspace

# The stages that a refusal does not stop: they are how it is mended.
BEFORE = ("ingest", "validate")


def check(workspace: Workspace, stage: str) -> None:
    """Raise DataError, with a line for each failed expectation, when the tables failed and were not validated since.

    Where nothing was validated yet nothing is said: the graph validates before it builds.
    """
    path = workspace.validation / "result.json"
    if stage in BEFORE or not path.is_file():
        return
    result = storage.read_json(path)
    if not result["passed"]:
        told = findings.refusal(result["broken"], workspace.validation.relative_to(workspace.root))
        raise DataError(f"{told}\n  mend the data or the spec, then: python -m pipelines validate {workspace.spec}")
