"""A table without dates is judged by the columns of its spec, and its volume by the version of the data before."""

import csv
import re
from pathlib import Path
from typing import Any

import pytest

from experiments.spec import ExperimentSpec
from features.errors import DataError
from pipelines.files import spreadsheet, storage
from pipelines.stages import ingest, validate
from pipelines.workspace import Workspace
from tests.specs import REQUIRED

TABLE_SOURCE = {
    "kind": "table",
    "file": "trial.csv",
    "key": "id",
    "columns": {
        "age": {"type": "integer", "minimum": 18, "nullable": True},
        "left": {"type": "category", "values": ["yes", "no"], "role": "label"},
    },
    "treatment": {"column": "group", "control": "none", "arms": {"call": "phoned"}},
}


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path, "trial")


def spec(volume_change: float = 0.5) -> ExperimentSpec:
    plain: dict[str, Any] = {"name": "trial", "title": "Trial", "source": TABLE_SOURCE, "label": {"kind": "column"}}
    plain |= {"split": {"kind": "random"}, "validation": {"volume_change": volume_change}}
    return ExperimentSpec.model_validate({**REQUIRED, **plain})


def put(workspace: Workspace, *lines: str) -> None:
    workspace.raw.mkdir(parents=True, exist_ok=True)
    (workspace.raw / "trial.csv").write_text("\n".join(["id,age,left,group", *lines]))


def test_a_table_is_judged_by_the_columns_of_its_spec_and_one_fault_is_told_once(workspace: Workspace) -> None:
    put(workspace, "1,40,yes,none", "2,old,no,phoned", "3,17,perhaps,phoned", "4,,no,Xmas")
    ingest.run(spec(), workspace)
    with pytest.raises(DataError) as caught:
        validate.run(spec(), workspace)
    with (workspace.validation / "bad_rows.csv").open(newline="") as lines:
        bad = list(csv.DictReader(lines))
    assert [(row["key"], row["value"]) for row in bad] == [
        ("customer_id=2", "old"),
        ("customer_id=3", "17"),
        ("customer_id=3", "perhaps"),
        ("customer_id=4", "Xmas"),
    ]
    assert str(caught.value).splitlines()[1:] == [
        "  customers.age: cannot be read as integer: 1 row (25.00 %), such as 'old' (first: customer_id=2)",
        "  customers.age: must be at least 18: 1 row (25.00 %), such as 17 (first: customer_id=3)",
        "  customers.left: must be one of yes, no: 1 row (25.00 %), such as 'perhaps' (first: customer_id=3)",
        "  customers.arm: unknown arm, none of control, call: 1 row (25.00 %), such as 'Xmas' (first: customer_id=4)",
    ]


def test_a_table_is_compared_with_the_version_of_its_file_before(workspace: Workspace) -> None:
    put(workspace, *(f"{number},40,yes,none" for number in range(49)))
    versions = [{"files": {"trial.csv": {"rows": rows}}} for rows in (7, 100, 49)]
    storage.write_json(workspace.raw / "versions.json", versions)
    ingest.run(spec(), workspace)
    with pytest.raises(DataError) as caught:
        validate.run(spec(), workspace)
    usual = "must have 50 to 150 rows in this version: 100 are usual, and validation.volume_change is 0.5"
    assert str(caught.value).splitlines()[1:] == [f"  customers: {usual}: it has 49"]
    validate.run(spec(volume_change=0.51), workspace)


def drawn(**how: Any) -> ExperimentSpec:
    """The spec with a way in which the arm was drawn."""
    plain = spec().model_dump()
    plain["source"] = {**TABLE_SOURCE, "treatment": {**TABLE_SOURCE["treatment"], **how}}
    return ExperimentSpec.model_validate(plain)


def lines_of(workspace: Workspace, asked: ExperimentSpec, header: str, *lines: str) -> list[str]:
    """What validate says of a file, a line for each broken expectation."""
    workspace.raw.mkdir(parents=True, exist_ok=True)
    (workspace.raw / "trial.csv").write_text("\n".join([header, *lines]))
    ingest.run(asked, workspace)
    with pytest.raises(DataError) as caught:
        validate.run(asked, workspace)
    return str(caught.value).splitlines()[1:]


