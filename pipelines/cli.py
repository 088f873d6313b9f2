"""The command line: finds the stages, runs one, and ends with the exit code that the design gives it."""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from features.errors import HoldfastError
from pipelines.messages import masking
from pipelines.processes import processes, run_lock, scratch, stopping
from pipelines.servers import faults, probe
from pipelines.stage_names import described, stages
from pipelines.workspace import Workspace

CODES = """exit codes:
  0  done: promoted, refreshed, first champion, forced, awaiting approval, or nothing to do
  1  a bug
  2  wrong use or configuration, a disk or server that does not serve, another run at work, or stopped (run it again)
  3  the champion stays
  4  inconclusive
  5  data or contract refused

examples:
  python -m pipelines run demo
  python -m pipelines new shop path/to/customers.csv --label left
  python -m pipelines data telco path/to/telco.csv
  python -m pipelines run telco
  python -m pipelines data shop postgresql://reader@db.example/shop?table=public.orders
  python -m pipelines list metrics
  python -m pipelines status demo
  python -m pipelines rollback demo --reason "complaints about the list"
"""
COMMANDS = {
    "run": "Run everything for a spec: the stages that changed, then register, promote and score.",
    "data": "Add raw files of a spec as a new version of its data.",
    "list": "List what there is of a kind, such as specs, tables, features, metrics, checks or rules.",
}
RAW = "files (CSV, Parquet, Excel, JSON lines), folders of them, or postgresql://HOST/DATABASE?table=SCHEMA.NAME"
# What talks to no server and no database, and what only reads there.
FILES_ONLY = ("data", "ingest", "validate", "build", "train", "evaluate")
READING = ("status", "history")
# What makes the spec that it is told the name of.
WITHOUT_SPEC = ("new",)


def main(words: Sequence[str]) -> int:
    """Run one command and give its exit code; a HoldfastError is one line on standard error."""
    arguments = parser().parse_args(words)
    workspace = Workspace(Path.cwd(), getattr(arguments, "spec", ""))
    _quiet()
    try:
        with faults.Translated(workspace.root):
            return _act(arguments, workspace)
    except HoldfastError as error:
        return _failed(workspace, arguments.command, str(error), error.exit_code)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader has seen enough
        return 0
    except KeyboardInterrupt:
        return _failed(workspace, arguments.command, stopping.LINE, stopping.CODE)


def commands() -> dict[str, Any]:
    """The modules in `commands`, by name; they import nothing heavy. One of a stage's name tells its options."""
    return {name: import_module(f"pipelines.commands.{name}") for name in described("commands")}


def parser() -> argparse.ArgumentParser:
    """The parser of every command."""
    root = argparse.ArgumentParser(
        prog="python -m pipelines",
        description="Holdfast trains, judges and promotes customer-retention models.",
        epilog=CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parsers = root.add_subparsers(dest="command", required=True, metavar="COMMAND")
    with_options = commands()
    told = {name: str(module.__doc__) for name, module in with_options.items()}
    for name, text in {**COMMANDS, **stages(), **told}.items():
        command = parsers.add_parser(
            name, help=text.splitlines()[0], description=text, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        if name == "list":
            command.add_argument(
                "kind", metavar="KIND", nargs="?", default="kinds", help="what to list, such as metrics"
            )
        elif name != "registry":
            command.add_argument("spec", metavar="SPEC", help="a spec: the name of a file in experiments/specs")
        if name == "data":
            command.add_argument("paths", metavar="PATH", nargs="+", help=RAW)
        if name in with_options:
            with_options[name].arguments(command)
    return root


def _quiet() -> None:
    """Nothing phones home, and MLflow says only what matters."""
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


def _act(arguments: argparse.Namespace, workspace: Workspace) -> int:
    if arguments.command == "list":
        return int(import_module("pipelines.jobs.listing").show(arguments.kind, workspace.root))
    if arguments.command in WITHOUT_SPEC:
        return int(import_module(f"pipelines.commands.{arguments.command}").run(None, workspace, arguments))
    specs = import_module("pipelines.specs.spec_files")
    spec = specs.load(workspace)
    with scratch.own():
        return _done(arguments, spec, workspace)


def _done(arguments: argparse.Namespace, spec: Any, workspace: Workspace) -> int:
    """What a command does with a spec, once the servers that it needs answer."""
    if arguments.command not in FILES_ONLY:
        probe.answers(workspace.root, writes=arguments.command not in READING)
    if arguments.command not in {"run", "data", *stages()}:
        return int(import_module(f"pipelines.commands.{arguments.command}").run(spec, workspace, arguments))
    with run_lock.held(workspace.root, f"{arguments.command} {spec.name}"):
        return _written(arguments, spec, workspace)


def _written(arguments: argparse.Namespace, spec: Any, workspace: Workspace) -> int:
    """What writes the files of the checkout."""
    if arguments.command == "data":
        import_module("pipelines.jobs.add_data").add(spec, workspace, arguments.paths)
        return 0
    if arguments.command == "run":
        return int(import_module("pipelines.jobs.main_job").run(spec, workspace, main))
    if not getattr(arguments, "force", False):  # a person who overrules the rules says why
        import_module("pipelines.validation.validated").check(workspace, arguments.command)
    if arguments.command in commands():
        return int(import_module(f"pipelines.commands.{arguments.command}").run(spec, workspace, arguments))
    return import_module(f"pipelines.stages.{arguments.command}").run(spec, workspace) or 0


def _failed(workspace: Workspace, command: str, message: str, code: int) -> int:
    """Say what failed; a stage of a run leaves word for the run, which says it."""
    from pipelines.messages import failures

    message = masking.mask(message)
    left = command in stages() and failures.leave(workspace.failure, command=command, message=message, code=code)
    if not left or not processes.is_of_a_run(os.environ):
        print(f"{command}: {message}", file=sys.stderr)  # noqa: T201 - the command's own voice
    return code
