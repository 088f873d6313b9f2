"""Show the version that shadows the champion of a spec with `gate: {shadow: ...}`, or end it.

A challenger that passes the gate then shadows the champion first: `score` keeps what both say, lists are made by the
champion alone, and once enough has come true a `run` compares them by it (docs/gate.md). --end ends that: nothing was
decided of the version, which does not come back by itself against this champion, and the next `run` judges the newest
challenger. Where no version shadows there is nothing to end, and no entry is written.

group: decide
writes: with --end, the ledger and the alias shadow, where HOLDFAST_LEDGER_URI and MLFLOW_TRACKING_URI say
codes: 5 the ledger is broken
example: python -m pipelines shadow demo
example: python -m pipelines shadow demo --end --reason "a newer one is better"
"""

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from experiments.spec import ExperimentSpec
    from pipelines.champion.succession import Standing
    from pipelines.workspace import Workspace


def arguments(command: argparse.ArgumentParser) -> None:
    """Whether it ends, and why."""
    command.add_argument("--end", action="store_true", help="end it: the version no longer shadows")
    command.add_argument("--reason", metavar="TEXT", default="", help="the reason, recorded in the ledger; with --end")


def run(spec: "ExperimentSpec", workspace: "Workspace", arguments: argparse.Namespace) -> int:
    """Say it, or write the ledger. Raises UsageError for an end without a reason."""
    from features.errors import UsageError
    from pipelines.champion import ledger_writer, shadow_entries
    from pipelines.ruling import answers
    from pipelines.servers import mlflow_runs

    reason = " ".join(arguments.reason.split())
    if arguments.end != bool(reason):
        raise UsageError("--end and --reason go together: who ends a shadow says why.")
    if not arguments.end:
        with mlflow_runs.answering(workspace.root):
            standing, _ = ledger_writer.reading(spec.name, workspace.root).seen()
        answers.say(*_said(spec, workspace, standing))
        return 0
    with ledger_writer.writing(spec.name, workspace.root) as writer:
        standing, _ = writer.reconciled()
        if standing.shadow is None:
            answers.say(f"shadow {spec.name}: no version shadows")
            return 0
        body = shadow_entries.ended(standing, writer.signed, reason=reason, kept_out=True)
        entry = writer.write(standing, body)
        writer.project()
    answers.say(f"shadow {spec.name}: {entry.body['words']} (entry {entry.number})")
    return 0


def _said(spec: "ExperimentSpec", workspace: "Workspace", standing: "Standing") -> list[str]:
    if standing.shadow is None:
        return [f"shadow {spec.name}: no version shadows"]
    from pipelines.gate import shadow_progress

    first, *others = shadow_progress.of(spec, workspace, standing.shadow).lines(standing.shadow)
    return [f"shadow {spec.name}: {first}", *others]
