"""Handling of Ctrl-C, SIGTERM and SIGHUP: each ends a command with one line and exit code 2."""

import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

CODE = 2
LINE = "stopped; run the same command again to go on."
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
AGAIN_SECONDS = 0.05

Command = Callable[[Sequence[str]], int]


class Stopping:
    """Whether this process was asked to stop, whether a stop has to wait, whether one does, and the command's name."""

    asked = False
    held_back = False
    waits = False
    command = "pipelines"


def guard(words: Sequence[str], command: Command) -> int:
    """Run a command so that a stop is always reported; gives its exit code.

    What is printed goes through the mask of secrets; nothing is imported before signals are heard.
    """
    Stopping.command = next((word for word in words if not word.startswith("-")), Stopping.command)
    try:
        listen()
        from pipelines.messages import json_lines, masking
        from pipelines.processes import processes

        processes.tie(os.environ)
        json_lines.cover(words)
        masking.cover()
        code = command(words)
    except KeyboardInterrupt:
        _say()
        code = CODE
    return _finished(code)


def listen() -> None:
    """Install the signal handlers, except for signals that are ignored, as under `nohup`."""
    for number in SIGNALS:
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _stop)
    signal.signal(signal.SIGALRM, _stop)
    sys.excepthook, sys.unraisablehook = _unhandled, _swallowed


def _stop(_number: int, _frame: FrameType | None) -> None:
    Stopping.asked = True
    if not Stopping.held_back:
        raise KeyboardInterrupt
    Stopping.waits = True


@contextmanager
def held_back() -> Iterator[None]:
    """A short block that a stop does not interrupt; a stop that came meanwhile is raised at its end."""
    Stopping.held_back, Stopping.waits = True, False
    try:
        yield
    finally:
        Stopping.held_back = False
    if Stopping.waits:
        raise KeyboardInterrupt


def _unhandled(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """A stop wrapped by a library's exception is a stop; a bug shows its traceback, with secrets masked."""
    if Stopping.asked or issubclass(kind, KeyboardInterrupt):
        _say()
        sys.stdout.flush()
        os._exit(CODE)
    import traceback

    from pipelines.messages import log

    log.error("".join(traceback.format_exception(kind, error, trace)).rstrip())
    log.ended(Stopping.command, 1)


def _swallowed(told: "UnraisableHookArgs") -> None:
    """A stop raised where Python ignores exceptions, such as in a destructor, is raised again later."""
    if issubclass(told.exc_type, KeyboardInterrupt):
        signal.setitimer(signal.ITIMER_REAL, AGAIN_SECONDS)
        return
    sys.__unraisablehook__(told)


def _say() -> None:
    from pipelines.messages import log

    log.error(f"{Stopping.command}: {LINE}")
    log.ended(Stopping.command, CODE)


def _finished(code: int) -> int:
    """From here on everything is done and reported, and the process ends with its exit code.

    Python gives signals back to the system while it ends, which would then end it without a word; so none is heard.
    """
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    return code
