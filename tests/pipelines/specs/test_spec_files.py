"""What the parts of a spec say of each other, by type and range: told when the spec is read, with the key's path."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from features.errors import SpecError
from pipelines.specs import spec_files, text_specs
from pipelines.workspace import Workspace
from tests.pipelines.test_fuzzed_specs import LOG, TABLE, put

AGE, PLAN, LEFT = (("source", "columns", name) for name in ("age", "plan", "left"))
OF_A_TABLE: dict[str, tuple[tuple[str, ...], Any, str]] = {
    "maximum below minimum": ((*AGE, "maximum"), 3, "source.columns.age: maximum 3 is below minimum 18"),
    "a bound of a category": ((*PLAN, "minimum"), 3, "source.columns.plan: minimum bound numbers"),
    "values of a number": ((*AGE, "values"), ["1"], "source.columns.age: values are those of a category"),
    "a value twice": ((*PLAN, "values"), ["a", "a"], "source.columns.plan: values holds ['a'] twice"),
    "a moment": ((*AGE,), {"type": "timestamp"}, "source.columns.age: a table has no history"),
    "a label that is a feature": (
        (*LEFT, "role"),
        "feature",
        "source.columns.left.role: it is label.column; write role",
    ),
    "two labels": (
        (*PLAN, "role"),
        "label",
        "source.columns.plan.role: label.column is 'left', and there is one label",
    ),
    "a label of other values": (
        ("label", "churned"),
        "gone",
        "label.churned: it is 'gone' and must be one of source.col",
    ),
    "a label of one value": (("label", "retained"), "yes", "label.retained: 'yes' is label.churned too"),
    "a label without a column": (("label", "column"), "gone", "label.column: 'gone' is none of source.columns ['age'"),
    "a label of dates": (("label", "kind"), "cancelled", "label.kind: a table has no dates, so a column tells"),
    "edges that fall": (("evaluation", "slices", "age_band", "edges"), [50, 30], "must rise; write [30.0, 50.0]"),
    "edges over texts": (
        ("evaluation", "slices", "plan", "edges"),
        [1],
        "evaluation.slices.plan.edges: 'plan' holds te",
    ),
    "a slice of nothing": (
        ("evaluation", "slices", "plan", "column"),
        "plam",
        "evaluation.slices.plan.column: there is no",
    ),
    "a value of texts": (("value", "column"), "plan", "value.column: 'plan' holds texts, and a number is needed"),
    "a value of the label": (("value", "column"), "left", "value.column: there is no column 'left'"),
    "an opt-out of texts": (("policy", "opt_out"), "plan", "policy.opt_out: 'plan' holds texts"),
    "an opt-out of one action of texts": (
        ("policy", "opt_out"),
        {"all": "plan"},
        "policy.opt_out.all: 'plan' holds texts",
    ),
    "an opt-out of no action": (("policy", "opt_out"), {"fax": "asked"}, "policy.opt_out names ['fax']"),
    "an opt-out of a number": (("policy", "opt_out"), 3, "policy.opt_out"),
    "an opt-out after": (("policy", "opt_out"), "spent", "policy.opt_out: there is no column 'spent'"),
    "fatigue of texts": (("policy", "fatigue", "column"), "plan", "policy.fatigue.column: 'plan' holds texts"),
    "a floor of texts": (
        ("evaluation", "floors", "old", "columns"),
        ["plan"],
        "evaluation.floors.old.columns: 'plan' hold",
    ),
    "bands that fall": (("score", "high_from"), 0.05, "score.high_from is 0.05, below score.medium_from, 0.1"),
    "no training rows": (("split", "gate_share"), 1.0, "split.gate_share: Input should be less than 1"),
    "a number that is a yes": (("tuning", "trials"), True, "tuning.trials: yes and no, true and false, are no numbers"),
    "trials for ever": (("tuning", "trials"), 10**12, "tuning.trials: Input should be less than or equal to 100000"),
    "draws for ever": (
        ("evaluation", "draws"),
        10**9,
        "evaluation.draws: Input should be less than or equal to 100000",
    ),
    "a seed below 0": (("split", "seed"), -1, "split.seed: Input should be greater than or equal to 0"),
    "a family twice": (("tuning", "families"), ["logistic", "logistic"], "tuning.families: ['logistic'] occurs twice"),
    "actions alike": (("treatment", "arms"), {"call": {}, "Call": {}}, "treatment.arms: ('Call', 'call') differ"),
    "an action in a folder": (
        ("treatment", "arms"),
        {"../call": {}},
        "treatment.arms: '../call' names files and figures",
    ),
}
OF_A_LOG: dict[str, tuple[tuple[str, ...], Any, str]] = {
    "no horizon": (("label", "horizon_days"), 0, "label.horizon_days: it is 0"),
    "a window of ages": (("label", "horizon_days"), 10**6, "label.horizon_days: Input should be less than or equal"),
    "a label of a column": (("label", "kind"), "column", "label.kind: 'column' is of tables without dates"),
    "a table that is not mapped": (
        ("label", "table"),
        "usage",
        "label.table: there is no table 'usage'; there are ['cus",
    ),
    "a first date of long ago": (
        ("observations", "first"),
        "0001-01-01",
        "observations.first: 0001-01-01 is not between",
    ),
    "months for ever": (("observations", "every_months"), 10**9, "observations.every_months: Input should be less"),
    "an extraction with a zone": (
        ("source", "extracted_at"),
        "2025-01-01T00:00:00Z",
        "source.extracted_at: 2025-01-01 00:00:00+00:00 names a zone; write what the",
    ),
}


def said(tmp_path: Path, plain: Any) -> str:
    workspace = Workspace(tmp_path, "shop")
    workspace.spec_file.parent.mkdir(parents=True)
    workspace.spec_file.write_text(yaml.safe_dump(plain))
    with pytest.raises(SpecError) as caught:
        spec_files.load(workspace)
    return str(caught.value)


@pytest.mark.parametrize("fault", OF_A_TABLE)
def test_a_table_that_cannot_be_what_its_spec_makes_of_it(tmp_path: Path, fault: str) -> None:
    path, value, words = OF_A_TABLE[fault]
    assert words in said(tmp_path, put(TABLE, path, value))


@pytest.mark.parametrize("fault", OF_A_LOG)
def test_a_log_that_cannot_be_what_its_spec_makes_of_it(tmp_path: Path, fault: str) -> None:
    path, value, words = OF_A_LOG[fault]
    assert words in said(tmp_path, put(LOG, path, value))


@pytest.mark.parametrize("values", [["0", "1"], ["1"]])
def test_a_category_of_0_and_1_says_who_must_be_left_alone(tmp_path: Path, values: list[str]) -> None:
    workspace = Workspace(tmp_path, "shop")
    workspace.spec_file.parent.mkdir(parents=True)
    plain = put(TABLE, ("source", "columns", "asked"), {"type": "category", "values": values})
    workspace.spec_file.write_text(yaml.safe_dump(put(plain, ("policy", "opt_out"), "asked")))
    assert spec_files.load(workspace).policy.opt_out == "asked"


def test_every_spec_of_the_repository_is_read(root: Path) -> None:
    for file in (root / "experiments" / "specs").glob("*.yaml"):
        assert text_specs.load(Workspace(root, file.stem)).name == file.stem
