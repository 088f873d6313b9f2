"""What is said of a version that was made again."""

from dataclasses import replace

import pytest

from pipelines.jobs.reproducing.comparing import Stage
from pipelines.jobs.reproducing.origin import Origin
from pipelines.jobs.reproducing.reproduction import Reproduction

ORIGIN = Origin("shop", "3", "c" * 40, "d" * 36, "here", "", "", "")
STAGES = (Stage("ingest", True, ()), Stage("tune", False, ("a.py",)), Stage("train", False, ()))
FOUND = Reproduction(ORIGIN, {"model.json": "same"}, True, "dvc.lock of the checkout", STAGES[:1], ())


@pytest.mark.parametrize(
    ("changes", "is_same", "first", "said"),
    [
        ({}, True, "", "the same bytes: all 1 files of the model"),
        ({"stages": STAGES}, True, "tune", "beside the model, `tune` wrote something else: its inputs are"),
        ({"files": {"a": "same", "b": "is new"}}, False, "", "not the same bytes: b is new"),
        ({"files": {"a": "differs"}}, False, "", "all stages wrote what dvc.lock of the checkout recorded"),
        ({"files": {"a": "differs"}, "stages": STAGES}, False, "tune", "differs from `tune` on: its inputs are not"),
        ({"files": {"a": "differs"}, "stages": STAGES[2:]}, False, "train", "its code and parameters are the same"),
        ({"files": {"a": "differs"}, "tables": False, "lock": "", "stages": ()}, False, "ingest", "no dvc.lock of"),
        ({"files": {"a": "differs"}}, False, "", "Python and packages are as they were"),
        ({"environment": ("Python is 3.11.9, and it was 3.11.2",)}, True, "", "not as it was: Python is 3.11.9"),
        ({"origin": replace(ORIGIN, refitted="4")}, True, "", "version 4 is version 3 fitted again on all rows"),
        ({"files": {}}, False, "", "not the same bytes"),
    ],
)
def test_what_differs_is_said_with_its_cause(changes: dict[str, object], is_same: bool, first: str, said: str) -> None:
    found = replace(FOUND, **changes)
    assert (found.is_same, found.first) == (is_same, first)
    assert said in "\n".join(found.lines())
    assert (found.plain["same"], found.plain["differs_from"]) == (is_same, first or None)
