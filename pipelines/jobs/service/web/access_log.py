"""A line of the log for each request: never a body, a customer's id or a query.

It is written without the mask of secrets, which takes longer than a request, as none of its fields can hold one.
"""

import os
import sys
from datetime import UTC, datetime

import orjson

from pipelines.messages import json_lines, log
from pipelines.messages.masking import Masked


def write(*, method: str, route: str, status: int, milliseconds: float, key: str | None, request_id: str) -> None:
    """Write it, as an object or as text; not with --quiet. A log that cannot be written stops nobody."""
    if log.is_quiet():
        return
    fields = {
        "method": method,
        "route": route,
        "status": status,
        "milliseconds": milliseconds,
        "key": key,
        "request_id": request_id,
    }
    words = f"{method} {route} {status}"
    if json_lines.is_asked():
        line = orjson.dumps(_object(words, fields)).decode()
    else:
        line = f"{words} {milliseconds} ms key={key} id={request_id}"
    stream = sys.stderr.beneath if isinstance(sys.stderr, Masked) else sys.stderr
    try:
        stream.write(f"{line}\n")
    except OSError:
        return


def _object(words: str, fields: dict[str, object]) -> dict[str, object]:
    """As `json_lines.write` makes one."""
    return {
        "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "level": "info",
        "run_id": json_lines.run_id(),
        "command": os.environ.get(json_lines.COMMAND) or None,
        "spec": None,
        "stage": None,
        "message": words,
        "fields": fields,
    }
