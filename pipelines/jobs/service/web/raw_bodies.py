"""Reading of a request's bytes: the body under its limits, its type, the path's id and the query."""

import asyncio
import re
import unicodedata
from collections.abc import Sequence
from urllib.parse import parse_qsl, unquote_to_bytes

from starlette.requests import Request

from pipelines.jobs.service.refusals import NotFound
from pipelines.jobs.service.web.errors import BadRequest, TimedOut, TooLarge, WrongType

JSON = "application/json"
ARROW = "application/vnd.apache.arrow.stream"
# What is read and thrown away of a body that is too large, so that the client, which still sends, hears the answer.
THROWN_AWAY = 8
LONGEST_ID, LONGEST_SPEC = 200, 100
NO_PERCENT = re.compile(rb"%(?![0-9A-Fa-f]{2})")
UTF_8 = re.compile(r'charset\s*=\s*"?utf-?8"?', re.IGNORECASE)
MOST_PARAMETERS = 10


def content_type(request: Request, taken: Sequence[str]) -> str:
    """The body's type. Raises WrongType unless it is one of those taken, in UTF-8 and not compressed."""
    kind, *more = request.headers.get("content-type", "").split(";")
    found = kind.strip().lower()
    if found not in taken or not all(UTF_8.fullmatch(one.strip()) for one in more if one.strip()):
        raise WrongType(f"this route takes a body of the type {' or '.join(taken)}, in UTF-8.")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise WrongType("a compressed body is not taken; send it without Content-Encoding.")
    return found


async def body(request: Request, *, limit: int, seconds: float) -> bytes:
    """The body, of at most limit bytes, counted while they arrive. Raises TooLarge, TimedOut and BadRequest."""
    too_large = TooLarge(f"the body is larger than {limit:,} bytes; send it in parts.")
    if int(request.headers.get("content-length", "0")) > limit * THROWN_AWAY:
        raise too_large
    try:
        async with asyncio.timeout(seconds):
            return await _read(request, limit, too_large)
    except TimeoutError as error:
        raise TimedOut(f"the body did not arrive within {seconds:g} seconds.") from error


async def _read(request: Request, limit: int, too_large: TooLarge) -> bytes:
    parts, size, more = [], 0, True
    while more:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise BadRequest("the connection ended before the body did.")
        part, more = message.get("body", b""), message.get("more_body", False)
        size += len(part)
        if size <= limit:
            parts.append(part)
        else:
            parts.clear()
        if size > limit * THROWN_AWAY:
            break
    if size > limit:
        raise too_large
    return b"".join(parts)


def path_id(request: Request, prefix: str) -> str:
    """The id at the end of the path: percent-encoded UTF-8 without control characters, of up to 200 letters.

    Raises BadRequest where it is none, and NotFound where it is empty.
    """
    raw: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
    found = _decoded(raw.removeprefix(prefix.encode()), "the id in the path")
    if not found:
        raise NotFound("the path names no customer.")
    if len(found) > LONGEST_ID:
        raise BadRequest(f"the id in the path is longer than {LONGEST_ID} letters.")
    return found


def query(request: Request, known: Sequence[str]) -> dict[str, str]:
    """The query's parameters. Raises BadRequest for an unknown one, one that is there twice, and broken encodings."""
    raw: bytes = request.scope.get("query_string", b"")
    _decoded(raw.replace(b"+", b" "), "the query")
    try:
        pairs = parse_qsl(raw.decode(), keep_blank_values=True, errors="strict", max_num_fields=MOST_PARAMETERS)
    except ValueError as error:
        raise BadRequest("the query cannot be read.") from error
    found = dict(pairs)
    if len(found) < len(pairs):
        raise BadRequest("a parameter stands twice in the query.")
    if not found.keys() <= set(known):
        raise BadRequest(f"the query has an unknown parameter; this route takes {', '.join(known) or 'none'}.")
    return found


def number(text: str | None, name: str, *, least: int, most: int, otherwise: int) -> int:
    """A whole number of the query. Raises BadRequest where it is none, or is out of its range."""
    if text is None:
        return otherwise
    if not re.fullmatch(r"[0-9]{1,9}", text, re.ASCII) or not least <= int(text) <= most:
        raise BadRequest(f"{name} is a whole number from {least} to {most:,}.")
    return int(text)


def _decoded(raw: bytes, what: str) -> str:
    if NO_PERCENT.search(raw):
        raise BadRequest(f"{what} has a % that is no percent-encoding.")
    try:
        found = unquote_to_bytes(raw).decode()
    except UnicodeDecodeError as error:
        raise BadRequest(f"{what} is not UTF-8.") from error
    if any(unicodedata.category(letter) == "Cc" for letter in found):
        raise BadRequest(f"{what} holds a control character.")
    return found
