"""The log as JSON lines, for machines: one object a line on standard error, each with the id of the run.

`--log-json` or HOLDFAST_LOG=json asks for it. All processes of a run inherit the variables below, so that they
say one id and one command.
"""

import fcntl
import json
import math
import os
import re
import select
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from numbers import Integral, Real
from typing import Any, TextIO

from features.errors import UsageError
from pipelines.messages.masking import Masked, mask

FORM, TEXT, JSON = "HOLDFAST_LOG", "text", "json"
OPTION = "--log-json"
RUN_ID = "HOLDFAST_RUN_ID"
# The command that began the run, for the processes that it starts.
COMMAND = "HOLDFAST_COMMAND"
# What every object has, null where it has none; `fields` is there where there are some.
KEYS = ("time", "level", "run_id", "command", "spec", "stage", "message")
AN_ID = re.compile(r"[A-Za-z0-9_.:/@+-]{1,100}")
# What JSON allows within texts, and what ends lines or steers terminals all the same.
UNSEEN = re.compile("[\x7f-\x9f\u2028\u2029]")


class Subject:
    """What the lines of this process are about: the spec, and the stage if any."""

    spec: str | None = None
    stage: str | None = None


class _Writing:
    """Threads of this process that write; a fork begins with nobody writing."""

    lock = threading.Lock()


def _nobody_writes() -> None:
    _Writing.lock = threading.Lock()


os.register_at_fork(after_in_child=_nobody_writes)


def is_asked() -> bool:
    """Whether the log is written as JSON lines."""
    return os.environ.get(FORM) == JSON


def run_id() -> str | None:
    """The id of the run; None where nobody asked for JSON lines or gave one."""
    return os.environ.get(RUN_ID) or None


@contextmanager
def asked(form: str | None, command: str) -> Iterator[None]:
    """A block of a command whose log has this form, by None that of the environment.

    Raises UsageError where the environment asks for a form that there is not, or gives an id that is none.
    """
    before = {name: os.environ.get(name) for name in (FORM, RUN_ID, COMMAND)}
    os.environ.update(_variables(form or os.environ.get(FORM) or TEXT, command))
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            os.environ.update({} if value is None else {name: value})


def _variables(form: str, command: str) -> dict[str, str]:
    if form not in (TEXT, JSON):
        raise UsageError(f"{FORM} is '{form}'; it takes {TEXT} or {JSON}.")
    given = os.environ.get(RUN_ID)
    if given and not AN_ID.fullmatch(given):
        raise UsageError(f"{RUN_ID} is {given!r}; it takes 1 to 100 of a-z, A-Z, 0-9 and _ . : / @ + -")
    if form == TEXT:
        return {FORM: form}
    return {FORM: form, RUN_ID: given or os.urandom(8).hex(), COMMAND: os.environ.get(COMMAND) or command}


@contextmanager
def about(spec: str | None, stage: str | None) -> Iterator[None]:
    """A block whose lines are about a spec and a stage."""
    before = Subject.spec, Subject.stage
    Subject.spec, Subject.stage = spec or None, stage or None
    try:
        yield
    finally:
        Subject.spec, Subject.stage = before


def cover(words: Sequence[str]) -> None:
    """For the rest of this process, where words or environment ask for it: all that is printed on standard error is
    JSON lines, be it before the words are understood, by a library, or after the command.
    """
    form = JSON if OPTION in words else os.environ.get(FORM)
    if form == JSON and sys.stderr is not None:
        with suppress(UsageError):  # which the command raises again
            os.environ.update(_variables(JSON, ""))
            sys.stderr = Lines(sys.stderr)


def write(message: str, *, level: str, fields: Mapping[str, Any] | None = None, stage: str | None = None) -> None:
    """Write one object; level is debug, info, warning or error. Secrets in it are masked."""
    told: dict[str, Any] = {
        "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "level": level,
        "run_id": run_id(),
        "command": os.environ.get(COMMAND) or None,
        "spec": Subject.spec,
        "stage": stage or Subject.stage,
        "message": message,
    }
    put({**told, "fields": fields} if fields else told)


def put(told: Mapping[str, Any]) -> None:
    """Write an object as one line. A log that cannot be written stops nobody."""
    text = json.dumps(_plain(told), ensure_ascii=False, allow_nan=False)
    text = UNSEEN.sub(lambda one: f"\\u{ord(one[0]):04x}", text)
    stream = sys.stderr.beneath if isinstance(sys.stderr, Masked) else sys.stderr
    if stream is None:
        return
    with suppress(OSError), _Writing.lock:
        try:
            number = stream.fileno()
        except (OSError, AttributeError):
            stream.write(f"{text}\n")
            return
        _write_whole(number, f"{text}\n".encode())


def _write_whole(number: int, line: bytes) -> None:
    """Write to a descriptor that others write to: a pipe takes long lines in pieces, so they wait for one another."""
    with suppress(OSError):  # a file system without locks
        fcntl.lockf(number, fcntl.LOCK_EX)
    try:
        while line:
            try:
                line = line[os.write(number, line) :]
            except BlockingIOError:  # somebody made it non-blocking
                select.select([], [number], [])
    finally:
        with suppress(OSError):
            fcntl.lockf(number, fcntl.LOCK_UN)


def read(line: str) -> dict[str, Any] | None:
    """The object of a line that `put` wrote, in any process; None of any other line."""
    with suppress(ValueError):
        found = json.loads(line)
        if isinstance(found, dict) and found.keys() >= set(KEYS):
            return found
    return None


def _plain(value: Any) -> Any:
    """Anything as what JSON can hold everywhere: texts masked and without broken characters, no number that is none."""
    if isinstance(value, Mapping):
        return {_text(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(one) for one in value]
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        return float(value) if math.isfinite(value) else None
    return _text(value)


def _text(value: Any) -> str:
    return mask(str(value)).encode("utf-8", "backslashreplace").decode()


class Lines(Masked):
    """Standard error on which whatever is printed becomes objects, a line each, such as a library's warning."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream.beneath if isinstance(stream, Masked) else stream)
        self._begun = threading.local()

    def write(self, text: str) -> int:
        """Write the lines that are whole; the rest waits for its end."""
        *whole, rest = f"{getattr(self._begun, 'text', '')}{text}".split("\n")
        self._begun.text = rest
        for line in whole:
            if line.strip():
                write(line.strip("\r"), level="warning")
        return len(text)
