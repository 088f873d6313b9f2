"""Features of contracts and of finding the way in, against values worked out by hand."""

from datetime import datetime, timedelta
from typing import Any

import ibis
import pyarrow as pa
import pytest

from features.catalog import all_features
from features.hindsight import Hindsight
from features.history import History
from features.tables import CANONICAL

AS_OF = datetime(2024, 7, 1)
OLD = {"contract_id": "old", "plan": "old", "price": 99.0}
NEW = {"contract_id": "new", "plan": "new", "price": 5.0}


def day(n: float) -> datetime:
    return AS_OF + timedelta(days=n)


def rows(name: str, given: list[dict[str, Any]]) -> ibis.Table:
    """Rows of one customer in a canonical table; what is known at the moment it happens, unless told otherwise."""
    full = [
        {**dict.fromkeys(CANONICAL[name].names), "customer_id": "a", "known_at": one["event_at"], **one}
        for one in given
    ]
    schema = pa.schema([(one.name, pa.type_for_alias(one.arrow_type)) for one in CANONICAL[name].columns])
    return ibis.memtable(pa.Table.from_pylist(full, schema=schema))


def value(feature: str, **given: list[dict[str, Any]]) -> Any:
    """The feature of the one customer at AS_OF, in either order of the rows; None where there is no row."""
    found = []
    for step in (1, -1):
        tables = {name: rows(name, of_table[::step]) for name, of_table in given.items()}
        history = History(Hindsight(tables, CANONICAL), as_of=AS_OF, look_back_days=180)
        one = all_features()[feature]
        table = history.table(one.table).group_by("customer_id").aggregate(value=one.aggregate(history))
        found.append([row["value"] for row in table.to_pyarrow().to_pylist()])
    assert found[0] == found[1]
    return found[0][0] if found[0] else None


def contract(n: float, changes: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A version of a contract that came about on day n."""
    plain = {"contract_id": "k", "plan": "basic", "price": 9.0, "starts_at": day(-500)}
    return {**plain, "event_at": day(n), **changes, **more}


TWO = [
    contract(-400, OLD, renews_at=day(300)),
    contract(-300, NEW, renews_at=day(30)),
    contract(-20, OLD, renews_at=day(300), ended_at=day(-20)),
]


@pytest.mark.parametrize(
    ("feature", "expected"),
    [("price", 5), ("plan", "new"), ("days_to_renewal", 30), ("plan_changes", 0), ("price_change_120d", 0)],
)
def test_a_contract_that_ended_says_nothing_of_the_one_that_runs(feature: str, expected: Any) -> None:
    assert value(feature, contracts=TWO) == expected


@pytest.mark.parametrize("feature", ["price", "plan", "days_to_renewal"])
def test_a_contract_that_ended_or_has_yet_to_begin_has_no_price_and_is_not_renewed(feature: str) -> None:
    ended, planned = {"ended_at": day(-1)}, {"starts_at": day(3)}
    assert value(feature, contracts=[contract(-9, {}, renews_at=day(9), **ended)]) is None
    assert value(feature, contracts=[contract(-9, {}, renews_at=day(9), **planned)]) is None
    assert value(feature, contracts=[contract(-9, {}, renews_at=day(9), ended_at=day(0))]) is not None


def test_the_next_renewal_of_two_contracts_is_the_sooner() -> None:
    both = [contract(-9, OLD, renews_at=day(300)), contract(-8, NEW, renews_at=day(30))]
    assert value("days_to_renewal", contracts=both) == 30


@pytest.mark.parametrize(
    ("versions", "changes"),
    [
        ([(-90, "basic"), (-60, "pro"), (-30, "basic")], 2),
        ([(-90, "basic"), (-60, "basic")], 0),
        ([(-90, "basic"), (-60, "pro"), (-60, "basic")], 0),
        ([(-90, "basic"), (-60, "basic"), (-60, "pro"), (-30, "pro")], 1),
    ],
    ids=["there and back", "no change", "a change taken back as an error", "a change told by a correction"],
)
def test_changes_of_plan_are_counted_one_by_one(versions: list[tuple[int, str]], changes: int) -> None:
    """Of two versions of one day, the second is known a day later: it corrects the first."""
    seen: list[int] = []
    told = []
    for n, plan in versions:
        told.append(contract(n, {"plan": plan}, known_at=day(n + seen.count(n))))
        seen.append(n)
    assert value("plan_changes", contracts=told) == changes


def test_a_price_changes_by_what_its_own_contract_cost_before() -> None:
    risen = [
        contract(-400, {"price": 9.0}),
        contract(-200, {"price": 10.0}),
        contract(-100, {"price": 12.0}),
        contract(-50, {"price": 11.5}),
        contract(-40, NEW),
    ]
    assert value("price_change_120d", contracts=risen) == 1.5


@pytest.mark.parametrize(
    ("feature", "first", "expected"),
    [
        ("days_to_first_use", 0, 0),
        ("days_to_first_use", 3, 3),
        ("first_active_days_7d", 0, 7),
        ("first_active_days_7d", 3, 4),
        ("first_active_days_30d", 0, 30),
        ("days_without_first_use", 0, None),
        ("days_without_first_use", None, 60),
    ],
)
@pytest.mark.parametrize("clock", [0, 15], ids=["days of use at midnight", "at the last use of the day"])
def test_who_joined_at_ten_and_used_it_daily_had_seven_days_of_use_in_the_first_seven(
    feature: str, first: int | None, expected: float | None, clock: int
) -> None:
    joined = day(-60) + timedelta(hours=10)
    days = [] if first is None else range(first, 60)
    used = [
        {"event_at": day(n - 60) + timedelta(hours=clock), "known_at": day(n - 59) - timedelta(hours=1), "actions": 1}
        for n in days
    ]
    customers = [{"event_at": joined, "joined_at": joined}]
    assert value(feature, customers=customers, usage=used) == expected
