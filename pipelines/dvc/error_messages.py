"""DVC's error messages translated: what each means and what to do."""

import re
import signal
from collections.abc import Callable
from pathlib import Path

from features.errors import HoldfastError, MissingError, StorageError, UsageError
from pipelines.messages import masking

BUG = 1
FILES = ("dvc.lock", "dvc.yaml", "params.yaml")
CONFLICT = re.compile(r"^(<<<<<<< |=======$|>>>>>>> )", re.MULTILINE)
NO_ROOM = (
    *("No space left on device", "File too large", "Read-only file system", "Disk quota exceeded", "Permission denied"),
    # DVC keeps what it knows of files in SQLite.
    *("disk I/O error", "database or disk is full", "readonly database", "unable to open database file"),
)
ANNOTATION = re.compile(r"\x1b\[[0-9;]*m")


class GraphError(HoldfastError, RuntimeError):
    """DVC refused, or a stage ended without a message."""


class EndedError(GraphError):
    """A stage ended with this code and has already printed its message."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.exit_code = code  # type: ignore[misc]


def check_files(root: Path) -> None:
    """Raise UsageError naming a file that DVC cannot read because of an unfinished merge."""
    for name in FILES:
        path = root / name
        if path.exists() and CONFLICT.search(path.read_text(encoding="utf-8", errors="replace")):
            raise UsageError(f"{name} holds a merge conflict; {_remedy_of_conflict(name)}")


def _remedy_of_conflict(name: str) -> str:
    if name == "dvc.lock":
        return "take either side (`git checkout --ours dvc.lock`) and run again: what does not fit is made anew."
    return "mend it by hand: both sides' entries are wanted as a rule."


def refusal(log: str, *, spec: str) -> HoldfastError:
    """The meaning of DVC's log as an exception; DVC's own message where no meaning is known."""
    text = ANNOTATION.sub("", log)
    for pattern, told in MEANINGS:
        if match := re.search(pattern, text, re.MULTILINE):
            return told(match, spec)
    said = next((line for line in reversed(text.splitlines()) if line.startswith("ERROR:")), "ERROR: it gave no reason")
    return GraphError(
        f"DVC refused: {masking.mask(said.removeprefix('ERROR:').strip())}; all it said is in state/dvc.log."
    )


def _busy(match: re.Match[str], _spec: str) -> HoldfastError:
    return UsageError(
        f"another DVC command is at work here (process {match[1]}: {match[2].strip()}); let it end first."
    )


def _locked(_match: re.Match[str], _spec: str) -> HoldfastError:
    return UsageError("another DVC command is at work in this checkout; let it end, and run this again.")


def _ended(match: re.Match[str], spec: str) -> HoldfastError:
    """A stage without a failure note: it was killed, or it is a bug, whose traceback was printed."""
    stage, code = match[1], int(match[2])
    if code < 0 or code > 128:
        number = -code if code < 0 else code - 128
        name = signal.Signals(number).name if number in set(signal.Signals) else str(number)
        why = (
            "most often because memory ran out, else by hand"
            if number == signal.SIGKILL
            else "from outside or by a library"
        )
        return GraphError(f"{stage} was killed ({name}), {why}; `python -m pipelines run {spec}` goes on from there.")
    return EndedError(f"{stage} ended with code {code}; what it said stands above.", code)


def _not_here(match: re.Match[str], spec: str) -> HoldfastError:
    return MissingError(
        f"{match[1]} is not here; `dvc pull` brings it from your store, `python -m pipelines data {spec} PATH` adds it."
    )


def _no_reader(match: re.Match[str], spec: str) -> HoldfastError:
    return MissingError(f"{match[1]} is not here; `dvc pull` or `python -m pipelines run {spec}` brings it.")


def _not_in_cache(_match: re.Match[str], spec: str) -> HoldfastError:
    return MissingError(
        f"DVC's cache lacks files of '{spec}'; `dvc pull` brings them from your store, else `dvc repro --force"
        f" evaluate@{spec}` makes them anew."
    )


def _invalid(match: re.Match[str], _spec: str) -> HoldfastError:
    name = Path(match[1]).name
    if name == "dvc.lock":
        return UsageError(f"{name} cannot be read; `git checkout -- dvc.lock` takes back the one that was committed.")
    return UsageError(f"{name} is not as DVC wants it; `git checkout -- {name}` takes back the one that was committed.")


def _disk(match: re.Match[str], _spec: str) -> HoldfastError:
    return StorageError(
        f"DVC cannot write: {match[1]}; make room, lift limits (`ulimit -f`) or make the folder"
        " writable, and run again."
    )


def _no_repository(_match: re.Match[str], _spec: str) -> HoldfastError:
    return UsageError("this is no DVC repository; run this in the root of a checkout.")


def _no_output(match: re.Match[str], _spec: str) -> HoldfastError:
    return EndedError(f"a stage ended well and did not write {match[1]}.", BUG)


MEANINGS: tuple[tuple[str, Callable[[re.Match[str], str], HoldfastError]], ...] = (
    (r"failed to run: python -m pipelines (\w+) .*, exited with (-?\d+)", _ended),
    (r"is busy, it is being blocked by:\s+\(PID (\d+)\): (.*)", _busy),
    (r"Unable to acquire lock", _locked),
    (rf"({'|'.join(NO_ROOM)})", _disk),
    (r"(?:missing data 'source'|No such file or directory): '?([^'\n]*data/readers/[^'\n]*)", _no_reader),
    (r"missing data 'source': (.*)", _not_here),
    (r"No such file or directory: '?([^'\n]*data/raw/[^'\n]*)", _not_here),
    (r"(?:missing cache|[Cc]heckout failed|does not exist in the cache|failed to pull data)", _not_in_cache),
    (r"'([^']*dvc\.(?:yaml|lock)|[^']*params\.yaml)' (?:is invalid|validation failed)", _invalid),
    (r"[Uu]nable to (?:read|parse)[^\n]*?'?([\w./]*(?:dvc\.yaml|dvc\.lock|params\.yaml))", _invalid),
    (r"not inside of a DVC repository", _no_repository),
    (r"output '([^']*)' does not exist", _no_output),
)
