"""The list of a round as files: the same bytes, nothing that a spreadsheet would run, and a page to filter."""

import base64
import hashlib
import re
from datetime import date, datetime
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from openpyxl import load_workbook

from features.tables import TREATMENTS
from pipelines.files import spreadsheet
from pipelines.outreach import round_list
from pipelines.outreach.operations.rounds import Round

VERSIONS = {"model": "3", "playbook": "demo"}
ROUND = Round("demo", date(2026, 1, 1), "2026-01-01T08:00:00+00:00", "desk", "7", 0.1, 0.0, date(2026, 3, 16), VERSIONS)
BECAUSE = ["model", "playbook", "model", "not worth its cost"]
LATE = {"rule": "use_is_down", "level": "high", "owner": "=desk\"'<b>", "due_at": "2026-01-04T09:30:00"}
NAMES = ["=1+1", "@sum", "plain", "-2"]


@pytest.fixture
def assignments() -> pd.DataFrame:
    none = {"none": 1.0, "call": 0.0}
    drawn = {"none": 0.1, "call": 0.9}
    return pd.DataFrame(
        {
            "customer_id": NAMES,
            "place": range(4),
            "action": ["call", "call", "none", "none"],
            "proposed": ["call", "call", "call", "none"],
            "withheld": [False, False, True, False],
            "explored": [False] * 4,
            "level": ["high", "low", "medium", "low"],
            "risk": [0.7, 0.2, 0.3, 0.1],
            "expected_value": [5.0, float("nan"), 2.0, float("nan")],
            "because": BECAUSE,
            "probabilities": [drawn, drawn, drawn, none],
            "reasons": [[["Uses it less", "使用减少"]], [], [], []],
            "next_best": ["coupon", "none", "none", "none"],
            "why_action": [["It is <dear>", "价格高"], ["", ""], ["", ""], ["", ""]],
            "warnings": [[LATE, {**LATE, "rule": "score"}], [], [], []],
        }
    )


def _written(folder: Path, assignments: pd.DataFrame) -> Path:
    round_list.write(folder, ROUND, assignments, title="Demo", currency="eur", time_zone="Europe/Berlin")
    return folder


def test_rows_have_probabilities_and_the_withheld_are_named(tmp_path: Path, assignments: pd.DataFrame) -> None:
    listed = pd.read_parquet(_written(tmp_path / "list", assignments) / "list.parquet")
    assert listed["customer_id"].tolist() == NAMES
    assert listed[["probability_of_none", "probability_of_call"]].sum(axis=1).tolist() == [1.0] * 4
    assert listed["because"].tolist() == ["model", "playbook", round_list.WITHHELD, "not worth its cost"]
    assert not {"withheld", "proposed", "explored"} & set(listed)


def test_the_same_round_gives_the_same_bytes(tmp_path: Path, assignments: pd.DataFrame) -> None:
    one, other = (_written(tmp_path / name, assignments) for name in ("one", "other"))
    for name in ("list.csv", "list.html", "list.parquet"):
        assert (one / name).read_bytes() == (other / name).read_bytes()


def test_no_cell_is_a_formula(tmp_path: Path, assignments: pd.DataFrame) -> None:
    folder = _written(tmp_path / "list", assignments)
    assert spreadsheet.read(folder / "list.csv")["customer_id"].tolist() == NAMES
    assert (folder / "list.csv").read_text().splitlines()[1].startswith("'=1+1")
    sheet = load_workbook(folder / "list.xlsx")["list"]
    cells = [row[0] for row in sheet.iter_rows(min_row=2)]
    assert [cell.value for cell in cells] == NAMES
    assert {cell.data_type for cell in cells} == {"s"}


def test_the_page_shows_who_is_to_be_contacted_and_nobody_else(tmp_path: Path, assignments: pd.DataFrame) -> None:
    page = (_written(tmp_path / "list", assignments) / "list.html").read_text()
    assert "=1+1" in page
    assert "Uses it less" in page
    assert "使用减少" in page
    assert ">plain<" not in page
    assert page.count("<tr data-action") == 2
    assert "http" not in page.replace('http-equiv="Content-Security-Policy"', "")


