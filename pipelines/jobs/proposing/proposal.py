"""The command `new`: examine the files, ask what they leave open, write the spec or show the changes."""

import argparse
import re
import sys
import tempfile
from collections.abc import Callable, Sequence
from difflib import unified_diff
from pathlib import Path

import duckdb

from features.errors import UsageError
from pipelines.files import storage
from pipelines.jobs.proposing import log_files, log_spec, table_spec
from pipelines.jobs.proposing import said as options
from pipelines.jobs.proposing import sheets as files
from pipelines.jobs.proposing.drafts import Draft
from pipelines.jobs.proposing.settling import Said, Settling
from pipelines.messages import json_lines, log
from pipelines.processes.memory import limits
from pipelines.ruling import answers
from pipelines.specs import spec_files
from pipelines.workspace import Workspace

_NAME = re.compile(r"[a-z][a-z0-9_]*")


def answer(workspace: Workspace, arguments: argparse.Namespace) -> int:
    """Write the spec if there is none or it may be overwritten; otherwise show the difference.

    Raises UsageError for an invalid name, a missing option, and files from which no spec can be made.
    """
    if not _NAME.fullmatch(workspace.spec):
        raise UsageError(f"'{workspace.spec}' is no name for a spec: lower-case letters, digits, '_', a letter first.")
    path = workspace.spec_file
    said = options.of(arguments, path)
    found = proposed(workspace.spec, arguments.files, said, ask=asker())
    check(workspace.spec, found)
    before = path.read_text(encoding="utf-8") if path.is_file() else None
    place = str(path.relative_to(workspace.root))
    if before is not None and not arguments.overwrite:
        answers.say(*_difference(before, found.text, place))
        return 0
    path.parent.mkdir(parents=True, exist_ok=True)
    storage.write_bytes(path, found.text.encode())
    answers.say(*found.found, *(f"not decided: {one}" for one in found.open))
    log.done("new", workspace.spec, file=place, open=len(found.open))
    answers.say(f"read {place}, then: python -m pipelines data {workspace.spec} {' '.join(arguments.files)}")
    return 0


def asker() -> Callable[[str], str] | None:
    """The function that asks a user at the terminal; None without a terminal, or where machines read the log."""
    if json_lines.is_asked() or not (sys.stdin and sys.stdin.isatty() and sys.stderr.isatty()):
        return None
    return _asked


def _asked(question: str) -> str:
    log.note(question)
    try:
        return input("> ")
    except EOFError as error:
        raise UsageError(f"no answer to: {question}") from error


def proposed(spec: str, places: Sequence[str], said: Said, *, ask: Callable[[str], str] | None = None) -> Draft:
    """The draft of a spec from files. Raises UsageError, DataError or MissingError where it cannot be made."""
    with limits() as limited, duckdb.connect(config={**limited, "preserve_insertion_order": False}) as database:
        sheets = files.sheets(places, database, in_parts=said.kind != "event_log")
        is_log = said.kind == "event_log" or (
            said.kind is None and log_files.looks_like_a_log(sheets, database, said.customer_id)
        )
        made = log_spec.proposed if is_log else table_spec.proposed
        if is_log:  # whose parts are a glob, so that a new month's file is one more
            again = any(one.parts > 1 for one in sheets)
            sheets = files.sheets(places, database, in_parts=False) if again else sheets
        else:
            files.refuse_some_parts(places, sheets)
        found = made(spec, sheets, Settling(said, ask), database)
    first = options.line(spec, [one.file for one in sheets], said)
    parts = [
        f"{one.file}: {one.parts} files with the same columns, read as the parts of one table"
        for one in sheets
        if one.parts > 1
    ]
    return Draft(f"{first}\n{found.text}", (*parts, *found.found), found.open)


def check(spec: str, found: Draft) -> None:
    """Load the draft as `data` and `run` will. Raises SpecError where it is invalid; nothing is written then."""
    with tempfile.TemporaryDirectory(prefix="holdfast-spec-") as folder:
        workspace = Workspace(Path(folder), spec)
        workspace.specs.mkdir(parents=True)
        workspace.spec_file.write_text(found.text, encoding="utf-8")
        spec_files.load(workspace)


def _difference(before: str, after: str, place: str) -> list[str]:
    if before == after:
        return [f"{place} says the same already."]
    lines = unified_diff(before.splitlines(), after.splitlines(), place, f"{place}, proposed now", lineterm="")
    return [*lines, f"{place} was left as it is; --overwrite writes the proposal over it."]
