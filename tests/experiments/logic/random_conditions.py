"""Random conditions over a few columns, as YAML would say them, and the columns they are about."""

from typing import Any

from hypothesis import strategies as st

from experiments.logic.condition import KnownColumn

COLUMNS = {
    "use": KnownColumn("number", 0.0),
    "score": KnownColumn("number", 0.0, 10.0),
    "plan": KnownColumn("category", categories=("basic", "plus", "pro")),
}
BOUND = st.sampled_from(["at_least", "above", "at_most", "below"])
LEAVES = st.one_of(
    st.builds(
        lambda name, bound, value: {"feature": name, bound: value},
        st.sampled_from(["use", "score"]),
        BOUND,
        st.integers(-1, 11).map(float),
    ),
    st.builds(
        lambda some: {"feature": "plan", "is": sorted(some)},
        st.sets(st.sampled_from(["basic", "plus", "pro"]), min_size=1),
    ),
    st.builds(lambda name, gone: {"feature": name, "missing": gone}, st.sampled_from(list(COLUMNS)), st.booleans()),
)
CONDITIONS: st.SearchStrategy[dict[str, Any]] = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(lambda parts: {"all": parts}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda parts: {"any": parts}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda part: {"not": part}, inner),
    ),
    max_leaves=6,
)
