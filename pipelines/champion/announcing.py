"""Messages after a promotion: the outcome and the next step, also where the run was killed before it said so."""

from pathlib import Path

from pipelines.champion.succession import Standing
from pipelines.files import storage
from pipelines.workspace import Workspace


def begin(workspace: Workspace, standing: Standing) -> None:
    """Note the number of entries before a decision; an older note of an unreported decision stays."""
    if _entries(_note(workspace)) is None:
        storage.write_json(_note(workspace), {"entries": len(standing.entries)})


def is_untold(workspace: Workspace, standing: Standing, version: str) -> bool:
    """Whether a command that was killed made this version the champion without reporting it."""
    entries, head = _entries(_note(workspace)), standing.decided
    if entries is None or head is None or standing.champion != version:
        return False
    return head.moves and head.number > entries and head.body["challenger_version"] == version


def told(workspace: Workspace) -> None:
    """The decision has been reported."""
    _note(workspace).unlink(missing_ok=True)


def awaits_refit(workspace: Workspace, standing: Standing) -> str:
    """Of a spec with `refit`: what to run for the new champion to be fitted on all rows; empty where it was, or cannot.

    Only the newest challenger of this checkout can be: its rows and parameters are here.
    """
    champion, receipt = standing.champion, storage.read_receipt(workspace.registration)
    is_here = isinstance(receipt, dict) and str(receipt.get("version")) == champion
    if champion is None or champion != standing.serving or not is_here:
        return ""
    return (
        f"refit {workspace.spec}: version {champion} serves as it was judged, until `python -m pipelines run"
        f" {workspace.spec}` fits it again on all rows"
    )


def _note(workspace: Workspace) -> Path:
    return workspace.state / "untold.json"


def _entries(note: Path) -> int | None:
    kept = storage.read_receipt(note)
    return kept.get("entries") if isinstance(kept, dict) else None
