"""Bad input: one clear line, exit code 2 or 5, nothing half-written, nothing lost."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.end_to_end.repository import TINY, Repository, environment
from tests.specs import REQUIRED

HEADER = "id,age,plan,left\n"
ROWS = "".join(
    f"c{n},{20 + n % 50},{'basic' if n % 3 else 'plus'},{'yes' if n % 4 == 0 else 'no'}\n" for n in range(400)
)
SPEC = {
    **REQUIRED,
    "title": "A small table",
    "source": {
        "kind": "table",
        "file": "small.csv",
        "key": "id",
        "columns": {
            "age": {"type": "integer", "minimum": 0, "maximum": 120},
            "plan": {"type": "category", "values": ["basic", "plus"]},
            "left": {"type": "category", "values": ["yes", "no"], "role": "label"},
        },
    },
    "label": {"kind": "column", "column": "left", "churned": "yes", "retained": "no"},
    "split": {"kind": "random", "folds": 2},
    "tuning": {"families": ["logistic"], "trials": 2},
    "evaluation": {"draws": 100, "slices": {}},
}


@pytest.fixture
def repository(copy_of_repository: Callable[[], Repository]) -> Repository:
    found = copy_of_repository()
    found.spec("small", "demo", **SPEC)
    (found.root / "experiments/specs/small.yaml").write_text(_yaml(SPEC))
    return found


def _yaml(plain: dict) -> str:
    import yaml

    return yaml.safe_dump(plain, sort_keys=False)


def add(repository: Repository, content: str, name: str = "small.csv") -> subprocess.CompletedProcess[str]:
    path = repository.root.parent / f"{repository.root.name}-{name}"
    path.mkdir(exist_ok=True)
    (path / name).write_text(content)
    return repository.act("data", "small", str(path / name))


def leftovers(repository: Repository) -> list[Path]:
    return [
        path
        for folder in ("data", "artifacts", "state")
        for path in (repository.root / folder).rglob(".*")
        if path.suffix in (".tmp", ".old")
    ]


def refused(ended: subprocess.CompletedProcess[str], code: int, *words: str) -> None:
    assert ended.returncode == code, ended.stderr
    assert "Traceback" not in ended.stderr
    for word in words:
        assert word in ended.stderr


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"tuning": {"trails": 3}}, ["unknown key 'tuning.trails'"]),
        ({"tuning": {"families": ["forest"]}}, ["forest", "lightgbm"]),
        ({"label": {"kind": "column", "column": "gone", "churned": "yes", "retained": "no"}}, ["'gone'"]),
        ({"treatment": {"arms": {"call": {"cost": 1.0}}}}, ["unknown arm", "call"]),
        ({"split": {"kind": "time"}}, ["observations"]),
        ({"policy": {"capacity": {"fax": 5}}}, ["policy.capacity names ['fax']", "without treatment it has no action"]),
        ({"policy": {"capacity": {"call": 7.5}}}, ["policy.capacity: call is 7.5", "whole number"]),
        ({"policy": {"budget_money": -1}}, ["policy.budget_money", "greater than or equal to 0"]),
    ],
    ids=[
        *("unknown key", "unknown family", "unknown label column", "unknown arm", "dates without observations"),
        *("unknown action", "a share of seven", "a debt"),
    ],
)
def test_a_wrong_spec_is_refused_before_anything_runs(repository: Repository, changes: dict, words: list[str]) -> None:
    (repository.root / "experiments/specs/small.yaml").write_text(_yaml({**SPEC, **changes}))
    ended = repository.act("run", "small")
    refused(ended, 2, *words)
    assert len(ended.stderr.strip().splitlines()) == 1
    assert not (repository.root / "artifacts").exists()


def test_a_missing_spec_a_missing_file_and_an_unreadable_file(repository: Repository) -> None:
    refused(repository.act("run", "nothing"), 2, "no spec 'nothing'", "demo")
    refused(repository.act("run", "../nothing"), 2, "no spec '../nothing'", "demo")
    refused(repository.act("run", "small"), 2, "python -m pipelines data small")
    refused(repository.act("data", "small", "nowhere.csv"), 2, "no file nowhere.csv")
    refused(add(repository, HEADER + 'c1,"2,\n3'), 5, "small.csv")
    refused(add(repository, HEADER), 5, "no rows")
    refused(repository.act("data", "demo", "README.md"), 2, "makes its own data")
    assert not (repository.root / "data/raw/small").exists()


def few(rows: str, columns: dict, *, arms: tuple[str, ...] = ("mail",), **changes: object) -> tuple[str, dict]:
    """A trial of these rows (arm, left, further columns) as a file and its spec."""
    label = {"left": {"type": "category", "values": ["yes", "no"], "role": "label"}}
    source = {"kind": "table", "file": "small.csv", "columns": {**columns, **label}}
    source["treatment"] = {"column": "arm", "control": "none", "arms": {arm: arm for arm in arms}}
    plain = {**SPEC, "source": source, "treatment": {"arms": {arm: {} for arm in arms}}, **changes}
    return "\n".join([",".join(["arm", "left", *columns]), *rows.split()]) + "\n", plain


def trial(size: int, further: str = "") -> str:
    """Rows of a trial of two equal arms, of which a third leave."""
    return " ".join(f"{'mail' if n % 2 else 'none'},{'yes' if n % 3 == 0 else 'no'}{further}" for n in range(size))


X = {"x": {"type": "number", "nullable": True}}
UNEQUAL = " ".join(f"{'mail' if n < 3 else 'none'},{'yes' if n % 3 == 0 else 'no'},{n % 7}" for n in range(400))
LONE = " ".join(f"{'mail' if n % 2 else 'none'},{'yes' if n == 8 else 'no'},{n % 7}" for n in range(400))
TOO_LITTLE = {
    "a constant column": (few(trial(400, ",5"), X), "no column tells rows apart: 'x' is 5.0 in all rows"),
    "an empty column": (few(trial(400, ","), X), "'x' is missing in all rows"),
    "twelve rows": (few(trial(12, ",1"), X), "of 6 rows without action 2 left (33.3 %)"),
    "thirty rows": (few(trial(30, ",1"), X), "5 customers who left are needed in the gate cohort"),
    "one who left": (few(LONE, X), "too few to learn or judge by. 5 customers who left are needed"),
    "an arm of three": (few(UNEQUAL, X), "3 rows were given 'mail', 10 are needed"),
    "an arm of nobody": (few(trial(400, ",1"), X, arms=("mail", "call")), "no row was given 'call'"),
    "many folds": (
        few(trial(400, ",1"), X, split={"kind": "random", "folds": 90}),
        "both outcomes are needed in each fold. Give it more rows, or lower split.folds.",
    ),
}


@pytest.mark.parametrize("case", TOO_LITTLE)
def test_what_is_too_little_is_said_in_a_line_before_the_search(repository: Repository, case: str) -> None:
    (content, plain), words = TOO_LITTLE[case]
    (repository.root / "experiments/specs/small.yaml").write_text(_yaml(plain))
    assert add(repository, content).returncode == 0
    assert repository.act("ingest", "small").returncode == 0
    assert repository.act("validate", "small").returncode == 0
    ended = repository.act("build", "small")
    refused(ended, 5, words)
    assert len(ended.stderr.strip().splitlines()) == 1
    assert not (repository.root / "data/matrix/small").exists()


def test_an_outcome_with_gaps_is_refused_with_its_rows_and_the_remedy(repository: Repository) -> None:
    spent = {"x": {"type": "number"}, "spent": {"type": "number", "role": "outcome"}}
    rows = " ".join(
        f"{'mail' if n % 2 else 'none'},{'yes' if n % 3 == 0 else 'no'},{n},{'' if n == 7 else n}" for n in range(99)
    )
    content, plain = few(rows, spent)
    (repository.root / "experiments/specs/small.yaml").write_text(_yaml(plain))
    assert add(repository, content).returncode == 0
    assert repository.act("ingest", "small").returncode == 0
    remedy = "or say `nullable: true` in the spec: such rows are then left out of its figures): 1 row"
    refused(
        repository.act("validate", "small"), 5, "customers.spent: must not be missing", remedy, "such as customer_id="
    )


def test_a_missing_label_column_and_a_label_of_one_class(repository: Repository) -> None:
    assert add(repository, (HEADER + ROWS).replace(",left", "").replace(",yes", "").replace(",no", "")).returncode == 0
    refused(repository.go_through("ingest validate build", "small"), 5, "'left'")
    assert add(repository, HEADER + ROWS.replace(",yes", ",no")).returncode == 0
    refused(repository.go_through("ingest validate build", "small"), 5, "rows none left: 0 left and ")
    assert leftovers(repository) == []


@pytest.mark.parametrize("asked", [{"opt_out": "do_not_call"}, {"fatigue": {"column": "do_not_call", "at_most": 2}}])
def test_a_column_of_the_policy_that_is_not_there_is_refused_when_the_spec_is_read(
    repository: Repository, asked: dict
) -> None:
    (repository.root / "experiments/specs/small.yaml").write_text(_yaml({**SPEC, "policy": asked}))
    ended = repository.act("run", "small")
    refused(
        ended, 2, "spec 'small': policy.", ": there is no column 'do_not_call'; there are ['age', 'plan', 'value']."
    )
    assert len(ended.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize("name", ["churn_score", "mu_control", "row"])
def test_a_column_that_is_called_like_a_score_is_refused_when_the_spec_is_read(
    repository: Repository, name: str
) -> None:
    columns = SPEC["source"]["columns"]
    renamed = {**SPEC["source"], "columns": {name if old == "age" else old: one for old, one in columns.items()}}
    (repository.root / "experiments/specs/small.yaml").write_text(_yaml({**SPEC, "source": renamed}))
    refused(repository.act("run", "small"), 2, f"source.columns.{name}: '{name}' is a reserved name: ", "{column: ")


def test_bad_values_stop_the_run_and_leave_everything_after_it_untouched(repository: Repository) -> None:
    assert add(repository, HEADER + ROWS).returncode == 0
    assert repository.act("build", "small").returncode == 2
    assert repository.go_through("ingest validate build", "small").returncode == 0
    matrix = repository.root / "data/matrix/small/learn/all.parquet"
    before = matrix.read_bytes()
    assert (
        add(repository, HEADER + ROWS.replace("c7,27,", "c7,270,").replace("c8,28,basic", "c8,old,premium")).returncode
        == 0
    )
    ended = repository.run("run", "small")
    refused(ended, 5, "age", "270", "old", "premium", "bad_rows.csv")
    assert matrix.read_bytes() == before
    bad = (repository.root / "artifacts/small/validation/bad_rows.csv").read_text()
    assert all(word in bad for word in ("270", "old", "premium", "c8"))
    assert (repository.root / "artifacts/small/validation/docs/index.html").exists()


def test_adding_the_same_file_twice_is_one_version_and_a_new_one_is_two(repository: Repository) -> None:
    for content, version in ((HEADER + ROWS, 1), (HEADER + ROWS, 1), (HEADER + ROWS + "d1,40,plus,no\n", 2)):
        assert f"version {version}" in add(repository, content).stderr
    assert (repository.root / "data/raw/small.dvc").exists()


def test_ctrl_c_ends_with_one_line_and_the_next_run_goes_on(
    copy_of_repository: Callable[[], Repository],
) -> None:
    repository = copy_of_repository()
    large = {**TINY, "source": {**TINY["source"], "customers": 10_000}}  # so that there is time to interrupt
    repository.spec("demo", "demo", **large)
    heard = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs are deaf to it
from pipelines.cli import main
sys.exit(main(["ingest", "demo"]))
"""
    running = subprocess.Popen(
        [sys.executable, "-c", heard], cwd=repository.root, env=environment(), stderr=subprocess.PIPE, text=True
    )
    while running.poll() is None and not list((repository.root / "data").glob("tables/.demo*")):
        time.sleep(0.02)
    running.send_signal(signal.SIGINT)
    _, told = running.communicate(timeout=60)
    assert running.returncode == 2
    assert "run the same command again" in told
    assert "Traceback" not in told
    assert not (repository.root / "data/tables/demo").exists()
    assert leftovers(repository) == []
    assert repository.act("ingest", "demo").returncode == 0


def test_a_file_that_the_spec_does_not_read_is_not_taken_in_silence(repository: Repository) -> None:
    refused(add(repository, HEADER + ROWS, name="newer.csv"), 2, "does not read ['newer.csv']; it reads ['small.csv']")
    assert not (repository.root / "data/raw/small.dvc").exists()


def test_a_full_disk_in_the_middle_of_a_write_leaves_what_was_there(repository: Repository) -> None:
    """A limit on the size of files stands in for the disk: the write fails in its middle all the same."""
    assert add(repository, HEADER + ROWS).returncode == 0
    assert repository.act("ingest", "small").returncode == 0
    tables = repository.root / "data/tables"
    before = {path.name: path.read_bytes() for path in tables.rglob("*") if path.is_file()}
    limited = """
import resource, signal, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
from pipelines.cli import main
sys.exit(main(["ingest", "small"]))
"""
    ended = subprocess.run(
        [sys.executable, "-c", limited],
        cwd=repository.root,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    refused(ended, 2, "cannot write")
    assert {path.name: path.read_bytes() for path in tables.rglob("*") if path.is_file()} == before
    assert leftovers(repository) == []
