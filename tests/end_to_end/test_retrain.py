"""`.ci/retrain` as a team runs it: two runners, git, a store of DVC, and MLflow and the ledger on PostgreSQL."""

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, suppress
from pathlib import Path

import pandas as pd
import pytest

from tests.end_to_end.repository import Repository, environment
from tests.end_to_end.small_table import put_small_table
from tests.pipelines.postgres_server import running_server

STARTS_SECONDS = 120.0


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    """Where a runner finds MLflow, which keeps artifacts itself, and the ledger."""
    kept = tmp_path_factory.mktemp("artifacts")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with running_server() as database:
        words = ["server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
        stores = ["--backend-store-uri", database, "--artifacts-destination", str(kept), "--serve-artifacts"]
        command = [sys.executable, "-m", "mlflow", *words, *stores]
        with (kept.parent / "server.log").open("wb") as said:
            server = subprocess.Popen(
                command, env=environment(), stdout=said, stderr=said, cwd=kept, start_new_session=True
            )
            try:
                _answers(port, server)
                yield {"MLFLOW_TRACKING_URI": f"http://127.0.0.1:{port}", "HOLDFAST_LEDGER_URI": database}
            finally:
                os.killpg(server.pid, 15)
                server.wait(timeout=30)


def _answers(port: int, server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + STARTS_SECONDS
    while time.monotonic() < until and server.poll() is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        with suppress(OSError, http.client.HTTPException), closing(connection) as asked:
            asked.request("GET", "/health")
            assert asked.getresponse().status == http.client.OK
            return
        time.sleep(0.2)
    raise AssertionError(f"MLflow's server does not answer at port {port}")


def git(root: Path, *words: str) -> str:
    named = ["-c", "user.name=t", "-c", "user.email=t@t"]
    ended = subprocess.run(
        ["git", *named, *words], cwd=root, env=environment(), capture_output=True, text=True, check=True
    )
    return ended.stdout.strip()


def runner(origin: Path, place: Path) -> Path:
    """A clone with an environment of its own, as a runner of CI sets it up."""
    git(origin.parent, "clone", "-q", str(origin), str(place))
    (place / ".venv").symlink_to(sys.prefix)
    for key, value in (("user.name", "runner"), ("user.email", "runner@localhost")):
        git(place, "config", key, value)
    return place


def retrain(root: Path, servers: Mapping[str, str], *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", ".ci/retrain", *words],
        cwd=root,
        env={**environment(), **servers, **more},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_runners_that_share_servers_decide_once_push_what_others_need_and_refuse_bad_data(
    copy_of_repository: Callable[[], Repository], servers: Mapping[str, str], tmp_path: Path
) -> None:
    repository = copy_of_repository()
    table = put_small_table(repository)
    ended = repository.run("remote", "add", "-d", "store", str(tmp_path / "store"), module="dvc")
    assert ended.returncode == 0, ended.stderr
    git(repository.root, "add", "-A")
    git(repository.root, "commit", "-qm", "A table and a store")
    origin = tmp_path / "origin.git"
    git(repository.root, "clone", "-q", "--bare", str(repository.root), str(origin))

    # New data on the first runner: a first champion, whose lock is pushed with the summary as its message.
    first = runner(origin, tmp_path / "first")
    page = tmp_path / "page.md"
    ended = retrain(first, servers, "shop", table, GITHUB_STEP_SUMMARY=str(page), GITHUB_ACTIONS="true")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    summary = first / "artifacts" / "shop"
    told = json.loads((summary / "summary.json").read_text())
    assert (told["code"], told["verdict"], told["tone"]) == (0, "FIRST_CHAMPION", "good")
    assert page.read_text() == (summary / "summary.md").read_text()
    assert "First champion: version 1 is now in use" in page.read_text()
    assert {"auc", "brier"} <= set(json.loads((summary / "decision.json").read_text())["pairs"])
    assert git(origin, "log", "-1", "--format=%s") == "Retrain shop"
    assert "First champion" in git(origin, "log", "-1", "--format=%b")
    cases = (summary / "junit.xml").read_text()
    assert cases.count("<testcase ") > 10
    assert "<failure" not in cases

    commit = git(origin, "rev-parse", "HEAD")
    # Another runner, that has nothing but git and the servers, pulls, trains nothing, and has nothing to commit.
    second = runner(origin, tmp_path / "second")
    ended = retrain(second, servers, "shop")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "NO_CHANGE" in ended.stdout
    assert "tune shop" not in ended.stderr
    assert git(origin, "rev-parse", "HEAD") == commit

    # Data that are not in order: refused by name, in every form, and nothing reaches the others.
    rows = pd.read_csv(table)
    bad = tmp_path / "bad" / "shop.csv"
    bad.parent.mkdir()
    rows.assign(left=[*rows["left"][:-1], "perhaps"]).to_csv(bad, index=False)
    ended = retrain(second, servers, "shop", str(bad), GITHUB_ACTIONS="true")
    assert ended.returncode == 5, ended.stdout + ended.stderr
    told = json.loads((second / "artifacts/shop/summary.json").read_text())
    assert (told["verdict"], told["tone"]) == ("", "bad")
    assert any("perhaps" in line for line in told["errors"]), told["errors"]
    assert "::error title=shop" in ended.stdout
    assert (second / "artifacts/shop/junit.xml").read_text().count("<error ") == 1
    assert git(origin, "rev-parse", "HEAD") == commit