def test_a_logged_probability_outside_0_and_1_is_refused_with_its_rows(workspace: Workspace) -> None:
    rows = ("1,40,yes,none,0.5", "2,40,no,phoned,0", "3,40,yes,phoned,1.5", "4,40,no,none,", "5,40,no,none,half")
    assert lines_of(workspace, drawn(probability="p"), "id,age,left,group,p", *rows) == [
        "  customers.probability: cannot be read as number: 1 row (20.00 %), such as 'half' (first: customer_id=5)",
        "  customers.probability: must not be missing: 1 row (20.00 %), such as customer_id=4",
        (
            "  customers.probability: must be above 0 and at most 1: 2 rows (40.00 %), such as 0.0, 1.5"
            " (first: customer_id=2)"
        ),
    ]


def test_a_stratum_without_shares_is_refused_with_its_rows(workspace: Workspace) -> None:
    strata = {"column": "band", "shares": {"high": {"control": 0.5, "call": 0.5}, "low": {"control": 1.0}}}
    rows = ("1,40,yes,none,high", "2,40,no,phoned,middle", "3,40,no,phoned,low")
    found = lines_of(workspace, drawn(strata=strata), "id,age,left,group,band", *rows)
    said = "  customers.stratum: unknown stratum, none of high, low: 1 row (33.33 %), such as 'middle'"
    assert found[0] == f"{said} (first: customer_id=2)"
    assert found[1].startswith("  customers.probability: must not be missing: 2 rows (66.67 %)")


def test_a_bad_row_that_is_opened_in_a_spreadsheet_runs_nothing(workspace: Workspace) -> None:
    put(workspace, "1,=1+1,yes,none", "2,-3,no,none", "=4,40,@SUM(A1),none")
    ingest.run(spec(), workspace)
    with pytest.raises(DataError, match=re.escape("such as '@SUM(A1)'")):
        validate.run(spec(), workspace)
    with (workspace.validation / "bad_rows.csv").open(newline="") as lines:
        assert [row["value"] for row in csv.DictReader(lines)] == ["'=1+1", "-3", "'@SUM(A1)"]
    assert list(spreadsheet.read(workspace.validation / "bad_rows.csv")["value"]) == ["=1+1", "-3", "@SUM(A1)"]


def judged(workspace: Workspace, columns: dict[str, Any], lines: list[str]) -> tuple[str, list[str]]:
    """What is refused of a table with these further columns, and what is only told."""
    source = {"kind": "table", "file": "trial.csv", "key": "id", "columns": {**columns, **LABEL}}
    asked = spec().model_copy(update={"source": source, "treatment": None})
    workspace.raw.mkdir(parents=True, exist_ok=True)
    rows = [f"{number},{line},{'yes' if number % 3 else 'no'}" for number, line in enumerate(lines)]
    (workspace.raw / "trial.csv").write_text("\n".join([",".join(["id", *columns, "left"]), *rows]))
    ingest.run(asked, workspace)
    refused = ""
    try:
        validate.run(asked, workspace)
    except DataError as error:
        refused = str(error)
    found = storage.read_json(workspace.validation / "result.json")
    return refused, found.get("warnings", [])


LABEL = {"left": {"type": "category", "values": ["yes", "no"], "role": "label"}}
NUMBER, WHOLE = {"x": {"type": "number", "nullable": True}}, {"x": {"type": "integer", "nullable": True}}
EXACT = 2**53 - 1


