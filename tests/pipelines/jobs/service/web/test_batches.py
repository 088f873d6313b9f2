"""Requests that wait together are scored together, and each gets what it would get alone."""

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.errors import ContractError
from pipelines.jobs.service.web.batches import FEW, Batches
from tests.pipelines.jobs.service.web.memory_desk import MemoryDesk

CELLS = st.one_of(st.integers(0, 12), st.sampled_from(["Mrs Secret", None, 13]))
REQUESTS = st.lists(
    st.tuples(
        st.lists(st.fixed_dictionaries({"tenure": CELLS}, optional={"plan": st.just("basic")}), min_size=1, max_size=3),
        st.integers(0, 1),
    ),
    min_size=1,
    max_size=8,
)


def asked(requests: list[tuple[list[dict[str, Any]], int]], desk: MemoryDesk) -> list[Any]:
    """What each request gets, all of them waiting together: the answer, or the kind and text of its error."""

    async def gathered() -> list[Any]:
        batches = Batches(desk)
        return await asyncio.gather(*(batches.score(*one) for one in requests), return_exceptions=True)

    return [(type(one), str(one)) if isinstance(one, BaseException) else one for one in asyncio.run(gathered())]


def same(one: Any, other: Any) -> bool:
    return repr(one) == repr(other)  # NaN is itself


@settings(max_examples=40)
@given(REQUESTS)
def test_a_request_gets_together_what_it_gets_alone(requests: list[tuple[list[dict[str, Any]], int]]) -> None:
    together = asked(requests, MemoryDesk("demo"))
    alone = [asked([one], MemoryDesk("demo"))[0] for one in requests]
    assert all(map(same, together, alone))


def test_what_waits_is_scored_in_few_calls() -> None:
    desk = MemoryDesk("demo", seconds=0.2)
    requests = [([{"tenure": number, "plan": "basic"}], 0) for number in range(12)]
    answers = asked(requests, desk)
    assert [rows[0]["churn_score"] for _, rows in answers] == [1 / (1 + number) for number in range(12)]
    assert sum(desk.sizes) == 12
    assert len(desk.sizes) <= 3


def test_a_row_at_fault_is_refused_to_those_who_sent_it() -> None:
    desk = MemoryDesk("demo", seconds=0.05)
    cells = [0, "Mrs Secret", 3]
    found = asked([([{"tenure": cell, "plan": "basic"}], 0) for cell in cells], desk)
    assert found[1][0] is ContractError
    assert [found[place][1][0]["churn_score"] for place in (0, 2)] == [1.0, 0.25]


def test_many_rows_are_scored_by_themselves() -> None:
    desk = MemoryDesk("demo")
    many = [{"tenure": 1, "plan": "basic"}] * (FEW + 1)
    assert len(asked([(many, 0), (many[:1], 0)], desk)[0][1]) == FEW + 1
    assert sorted(desk.sizes) == [1, FEW + 1]


def test_rows_with_other_names_are_missing_what_they_lack() -> None:
    rows = [
        {"tenure": 1, "plan": "basic"},
        {"plan": "basic", "tenure": 3},
        {"plan": "large", "tenure": None},
        {"tenure": 0},
    ]
    [(_, found)] = asked([(rows, 1)], MemoryDesk("demo"))
    assert [one["churn_score"] for one in found[:2]] == [0.5, 0.25]
    assert found[3]["churn_score"] == pytest.approx(1.0)
    assert found[2]["churn_score"] != found[2]["churn_score"]
