"""The page of a decision beside `decision.json`, and the curves that it draws."""

from collections.abc import Mapping
from typing import Any

from experiments.spec import ExperimentSpec
from pipelines.files import storage
from pipelines.workspace import Workspace

# By these a comparison is known: an approval and a later answer from the ledger have them of the decision they repeat.
COMPARISON = ("challenger_version", "look", "pairs")


def keep_curves(workspace: Workspace, decision: Mapping[str, Any], curves: Mapping[str, Any]) -> None:
    """Store the curves of a comparison for its page; they are too large for the ledger, and nothing rests on them."""
    if curves:
        storage.write_json(workspace.curves, {**_comparison(decision), "curves": curves})


def write_page(spec: ExperimentSpec, workspace: Workspace, decision: Mapping[str, Any]) -> None:
    """Write `decision.html`."""
    storage.write_bytes(workspace.decision_page, page(spec, workspace, decision).encode())


def page(spec: ExperimentSpec, workspace: Workspace, decision: Mapping[str, Any]) -> str:
    """The page of a decision, without curves where those at hand are of another comparison."""
    from pipelines.reporting import decision_page  # not at the top: who only asks what is decided draws nothing

    return decision_page.render(decision, spec=spec.model_dump(mode="json"), curves=_curves(workspace, decision))


def _curves(workspace: Workspace, decision: Mapping[str, Any]) -> Mapping[str, Any]:
    kept = storage.read_receipt(workspace.curves) or {}
    found: Mapping[str, Any] = kept["curves"] if kept and _comparison(kept) == _comparison(decision) else {}
    return found


def _comparison(of: Mapping[str, Any]) -> dict[str, Any]:
    return {key: of[key] for key in COMPARISON}
