"""What `promote` and `approve` say of a champion that is still to be fitted on all rows."""

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from pipelines.champion import announcing, ledger_writer
from pipelines.cli import main
from pipelines.workspace import Workspace

SAID = "version 1 serves as it was judged, until `python -m pipelines run shop` fits it again on all rows"


def refitting(root: Path, *, refit: bool) -> None:
    path = Workspace(root, "shop").spec_file
    path.write_text(yaml.safe_dump({**yaml.safe_load(path.read_text()), "refit": refit}))


@pytest.mark.parametrize("refit", [True, False])
@pytest.mark.parametrize("approval", [True, False])
def test_whoever_promotes_without_a_run_is_told_what_fits_it_on_all_rows(
    checkout: Callable[..., Path], capsys: pytest.CaptureFixture[str], approval: bool, refit: bool
) -> None:
    root = checkout("1", approval=approval)
    refitting(root, refit=refit)
    assert main(["promote", "shop"]) == 0
    assert (SAID in capsys.readouterr().out) == (refit and not approval)
    if approval:
        assert main(["approve", "shop", "1"]) == 0
        assert (SAID in capsys.readouterr().out) == refit


def test_a_champion_of_another_checkout_is_not_promised_what_no_run_here_does(promoted: Callable[..., Path]) -> None:
    root = promoted("1")
    workspace = Workspace(root, "shop")
    standing, _ = ledger_writer.reading("shop", root).agreed()
    assert announcing.awaits_refit(workspace, standing)
    workspace.registration.write_text('{"name": "shop", "version": "2"}')
    assert announcing.awaits_refit(workspace, standing) == ""
    workspace.registration.unlink()
    assert announcing.awaits_refit(workspace, standing) == ""
