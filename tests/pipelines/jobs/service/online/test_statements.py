"""Prepared statements read the rows as they are now, at the moment that they are given."""

from datetime import datetime, timedelta

import duckdb
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from pipelines.jobs.service.online.changing import Changing
from pipelines.jobs.service.online.statements import MOMENT, Statements, literal

FIRST = datetime(2024, 2, 28, 23, 59, 59, 999999)
SQL = (
    f"SELECT count(*), count(*) FILTER (told < {MOMENT}), count(*) FILTER (NOT told >= {MOMENT} - INTERVAL 1 DAY),"
    f" max(told) - {MOMENT} FROM shown WHERE told <= {MOMENT} + INTERVAL 2 DAY"
)
MOMENTS = st.integers(-3 * 24 * 3600, 3 * 24 * 3600).map(lambda seconds: FIRST + timedelta(seconds=seconds))


def rows(moments: list[datetime]) -> pa.Table:
    return pa.table({"told": pa.array(moments, pa.timestamp("us"))})


@given(st.lists(st.tuples(st.lists(MOMENTS, max_size=5), MOMENTS), min_size=1, max_size=5))
def test_a_statement_says_what_it_would_say_with_these_rows_and_this_moment(
    turns: list[tuple[list[datetime], datetime]],
) -> None:
    with duckdb.connect() as cursor, duckdb.connect() as other:
        shown, said = Changing(rows([])), Statements(cursor)
        shown.show(cursor, "shown")
        said.prepare("asked", SQL)
        for moments, moment in turns:
            shown.rows = rows(moments)
            other.register("shown", shown.rows)
            expected = other.execute(SQL.replace(MOMENT, literal(moment))).fetchall()
            assert said.execute("asked", moment).fetchall() == expected
