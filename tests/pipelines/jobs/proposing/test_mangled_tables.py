"""Tables that were damaged on the way: a spec that takes them, or one clear line; never a traceback."""

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.errors import HoldfastError
from tests.pipelines.jobs.proposing.proposals import draft, faults, plain

ROWS = 60
RNG = np.random.default_rng(9)
TABLE = pd.DataFrame(
    {
        "customer_id": [f"C{n:04d}" for n in range(ROWS)],
        "plan": RNG.choice(["basic", "plus", 'the "big" one', "a,b"], ROWS),
        "signup_date": pd.date_range("2021-01-01", periods=ROWS).astype(str),
        "charges": RNG.gamma(2, 30, ROWS).round(2),
        "visits": RNG.integers(0, 9, ROWS),
        "churn": RNG.choice(["Yes", "No"], ROWS),
    }
).to_csv(index=False)
ORDERS = pd.DataFrame(
    {
        "customer_id": [f"C{n:04d}" for n in RNG.integers(0, 15, 400)],
        "ordered_at": (pd.Timestamp("2020-01-01") + pd.to_timedelta(RNG.integers(0, 900, 400), unit="D")).astype(str),
        "amount": RNG.gamma(2, 30, 400).round(2),
    }
).to_csv(index=False)
STUFF = [
    "",
    ",",
    '"',
    "\n",
    "\r\n",
    ";",
    "-999",
    "\x00",
    "é",
    "🙂",
    "nan",
    "1e400",
    "2021-02-30",
    "Yes",
    "0x10",
    "\ufeff",
    " ",
]


@st.composite
def mangled(draw: st.DrawFn, text: str) -> str:
    """The text with a few pieces cut out, put in or put twice."""
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(text)))
        size = draw(st.integers(0, 30))
        how = draw(st.sampled_from(["out", "in", "twice", "cell"]))
        if how == "out":
            text = text[:at] + text[at + size :]
        elif how == "in":
            text = text[:at] + draw(st.sampled_from(STUFF)) + text[at:]
        elif how == "twice":
            text = text[:at] + text[at : at + size] * 2 + text[at + size :]
        else:
            line = text.count("\n", 0, at)
            lines = text.split("\n")
            cells = lines[line].split(",")
            cells[draw(st.integers(0, len(cells) - 1))] = draw(st.sampled_from(STUFF))
            text = "\n".join([*lines[:line], ",".join(cells), *lines[line + 1 :]])
    return text


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(text=mangled(TABLE), as_of=st.sampled_from([None, "2022-01-01"]))
def test_a_mangled_table_gives_a_spec_that_takes_it_or_one_line(text: str, as_of: str | None) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "club.csv"
        path.write_text(text, newline="")
        refused: HoldfastError | None = None
        try:
            found = draft(path, as_of=as_of)
        except HoldfastError as error:
            refused = error
        if refused:
            assert "\n" not in str(refused)
            assert "club.csv" in str(refused) or "--" in str(refused)
            return
        assert plain(found)["source"]["kind"] == "event_log" or faults(found, Path(folder)) == []


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(text=mangled(ORDERS))
def test_a_mangled_log_gives_a_spec_or_one_line(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "orders.csv"
        path.write_text(text, newline="")
        refused: HoldfastError | None = None
        try:
            draft(path, inactive_days=60)
        except HoldfastError as error:
            refused = error
        assert refused is None or "\n" not in str(refused)
        assert refused is None or "orders.csv" in str(refused) or "--" in str(refused)
