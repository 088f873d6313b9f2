"""Summarise the last run of a spec for CI: verdict, figures, what was refused, what moved, where to look.

It prints Markdown for a job's page or a comment, and writes the same for machines. `--code` is the exit code of the
run; without it the last decision is summarised. `--errors` is a file with what the run wrote on standard error, which
says why a run ended without a decision. `--annotations` prints lines for GitHub's runners, which mark what was refused.
The summary itself ends with 0 whatever the run ended with.

group: look
writes: artifacts/SPEC/summary.md, summary.json and junit.xml
json: verdict, headline, figures, everything that was examined with its outcome, drifts, origin and links
example: python -m pipelines summary demo
example: python -m pipelines summary demo --code 5 --errors state/demo/run.log --annotations
"""

import argparse
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.messages.answer import Answer

if TYPE_CHECKING:
    from experiments.spec import ExperimentSpec
    from experiments.texts.spec import TextsSpec
    from pipelines.reporting.run_summary import RunFiles
    from pipelines.workspace import Workspace

# Of what a run said, that many lines: the last ones say why it ended.
MOST_LINES = 20
# A line on progress, such as `tune demo: trials 14`, and a warning of what a run went on with tell of no fault.
FAULTLESS = r"([a-z]+ {spec}|warning): "


def arguments(command: argparse.ArgumentParser) -> None:
    """How the run ended, and what it said."""
    command.add_argument("--code", type=int, metavar="CODE", help="the exit code of the run; that of the last decision")
    command.add_argument("--errors", type=Path, metavar="FILE", help="what the run wrote on standard error")
    command.add_argument("--annotations", action="store_true", help="print lines for GitHub's runners instead")


def run(spec: "ExperimentSpec | TextsSpec", workspace: "Workspace", arguments: argparse.Namespace) -> Answer:
    """Write all forms and print one.

    Raises UsageError for a file of errors that is not there, MissingError without a decision or a code.
    """
    from features.errors import MissingError, UsageError
    from pipelines.files import storage
    from pipelines.reporting import run_summary, run_summary_texts
    from pipelines.ruling.verdict import EXIT_CODES, Verdict

    if arguments.errors and not arguments.errors.is_file():
        raise UsageError(f"--errors {arguments.errors} is no file.")
    files = _files(workspace)
    if arguments.code is None and not files.decision:
        raise MissingError(f"nothing was decided here yet; run: python -m pipelines run {spec.name}")
    code = arguments.code if arguments.code is not None else EXIT_CODES[Verdict(files.decision["verdict"])]
    errors = _errors(arguments.errors, spec.name) if code else ()
    told = run_summary.of_run(spec.model_dump(mode="json"), files, code=code, errors=errors)
    text = run_summary_texts.markdown(told)
    storage.write_json(workspace.artifacts / "summary.json", told.to_dict())
    storage.write_bytes(workspace.artifacts / "summary.md", text.encode())
    storage.write_bytes(workspace.artifacts / "junit.xml", run_summary_texts.junit(told))
    lines = run_summary_texts.annotations(told) if arguments.annotations else text.splitlines()
    return Answer(tuple(lines), told.to_dict())


def _files(workspace: "Workspace") -> "RunFiles":
    from pipelines.files import storage
    from pipelines.gate import decision_page_file
    from pipelines.reporting.page_header import NOTHING
    from pipelines.reporting.run_summary import RunFiles

    decision = storage.read_receipt(workspace.decision) or {}
    return RunFiles(
        decision=decision,
        validation=storage.read_receipt(workspace.validation / "result.json") or {},
        report=storage.read_receipt(workspace.evaluation / "report.json") or {},
        monitoring=storage.read_receipt(workspace.monitoring) or {},
        made=decision_page_file.provenance(workspace, decision) if decision else NOTHING,
    )


def _said(lines: Sequence[str]) -> Iterator[str]:
    """The lines that people would have read, without secrets: of a log in JSON lines, those of its errors."""
    from pipelines.messages import json_lines, masking

    for line in lines:
        told = json_lines.read(line)
        if told is None or told["level"] == "error":
            yield from masking.mask(line if told is None else str(told["message"])).splitlines()


def _errors(file: Path | None, spec: str) -> Sequence[str]:
    """The last lines that tell of a fault: what the run refused, or why it stopped."""
    if file is None:
        return ()
    faultless = re.compile(FAULTLESS.format(spec=re.escape(spec)))
    lines = list(_said(file.read_text(encoding="utf-8", errors="replace").split("\n")))
    return [line for line in lines if line.strip() and not faultless.match(line)][-MOST_LINES:]
