"""The page of a decision is written with every answer, whoever gives it."""

from collections.abc import Callable
from pathlib import Path

from pipelines.cli import main
from pipelines.files import storage
from pipelines.workspace import Workspace


def _page(root: Path) -> str:
    return Workspace(root, "shop").decision_page.read_text()


def test_every_answer_has_its_page_and_the_curves_of_its_own_comparison_only(checkout: Callable[..., Path]) -> None:
    root = checkout("1")
    workspace = Workspace(root, "shop")
    assert main(["promote", "shop"]) == 0
    first = _page(root)
    assert "First champion: version 1" in first
    assert "ROC curves" in first
    assert workspace.curves.stat().st_size < 300_000
    assert "curves" not in storage.read_json(workspace.decision)
    assert main(["promote", "shop"]) == 0
    assert "No change: version 1 is champion already" in _page(root)
    assert "ROC curves" in _page(root)
    checkout("4", approval=True)
    assert main(["promote", "shop"]) == 3
    kept = _page(root)
    assert "Not promoted: version 1 stays champion" in kept
    assert "ROC curves" in kept
    checkout("2", approval=True)
    assert main(["promote", "shop"]) == 0
    assert "Awaiting approval: version 2" in _page(root)
    checkout("4", approval=True)
    assert main(["promote", "shop"]) == 3
    assert "decision_curves.json" in _page(root)  # from the ledger, and the curves at hand are of version 2
    assert main(["approve", "shop", "2"]) == 0
    assert "Approved: version 2 is champion" in _page(root)
    assert "ROC curves" in _page(root)
    workspace.curves.unlink()
    checkout("2", approval=True)
    assert main(["promote", "shop"]) == 0
    assert "decision_curves.json" in _page(root)
