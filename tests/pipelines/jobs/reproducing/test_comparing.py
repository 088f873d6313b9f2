"""Which stage is the first to differ, and which of its inputs do."""

import copy
from pathlib import Path
from typing import Any

import pytest

from features.errors import ContractError
from pipelines.jobs.reproducing import comparing
from pipelines.jobs.reproducing.locks import Lock

MADE: dict[str, Any] = {
    "ingest": {"deps": [{"path": "code.py", "md5": "1"}], "outs": [{"path": "tables", "md5": "t.dir"}]},
    "train": {
        "deps": [{"path": "tables", "md5": "t.dir"}, {"path": "train.py", "md5": "2"}],
        "params": {"spec.yaml": {"split": {"seed": 0}, "tuning": {"trials": 1}}},
        "outs": [{"path": "model", "md5": "m.dir"}],
    },
}


def lock(**changes: Any) -> Lock:
    """What was made, with other values at paths such as train__outs."""
    stages = copy.deepcopy(MADE)
    for name, value in changes.items():
        stage, _, part = name.partition("__")
        stages[stage][part] = value
    return Lock("somewhere", stages)


def test_equal_locks_have_no_difference() -> None:
    _, found = comparing.stages(MADE, [lock()])
    assert [(one.name, one.is_same, one.inputs) for one in found] == [("ingest", True, ()), ("train", True, ())]


def test_what_a_stage_before_wrote_is_no_cause_of_its_own_and_a_key_of_the_spec_is() -> None:
    then = lock(
        ingest__outs=[{"path": "tables", "md5": "other.dir"}],
        train__deps=[{"path": "tables", "md5": "other.dir"}, {"path": "train.py", "md5": "2"}],
        train__params={"spec.yaml": {"split": {"seed": 1}, "tuning": {"trials": 1}}},
        train__outs=[{"path": "model", "md5": "n.dir"}],
    )
    _, found = comparing.stages(MADE, [then])
    assert [(one.name, one.is_same, one.inputs) for one in found] == [
        ("ingest", False, ()),
        ("train", False, ("spec.yaml: split",)),
    ]


def test_the_lock_that_had_the_same_code_is_compared_with_not_the_first() -> None:
    stale = lock(train__deps=[{"path": "gone.py", "md5": "0"}], train__outs=[{"path": "model", "md5": "n.dir"}])
    other_bytes = lock(train__outs=[{"path": "model", "md5": "n.dir"}])
    chosen, found = comparing.stages(MADE, [stale, other_bytes])
    assert chosen is other_bytes
    assert [(one.is_same, one.inputs) for one in found] == [(True, ()), (False, ())]
    assert comparing.stages(MADE, []) == (None, [])


def test_each_file_of_a_model_stands_by_its_bytes(tmp_path: Path) -> None:
    made, stored = tmp_path / "made", tmp_path / "stored"
    with pytest.raises(ContractError, match="no models"):
        comparing.files(made, stored)
    own = stored / "artifacts" / "challenger"
    for folder, texts in ((made, {"a": "1", "b": "2", "d": "4"}), (own, {"a": "1", "b": "3", "c": "3"})):
        folder.mkdir(parents=True)
        for name, text in texts.items():
            (folder / name).write_text(text)
    assert comparing.files(made, stored) == {"a": "same", "b": "differs", "c": "is not made", "d": "is new"}
