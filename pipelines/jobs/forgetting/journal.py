"""What an erasure has done so far, kept until it has ended, so that a killed one goes on where it was."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipelines.files import storage
from pipelines.outreach.operations.erasing import Signed
from pipelines.raw_data.erased import Erased, pseudonym
from pipelines.workspace import Workspace

NAME = "forget.json"


@dataclass
class Journal:
    """person is a salt and a hash: the id stands nowhere. files are those written, with digests before and after."""

    path: Path
    person: tuple[str, str]
    signed: Signed
    settled: Mapping[str, Any]
    silent: list[str]
    files: list[dict[str, Any]] = field(default_factory=list)

    def save(self) -> None:
        """Keep it, before what it tells of is done."""
        told = {"salt": self.person[0], "hash": self.person[1], "settled": self.settled, "silent": self.silent}
        signed = {"pseudonym": self.signed.pseudonym, "at": self.signed.at, "by": self.signed.by}
        storage.write_json(self.path, {**told, **signed, "spec": self.signed.spec, "files": self.files})

    def wrote(self, entry: Mapping[str, Any]) -> None:
        """Add a file that is about to be replaced; an earlier entry of it that came to nothing goes."""
        self.files = [one for one in self.files if not _is_of_same(one, entry)] + [dict(entry)]
        self.save()

    def end(self) -> None:
        """Nothing is left to be done."""
        self.path.unlink(missing_ok=True)


def _is_of_same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return (one["file"], one["before"]) == (other["file"], other["before"])


def unfinished(workspace: Workspace, customer: str) -> Journal | None:
    """The erasure of a customer that was begun and not ended; None where there is none."""
    path = workspace.state / NAME
    told = storage.read_receipt(path)
    if not told or not Erased(frozenset({(told["salt"], told["hash"])})).among([customer]):
        return None
    signed = Signed(told["pseudonym"], told["spec"], told["at"], told["by"])
    return Journal(path, (told["salt"], told["hash"]), signed, told["settled"], told["silent"], told["files"])


def is_of_another(workspace: Workspace, customer: str) -> bool:
    """Whether the erasure of another customer was begun and not ended."""
    return (workspace.state / NAME).exists() and unfinished(workspace, customer) is None


def begun(
    workspace: Workspace, customer: str, *, at: str, by: str, settled: Mapping[str, Any], silent: list[str]
) -> Journal:
    """A new one, with a new pseudonym."""
    ((salt, found),) = Erased().added(customer).people
    signed = Signed(pseudonym(), workspace.spec, at, by)
    journal = Journal(workspace.state / NAME, (salt, found), signed, settled, silent)
    journal.save()
    return journal
