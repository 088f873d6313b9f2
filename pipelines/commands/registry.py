"""Maintain the registry of a spec: verify it, restore the alias, replace a lost champion.

check    verify the ledger's hash chain and numbering, the alias against the ledger, and the files of the champion and
         those before it against their recorded hashes. One line per fault; exit code 0, or 5 where there
         is one. With --head FILE also that the ledger still holds the entry that FILE names.
head     print the ledger's last entry, the champion and the hashes of its files as JSON, for a file that is kept
         elsewhere (in git, by the serving team): `registry head demo > demo.head.json`.
restore  put the alias back to what the ledger says, after somebody moved it by hand. Where the champion is lost (its
         version deleted, its files gone or changed), another version of the same model takes its place, or the last
         good champion before it; where there is none, the next challenger is judged as a first one.
adopt    begin a ledger with the version that the alias shows, where there is none: one from before there was a ledger,
         or after it was lost. Earlier comparisons are no longer counted.
seal     record the hashes of the champion's files, for a champion from before they were recorded.
delete   delete a version; refused are the champion, those to which a rollback leads, what was rolled back, and a reader
         of texts that a spec here pins.

group: decide
writes: the ledger and the alias champion (restore, adopt, seal), in mlflow.db or where HOLDFAST_LEDGER_URI says
writes: MLflow's registry (delete), in mlflow.db or where MLFLOW_TRACKING_URI says; check and head write nothing
codes: 5 a fault, one line each, or the ledger is broken
json: the spec, the action, and what it found or did
example: python -m pipelines registry check demo
example: python -m pipelines registry check demo --head demo.head.json --json
example: python -m pipelines registry head demo
example: python -m pipelines registry restore demo
example: python -m pipelines registry adopt demo --reason moved
example: python -m pipelines registry seal demo
example: python -m pipelines registry delete demo 2
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.messages.answer import Answer

if TYPE_CHECKING:
    from experiments.spec import ExperimentSpec
    from experiments.texts.spec import TextsSpec
    from pipelines.workspace import Workspace

ACTIONS = {
    "check": "Verify the ledger, and the registry against it.",
    "head": "Print the ledger's head and the hashes of the champion's files as JSON, to store elsewhere.",
    "restore": "Set the alias champion by the ledger, or replace that version where it is lost.",
    "adopt": "Begin a ledger with the version that the alias shows.",
    "seal": "Record the hashes of the champion's files, where no entry has them.",
    "delete": "Delete a version; refused are the champion, those before and what was rolled back.",
}


def arguments(command: argparse.ArgumentParser) -> None:
    """The action, the spec, and the action's options."""
    actions = command.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name, meaning in ACTIONS.items():
        action = actions.add_parser(name, help=meaning, description=meaning)
        action.add_argument("spec", metavar="SPEC", help="a spec: the name of a file in experiments/specs")
        if name == "delete":
            action.add_argument("version", metavar="VERSION", help="the version to delete, such as 3")
        if name == "adopt":
            action.add_argument("--reason", metavar="TEXT", required=True, help="why there is no ledger of it")
        if name == "check":
            action.add_argument("--head", metavar="FILE", type=Path, help="what `registry head` printed earlier")


def run(spec: "ExperimentSpec | TextsSpec", workspace: "Workspace", arguments: argparse.Namespace) -> Answer:
    """Do it, and report the result."""
    if arguments.action == "check":
        return _check(spec.name, workspace, arguments.head)
    if arguments.action == "head":
        return _head(spec.name, workspace)
    from pipelines.champion import ledger_writer, upkeep

    with ledger_writer.writing(spec.name, workspace.root) as writer:
        if arguments.action == "delete":
            _refuse_pinned(spec.name, workspace, arguments.version)
            upkeep.delete(writer, arguments.version)
            said = f"version {arguments.version} is deleted"
        elif arguments.action == "adopt":
            said = upkeep.adopt(writer, " ".join(arguments.reason.split()))
        else:
            said = upkeep.restore(writer) if arguments.action == "restore" else upkeep.seal(writer)
    plain = {"spec": spec.name, "action": arguments.action, "done": said}
    return Answer((f"registry {arguments.action} {spec.name}: {said}",), plain)


def _refuse_pinned(name: str, workspace: "Workspace", version: str) -> None:
    from features.errors import UsageError
    from pipelines.specs import text_specs

    if found := text_specs.pinning(workspace, name, version):
        raise UsageError(f"version {version} of '{name}' is pinned by the specs {found}; let them pin another first.")


def _check(name: str, workspace: "Workspace", head: Path | None) -> Answer:
    from features.errors import DataError
    from pipelines.champion import audit, ledger_writer
    from pipelines.servers import mlflow_runs

    kept = _kept_head(name, head) if head else None
    with mlflow_runs.answering(workspace.root):
        reader = ledger_writer.reading(name, workspace.root)
        faults = audit.faults(reader, head=kept)
        remarks = audit.remarks(reader.seen()[0]) if not faults else []
    entries = len(reader.book.entries(name))
    lines = faults or [f"registry check {name}: {entries} entries, and the registry is as they say", *remarks]
    plain = {"spec": name, "action": "check", "entries": entries, "faults": faults, "remarks": remarks}
    return Answer(tuple(lines), plain, DataError.exit_code if faults else 0)


def _kept_head(name: str, path: Path) -> str | None:
    from features.errors import UsageError
    from pipelines.files import storage

    kept = storage.read_json(path)
    if not isinstance(kept, dict) or kept.get("spec") != name or "head" not in kept:
        raise UsageError(f"{path} is not what `registry head {name}` prints.")
    return kept["head"] and str(kept["head"])


def _head(name: str, workspace: "Workspace") -> Answer:
    import json

    from pipelines.champion import chain, ledger_writer
    from pipelines.servers import mlflow_runs

    with mlflow_runs.answering(workspace.root):
        standing, _ = ledger_writer.reading(name, workspace.root).agreed()
    plain = chain.plain_head(standing)
    return Answer((json.dumps(plain, indent=2, sort_keys=True),), plain)
