"""JSON is read as Python's own parser reads it, or refused."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pipelines.jobs.service.web import json_bodies
from pipelines.jobs.service.web.errors import BadRequest

TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"])), st.sampled_from(['":', '" :', '"', "\\", '\\":', "a"])
)
CELLS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), TEXTS)
VALUES = st.recursive(
    CELLS, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)), max_leaves=8
)
SEPARATORS = st.sampled_from([(",", ":"), (", ", ": "), (" , ", " : "), (",\n", "\t:")])


class TwiceError(Exception):
    """A name stands twice."""


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) < len(pairs):
        raise TwiceError
    return dict(pairs)


def by_python(text: str) -> Any:
    """The value, or None where it holds what is refused."""
    found = json.loads(text, object_pairs_hook=once)
    return None if "\0" in texts(found) or has_large(found) else found


def texts(value: Any) -> str:
    """All texts in a value."""
    if isinstance(value, dict):
        return "".join(f"{name}{texts(one)}" for name, one in value.items())
    return "".join(map(texts, value)) if isinstance(value, list) else value if isinstance(value, str) else ""


def has_large(value: Any) -> bool:
    if isinstance(value, dict | list):
        return any(map(has_large, value.values() if isinstance(value, dict) else value))
    return type(value) is int and not -(2**63) <= value < 2**63


def of_ours(text: str) -> Any:
    try:
        return json_bodies.parsed(text.encode())
    except BadRequest:
        return None


@given(VALUES, SEPARATORS, st.booleans())
def test_it_reads_what_python_reads(value: Any, separators: tuple[str, str], escaped: bool) -> None:
    text = json.dumps(value, separators=separators, ensure_ascii=escaped)
    assert repr(of_ours(text)) == repr(by_python(text))


@given(st.lists(st.tuples(TEXTS, CELLS), min_size=1, max_size=4), SEPARATORS, st.data())
def test_a_name_that_stands_twice_is_always_seen(
    pairs: list[tuple[str, Any]], separators: tuple[str, str], data: st.DataObject
) -> None:
    pairs = [*pairs, (data.draw(st.sampled_from(pairs))[0], 1)]
    comma, colon = separators
    text = "{" + comma.join(f"{json.dumps(name)}{colon}{json.dumps(value)}" for name, value in pairs) + "}"
    assert of_ours(text) is None
