"""The command line: finds commands and stages, runs one, and ends with its exit code."""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from keyword import iskeyword
from pathlib import Path
from typing import Any, cast

from features.errors import HoldfastError
from features.plugins import imported
from pipelines.messages import help_pages, json_lines, log, masking
from pipelines.messages.answer import Answer
from pipelines.messages.help_pages import Parser, grouped
from pipelines.messages.stage_names import described, pages, stages
from pipelines.processes import processes, run_lock, scratch, stopping
from pipelines.servers import faults, probe
from pipelines.workspace import Workspace

DESCRIPTION = "Holdfast trains, evaluates and promotes customer-retention models."
# What the codes mean over all commands; each command's --help says which it ends with.
DONE = "done: promoted, refreshed, first champion, forced, awaiting approval, or nothing to do"
EXAMPLES = (
    "python -m pipelines run demo",
    "python -m pipelines new shop path/to/customers.csv --label left",
    "python -m pipelines data telco path/to/telco.csv",
    "python -m pipelines try demo tuning.trials=20 tuning.trials=40",
    "python -m pipelines status demo --json",
    "python -m pipelines tune --help",
)
RAW = "files (CSV, Parquet, Excel, JSON lines), folders of them, or postgresql://HOST/DATABASE?table=SCHEMA.NAME"
# What talks to no server and no database, and what only reads there.
FILES_ONLY = ("data", "ingest", "validate", "build", "train", "evaluate")
READING = ("status", "history", "monitor", "read", "reproduce")
# What writes the files of the checkout, beside the stages.
WRITING = ("run", "data", "collect", "forget")
# Whose actions name the spec each.
WITH_ACTIONS = ("registry", "alerts", "store")
# What makes the spec that it is told the name of, and what asks nothing of a spec but its name.
WITHOUT_SPEC = ("new", "store")
# What is about the whole checkout, and names specs only where it is about some of them.
OF_ALL = ("doctor", "backup", "restore", "clean", "keys", "serve")


def main(words: Sequence[str]) -> int:
    """Run one command and give its exit code; a HoldfastError is one line on standard error."""
    try:
        arguments = parser().parse_args(words)
        with json_lines.asked(getattr(arguments, "log", None), arguments.command):
            return _done_aloud(arguments)
    except HoldfastError as error:  # of a plug-in or a variable; a command's own are told below
        log.error(str(error))
        log.ended("pipelines", error.exit_code)
        return error.exit_code


def _done_aloud(arguments: argparse.Namespace) -> int:
    """Run the command, with the log that is asked for."""
    workspace = Workspace(Path.cwd(), getattr(arguments, "spec", ""))
    settings_of_libraries()
    stage = arguments.command if arguments.command in stages() else None
    with log.speaking(getattr(arguments, "loudness", None)), json_lines.about(workspace.spec, stage):
        code = _ended(arguments, workspace)
        log.ended(_words(arguments, workspace), code)
        return code


def _words(arguments: argparse.Namespace, workspace: Workspace) -> str:
    return f"{arguments.command} {workspace.spec}".strip()


def _ended(arguments: argparse.Namespace, workspace: Workspace) -> int:
    """The exit code of a command, also of one that is stopped, or whose reader has gone."""
    try:
        return _said(arguments, workspace)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader has seen enough
        return 0
    except KeyboardInterrupt:
        return _failed(workspace, arguments.command, stopping.LINE, stopping.CODE)


def commands() -> dict[str, Any]:
    """The modules in `commands`, by name; they import nothing heavy. One of a stage's name tells its options."""
    return {name: _module(name) for name in described("commands", "other")}


def _module(command: str) -> Any:
    """The module of a command, or of a stage's options. Raises HoldfastError when it lacks a part."""
    name = f"{command}_" if iskeyword(command) else command
    module = imported(f"pipelines.commands.{name}")
    needed = ("arguments",) if command in stages() else ("arguments", "run")
    if lacking := [part for part in needed if not callable(getattr(module, part, None))]:
        raise HoldfastError(f"{module.__name__} has no function {lacking}; docs/add/command.md shows both.")
    return module


def parser() -> Parser:
    """The parser of every command."""
    told = pages()
    codes = {**help_pages.CODES, 0: DONE}
    parts = {"exit codes": [f"{code}  {meaning}" for code, meaning in codes.items()], "examples": EXAMPLES}
    root = Parser(
        prog="python -m pipelines",
        usage="python -m pipelines [-h] [-v | -q] COMMAND ...",
        description=f"{DESCRIPTION}\n\n{grouped(told)}",
        epilog="\n\n".join(help_pages.section(f"{title}:", lines) for title, lines in parts.items()),
    )
    parsers = root.add_subparsers(
        dest="command", required=True, metavar="COMMAND", help="one of those above", prog=root.prog
    )
    with_options = commands()
    for name, page in told.items():
        command = parsers.add_parser(name, description=page.text)
        if name == "list":
            command.add_argument(
                "kind", metavar="KIND", nargs="?", default="kinds", help="the kind to list, such as metrics"
            )
        elif name not in (*WITH_ACTIONS, *OF_ALL):
            command.add_argument("spec", metavar="SPEC", help="a spec: the name of a file in experiments/specs")
        if name == "data":
            command.add_argument("paths", metavar="PATH", nargs="+", help=RAW)
        if name == "run":
            command.add_argument("--unregistered", action="store_true", help="stop after evaluate, without a decision")
        if name in with_options:
            with_options[name].arguments(command)
        command.finish(page)
    return root


