"""Return to the previous champion.

The alias moves to the version that the ledger names as the one before, and stays there: the version that was rolled
back is not promoted again until somebody forces it. A second rollback goes one champion further back; one whose files
are gone or changed is passed over. It works where the alias was moved by hand, too. Run `score` afterwards for a list
of the older champion's.

group: decide
writes: the ledger and the alias champion, in mlflow.db or where HOLDFAST_LEDGER_URI and MLFLOW_TRACKING_URI say
codes: 5
example: python -m pipelines rollback demo --reason complaints
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
    """The reason, for the ledger."""
    command.add_argument("--reason", metavar="TEXT", default="", help="the reason, recorded in the ledger")


def run(spec: "ExperimentSpec | TextsSpec", workspace: "Workspace", arguments: argparse.Namespace) -> int:
    """Write the ledger, then move the alias; an interrupted rollback is completed instead.

    Raises UsageError where another changed the champion since this one was asked for: it meant the one of before.
    """
    from pipelines.champion import ledger_writer, shadow_entries
    from pipelines.ruling import answers
    from pipelines.servers import mlflow_runs

    with mlflow_runs.answering(workspace.root):
        meant = ledger_writer.reading(spec.name, workspace.root).seen()
    with ledger_writer.writing(spec.name, workspace.root) as writer:
        entry, finished = _entry(writer, meant, arguments.reason)
        writer.project()
        over = shadow_entries.over(meant[0], writer.seen()[0])
    said = f"; it was stopped half-way, and is finished now; asked for by {entry.body['by']}" if finished else ""
    answers.say(f"rollback {spec.name}: {entry.body['words']} (entry {entry.number}){said}")
    if over:
        answers.say(over)
    return 0


def _entry(writer: "LedgerWriter", meant: "tuple[Standing, str | None]", reason: str) -> "tuple[Entry, bool]":
    """The entry of this rollback, and whether it completes an interrupted one."""
    from features.errors import UsageError
    from pipelines.champion import entry_kinds, model_versions, upkeep

    standing, alias = writer.seen()
    head = standing.head
    _refuse_overtaken(standing, alias, meant)
    if head and head.body["kind"] == "rollback" and standing.unfinished(alias):
        return head, True
    if standing.before is None:
        raise UsageError(f"'{writer.spec}' has nothing to roll back to: {_why(standing)}.")
    good = upkeep.last_good(writer, standing)
    if good is None:
        raise UsageError(
            f"'{writer.spec}' has nothing to roll back to: {writer.lost(standing, standing.before)}."
            f" `python -m pipelines promote {writer.spec} --force --reason TEXT` makes the newest challenger champion."
        )
    digest = model_versions.digest_of(model_versions.version(writer.client, writer.spec, good))
    body = entry_kinds.rollback(standing, writer.signed, to=good, digest=digest, reason=reason)
    return writer.write(standing, body), False


def _refuse_overtaken(standing: "Standing", alias: str | None, meant: "tuple[Standing, str | None]") -> None:
    """A rollback that waited for another is refused: its user saw the champion before that."""
    from features.errors import UsageError

    before, shown = meant
    head = standing.head
    if head is None or not before.entries or (len(before.entries), shown) == (len(standing.entries), alias):
        return
    raise UsageError(
        f"meanwhile {head.body['by']} wrote entry {head.number} of '{standing.spec}' ({head.body['words']}), and"
        f" version {standing.champion or 'none'} is champion. This rollback did nothing; run it again to go back from"
        " there."
    )


def _why(standing: "Standing") -> str:
    return f"version {standing.champion} is its first champion" if standing.champion else "it has no champion yet"
