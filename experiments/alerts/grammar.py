"""Reading a condition from YAML: `all`, `any`, `not`, and the kinds of conditions there are."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from experiments import conditions
from experiments.logic.condition import Condition, ConditionKind, Not, Several
from features.plugins import discover

DEEPEST = 20


def read(said: Any, depth: int = 0) -> Condition:
    """The condition that a mapping of YAML says.

    Raises ValueError, which names the part, for what is none.
    """
    if depth > DEEPEST:
        raise ValueError(f"a condition is nested more than {DEEPEST} deep; write it as several rules")
    if not isinstance(said, Mapping) or not said:
        raise ValueError(f"{_short(said)} is no condition; write such as {{feature: tenure_days, below: 90}}")
    kinds = discover(conditions, ConditionKind)
    begins = [key for key in said if key in ("all", "any", "not", *kinds)]
    if len(begins) != 1:
        known = ", ".join(["all", "any", "not", *kinds])
        raise ValueError(f"{_short(said)} needs exactly one of the keys {known}; it has {begins or 'none'}")
    kind = begins[0]
    if kind in kinds:
        return _of_kind(kinds[kind], said)
    if len(said) > 1:
        raise ValueError(
            f"beside '{kind}' stands {sorted(set(said) - {kind})}; nest them in the list of `all` or `any`"
        )
    if kind == "not":
        return Not(part=read(said["not"], depth + 1))
    if not isinstance(said[kind], list) or not said[kind]:
        raise ValueError(f"'{kind}' needs a list of conditions; it has {_short(said[kind])}")
    return Several(joined=kind, parts=tuple(read(one, depth + 1) for one in said[kind]))


def _of_kind(kind: ConditionKind, said: Mapping[str, Any]) -> Condition:
    try:
        return kind.condition.model_validate(dict(said))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        told = first["msg"].removeprefix("Value error, ")
        raise ValueError(f"{_short(said)}: {f'{where}: ' if where else ''}{told}") from error


def _short(said: Any) -> str:
    text = repr(said)
    return text if len(text) <= 80 else f"{text[:77]}..."
