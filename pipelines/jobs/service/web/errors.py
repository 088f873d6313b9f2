"""The one shape of errors, `{"error": {"status", "message", "id"}}`, and the status of each kind of fault."""

import re
from collections.abc import Mapping
from typing import ClassVar

import orjson
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from features.errors import DataError, HoldfastError, StorageError, UsageError
from pipelines.jobs.service import metrics
from pipelines.jobs.service.refusals import Refused
from pipelines.messages import log

STATUSES: Mapping[type[HoldfastError], int] = {StorageError: 503, DataError: 422, UsageError: 400}
NO_DATABASE = "a database or a disk does not answer; ask again later. Events may be sent again with the same keys."
UNFORESEEN = "something went wrong here; the log has more under this id."
WORDS = {
    404: "there is no such path; /openapi.json names all there are.",
    405: "this path does not take this method; /openapi.json names those that it takes.",
}
# A model's refusal shows the cell that it cannot read, which may be of a customer.
SHOWN = re.compile(r": .* cannot be read; expected", re.DOTALL)


class BadRequest(Refused):
    """The request cannot be read."""


class Unauthorized(Refused):
    """There is no key, or none that is known."""

    status = 401


class Forbidden(Refused):
    """The key's role may not do this."""

    status = 403


class TimedOut(Refused):
    """The body did not arrive in time."""

    status = 408


class TooLarge(Refused):
    """The body is larger than the limit."""

    status = 413


class WrongType(Refused):
    """The body is of a type that the route does not take."""

    status = 415


class TooMany(Refused):
    """The key has asked too often; seconds is when it may again."""

    status = 429

    def __init__(self, text: str, *, seconds: int) -> None:
        super().__init__(text)
        self.seconds = seconds


class Busy(Refused):
    """More requests are waiting than the service holds."""

    status: ClassVar[int] = 503


async def refusal(request: Request, error: Exception) -> Response:
    """The answer to a fault that is the client's, or that may pass; raises the error again where it is neither."""
    if isinstance(error, HTTPException):
        message = WORDS.get(error.status_code, "the request cannot be answered.")
        return answer(error.status_code, message, request.scope["request_id"], error.headers)
    if status_of(error) == 500:
        raise error  # the envelope logs it
    if isinstance(error, StorageError):
        metrics.DATABASE_ERRORS.inc()
        log.error(f"{type(error).__name__} in the request {request.scope['request_id']}: {error}")
    return answer(status_of(error), text_of(error), request.scope["request_id"], headers_of(error))


def status_of(error: Exception) -> int:
    """The HTTP status of a fault; 500 for what nobody foresaw."""
    if isinstance(error, Refused):
        return error.status
    return next((status for kind, status in STATUSES.items() if isinstance(error, kind)), 500)


def text_of(error: Exception) -> str:
    """The message of a fault, without a customer's data."""
    if isinstance(error, StorageError):
        return NO_DATABASE  # whose address is nobody's business
    return SHOWN.sub(": it cannot be read; expected", str(error)) if status_of(error) != 500 else UNFORESEEN


def headers_of(error: Exception) -> dict[str, str]:
    """The headers that belong to a fault."""
    if isinstance(error, Unauthorized):
        return {"WWW-Authenticate": "Bearer"}
    if isinstance(error, TooMany):
        return {"Retry-After": str(error.seconds)}
    if isinstance(error, Busy):
        return {"Retry-After": "1"}
    return {"Connection": "close"} if isinstance(error, TooLarge | TimedOut) else {}


def answer(status: int, message: str, request_id: str, headers: Mapping[str, str] | None = None) -> Response:
    """An error as a response."""
    body = {"error": {"status": status, "message": message, "id": request_id}}
    return Response(orjson.dumps(body), status, dict(headers or {}), "application/json")


def sentence(error: ValidationError, most: int = 5) -> str:
    """What pydantic found, in a line: up to `most` faults by place, without what was sent."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    lines = [f"{_place(one['loc'])}: {one['msg'].removeprefix('Value error, ')}" for one in found[:most]]
    more = f"; {len(found) - most} more faults" if len(found) > most else ""
    return "; ".join(lines) + more


def _place(where: tuple[int | str, ...]) -> str:
    """Where in a body; a key of the client's own may be anything, so only names of ours are shown."""
    return ".".join(str(one) if isinstance(one, int) or one.isidentifier() else "?" for one in where[:4]) or "the body"
