"""What DVC refuses is told in our words, with what to do; DVC is the real one."""

import fcntl
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from features.errors import HoldfastError, MissingError, UsageError
from pipelines.dvc import dvc_process, error_messages
from pipelines.jobs import stage_graph
from pipelines.messages import failures
from pipelines.workspace import Workspace
from tests.end_to_end.repository import environment

ROOT = Path(__file__).parents[3]
CODE = ("pipelines", "features")
GRAPH = """
stages:
  tune:
    matrix: {spec: [shop]}
    cmd: python -m pipelines tune ${item.spec}
    deps: [data/raw/shop]
    outs: [out]
  evaluate:
    matrix: {spec: [shop]}
    cmd: cp out end
    deps: [out]
    outs: [end]
"""
# What stands for our package in the stage: it does what the file `does` says.
STAGE = "import os, sys, pathlib\nexec(pathlib.Path('does').read_text())\npathlib.Path('out').write_text('a')\n"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository whose graph has a stage that does what it is told."""
    root = tmp_path_factory.mktemp("graph")
    (root / "data" / "raw" / "shop").mkdir(parents=True)
    (root / "data" / "raw" / "shop" / "a.csv").write_text("a\n1\n")
    (root / "dvc.yaml").write_text(GRAPH)
    (root / "params.yaml").write_text("specs: [shop]\n")
    (root / "does").write_text("")
    for name in CODE:
        shutil.copytree(ROOT / name, root / name)
    (root / "pipelines" / "__main__.py").write_text(STAGE)
    for words in (["git", "init", "-q"], [sys.executable, "-m", "dvc", "init", "-q"]):
        subprocess.run(words, cwd=root, env=environment(), check=True)
    subprocess.run([sys.executable, "-m", "dvc", "add", "-q", "data/raw/shop"], cwd=root, env=environment(), check=True)
    return root


@pytest.fixture
def root(made: Path, tmp_path: Path) -> Path:
    """A copy of it, but for the code, which nothing changes."""
    target = tmp_path / "repository"
    shutil.copytree(made, target, ignore=lambda folder, _: CODE if folder == str(made) else ())
    for name in CODE:
        (target / name).symlink_to(made / name)
    return target


def refused(root: Path, error: type[HoldfastError] = HoldfastError) -> str:
    with pytest.raises(error) as found:
        stage_graph.reproduce(Workspace(root, "shop"))
    said = str(found.value)
    assert "\n" not in said
    assert "troubles" not in said
    assert "dvc.org" not in said
    return said


def test_a_graph_that_runs_says_nothing(root: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (root / "does").write_text("print('the stage speaks')")
    stage_graph.reproduce(Workspace(root, "shop"))
    assert capfd.readouterr().out == "the stage speaks\n"
    assert (root / "end").exists()
    assert "Running stage" in (root / "state" / dvc_process.LOG).read_text()


def test_a_stage_that_left_word_is_quoted_with_its_exit_code(root: Path) -> None:
    note = json.dumps({"command": "tune", "message": "the data leak.", "code": 5})
    place = "os.makedirs('state/shop', exist_ok=True); pathlib.Path('state/shop/failure.json')"
    (root / "does").write_text(f"{place}.write_text({note!r}); sys.exit(5)")
    with pytest.raises(stage_graph.StageError, match=r"^tune: the data leak\.$") as found:
        stage_graph.reproduce(Workspace(root, "shop"))
    assert found.value.exit_code == 5
    assert failures.take(Workspace(root, "shop").failure) is None


@pytest.mark.parametrize(
    ("does", "said", "code"),
    [
        ("os.kill(os.getpid(), 9)", r"tune was killed \(SIGKILL\), most often because memory ran out", 2),
        ("os.kill(os.getpid(), 11)", r"tune was killed \(SIGSEGV\)", 2),
        ("sys.exit(1)", "tune ended with code 1; what it said stands above", 1),
        ("sys.exit(5)", "tune ended with code 5; what it said stands above", 5),
    ],
)
def test_a_stage_that_left_no_word_is_not_run_again_to_find_out(root: Path, does: str, said: str, code: int) -> None:
    (root / "does").write_text(f"open('runs', 'a').write('x'); {does}")
    with pytest.raises(HoldfastError, match=said) as found:
        stage_graph.reproduce(Workspace(root, "shop"))
    assert found.value.exit_code == code
    assert (root / "runs").read_text() == "x"


def conflict(root: Path) -> None:
    stage_graph.reproduce(Workspace(root, "shop"))
    lock = root / "dvc.lock"
    lock.write_text(f"<<<<<<< HEAD\n{lock.read_text()}=======\n{lock.read_text()}>>>>>>> other\n")


def broken(name: str, text: str) -> Callable[[Path], None]:
    return lambda root: (root / name).write_text(text) and None


def gone(root: Path) -> None:
    shutil.rmtree(root / "data/raw/shop")
    shutil.rmtree(root / ".dvc/cache")


@pytest.mark.parametrize(
    ("spoil", "error", "said"),
    [
        (conflict, UsageError, r"dvc\.lock holds a merge conflict; .*git checkout --ours dvc\.lock"),
        (broken("dvc.yaml", "stages: ["), UsageError, r"dvc\.yaml is not as DVC wants it; .git checkout -- dvc\.yaml"),
        (broken("dvc.yaml", "stages: {a: {x: y}}"), UsageError, r"dvc\.yaml is not as DVC wants it"),
        (broken("dvc.lock", "schema: 9"), UsageError, r"dvc\.lock cannot be read; .git checkout -- dvc\.lock"),
        (broken("params.yaml", "specs: ["), UsageError, r"params\.yaml cannot be read"),
        (broken("params.yaml", "others: 1"), UsageError, r"params\.yaml has no list .specs"),
        (gone, MissingError, r"data/raw/shop is not here; .dvc pull. .* data shop PATH"),
        (lambda root: shutil.rmtree(root / ".dvc"), UsageError, "no DVC repository"),
    ],
)
def test_what_dvc_refuses_says_what_to_do(
    root: Path, spoil: Callable[[Path], None], error: type[HoldfastError], said: str
) -> None:
    spoil(root)
    with pytest.raises(error, match=said):
        raise error(refused(root, error))


def test_another_dvc_at_work_is_named(root: Path) -> None:
    (root / ".dvc" / "tmp").mkdir(exist_ok=True)
    with (root / ".dvc" / "tmp" / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert "another DVC command is at work" in refused(root, UsageError)
    stage_graph.reproduce(Workspace(root, "shop"))


@pytest.mark.parametrize("text", ['{"write": {"o', "", "{}", "[]"])
def test_what_a_killed_dvc_left_half_written_holds_nobody_up(root: Path, text: str) -> None:
    (root / ".dvc" / "tmp").mkdir(exist_ok=True)
    (root / ".dvc" / "tmp" / "rwlock").write_text(text)
    stage_graph.reproduce(Workspace(root, "shop"))


def test_a_path_that_a_process_of_a_reused_number_holds_is_free(root: Path) -> None:
    """Process 1 is there, and no DVC."""
    (root / ".dvc" / "tmp").mkdir(exist_ok=True)
    held = {"pid": 1, "cmd": "dvc repro"}
    busy = {"write": {str(root / "out"): held}, "read": {str(root / "data"): [held]}}
    (root / ".dvc" / "tmp" / "rwlock").write_text(json.dumps(busy))
    stage_graph.reproduce(Workspace(root, "shop"))


@pytest.mark.parametrize("why", ["[Errno 28] No space left on device", "disk I/O error", "[Errno 27] File too large"])
def test_what_dvc_says_of_a_full_disk_is_a_line_of_ours(why: str) -> None:
    said = f"ERROR: unexpected error - {why}\n\nHaving any troubles? Hit us up at https://dvc.org/support"
    told = error_messages.refusal(said, spec="shop")
    assert str(told).startswith("DVC cannot write: ")
    assert "make room" in str(told)
    assert told.exit_code == 2


def test_what_we_have_no_words_for_is_quoted_without_secrets_and_advertising() -> None:
    said = (
        "ERROR: unexpected error - s3://u:hunter2x@bucket is odd\n\nHaving any troubles? Hit us up at https://dvc.org"
    )
    told = str(error_messages.refusal(said, spec="shop"))
    assert told.startswith("DVC refused: unexpected error - s3://u:***@bucket is odd; all it said")
    assert os.linesep not in told
