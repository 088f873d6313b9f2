"""`.ci/retrain` as a team runs it: two runners, git, a store over SSH, and MLflow and the ledger on PostgreSQL."""

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from tests.end_to_end.repository import Repository, environment
from tests.end_to_end.small_table import put_small_table
from tests.pipelines.postgres_server import running_server
from tests.pipelines.ssh_server import SshServer, running_ssh_server

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
        # Its three processes for jobs, which nobody asks for, take more than the server.
        settings = {**environment(), "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
        with (kept.parent / "server.log").open("wb") as said:
            server = subprocess.Popen(command, env=settings, stdout=said, stderr=said, cwd=kept, start_new_session=True)
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


@dataclass(frozen=True)
class Team:
    """Two runners on one git remote, with the same servers, and the file that the spec `shop` was begun with."""

    origin: Path
    first: Path
    second: Path
    table: str
    servers: Mapping[str, str]

    def retrain(self, root: Path, *words: str, code: int, **more: str) -> subprocess.CompletedProcess[str]:
        ended = subprocess.run(
            ["bash", ".ci/retrain", "shop", *words],
            cwd=root,
            env={**environment(), **self.servers, **more},
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == code, ended.stdout + ended.stderr
        return ended

    @property
    def commit(self) -> str:
        return git(self.origin, "rev-parse", "HEAD")


@pytest.fixture(scope="module")
def ssh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SshServer]:
    with running_ssh_server(tmp_path_factory.mktemp("ssh")) as server:
        yield server


@pytest.fixture
def team(
    copy_of_repository: Callable[[], Repository], servers: Mapping[str, str], ssh: SshServer, tmp_path: Path
) -> Team:
    repository = copy_of_repository()
    table = put_small_table(repository)
    ended = repository.run("remote", "add", "-d", "store", ssh.address, module="dvc")
    assert ended.returncode == 0, ended.stderr
    git(repository.root, "add", "-A")
    git(repository.root, "commit", "-qm", "A table and a store")
    origin = tmp_path / "origin.git"
    git(repository.root, "clone", "-q", "--bare", str(repository.root), str(origin))
    return Team(
        origin,
        runner(origin, tmp_path / "first"),
        runner(origin, tmp_path / "second"),
        table,
        {**servers, **ssh.variables},
    )


@pytest.mark.slow
def test_runners_that_share_servers_decide_once_push_what_others_need_and_refuse_bad_data(
    team: Team, tmp_path: Path
) -> None:
    _new_data_give_a_champion_whose_lock_is_pushed(team, tmp_path / "page.md")
    _another_runner_pulls_and_trains_nothing(team)
    _who_pushes_too_late_says_so_and_can_go_on(team)
    _data_that_are_not_in_order_are_refused_and_reach_nobody(team, tmp_path / "bad")


def _new_data_give_a_champion_whose_lock_is_pushed(team: Team, page: Path) -> None:
    team.retrain(team.first, team.table, code=0, GITHUB_STEP_SUMMARY=str(page), GITHUB_ACTIONS="true")
    summary = team.first / "artifacts" / "shop"
    told = json.loads((summary / "summary.json").read_text())
    assert (told["code"], told["verdict"], told["tone"]) == (0, "FIRST_CHAMPION", "good")
    assert page.read_text() == (summary / "summary.md").read_text()
    assert "First champion: version 1 is now in use" in page.read_text()
    assert git(team.origin, "log", "-1", "--format=%s") == "Retrain shop"
    assert "First champion" in git(team.origin, "log", "-1", "--format=%b")
    cases = (summary / "junit.xml").read_text()
    assert cases.count("<testcase ") > 10
    assert "<failure" not in cases


def _another_runner_pulls_and_trains_nothing(team: Team) -> None:
    """It has nothing but git and the servers, and nothing to commit."""
    before = team.commit
    ended = team.retrain(team.second, code=0)
    assert "NO_CHANGE" in ended.stdout
    assert "tune shop" not in ended.stderr
    assert team.commit == before


def _who_pushes_too_late_says_so_and_can_go_on(team: Team) -> None:
    """Both have changed the same line; the other one pushes first, and what it pushed stands."""
    faster = f"cd {team.first}; echo '# by another' >> params.yaml; git commit -qam faster; git push -q"
    hook = team.second / ".git" / "hooks" / "post-commit"
    hook.write_text(f"#!/bin/sh\nunset GIT_DIR GIT_INDEX_FILE GIT_WORK_TREE\n{faster}\n")
    hook.chmod(0o755)
    with (team.second / "params.yaml").open("a") as params:
        params.write("# by this one\n")
    git(team.first, "pull", "-q")
    ended = team.retrain(team.second, code=2)
    assert "retrain: another runner was faster" in ended.stderr
    hook.unlink()
    assert git(team.origin, "log", "-1", "--format=%s") == "faster"
    assert git(team.second, "rev-parse", "HEAD") == team.commit
    assert git(team.second, "status", "--porcelain", "--untracked-files=no") == ""


def _data_that_are_not_in_order_are_refused_and_reach_nobody(team: Team, folder: Path) -> None:
    before, rows, bad = team.commit, pd.read_csv(team.table), folder / "shop.csv"
    folder.mkdir()
    rows.assign(left=[*rows["left"][:-1], "perhaps"]).to_csv(bad, index=False)
    ended = team.retrain(team.second, str(bad), code=5, GITHUB_ACTIONS="true")
    told = json.loads((team.second / "artifacts/shop/summary.json").read_text())
    assert (told["verdict"], told["tone"]) == ("", "bad")
    assert any("perhaps" in line for line in told["errors"]), told["errors"]
    assert "::error title=shop" in ended.stdout
    assert (team.second / "artifacts/shop/junit.xml").read_text().count("<error ") == 1
    assert team.commit == before