def test_it_says_why_this_action_unless_the_customer_opted_out_since(tmp_path: Path, assignments: pd.DataFrame) -> None:
    folder = _written(tmp_path / "list", assignments)
    listed = pd.read_parquet(folder / "list.parquet")
    assert listed["why_action_en"].tolist() == ["It is <dear>", "", "", ""]
    assert listed["why_action_zh"].tolist() == ["价格高", "", "", ""]
    page = (folder / "list.html").read_text()
    assert 'model: It is &lt;dear&gt; <span lang="zh">模型：价格高</span>' in page
    now = round_list.shown(assignments, {"all": frozenset(NAMES[:1])})
    assert now["why_action_en"].tolist() == [""] * 4


def test_what_the_page_says_of_a_customer_is_in_chinese_too(tmp_path: Path, assignments: pd.DataFrame) -> None:
    page = (_written(tmp_path / "list", assignments) / "list.html").read_text()
    told = dict(re.findall(r"<td[^>]*>([^<]+) <span lang=\"zh\">([^<]*)</span></td>", page))
    assert told["call"] == "电话回访"
    assert told["coupon"] == "优惠券"
    assert told["high, due 4 January 2026, 09:30"] == "高，2026年1月4日 09:30 前处理"
    assert told["Uses it less"] == "使用减少"
    assert told["playbook"] == "策略"
    assert told["use is down, score"] == "使用量下降、score"
    assert (told["low"], told["not known"], told["no warning"]) == ("低", "未知", "无预警")
    assert "2026年1月1日的名单：需联系 2 位客户，依据模型第 3 版和策略 demo。" in page
    assert '<option value="=high">high 高</option>' in page
    # Who has no owner is chosen by an empty name, which no owner has.
    assert '<option value="=">no warning 无预警</option>' in page
    assert 'data-owner=""' in page


def test_actions_of_ones_own_keep_their_names(tmp_path: Path, assignments: pd.DataFrame) -> None:
    named = assignments.assign(next_best=assignments["next_best"].replace("coupon", "<b>visit"))
    page = (_written(tmp_path / "list", named) / "list.html").read_text()
    assert ">&lt;b&gt;visit</td>" in page
    assert "优惠券" not in page


def test_urgency_and_owner_are_those_of_the_most_urgent_warning(tmp_path: Path, assignments: pd.DataFrame) -> None:
    listed = pd.read_parquet(_written(tmp_path / "list", assignments) / "list.parquet")
    assert listed["next_best_action"].tolist() == ["coupon", "none", "none", "none"]
    told = listed[[*round_list.WARNED]].to_numpy().tolist()
    assert told == [["high", LATE["owner"], LATE["due_at"], "use_is_down, score"]] + [[""] * 4] * 3
    csv = (tmp_path / "list" / "list.csv").read_text()
    assert "'=desk" in csv


def test_only_the_script_of_ours_may_run_and_without_it_every_row_is_there(
    tmp_path: Path, assignments: pd.DataFrame
) -> None:
    page = (_written(tmp_path / "list", assignments) / "list.html").read_text()
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    told = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{told}'" in page
    assert not re.search(r"fetch|XMLHttp|import|src=|href=|eval|innerHTML", script)
    assert "<tr hidden" not in page
    assert '<div class="filters" hidden>' in page
    assert 'data-owner="=desk&#34;&#39;&lt;b&gt;"' in page
    assert '<option value="==desk&#34;&#39;&lt;b&gt;">' in page
    assert "<b>" not in page


def test_the_round_becomes_rows_of_treatments(tmp_path: Path, assignments: pd.DataFrame) -> None:
    rows = pq.read_table(_written(tmp_path / "list", assignments) / "treatments.parquet")
    assert rows.column_names == list(TREATMENTS.names)
    assert [str(one) for one in rows.schema.types] == [
        {"timestamp": "timestamp[us]", "number": "double"}.get(one.type, "string") for one in TREATMENTS.columns
    ]
    found = rows.to_pylist()
    # Who was certain to get nothing took no part; who was withheld is in the control.
    assert [(one["customer_id"], one["action"], one["probability"]) for one in found] == [
        ("=1+1", "call", 0.9),
        ("@sum", "call", 0.9),
        ("plain", "control", 0.1),
    ]
    assert {one["probabilities"] for one in found} == {'{"call": 0.9, "control": 0.1}'}
    # Written at eight in the morning of UTC, which is nine o'clock where the company is.
    assert {one["event_at"] for one in found} == {one["known_at"] for one in found} == {datetime(2026, 1, 1, 9)}


def test_a_list_without_anybody_is_one(tmp_path: Path, assignments: pd.DataFrame) -> None:
    folder = _written(tmp_path / "list", assignments.iloc[:0])
    assert (folder / "list.html").exists()
