"""Approve a version that the rules accept and that awaits a person's approval.

A spec with `gate: {approval: true}` promotes nothing by itself: `promote` writes the decision into the ledger, and the
alias moves when it is approved here. Approval is refused when the champion has changed since the decision: run
`promote` again. `status` names what awaits approval.

group: decide
writes: artifacts/SPEC/decision.json, decision.html and report.html
writes: the ledger and the alias champion, in mlflow.db or where HOLDFAST_LEDGER_URI and MLFLOW_TRACKING_URI say
codes: 5
example: python -m pipelines approve demo 3
"""

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from experiments.spec import ExperimentSpec
    from experiments.texts.spec import TextsSpec
    from pipelines.champion.ledger import Entry
    from pipelines.champion.ledger_writer import LedgerWriter
    from pipelines.champion.succession import Standing
    from pipelines.workspace import Workspace


def arguments(command: argparse.ArgumentParser) -> None:
    """The version."""
    command.add_argument("version", metavar="VERSION", help="the version that awaits approval, such as 3")


def run(spec: "ExperimentSpec | TextsSpec", workspace: "Workspace", arguments: argparse.Namespace) -> int:
    """Write the ledger and `decision.json`, then move the alias. Raises UsageError where nothing awaits approval."""
    from pipelines.champion import announcing, ledger_writer, shadow_entries
    from pipelines.files import storage
    from pipelines.gate import decision_page_file
    from pipelines.ruling import answers

    with ledger_writer.writing(spec.name, workspace.root) as writer:
        then = writer.seen()[0]
        entry, before = _entry(writer, arguments.version)
        storage.write_json(workspace.decision, entry.receipt)
        writer.project()
        decision_page_file.write_page(spec, workspace, entry.receipt)
        now, _ = writer.agreed()
        refit = announcing.awaits_refit(workspace, now) if spec.refit else ""
    said = f"is champion already, since entry {entry.number}" if before else "is champion"
    answers.say(f"approve {spec.name}: version {arguments.version} {said}; {entry.body['words']}")
    answers.say(*filter(None, [shadow_entries.over(then, now), refit]))
    return 0


def _entry(writer: "LedgerWriter", version: str) -> "tuple[Entry, bool]":
    """The approval, and whether it existed before."""
    from features.errors import ContractError, UsageError
    from pipelines.champion import entry_kinds, freezing, model_versions

    standing, _ = writer.reconciled()
    head = standing.decided
    if head and head.body["kind"] == "approval" and standing.champion == version:
        return head, True  # said twice, or stopped and said again
    freezing.refuse(standing, writer.signed.at, f"version {version} is not approved")
    if version not in standing.waiting:
        raise UsageError(_refusal(standing, version))
    waiting = standing.waiting[version]
    if (
        model_versions.digest_of(model_versions.version(writer.client, writer.spec, version))
        != waiting.body["model_digest"]
    ):
        raise ContractError(
            f"version {version} of '{writer.spec}' is not the model that was judged; run promote again."
        )
    if why := writer.lost(standing, version):
        raise ContractError(f"{why}; `python -m pipelines run {writer.spec}` registers it anew.")
    return writer.write(standing, entry_kinds.approval(waiting, writer.signed)), False


def _refusal(standing: "Standing", version: str) -> str:
    """Why a version cannot be approved."""
    judged = [entry.body for entry in standing.entries if entry.body["challenger_version"] == version]
    if judged and judged[-1]["awaiting_approval"]:
        was, now = judged[-1]["compared_with"] or "none", standing.champion
        return (
            f"version {version} of '{standing.spec}' was judged against champion {was}; since then the champion has"
            f" changed (now {now}). Run promote again."
        )
    there = ", ".join(standing.waiting) or "none"
    return f"version {version} of '{standing.spec}' does not await approval; awaiting: {there}."