def settings_of_libraries() -> None:
    """Set how the libraries behave, before they are loaded: nothing phones home, MLflow says only what matters."""
    for name in ("DVC_NO_ANALYTICS", "DO_NOT_TRACK", "MLFLOW_DISABLE_TELEMETRY"):
        os.environ.setdefault(name, "true")
    for name in ("GX_ANALYTICS_ENABLED", "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"):
        os.environ.setdefault(name, "false")
    os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "WARNING")
    for name, value in probe.PATIENCE.items():
        os.environ.setdefault(name, value)
    # Idle threads of LightGBM and of BLAS spin, and on a busy machine everything then crawls; it must be said before
    # they are loaded. Products that are large enough for two threads of BLAS are few.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def _said(arguments: argparse.Namespace, workspace: Workspace) -> int:
    """Act and show the answer, or what failed; with --verbose also how long it took, and where an error arose."""
    try:
        with faults.Translated(workspace.root), log.timed(_words(arguments, workspace)):
            found = _act(arguments, workspace)
            return found if isinstance(found, int) else found.show(as_json=arguments.json)
    except HoldfastError as error:
        log.origin(error, workspace.root)
        if stopping.Stopping.asked:  # what a stop came to between two steps of a library
            raise KeyboardInterrupt from error
        return _failed(workspace, arguments.command, str(error), error.exit_code)


def _act(arguments: argparse.Namespace, workspace: Workspace) -> int | Answer:
    if arguments.command == "list":
        return cast("Answer", import_module("pipelines.jobs.listing").listed(arguments.kind, workspace.root))
    if arguments.command in (*WITHOUT_SPEC, *OF_ALL):
        return _ran(arguments, None, workspace)
    spec = import_module("pipelines.specs.text_specs").load(workspace)
    if _is_of_texts(spec):
        import_module("pipelines.jobs.text_jobs").check(arguments.command, spec)
    with scratch.own():
        return _done(arguments, spec, workspace)


def _done(arguments: argparse.Namespace, spec: Any, workspace: Workspace) -> int | Answer:
    """What a command does with a spec, once the servers that it needs answer."""
    if arguments.command not in FILES_ONLY:
        probe.answers(workspace.root, writes=arguments.command not in READING)
    if arguments.command not in {*WRITING, *stages()}:
        return _ran(arguments, spec, workspace)
    with run_lock.held(workspace.root, f"{arguments.command} {spec.name}"):
        return _written(arguments, spec, workspace)


def _ran(arguments: argparse.Namespace, spec: Any, workspace: Workspace) -> int | Answer:
    """What the module of a command does. Raises HoldfastError when it gives neither an exit code nor an answer."""
    found = commands()[arguments.command].run(spec, workspace, arguments)
    if isinstance(found, int | Answer):
        return found
    raise HoldfastError(f"it ended with {found!r}; `run` gives an exit code, such as 0, or an Answer.")


def _written(arguments: argparse.Namespace, spec: Any, workspace: Workspace) -> int | Answer:
    """What writes the files of the checkout."""
    # A person who overrules the rules says why; `data` and `run` begin before anything is validated.
    if not getattr(arguments, "force", False) and arguments.command in stages():
        import_module("pipelines.validation.validated").check(workspace, arguments.command)
    if arguments.command in commands():
        return _ran(arguments, spec, workspace)
    if _is_of_texts(spec):
        return int(import_module("pipelines.jobs.text_jobs").written(arguments, spec, workspace, main))
    if arguments.command == "data":
        import_module("pipelines.jobs.add_data").add(spec, workspace, arguments.paths)
        return 0
    if arguments.command == "run":
        job = import_module("pipelines.jobs.main_job")
        return int(job.evaluated(spec, workspace, main) if arguments.unregistered else job.run(spec, workspace, main))
    return import_module(f"pipelines.stages.{arguments.command}").run(spec, workspace) or 0


def _is_of_texts(spec: Any) -> bool:
    """Whether a spec is that of a reader of texts."""
    return getattr(spec, "kind", None) == "texts"


def _failed(workspace: Workspace, command: str, message: str, code: int) -> int:
    """Say what failed; a stage of a run leaves word for the run, which says it."""
    from pipelines.messages import failures

    message = masking.mask(message)
    left = command in stages() and failures.leave(workspace.failure, command=command, message=message, code=code)
    if not left or not processes.is_of_a_run(os.environ):
        log.error(f"{command}: {message}")
    return code
