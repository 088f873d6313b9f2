"""Laws of `new`: whatever the table, a spec that takes the very table, or one line that names an option."""

import tempfile
from pathlib import Path
from typing import Any

import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.errors import HoldfastError
from tests.pipelines.jobs.proposing.proposals import draft, faults, plain, write_frame

ROWS = 40
NAMES = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=12)
ODD_NAMES = st.sampled_from(
    [
        "value",
        "Churned",
        "churned",
        "as_of",
        "customer_id",
        "a.b",
        'say "x"',
        "名字",
        "🙂",
        "#",
        "- x",
        "null",
        "Yes",
        "1",
        "a: b",
    ]
)
CELLS = [
    st.integers(-5, 5).map(str),
    st.integers(-(10**25), 10**25).map(str),
    st.floats(allow_nan=True, allow_infinity=True).map(str),
    st.sampled_from(["", "Unknown", "?", "-999", "n/a", "7", "8", "9"]),
    st.sampled_from(["yes", "no"]),
    st.sampled_from(["2024-01-31", "2024-02-01", "31.12.2023"]),
    st.sampled_from(["1,234.5", "12 %", "$ 3", "7"]),
    st.sampled_from(["001", "002", "013"]),
    st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=8),
    st.sampled_from(["'", '"', "{a}", "[b]", "# c", "d: e", "null", "~", "true", "é🙂", "\u2028", "\ufeff"]),
    st.just("same"),
    st.just(""),
]


@st.composite
def tables(draw: st.DrawFn) -> pd.DataFrame:
    """A table of texts with a label that has two values, and anything beside."""
    names = draw(st.lists(NAMES | ODD_NAMES, min_size=1, max_size=5, unique_by=str.strip))
    names = [one for one in names if one.strip() and one.strip() != "left"]
    data: dict[str, Any] = {}
    for name in names:
        kind = draw(st.sampled_from(CELLS))
        data[name] = draw(st.lists(kind, min_size=ROWS, max_size=ROWS))
    data["left"] = draw(st.lists(st.sampled_from(["yes", "no"]), min_size=ROWS, max_size=ROWS))
    return pd.DataFrame(data)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows=tables())
def test_a_spec_takes_the_very_table_it_was_written_from_or_one_line_says_why_not(rows: pd.DataFrame) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = write_frame(Path(folder), rows)
        refused: HoldfastError | None = None
        try:
            found = draft(path, label="left", churned="yes", treatment="none")
        except HoldfastError as error:
            refused = error
        if refused:
            assert "\n" not in str(refused)
            assert "club.csv" in str(refused) or "--" in str(refused)
            return
        assert faults(found, Path(folder)) == []
        assert plain(found)["label"]["churned"] == "yes"


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows=tables())
def test_the_same_files_and_answers_give_the_same_text(rows: pd.DataFrame) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = write_frame(Path(folder), rows)
        try:
            first = draft(path, label="left", churned="yes", treatment="none", customer_id="none")
        except HoldfastError:
            return
        assert draft(path, label="left", churned="yes", treatment="none", customer_id="none").text == first.text
