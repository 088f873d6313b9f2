"""Look after the registry of a spec: prove that it is whole, put the alias back, delete what is not needed.

check    prove it: the ledger's chain of hashes, its numbers without gaps, the alias as the ledger says, the champion
         and the one before as they were written down. One line per fault; exit code 0, or 5 where there is one.
restore  put the alias back to what the ledger says, after somebody moved it by hand.
delete   delete a version; refused are the champion, those to which a rollback leads, and what was rolled back.
"""

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from experiments.spec import ExperimentSpec
    from pipelines.registrar import Registrar
    from pipelines.workspace import Workspace

ACTIONS = {
    "check": "Prove that the ledger is whole and that the registry is as it says.",
    "restore": "Put the alias champion back to what the ledger says.",
    "delete": "Delete a version; refused are the champion, those before and what was rolled back.",
}


def arguments(command: argparse.ArgumentParser) -> None:
    """What to do, with which spec, and for `delete` which version."""
    actions = command.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name, meaning in ACTIONS.items():
        action = actions.add_parser(name, help=meaning, description=meaning)
        action.add_argument("spec", metavar="SPEC", help="a spec: the name of a file in experiments/specs")
        if name == "delete":
            action.add_argument("version", metavar="VERSION", help="the version to delete, such as 3")


def run(spec: "ExperimentSpec", workspace: "Workspace", arguments: argparse.Namespace) -> int:
    """Do it, and say what was done or found."""
    if arguments.action == "check":
        return _check(spec.name, workspace)
    from pipelines import answers, registrar

    with registrar.writing(spec.name, workspace.root) as writer:
        if arguments.action == "delete":
            _delete(writer, arguments.version)
            answers.say(f"registry delete {spec.name}: version {arguments.version} is deleted")
            return 0
        writer.adopted()
        writer.project()
        answers.say(f"registry restore {spec.name}: the alias champion shows version {writer.seen()[1] or 'none'}")
    return 0


def _delete(writer: "Registrar", version: str) -> None:
    from features.errors import UsageError
    from pipelines import registry

    standing, alias = writer.seen()
    number = str(registry.version(writer.client, writer.spec, version).version)
    if number in (standing.champion, alias):
        raise UsageError(f"version {number} of '{writer.spec}' is the champion, and serves; it is not deleted.")
    if number in standing.champions:
        raise UsageError(f"version {number} of '{writer.spec}' was champion before: a rollback leads to it.")
    if number in standing.withdrawn:
        raise UsageError(f"version {number} of '{writer.spec}' was rolled back: once deleted, it could come back.")
    writer.client.delete_model_version(writer.spec, number)


def _check(name: str, workspace: "Workspace") -> int:
    from features.errors import DataError
    from pipelines import answers, audit, registrar, tracking

    with tracking.answering(workspace.root):
        reader = registrar.reading(name, workspace.root)
        faults = audit.faults(reader)
    entries = len(reader.book.entries(name))
    answers.say(*(faults or [f"registry check {name}: {entries} entries, and the registry is as they say"]))
    return DataError.exit_code if faults else 0
