"""DVC's lock as we write it is DVC's own to the byte."""

from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dvc.utils.serialize import dumps_yaml, loads_yaml, modify_yaml

from pipelines.dvc import lock_file
from pipelines.dvc.lock_file import Lock

WORDS = (
    *("yes", "no", "null", "~", "", "a b", "a: b", "- x", "# x", "é", "日本", "x" * 100, "word " * 40, "line\nbreak"),
    *("tab\t", "1", "1.0", "1e5", "0x1", "012", "2020-01-01", "it's", '"q"', "{", "[", "*a", "&a", "!t", "%", "@"),
    *(
        "`",
        "|",
        ">",
        " lead",
        "trail ",
        "a:",
        "a#b",
        "a #b",
        ".5",
        "=",
        "<<",
        "\\",
        "\u2028",
        "\x07",
        "😀",
        "b" * 79 + " c",
    ),
)
OTHERS = (0, -3, 10**12, 0.1, 1e-07, 1e16, 1.0, float("inf"), None, True, date(2020, 1, 2), datetime(2020, 1, 2, 3))


def made_up(rng: np.random.Generator, depth: int) -> Any:
    """Plain data of any kind that a lock may hold."""
    kind, size = rng.random(), int(rng.integers(4))
    if depth and kind < 0.3:
        return {WORDS[rng.integers(12)]: made_up(rng, depth - 1) for _ in range(size)}
    if depth and kind < 0.5:
        return [made_up(rng, depth - 1) for _ in range(size)]
    return WORDS[rng.integers(len(WORDS))] if kind < 0.8 else OTHERS[rng.integers(len(OTHERS))]


def test_any_lock_is_written_as_dvc_writes_it() -> None:
    rng, lock = np.random.default_rng(0), Lock()
    for _ in range(300):
        stages = {WORDS[rng.integers(12)]: made_up(rng, 3) for _ in range(rng.integers(4))}
        data = {"schema": "2.0", "stages": stages}
        assert lock.text(data) == dumps_yaml(data)


def test_what_equals_another_value_is_not_taken_for_it() -> None:
    lock = Lock()
    for value in (1, 1.0, True, "1"):
        data = {"stages": {"a": {"params": value}}}
        assert lock.text(data) == dumps_yaml(data)


def test_the_lock_of_this_repository_comes_out_as_it_is(root: Path) -> None:
    text = (root / "dvc.lock").read_text()
    assert Lock().text(loads_yaml(text)) == text
    assert list(lock_file.stages(root)) == list(loads_yaml(text)["stages"])


@pytest.mark.parametrize("text", ["", "schema: '2.0'\nstages:\n  a:\n    cmd: x\n", None])
def test_a_stage_is_put_into_a_lock_as_dvc_does_it(tmp_path: Path, text: str | None) -> None:
    files = [tmp_path / "ours.lock", tmp_path / "theirs.lock"]
    for file, modified in zip(files, (Lock().modified, modify_yaml), strict=True):
        if text is not None:
            file.write_text(text)
        with modified(str(file)) as data:
            data["stages"] = {**data.get("stages", {}), "b": {"cmd": "y", "outs": [{"path": "z", "md5": "0123"}]}}
    assert files[0].read_bytes() == files[1].read_bytes()


def test_a_lock_stays_as_it_was_where_the_block_fails(tmp_path: Path) -> None:
    (tmp_path / "dvc.lock").write_text("schema: '2.0'\n")

    def fail() -> None:
        with Lock().modified(str(tmp_path / "dvc.lock")) as data:
            data["stages"] = {}
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert (tmp_path / "dvc.lock").read_text() == "schema: '2.0'\n"


def test_a_checkout_without_a_lock_has_no_stages(tmp_path: Path) -> None:
    assert lock_file.stages(tmp_path) == {}


def test_dvc_still_writes_its_lock_by_the_name_that_is_replaced() -> None:
    from dvc import dvcfile

    assert dvcfile.modify_yaml is modify_yaml
    assert "modify_yaml" in dvcfile.Lockfile.dump_stages.__code__.co_names
