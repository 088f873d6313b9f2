"""Runners that share data over SSH and on S3, set up as the pages say; servers run on loopback."""

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import chdir
from pathlib import Path

import pytest
import yaml
from dvc.cli import main as dvc

from pipelines.jobs.care import reachable
from tests.end_to_end.pages import blocks
from tests.end_to_end.repository import Repository, environment
from tests.end_to_end.test_retrain import git, runner
from tests.pipelines.s3_server import S3Server, running_s3_server
from tests.pipelines.ssh_server import SshServer, at_home, free_port, new_key, running_ssh_server

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "how_to" / "dvc_remotes.md"
SSH, S3 = "ssh://retrain@store.example.com/srv/holdfast", "s3://my-bucket/holdfast"
PASSWORD = "hunter2-of-the-store"  # noqa: S105 - of nobody


@pytest.fixture(scope="module")
def ssh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SshServer]:
    with running_ssh_server(tmp_path_factory.mktemp("ssh")) as server:
        yield server


@pytest.fixture(scope="module")
def s3() -> Iterator[S3Server]:
    with running_s3_server("my-bucket") as server:
        yield server


@pytest.fixture
def shop(shop_with_champion: Repository, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """The shop, of which all is committed but what its run made: lock and raw data."""
    for name in [one for one in os.environ if one.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    root = shop_with_champion.root
    (root / ".venv").symlink_to(sys.prefix)
    return shop_with_champion


def go_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in at_home(home).items():
        monkeypatch.setenv(name, value)


def type_page(root: Path, heading: str, replaced: Mapping[str, str]) -> None:
    """Type the lines of the page beneath a heading that say to DVC which remote there is."""
    part = PAGE.read_text().partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for block in blocks(part) if block.language == "sh" for line in block.text.splitlines()]
    typed = [line for line in lines if line.startswith("dvc ")]
    assert len(typed) >= 1
    for line in typed:
        for old, new in replaced.items():
            line = line.replace(old, new)  # noqa: PLW2901
        say_to_dvc(root, *shlex.split(line)[1:])


def say_to_dvc(root: Path, *words: str) -> None:
    with chdir(root):
        assert dvc([*words, "-q"]) == 0


def stored(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*") if path.is_file()}


def shared(root: Path) -> Path:
    """Commit all but what a run made, lock and raw data, and give it an upstream, which is given."""
    origin = root.parent / "origin.git"
    git(root, "add", "-A", ":!dvc.lock", ":!data")
    git(root, "commit", "-qm", "A spec and a store")
    git(root.parent, "clone", "-q", "--bare", str(root), str(origin))
    git(root, "remote", "add", "origin", str(origin))
    git(root, "fetch", "-q")
    git(root, "branch", "-q", f"--set-upstream-to=origin/{git(root, 'branch', '--show-current')}")
    for key, value in (("user.name", "runner"), ("user.email", "runner@localhost")):
        git(root, "config", key, value)
    return origin


def retrain(root: Path, *, code: int, **variables: str) -> str:
    """What a runner says that ends with a code."""
    ended = subprocess.run(
        ["bash", ".ci/retrain", "shop"],
        cwd=root,
        env={**environment(), **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == code, ended.stdout + ended.stderr
    return ended.stdout + ended.stderr


def files(folder: Path) -> dict[str, bytes]:
    found = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert found
    return found


def test_the_workflow_and_the_page_lead_to_a_server_over_ssh(
    shop: Repository, ssh: SshServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The step of the workflow puts GitHub's secrets where SSH looks for keys; without secrets it leaves all alone."""
    steps = yaml.safe_load((ROOT / ".github/workflows/retrain.yml").read_text())["jobs"]["retrain"]["steps"]
    script = next(one["run"] for one in steps if "DVC_SSH_KEY" in one.get("env", {}))
    secrets = {
        "DVC_SSH_KEY": (ssh.home / ".ssh/id_ed25519").read_text().strip(),
        "DVC_SSH_KNOWN_HOSTS": (ssh.home / ".ssh/known_hosts").read_text().strip(),
    }
    go_home(tmp_path / "home", monkeypatch)
    (tmp_path / "home").mkdir()
    for given in (dict.fromkeys(secrets, ""), secrets):
        assert not list((tmp_path / "home").iterdir())
        subprocess.run(["bash", "-e", "-c", script], env={**environment(), **given}, check=True)
    assert (tmp_path / "home/.ssh/id_ed25519").stat().st_mode & 0o077 == 0
    type_page(shop.root, "On another machine, over SSH", {SSH: ssh.address})
    assert [one.line for one in reachable.remote(shop.root)] == [f"ok       DVC remote: store at {ssh.address} answers"]


@pytest.mark.slow
def test_a_runner_trains_nothing_that_another_put_on_s3(
    shop: Repository, s3: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    allow(s3, monkeypatch)
    type_page(shop.root, "On S3", {"https://s3.example.com": s3.endpoint})
    assert shop.act("store", "push", "shop").stdout == f"store push shop: the data are copied to store at {S3}\n"
    origin = shared(shop.root)
    git(shop.root, "add", "-A")
    git(shop.root, "commit", "-qm", "Data")
    git(shop.root, "push", "-q")
    second = runner(origin, tmp_path / "second")
    said = retrain(second, code=0, MLFLOW_TRACKING_URI=f"sqlite:///{shop.root}/mlflow.db")
    assert "NO_CHANGE" in said
    assert "tune shop" not in said
    assert files(second / "data/raw/shop") == files(shop.root / "data/raw/shop")


def allow(s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in s3.variables.items():
        monkeypatch.setenv(name, value)


def refused(shop: Repository, *words: str) -> str:
    """The line that `store push` says, which `doctor` says, too, with what is then as it was."""
    before = {name: (shop.root / name).read_bytes() for name in ("dvc.lock", "data/raw/shop.dvc", ".dvc/config")}
    kept = stored(shop.root / ".dvc/cache")
    ended = shop.act("store", *words, "shop")
    assert (ended.returncode, ended.stdout) == (2, ""), ended
    assert ended.stderr.startswith("store: DVC's remote store at ")
    assert ended.stderr.count("\n") == 1
    assert stored(shop.root / ".dvc/cache") == kept
    assert {name: (shop.root / name).read_bytes() for name in before} == before
    return ended.stderr


def test_what_an_ssh_server_refuses_is_a_line_with_the_remedy(
    shop: Repository, ssh: SshServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    shutil.copytree(ssh.home, home)
    go_home(home, monkeypatch)
    say_to_dvc(shop.root, "remote", "add", "-d", "store", ssh.address.replace("@", f":{PASSWORD}@"))
    (home / ".ssh/id_ed25519").unlink()
    new_key(home / ".ssh/id_ed25519")
    said = refused(shop, "push")
    assert "it does not let the user" in said
    assert "dvc remote modify --local store keyfile" in said
    found = list(reachable.remote(shop.root))
    assert [one.level for one in found] == ["warning", "error"]
    assert "git keeps" in found[0].words
    assert "it does not let the user" in found[1].words
    (home / ".ssh/known_hosts").write_text("")
    said += refused(shop, "pull")
    assert f"compare what `ssh-keyscan -p {ssh.port} 127.0.0.1` says" in said
    say_to_dvc(shop.root, "remote", "modify", "store", "port", str(free_port()))
    said += refused(shop, "push")
    assert "it does not answer (Connect call failed)" in said
    assert PASSWORD not in said + str(found) + (shop.root / "state/dvc.log").read_text()
    assert not stored(ssh.store / "files")


def test_what_s3_refuses_is_a_line_with_the_remedy(
    shop: Repository, s3: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    type_page(shop.root, "On S3", {"https://s3.example.com": s3.endpoint, S3: "s3://never-made/holdfast"})
    allow(s3, monkeypatch)
    assert "there is no such bucket; make it" in refused(shop, "push")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", PASSWORD)
    assert "it refuses the credentials (request signature" in refused(shop, "pull")
    say_to_dvc(shop.root, "remote", "modify", "store", "endpointurl", f"http://127.0.0.1:{free_port()}")
    assert "it does not answer (Could not connect to the endpoint)" in refused(shop, "push")


def test_retraining_without_the_plug_in_says_how_it_is_installed(
    shop: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_home(tmp_path, monkeypatch)
    type_page(shop.root, "On S3", {})
    origin = shared(shop.root)
    before = git(origin, "rev-parse", "HEAD")
    absent = tmp_path / "absent"
    absent.mkdir()
    (absent / "dvc_s3.py").write_text("raise ImportError\n")
    said = retrain(shop.root, code=2, PYTHONPATH=str(absent), GITHUB_ACTIONS="true")
    line = f"DVC's remote store at {S3}: its plug-in dvc-s3 is not installed; `make .venv/remotes` installs it."
    assert f"store: {line}\n" in said
    assert "run shop" not in said
    assert "its plug-in dvc-s3 is not installed" in (shop.root / "artifacts/shop/summary.md").read_text()
    assert git(origin, "rev-parse", "HEAD") == before
