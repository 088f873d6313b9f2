"""`monitor` on the tiny world: stable data ask for nothing, planted drifts are named, bad input is one line."""

import json
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from tests.end_to_end.repository import Repository

DEMO = "artifacts/demo"


def monitored(repository: Repository, *words: str, code: int) -> dict[str, Any]:
    ended = repository.run("monitor", "demo", *words, "--json")
    assert ended.returncode == code, ended.stdout + ended.stderr
    return json.loads(ended.stdout)


def asking(found: dict[str, Any]) -> set[tuple[str, str]]:
    return {(one["kind"], one["subject"]) for one in found["changes"] if one["asks"]}


def test_a_champion_of_today_has_no_reason_to_retrain_and_the_page_says_what_was_looked_at(tiny: Repository) -> None:
    found = monitored(tiny, code=0)
    assert not asking(found)
    assert found["version"] == "1"
    kinds = {one["kind"] for one in found["changes"]}
    assert kinds >= {"feature_shift", "prediction_shift", "missing_share", "new_category", "volume", "freshness"}
    subjects = {one["subject"] for one in found["changes"] if one["kind"] == "prediction_shift"}
    assert subjects == {"churn_probability", "uplift_call", "uplift_coupon", "uplift_upgrade"}
    assert json.loads((tiny.root / DEMO / "monitoring.json").read_text()) == found
    page = (tiny.root / DEMO / "monitoring.html").read_text()
    assert "no reason to retrain" in page
    assert all(one["subject"] in page for one in found["changes"][:5])
    again = (tiny.root / DEMO / "monitoring.html").read_bytes()
    assert monitored(tiny, code=0) == found
    assert (tiny.root / DEMO / "monitoring.html").read_bytes() == again
