"""Go back to the champion before, in one command.

The alias moves to the version that the ledger names as the one before, and stays there: the version that was rolled
back is not promoted again until somebody forces it. A second rollback goes one champion further back; one whose files
are gone or changed is passed over. It works where the alias was moved by hand, too. Run `score` afterwards for a list
of the older champion's.
"""

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from experiments.spec import ExperimentSpec
    from pipelines.ledger import Entry
    from pipelines.registrar import Registrar
    from pipelines.standing import Standing
    from pipelines.workspace import Workspace


def arguments(command: argparse.ArgumentParser) -> None:
    """Why, for whoever reads the ledger later."""
    command.add_argument("--reason", metavar="TEXT", default="", help="why; it is written into the ledger")


def run(spec: "ExperimentSpec", workspace: "Workspace", arguments: argparse.Namespace) -> int:
    """Write the ledger, then move the alias; a rollback that was stopped between the two is finished instead."""
    from pipelines import answers, registrar

    with registrar.writing(spec.name, workspace.root) as writer:
        entry = _entry(writer, arguments.reason)
        writer.project()
    answers.say(f"rollback {spec.name}: {entry.body['words']} (entry {entry.number})")
    return 0


def _entry(writer: "Registrar", reason: str) -> "Entry":
    from features.errors import UsageError
    from pipelines import bodies, registry, upkeep

    standing, alias = writer.seen()
    head = standing.head
    if head and head.body["kind"] == "rollback" and standing.unfinished(alias):
        return head
    if standing.before is None:
        raise UsageError(f"'{writer.spec}' has nothing to roll back to: {_why(standing)}.")
    good = upkeep.last_good(writer, standing)
    if good is None:
        raise UsageError(
            f"'{writer.spec}' has nothing to roll back to: {writer.lost(standing, standing.before)}."
            f" `python -m pipelines promote {writer.spec} --force --reason TEXT` makes the newest challenger champion."
        )
    digest = registry.digest_of(registry.version(writer.client, writer.spec, good))
    return writer.write(standing, bodies.rollback(standing, writer.signed, to=good, digest=digest, reason=reason))


def _why(standing: "Standing") -> str:
    return f"version {standing.champion} is its first champion" if standing.champion else "it has no champion yet"