@pytest.mark.parametrize(
    ("column", "values", "said"),
    [
        (WHOLE, [EXACT + 2, 1, 2], "customers.x: must be at most 9007199254740991 in size (doubles do not hold it"),
        (WHOLE, [-EXACT - 1, 1, 2], "such as -9007199254740992 (first: customer_id=0)"),
        (NUMBER, [1, "1e308", 2], "such as 1e+308 (first: customer_id=1)"),
        (NUMBER, [1, 2, "-2e30"], "customers.x: must be at most 1e+30 in size (its squares overflow, or divide it)"),
        (WHOLE, [EXACT, -EXACT, 1], ""),
        (NUMBER, ["1e30", "-1e30", "1e-300"], ""),
    ],
)
def test_a_number_too_large_to_calculate_with_is_refused_with_its_row(
    workspace: Workspace, column: dict[str, Any], values: list[Any], said: str
) -> None:
    refused, told = judged(workspace, column, list(map(str, values)))
    assert (said in refused, bool(refused), told) == (True, bool(said), [])


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (["", "", ""], "customers.x: is missing in all 3 rows; it tells no customer from another"),
        (["5", "5", "5"], "customers.x: is 5.0 in all 3 rows; it tells"),
        (["5", "", "5"], "customers.x: is 5.0 in all 3 rows of the 2 that hold a value; it tells"),
        (["5", "6", ""], None),
        (["?", "5", "5"], None),
    ],
)
def test_a_column_that_tells_nothing_is_told(workspace: Workspace, values: list[str], said: str | None) -> None:
    """Where some value cannot be read, that is refused and nothing is said of the rest."""
    refused, told = judged(workspace, NUMBER, values)
    assert bool(refused) == ("?" in values)
    assert len(told) == (said is not None)
    assert not said or told[0].startswith(said)


USUAL = [str(20 + n % 60) for n in range(200)]
MARKED = {
    "negative among positives": ("-999", USUAL, True),
    "negative near": ("-99", USUAL, True),
    "nines far above": ("9999", USUAL, True),
    "nines written as a fraction": ("99999.0", USUAL, True),
    "nines within": ("99", [str(n) for n in range(200)], False),
    "nines not far above": ("99", USUAL, False),
    "negative among negatives": ("-999", [str(n - 5_000) for n in range(0, 10_000, 50)], False),
    "no nines": ("-998", USUAL, False),
    "round": ("10000", USUAL, False),
}


@pytest.mark.parametrize("case", MARKED)
@pytest.mark.parametrize("column", [NUMBER, WHOLE], ids=["number", "integer"])
def test_a_marker_for_missing_values_is_told_with_the_key_to_declare_it(
    workspace: Workspace, case: str, column: dict[str, Any]
) -> None:
    marker, usual, is_told = MARKED[case]
    if column is WHOLE:
        marker = marker.removesuffix(".0")
    refused, told = judged(workspace, column, [*usual, *[marker] * 7])
    assert (refused, len(told)) == ("", int(is_told))
    if not is_told:
        return
    said = f"{float(marker):.15g}"
    assert f"{said} stands in 7 rows (first: customer_id=200), far from all others (20 to 79)" in told[0]
    assert f"`missing: ['{said}']` and `nullable: true` at source.columns.x" in told[0]
    declared = {"x": {**column["x"], "missing": [said]}}
    assert judged(workspace, declared, [*usual, *[marker] * 7]) == ("", [])
    assert storage.read_parquet(workspace.tables / "customers")["x"].null_count == 7


def test_two_rows_may_be_chance(workspace: Workspace) -> None:
    assert judged(workspace, NUMBER, [*USUAL, "-999", "-999"]) == ("", [])


@pytest.mark.parametrize(
    ("age", "remedy"),
    [
        ('"1.234,50"', r'`format: \{decimal: ",", thousands: "\."\}`'),
        ('"1,5"', r'`format: \{decimal: ","\}`'),
        ("old", r"'old' \(first: customer_id=2\)$"),
    ],
)
def test_a_number_that_is_written_with_other_signs_is_told_with_the_format_that_reads_it(
    workspace: Workspace, age: str, remedy: str
) -> None:
    columns = {**spec().source["columns"], "age": {"type": "number"}}
    whole = spec().model_copy(update={"source": {**spec().source, "columns": columns}})
    put(workspace, "1,40,yes,none", f"2,{age},no,phoned")
    ingest.run(whole, workspace)
    with pytest.raises(DataError, match=rf"(?m)customers\.age: cannot be read as number: .*{remedy}"):
        validate.run(whole, workspace)
