"""What counts as touched since DVC found a spec's graph up to date."""

import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from pipelines.files import storage
from pipelines.jobs import repeated_runs, unchanged
from pipelines.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A graph of one stage: it reads a file of code and one of data, and writes a folder."""
    for name in ("dvc.yaml", "params.yaml", "experiments/specs/demo.yaml", "pipelines/code.py", "data/raw/demo/a.csv"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("1")
    (tmp_path / "artifacts/demo/evaluation").mkdir(parents=True)
    (tmp_path / "artifacts/demo/evaluation/report.json").write_text("1")
    stage = {
        "deps": [{"path": "data/raw/demo"}, {"path": "pipelines/code.py"}],
        "params": {"experiments/specs/demo.yaml": {"source": 1}},
        "outs": [{"path": "artifacts/demo/evaluation"}],
    }
    (tmp_path / "dvc.lock").write_text(yaml.safe_dump({"stages": {"evaluate@demo": stage, "evaluate@other": stage}}))
    time.sleep(0.05)
    return Workspace(tmp_path, "demo")


def left(workspace: Workspace) -> None:
    unchanged.leave(workspace, began_ns=time.time_ns(), stored_ns={})


def same_size(path: Path) -> None:
    """Other content of the same size, and the times of before as far as they can be set."""
    stat = path.stat()
    path.write_text("2")
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))


TOUCHES: dict[str, Callable[[Path], object]] = {
    "code": lambda root: (root / "pipelines/code.py").write_text("2"),
    "code of the same size and time": lambda root: same_size(root / "pipelines/code.py"),
    "raw data": lambda root: (root / "data/raw/demo/b.csv").write_text("1"),
    "raw data taken away": lambda root: (root / "data/raw/demo/a.csv").unlink(),
    "the spec": lambda root: (root / "experiments/specs/demo.yaml").write_text("2"),
    "what a stage wrote": lambda root: same_size(root / "artifacts/demo/evaluation/report.json"),
    "the lock": lambda root: (root / "dvc.lock").write_text("{}"),
    "the graph": lambda root: (root / "dvc.yaml").write_text("2"),
    "the note": lambda root: (root / "state/demo/unchanged.json").write_text("{"),
}


def test_nothing_touched_is_nothing_changed(workspace: Workspace) -> None:
    assert not unchanged.is_as_left(workspace)
    left(workspace)
    assert unchanged.is_as_left(workspace)


def test_what_was_written_just_before_dvc_began_is_not_taken_for_a_change(workspace: Workspace) -> None:
    """As a reader of texts is, which is put in its place at that moment."""
    (workspace.root / "data/raw/demo/a.csv").write_text("2")
    unchanged.leave(workspace, began_ns=unchanged.begin(), stored_ns={})
    assert unchanged.is_as_left(workspace)


@pytest.mark.parametrize("touch", TOUCHES.values(), ids=TOUCHES.keys())
def test_whatever_is_touched_is_dvcs_to_judge(workspace: Workspace, touch: Callable[[Path], object]) -> None:
    left(workspace)
    assert unchanged.is_as_left(workspace)
    touch(workspace.root)
    assert not unchanged.is_as_left(workspace)


def test_compiled_code_and_other_specs_are_no_change(workspace: Workspace) -> None:
    left(workspace)
    (workspace.root / "data/raw/demo/__pycache__").mkdir()
    (workspace.root / "data/raw/demo/__pycache__/a.pyc").write_text("1")
    (workspace.root / "experiments/specs/other.yaml").write_text("1")
    assert unchanged.is_as_left(workspace)


@pytest.mark.parametrize("name", ["pipelines/code.py", "artifacts/demo/evaluation/report.json"])
def test_what_was_touched_while_dvc_was_at_work_is_not_noted(workspace: Workspace, name: str) -> None:
    began = time.time_ns()
    time.sleep(0.05)
    (workspace.root / name).write_text("1")
    unchanged.leave(workspace, began_ns=began, stored_ns={})
    assert not unchanged.is_as_left(workspace)


def test_what_a_stage_wrote_before_dvc_stored_it_is_noted(workspace: Workspace) -> None:
    began = time.time_ns()
    (workspace.root / "artifacts/demo/evaluation/report.json").write_text("2")
    unchanged.leave(workspace, began_ns=began, stored_ns={"evaluate": time.time_ns() + 10**8})
    assert unchanged.is_as_left(workspace)


ANSWER = repeated_runs.RepeatedAnswer("NO_CHANGE", 0, {"verdict": "NO_CHANGE", "figure": 0.1}, "<p>nothing</p>")


def noted(workspace: Workspace, answer: repeated_runs.RepeatedAnswer = ANSWER) -> None:
    left(workspace)
    first, decided = repeated_runs.first_look(workspace), repeated_runs.registry_look(workspace)
    repeated_runs.note(workspace, answer, first=first, decided=decided)


@pytest.fixture
def _here(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in repeated_runs.ELSEWHERE:
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("_here")
def test_a_run_is_repeated_in_words_only(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    assert repeated_runs.answer(workspace) is None
    noted(workspace)
    assert repeated_runs.answer(workspace) == ANSWER
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://mlflow.example")
    assert repeated_runs.answer(workspace) is None


@pytest.mark.usefixtures("_here")
@pytest.mark.parametrize(
    "name", ["mlflow.db", "mlartifacts/demo/1/model.json", "artifacts/demo/decision.json", "pipelines/b.py"]
)
def test_a_run_is_not_repeated_when_registry_model_receipt_or_code_were_touched(
    workspace: Workspace, name: str
) -> None:
    (workspace.root / name).parent.mkdir(parents=True, exist_ok=True)
    (workspace.root / name).write_text("1")
    noted(workspace)
    assert repeated_runs.answer(workspace) == ANSWER
    same_size(workspace.root / name)
    assert repeated_runs.answer(workspace) is None


@pytest.mark.usefixtures("_here")
@pytest.mark.parametrize("name", ["mlflow.db", "mlartifacts/demo/1/model.json", "pipelines/b.py"])
def test_nothing_is_noted_where_registry_model_or_code_were_touched_while_the_run_looked(
    workspace: Workspace, name: str
) -> None:
    left(workspace)
    first, decided = repeated_runs.first_look(workspace), repeated_runs.registry_look(workspace)
    (workspace.root / name).parent.mkdir(parents=True, exist_ok=True)
    (workspace.root / name).write_text("1")
    repeated_runs.note(workspace, ANSWER, first=first, decided=decided)
    assert repeated_runs.answer(workspace) is None


@pytest.mark.usefixtures("_here")
def test_the_decision_of_the_answer_is_left_once_and_the_answer_still_holds(workspace: Workspace) -> None:
    storage.write_json(workspace.decision, {"verdict": "FIRST_CHAMPION"})
    workspace.decision_page.write_text("<p>first</p>")
    noted(workspace)
    repeated_runs.leave(workspace, ANSWER)
    assert storage.read_json(workspace.decision) == ANSWER.decision
    assert workspace.decision_page.read_text() == ANSWER.page
    assert repeated_runs.answer(workspace) == ANSWER
    written = workspace.decision.stat()
    repeated_runs.leave(workspace, ANSWER)
    assert workspace.decision.stat() == written
    assert repeated_runs.answer(workspace) == ANSWER
    same_size(workspace.decision_page)
    assert repeated_runs.answer(workspace) is None


@pytest.mark.usefixtures("_here")
def test_the_report_of_the_answer_is_left_beside_the_decision(workspace: Workspace) -> None:
    noted(workspace)
    repeated_runs.leave(workspace, replace(ANSWER, report="<p>report</p>"))
    assert workspace.report_page.read_text() == "<p>report</p>"
    assert workspace.report_page.parent == workspace.decision_page.parent
