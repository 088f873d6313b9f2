"""Refusals of the service, each with its HTTP status; their texts name no customer and no value of a text column."""

from typing import ClassVar

from features.errors import HoldfastError


class Refused(HoldfastError):  # noqa: N818 - it says what became of the request
    """The service does not do what was asked; status is the HTTP status of the answer."""

    status: ClassVar[int] = 400


class NotFound(Refused):
    """There is no such spec or customer."""

    status = 404


class Conflict(Refused):
    """It contradicts what is kept already."""

    status = 409


class Unprocessable(Refused):
    """The request can be read, and what it says cannot be done."""

    status = 422


class Unavailable(Refused):
    """It cannot be done now, and may be later: nothing is served yet, or a database does not answer."""

    status = 503
