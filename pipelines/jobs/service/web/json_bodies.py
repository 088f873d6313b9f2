"""Strict JSON: UTF-8, no NaN, no name twice in an object, no number that loses digits, no NUL."""

import json
import re
from typing import Any

import orjson

from pipelines.jobs.service.web.errors import BadRequest

# A NUL's escape; one behind an odd number of backslashes is a text that spells it.
NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
WHOLE = 2**63


class _TwiceError(ValueError):
    """A name stands twice in an object."""


class _LargeError(ValueError):
    """A whole number has no place in 64 bits."""


def parsed(body: bytes) -> Any:
    """The value in a body. Raises BadRequest with one sentence, which has nothing of the body."""
    try:
        # It is strict about everything but the two below, and ends at once where Python's would go on for long.
        orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadRequest(f"the body is no JSON: {error.msg}, at byte {error.pos}.") from None
    if b"\\u0000" in body and NUL.search(body):
        raise BadRequest("a text in the body holds a NUL character.")
    try:
        return DECODER.decode(body.decode())
    except _TwiceError:
        raise BadRequest("an object in the body has a name twice.") from None
    except _LargeError:
        raise BadRequest("a whole number in the body is larger than 64 bits hold.") from None
    except RecursionError:
        raise BadRequest("the body is nested too deeply.") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _TwiceError
    return found


def _whole(digits: str) -> int:
    # Python refuses to read thousands of digits, which is no large number of ours either.
    if len(digits) > 20 or not -WHOLE <= (found := int(digits)) < WHOLE:
        raise _LargeError
    return found


DECODER = json.JSONDecoder(object_pairs_hook=_once, parse_int=_whole)
