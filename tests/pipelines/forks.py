"""Commands in processes that are killed at their n-th write, or that meet where the ledger is written.

Forks of one process that has imported everything, and opened no database but that of a spare checkout: a start costs
nothing.
"""

import gc
import json
import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path
from threading import Barrier
from typing import Any, NoReturn

import sqlalchemy as sa

from pipelines.champion import audit, ledger_writer
from pipelines.cli import main
from pipelines.files import storage
from pipelines.workspace import Workspace

SECONDS = 600
CHANGES = ("CREATE", "INSERT", "UPDATE", "DELETE")


def state(root: Path) -> dict[str, Any]:
    """What ledger, alias and receipt say."""
    reader = ledger_writer.reading("shop", root)
    standing, alias = reader.seen()
    decision = Workspace(root, "shop").decision
    return {
        "entries": [[entry.body["kind"], entry.body["champion_version"]] for entry in standing.entries],
        "looks": [entry.body["look"] and entry.body["look"]["number"] for entry in standing.entries],
        "compared_with": [entry.body["compared_with"] for entry in standing.entries],
        "champion": standing.champion,
        "alias": alias,
        "receipt": storage.read_json(decision)["ledger"]["number"] if decision.exists() else None,
        "faults": audit.faults(reader),
    }


def started(work: Callable[[], Any]) -> tuple[int, int]:
    """Start work in a fork; its id, and where its answer can be read."""
    reading, writing = os.pipe()
    child = os.fork()
    if child:
        os.close(writing)
        return child, reading
    code = 70
    try:
        os.write(writing, json.dumps(work()).encode())
        code = 0
    except BaseException:  # noqa: BLE001 - a fork must not run on as its parent
        traceback.print_exc()
    os._exit(code)


def ended(child: int, reading: int) -> Any:
    """The answer of a fork, or None where it was killed."""
    with os.fdopen(reading) as answer:
        said = answer.read()
    status = os.waitpid(child, 0)[1]
    if os.WIFSIGNALED(status):
        return None
    if os.WEXITSTATUS(status):
        sys.exit("a fork failed")
    return json.loads(said)


def command(root: Path, words: list[str]) -> int:
    os.chdir(root)
    return main(words)


def killed_before(write: int, work: Callable[[], Any]) -> Any:
    """Do the work; no more than write - 1 transactions or renamings of files come to pass."""
    left, changed = [write], [False]

    def strike() -> None:
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def noted(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        changed[0] = changed[0] or statement.lstrip().upper().startswith(CHANGES)

    def committing(_connection: Any) -> None:
        if changed[0]:
            changed[0] = False
            strike()

    def renamed(name: str, told: tuple[Any, ...]) -> None:
        if name == "os.rename" and "__pycache__" not in str(told[1]):  # Python keeps compiled code when it likes
            strike()

    sa.event.listen(sa.Engine, "before_cursor_execute", noted)
    sa.event.listen(sa.Engine, "commit", committing)
    sys.addaudithook(renamed)
    return work()


def meeting(barrier: Barrier, work: Callable[[], Any]) -> Any:
    """Do the work; its first entry waits until the other's is about to be written, too."""
    waited = [False]

    def wait(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "INSERT INTO holdfast_ledger" in statement and not waited[0]:
            waited[0] = True
            barrier.wait(60)

    sa.event.listen(sa.Engine, "before_cursor_execute", wait)
    return work()


def kill_everywhere(root: Path, words: list[str]) -> list[dict[str, Any]]:
    """Kill a command before each of its writes in turn, from the same start, and run it again to its end."""
    saved, found = root.with_name(f"{root.name}.saved"), []
    for write in range(1, 100):
        shutil.rmtree(root)
        shutil.copytree(saved, root)
        survived = ended(*started(lambda: killed_before(write, lambda: command(root, words))))  # noqa: B023
        stopped = ended(*started(lambda: state(root)))
        code, again = ended(*started(lambda: [command(root, words), state(root)]))
        found.append({"stopped": stopped, "code": code, "again": again})
        if survived is not None:
            return found
    sys.exit("it never came to an end")


def race(roots: list[Path], words: list[str]) -> dict[str, Any]:
    """Run a command in two checkouts so that both are about to write the same entry."""
    barrier = multiprocessing.get_context("fork").Barrier(2)
    running = [started(lambda: meeting(barrier, lambda: command(root, words))) for root in roots]  # noqa: B023
    codes = [ended(*one) for one in running]
    return {"codes": codes, "state": ended(*started(lambda: state(roots[0])))}


def warmed(spare: Path, words: list[str]) -> None:
    """Run the command once where it harms nobody, so that no fork has to import anything."""
    kept = os.environ.pop("MLFLOW_TRACKING_URI", None)
    command(spare, words)
    gc.collect()
    gc.freeze()  # no fork looks through what is loaded for garbage, and so copies it
    os.environ.pop("MLFLOW_TRACKING_URI", None)  # MLflow itself sets it to the database that it used
    if kept:
        os.environ["MLFLOW_TRACKING_URI"] = kept


def serve() -> None:
    """Do the jobs that come, a line each, every one in a fork; the first imports what all need."""
    for line in sys.stdin:
        job = json.loads(line)
        os.environ.clear()
        os.environ.update(job["environment"])
        if job["how"] == "kill":
            shutil.copytree(job["roots"][0], job["spare"])
        signal.alarm(SECONDS)
        warmed(Path(job["spare"]), job["words"])
        signal.alarm(0)
        with tempfile.TemporaryFile("w+") as said:
            child = os.fork()
            if not child:
                signal.alarm(SECONDS)
                os.dup2(said.fileno(), 1)
                os.dup2(said.fileno(), 2)
                _do([Path(root) for root in job["roots"]], job["how"], job["words"])
            code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            said.seek(0)
            answer = {"code": code, "said": said.read()}
        os.write(ANSWERS, (json.dumps(answer) + "\n").encode())
    os._exit(0)  # nothing of its own is left to end


def _do(roots: list[Path], how: str, words: list[str]) -> NoReturn:
    code = 70
    try:
        if how == "kill":
            shutil.copytree(roots[0], roots[0].with_name(f"{roots[0].name}.saved"))
        answer = kill_everywhere(roots[0], words) if how == "kill" else race(roots, words)
        Path(f"{roots[0]}.answer.json").write_text(json.dumps(answer))
        code = 0
    except BaseException:  # noqa: BLE001 - a fork must not run on as its parent
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    ANSWERS = os.dup(1)
    os.dup2(2, 1)  # what commands say is no answer
    serve()
