"""A file from a German Excel, and a folder of parts: refused with the line to write, then read as what stands in it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml

from tests.end_to_end.repository import Repository
from tests.end_to_end.test_bad_input import SPEC

FORM = {"encoding": "cp1252", "separator": ";", "decimal": ",", "thousands": "."}
COLUMNS = {
    "spent": {"type": "number"},
    "city": {"type": "category"},
    "left": {"type": "category", "values": ["yes", "no"], "role": "label"},
}


def spec(repository: Repository, **source: Any) -> None:
    whole = {**SPEC, "source": {"kind": "table", "key": "id", "columns": COLUMNS, **source}}
    (repository.root / "experiments/specs/small.yaml").write_text(yaml.safe_dump(whole, sort_keys=False))


def text(numbers: range) -> bytes:
    rows = (f"{n:019d};1.{n:03d},50;{'Köln' if n % 2 else 'Zürich'};{'yes' if n % 4 else 'no'}\n" for n in numbers)
    return ("id;spent;city;left\n" + "".join(rows)).encode("cp1252")


def ingested(repository: Repository) -> list[dict[str, Any]]:
    ended = repository.act("ingest", "small")
    assert ended.returncode == 0, ended.stderr
    rows: list[dict[str, Any]] = pq.read_table(repository.root / "data/tables/small/customers/all.parquet").to_pylist()
    return rows


@pytest.fixture
def repository(copy_of_repository: Callable[[], Repository]) -> Repository:
    found = copy_of_repository()
    found.spec("small", "demo", **SPEC)
    return found


def test_a_file_of_another_form_is_refused_with_the_line_that_reads_it(repository: Repository, tmp_path: Path) -> None:
    (tmp_path / "small.csv").write_bytes(text(range(40)))
    spec(repository, file="small.csv")
    refused = repository.act("data", "small", str(tmp_path / "small.csv"))
    assert refused.returncode == 5
    line = refused.stderr.split("`format: ")[1].split("`")[0]
    spec(repository, file="small.csv", format=yaml.safe_load(line))
    assert repository.act("data", "small", str(tmp_path / "small.csv")).returncode == 0
    assert ingested(repository)[1] == {"customer_id": f"{1:019d}", "spent": 1001.5, "city": "Köln", "left": "yes"}


def test_a_folder_that_the_spec_names_is_one_file_in_parts(repository: Repository, tmp_path: Path) -> None:
    (tmp_path / "export").mkdir()
    for part in range(3):
        (tmp_path / "export" / f"part-{part}.csv").write_bytes(text(range(part * 40, part * 40 + 40)))
    spec(repository, file="export", format=FORM)
    added = repository.act("data", "small", str(tmp_path / "export"))
    assert added.returncode == 0, added.stderr
    assert "files 1, rows 120" in added.stderr
    assert [row["customer_id"] for row in ingested(repository)] == [f"{n:019d}" for n in range(120)]
    (tmp_path / "export" / "part-2.csv").unlink()
    assert repository.act("data", "small", str(tmp_path)).returncode == 0
    assert len(ingested(repository)) == 80
