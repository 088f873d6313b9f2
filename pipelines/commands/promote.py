"""Compare challenger and champion, apply the rules, write the ledger, and move the alias `champion` if accepted.

With --force a person overrules the rules: the verdict FORCED is written into the ledger with their name, the reason,
and what the rules said. A model that does not load or predicts other numbers than were evaluated is never forced.
Where the spec says `gate: {shadow: {dates: 2}}`, a challenger that the rules accept shadows the champion first: the
verdict is SHADOWING, with code 3, until enough of what both said has come true to decide (`shadow` says how far it is).

group: stage
writes: artifacts/SPEC/decision.json, decision.html, decision_curves.json and report.html
writes: the page and what was decided into the version's run: mlartifacts/SPEC, or where MLflow keeps files
writes: the ledger and the alias champion, in mlflow.db or where HOLDFAST_LEDGER_URI and MLFLOW_TRACKING_URI say
codes: 0 done: promoted, refreshed, first champion, forced, awaiting approval, or nothing to do; 3; 4; 5
example: python -m pipelines promote demo
example: python -m pipelines promote demo --force --reason compliance
"""

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from experiments.spec import ExperimentSpec
    from experiments.texts.spec import TextsSpec
    from pipelines.workspace import Workspace


def arguments(command: argparse.ArgumentParser) -> None:
    """Whether the rules are overruled, and the reason."""
    command.add_argument("--force", action="store_true", help="move the alias whatever the rules say; needs --reason")
    command.add_argument("--reason", metavar="TEXT", default="", help="the reason for forcing, recorded in the ledger")


def run(spec: "ExperimentSpec | TextsSpec", workspace: "Workspace", arguments: argparse.Namespace) -> int:
    """Run the stage. Raises UsageError for --force without a reason, and for a reason without --force."""
    from features.errors import UsageError
    from pipelines.champion import announcing, ledger_writer
    from pipelines.ruling import answers

    reason = " ".join(arguments.reason.split())
    if arguments.force and not reason:
        raise UsageError("--force needs a --reason: who overrules the rules says why.")
    if reason and not arguments.force:
        raise UsageError("--reason belongs to --force; the rules need none.")
    code = _promoted(spec, workspace, force=reason)
    announcing.told(workspace)
    if spec.refit:
        standing, _ = ledger_writer.reading(spec.name, workspace.root).agreed()
        if refit := announcing.awaits_refit(workspace, standing):
            answers.say(refit)
    return code


def _promoted(spec: "ExperimentSpec | TextsSpec", workspace: "Workspace", *, force: str) -> int:
    """Run the stage of the spec's kind."""
    from experiments.texts.spec import TextsSpec

    if isinstance(spec, TextsSpec):
        from pipelines.stages.texts import promote as of_texts

        return of_texts.run(spec, workspace, force=force)
    from pipelines.stages import promote

    return promote.run(spec, workspace, force=force)
