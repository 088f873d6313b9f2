"""What `new` makes of event logs: tables, labels and dates, with counts as a plain loop has them."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from features.errors import UsageError
from features.event_log.options import EventLogOptions
from features.source import Part
from features.sources.event_log import SOURCE
from pipelines.jobs.proposing.drafts import Draft
from pipelines.raw_data import raw_files
from tests.pipelines.jobs.proposing.proposals import draft, plain, write_frame

CUSTOMERS, DAYS = 300, 900


def orders(*, seed: int = 1) -> pd.DataFrame:
    """Orders of customers who come now and then, and some of whom come no more."""
    rng = np.random.default_rng(seed)
    rows = []
    for who in range(CUSTOMERS):
        day, last = float(rng.integers(0, 400)), float(rng.integers(200, DAYS))
        while day < min(last, DAYS):
            rows.append(
                (f"K{who:04d}", datetime(2022, 1, 1) + timedelta(days=int(day)), round(float(rng.gamma(2, 20)), 2))
            )
            day += 1 + float(rng.exponential(25))
    return pd.DataFrame(rows, columns=["customer_id", "ordered_at", "amount"])


def read(found: Draft, folder: Path) -> dict[str, int]:
    """How many rows of each table the source itself makes by the spec."""
    options = EventLogOptions.model_validate(plain(found)["source"])
    counts: dict[str, int] = {}
    with raw_files.opened(folder, SOURCE.formats(options)) as raw:
        for part in SOURCE.read(raw, options):
            if isinstance(part, Part):
                counts[part.table] = counts.get(part.table, 0) + part.rows.num_rows
    return counts


def test_orders_become_transactions_and_silence_the_label(tmp_path: Path) -> None:
    rows = orders()
    found = draft(write_frame(tmp_path, rows, "orders.csv"), inactive_days=90)
    said = plain(found)
    assert list(said["source"]["tables"]) == ["transactions"]
    assert said["label"] | {"active_days": 0} == {
        "kind": "inactive", "table": "transactions", "event": "payment", "active_days": 0, "horizon_days": 90,
        "bad": "stayed away", "good": "came again",
    }  # fmt: skip
    assert said["label"]["active_days"] == said["observations"]["look_back_days"]
    assert read(found, tmp_path)["transactions"] == len(rows)


def test_dates_and_outcomes_are_counted_as_a_plain_loop_does(tmp_path: Path) -> None:
    rows = orders(seed=2)
    found = draft(write_frame(tmp_path, rows, "orders.csv"), inactive_days=60)
    observed = plain(found)["observations"]
    first, back = pd.Timestamp(observed["first"]), pd.Timedelta(days=observed["look_back_days"])
    end, horizon = rows["ordered_at"].max(), pd.Timedelta(days=60)
    at_risk = left = dates = 0
    day = first
    while day + horizon <= end:
        active = set(rows.loc[(rows["ordered_at"] >= day - back) & (rows["ordered_at"] < day), "customer_id"])
        again = set(rows.loc[(rows["ordered_at"] >= day) & (rows["ordered_at"] < day + horizon), "customer_id"])
        dates, at_risk, left = dates + 1, at_risk + len(active), left + len(active - again)
        day += pd.DateOffset(months=1)
    assert f"{dates} observation dates" in found.text
    assert f"{at_risk:,} rows, {left:,} left" in " ".join(found.found)


def test_money_below_zero_goes_back(tmp_path: Path) -> None:
    rows = orders()
    rows.loc[::10, "amount"] *= -1
    found = draft(write_frame(tmp_path, rows, "orders.csv"), inactive_days=90)
    columns = plain(found)["source"]["tables"]["transactions"]["columns"]
    assert columns["kind"] == "CASE WHEN amount::DOUBLE < 0 THEN 'refund' ELSE 'payment' END"
    assert columns["amount"] == "abs(amount::DOUBLE)"
    assert read(found, tmp_path)["transactions"] == len(rows)


def test_rows_without_a_customer_are_a_door_that_a_person_opens(tmp_path: Path) -> None:
    rows = orders()
    rows.loc[::20, "customer_id"] = None
    path = write_frame(tmp_path, rows, "orders.csv")
    with pytest.raises(UsageError, match=r"5\.0.* %\) lack a customer.*--unmapped"):
        draft(path, inactive_days=90)
    assert plain(draft(path, inactive_days=90, unmapped=0.06))["source"]["refuse_unmapped_above"] == 0.06
    assert "refuse_unmapped_above" not in draft(write_frame(tmp_path, orders(), "orders.csv"), inactive_days=90).text


def test_days_as_people_write_them_are_read_by_a_format(tmp_path: Path) -> None:
    rows = orders()
    rows["ordered_at"] = rows["ordered_at"].dt.strftime("%d.%m.%Y")
    found = draft(write_frame(tmp_path, rows, "orders.csv"), inactive_days=90)
    assert plain(found)["source"]["tables"]["transactions"]["columns"]["event_at"] == "strptime(ordered_at, '%d.%m.%Y')"
    assert read(found, tmp_path)["transactions"] == len(rows)


def members(**columns: Any) -> pd.DataFrame:
    joined = pd.Series(datetime(2022, 1, 1) + timedelta(days=n % 200) for n in range(CUSTOMERS))
    return pd.DataFrame({"customer_id": [f"K{n:04d}" for n in range(CUSTOMERS)], "signup_date": joined, **columns})


def usage() -> pd.DataFrame:
    rng = np.random.default_rng(4)
    who = [f"K{n:04d}" for n in rng.integers(0, CUSTOMERS, 6000)]
    at = [datetime(2022, 8, 1) + timedelta(days=int(n)) for n in rng.integers(0, 650, 6000)]
    return pd.DataFrame({"customer_id": who, "at_time": at, "event_type": rng.choice(["open", "click"], 6000)})


def test_a_day_on_which_customers_left_ends_their_contract(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    left = members()["signup_date"] + pd.to_timedelta(rng.integers(250, 900, CUSTOMERS), unit="D")
    left = left.where(left < datetime(2024, 5, 1))
    sessions = write_frame(tmp_path, usage(), "sessions.csv")
    found = draft(write_frame(tmp_path, members(cancelled_at=left), "members.csv"), sessions)
    said = plain(found)
    assert said["label"]["kind"] == "cancelled"
    assert set(said["source"]["tables"]) == {"customers", "contracts", "usage"}
    assert read(found, tmp_path)["contracts"] == CUSTOMERS + int(left.notna().sum())


def test_a_flag_that_says_who_left_is_of_one_date_and_that_is_told(tmp_path: Path) -> None:
    flags = np.random.default_rng(6).choice(["0", "1"], CUSTOMERS, p=[0.7, 0.3])
    sessions = write_frame(tmp_path, usage(), "sessions.csv")
    path = write_frame(tmp_path, members(churn=flags, outreach=["0", "1"] * 150), "members.csv")
    with pytest.raises(UsageError, match="--treatment"):
        draft(path, sessions)
    found = draft(path, sessions, treatment="outreach", as_of="2024-06-01")
    said = plain(found)
    assert said["observations"]["first"] == "2024-06-01"
    assert said["treatment"]["randomised"] is False
    assert f"{(flags == '1').sum()} left" in " ".join(found.found)
    assert any("says who left and not when" in one for one in found.open)
    assert read(found, tmp_path)["treatments"] == CUSTOMERS


def test_too_short_a_log_is_refused_with_the_option(tmp_path: Path) -> None:
    rows = orders()
    with pytest.raises(UsageError, match="--inactive-days"):
        draft(write_frame(tmp_path, rows[rows["ordered_at"] < "2022-04-01"], "orders.csv"))


def test_the_published_logs_come_to_what_is_known_of_them(shared_data: Path) -> None:
    found = draft(shared_data / "wellco", treatment="outreach")
    assert "10,000 rows, 2,021 left (20.2 %)" in " ".join(found.found)
    assert set(plain(found)["source"]["tables"]) == {"customers", "contracts", "usage", "interactions", "treatments"}


@pytest.mark.slow
def test_online_retail_is_two_files_of_one_table(shared_data: Path) -> None:
    found = draft(shared_data / "online_retail", unmapped=0.24, inactive_days=90, time_zone="Europe/London")
    mapping = plain(found)["source"]["tables"]["transactions"]
    assert mapping["files"] == "year_*.parquet"
    assert mapping["rename"] == {"InvoiceNo": "Invoice", "UnitPrice": "Price", "CustomerID": "Customer ID"}
    assert plain(found)["label"]["horizon_days"] == 90
