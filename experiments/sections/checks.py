"""The section of the leak checks: which are switched off, and which findings somebody has accepted."""

from collections.abc import Mapping
from typing import Annotated, Any, Protocol

from pydantic import PlainValidator, StringConstraints

Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
ACCEPT = "accept"
_HOW = "write the reason why the check is off, or {accept: {COLUMN: the reason why its finding is right}}"


def reason_or_accepted(said: Any) -> str | dict[str, dict[str, str]]:
    """What a spec says of a check: why it is off, or by column why a finding is accepted.

    Raises ValueError for anything else, and where a reason is empty.
    """
    if isinstance(said, str):
        if not said.strip():
            raise ValueError(f"the reason is empty; {_HOW}")
        return said.strip()
    if not isinstance(said, dict) or set(said) != {ACCEPT} or not isinstance(said[ACCEPT], dict) or not said[ACCEPT]:
        raise ValueError(f"it is {said!r}; {_HOW}")
    for column, reason in said[ACCEPT].items():
        if not isinstance(column, str) or not isinstance(reason, str) or not reason.strip():
            raise ValueError(f"accept.{column}: it is {reason!r}; write the reason why this is no leak")
    return {ACCEPT: {column: reason.strip() for column, reason in said[ACCEPT].items()}}


CheckSays = Annotated[
    str | dict[str, dict[str, str]],
    PlainValidator(reason_or_accepted, json_schema_input_type=Reason | dict[str, dict[str, Reason]]),
]


def off(checks: Mapping[str, str | dict[str, dict[str, str]]]) -> dict[str, str]:
    """Why a check is switched off, by its code."""
    return {code: said for code, said in checks.items() if isinstance(said, str)}


def accepted(checks: Mapping[str, str | dict[str, dict[str, str]]]) -> dict[str, dict[str, str]]:
    """Why findings are accepted, by the code of their check and then by column."""
    return {code: said[ACCEPT] for code, said in checks.items() if not isinstance(said, str)}


class HasChecks(Protocol):
    """What says which leak checks are switched off, and which findings are accepted."""

    @property
    def checks(self) -> dict[str, CheckSays]:
        """The section: the reason of each, or accepted findings with their reasons, by the check's code."""
