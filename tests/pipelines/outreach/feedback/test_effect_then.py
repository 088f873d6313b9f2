"""`effect --at T` is what was known at the end of T: the same then, and after more was recorded or came into data."""

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from features.tables import CANONICAL
from pipelines.files import storage
from pipelines.outreach.operations import database
from tests.pipelines.outreach.feedback.rounds_world import Shop, calls, fates

T = date(2025, 4, 10)
SOURCE = {
    "kind": "event_log",
    "time_zone": "UTC",
    "tables": {
        "contracts": {
            "files": "contracts.csv",
            "columns": {name: name for name in CANONICAL["contracts"].names},
        }
    },
}
DATED = {
    "source": SOURCE,
    "observations": {"first": "2024-01-31"},
    "split": {"kind": "time"},
    "label": {"kind": "cancelled", "lead_time_days": 14, "horizon_days": 60},
}


@pytest.fixture(autouse=True)
def _own_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(database.ADDRESS, raising=False)


def test_what_is_recorded_later_changes_no_earlier_page(tmp_path: Path) -> None:
    """Outcomes and contacts that are corrected, rounds written for an earlier date: they count from then on."""
    shop = Shop(tmp_path)
    drawn = shop.draw()
    shop.record(fates(drawn), at="2025-04-02T08:00")
    shop.record(calls(drawn).iloc[:100], at="2025-04-10T23:59:59")
    then = shop.effect(at=T)
    assert then["rounds"][0]["pending"] == ""
    shop.record(fates(drawn).assign(churned=0), at="2025-04-11T00:00")
    shop.record(calls(drawn, outcome="not_reached").iloc[:150], at="2025-04-11T00:00")
    late = {"on": date(2025, 3, 1), "at": "2025-04-11T00:00:00+00:00"}
    shop.draw_again(drawn[drawn["action"] == "call"], **late)
    shop.draw_again(drawn[drawn["action"] == "coupon"], **late, spec="other")
    assert shop.effect(at=T) == then
    later = shop.effect(at=T + timedelta(days=1))
    assert len(later["rounds"]) == 2
    assert sum(one["again"] for one in later["done"]) > 0
    assert later["lines"] != then["lines"]


def contracts(drawn: pd.DataFrame, seed: int) -> pd.DataFrame:
    """A contract each; of half the end becomes known, early or late, and of some of these it is taken back."""
    gen, names = np.random.default_rng(seed), drawn["customer_id"]
    begun = pd.DataFrame({"contract_id": names, "customer_id": names, "event_at": pd.Timestamp("2024-06-01")})
    begun = begun.assign(known_at=begun["event_at"], plan="a", price=1.0, starts_at=begun["event_at"])
    begun = begun.assign(renews_at=pd.NaT, ended_at=pd.NaT)
    ends = begun[gen.random(len(begun)) < 0.5]
    days = pd.to_timedelta(gen.integers(-20, 74, len(ends)), unit="D")
    ended = ends.assign(ended_at=pd.Timestamp("2025-01-01") + days)
    ended["event_at"] = ended["ended_at"]
    ended["known_at"] = ended["ended_at"] + pd.to_timedelta(gen.integers(0, 100, len(ended)), unit="D")
    back = ended[gen.random(len(ended)) < 0.3].assign(ended_at=pd.NaT)
    back["event_at"] = back["known_at"] = back["known_at"] + pd.to_timedelta(gen.integers(1, 60, len(back)), unit="D")
    return pd.concat([begun, ended, back], ignore_index=True)


def put(shop: Shop, rows: pd.DataFrame, *, extracted_at: datetime) -> None:
    """The tables as they are with all that is known before the data were taken out."""
    rows = rows[rows["known_at"] < extracted_at]
    joined = rows.drop_duplicates("customer_id").assign(joined_at=rows["event_at"], segment="", region="", language="")
    for name, frame in (("contracts", rows), ("customers", joined)):
        types = {one.name: pa.type_for_alias(one.arrow_type) for one in CANONICAL[name].columns}
        columns = {one: pa.array(frame[one], type_, from_pandas=True) for one, type_ in types.items()}
        storage.write_parquet(shop.workspace.tables / name / "all.parquet", pa.table(columns))
    storage.write_json(shop.workspace.tables / "about.json", {"extracted_at": extracted_at.isoformat()})


@pytest.mark.parametrize("seed", [1, 2])
def test_what_comes_into_the_data_later_changes_no_earlier_page(tmp_path: Path, seed: int) -> None:
    """The page of T, of the data of T, is that of the data of a year later."""
    shop = Shop(tmp_path, **DATED)
    rows = contracts(shop.draw(), seed)
    end = datetime(2025, 4, 11)
    put(shop, rows, extracted_at=end)
    then: dict[str, Any] = shop.effect(at=T)
    assert then["rounds"][0]["pending"] == ""
    put(shop, rows, extracted_at=datetime(2026, 4, 11))
    assert shop.effect(at=T) == then
    later = shop.effect(at=date(2026, 4, 1))
    assert later["lines"] != then["lines"]
    # Before the window has closed, nothing is told, whatever is known since.
    assert shop.effect(at=date(2025, 3, 31))["rounds"][0]["pending"] == "its window closes on 2025-04-01"
