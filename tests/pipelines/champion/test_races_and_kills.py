"""Two gates at once, and gates that are killed: there is one champion, and everybody knows which."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pipelines.cli import main
from tests.pipelines.gate_world import Shop, open_shop
from tests.pipelines.postgres_server import running_server

ROOT = Path(__file__).parents[3]
Checkout = Callable[..., Path]


class Forks:
    """The process of `tests.pipelines.forks`, which imports everything once."""

    def __init__(self, complaints: Path) -> None:
        self._complaints = complaints
        with complaints.open("w") as file:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.pipelines.forks"],
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=file,
                text=True,
            )

    def do(self, how: str, spare: Path, *roots: Path, words: list[str]) -> Any:
        """What it found."""
        assert self._process.stdin
        assert self._process.stdout
        job = {"how": how, "spare": str(spare), "roots": [str(root) for root in roots], "words": words}
        self._process.stdin.write(json.dumps({**job, "environment": {**os.environ, "PYTHONPATH": str(ROOT)}}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, self._complaints.read_text()
        answer = json.loads(line)
        assert answer["code"] == 0, answer["said"]
        return json.loads(Path(f"{roots[0]}.answer.json").read_text())

    def end(self) -> None:
        """Close its input, at which it ends."""
        self._process.communicate()


@pytest.fixture(scope="module")
def forks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forks]:
    found = Forks(tmp_path_factory.mktemp("forks") / "complaints")
    yield found
    found.end()


def kill_everywhere(forks: Forks, root: Path, words: list[str]) -> list[dict[str, Any]]:
    """Each state in which a kill left the registry, and what the same command made of it when it was run again.

    Of every kill it holds that ledger and alias are the old or the new, and that running again ends in one state.
    """
    found = forks.do("kill", root.with_name("spare"), root, words=words)
    ended = found[-1]["again"]
    assert not ended["faults"]
    assert ended["alias"] == ended["champion"] == ended["entries"][-1][1]
    for kill in found:
        assert kill["code"] == 0
        assert kill["again"] == ended
        assert kill["stopped"]["entries"] in (ended["entries"], ended["entries"][:-1])
        assert kill["stopped"]["alias"] in (ended["alias"], ended["compared_with"][-1])
    return found


def test_a_promotion_killed_at_any_point_is_finished_by_the_next_run(
    checkout: Checkout, promoted: Checkout, forks: Forks
) -> None:
    promoted("1")
    found = kill_everywhere(forks, checkout("2"), ["promote", "shop"])
    states = [(len(one["stopped"]["entries"]), one["stopped"]["receipt"], one["stopped"]["alias"]) for one in found]
    # Before everything, after the lease, the note that nothing is told yet, the curves,
    before = [(1, 1, "1")] * 4
    # the entry and the note of it in the registry, the receipt, the alias, the pages, what the version's run is told of
    # them, and after the lease is given back.
    after = [(2, 2, "2")] * 6
    assert states == [*before, (2, 1, "1"), (2, 1, "1"), (2, 2, "1"), *after]


def test_a_first_promotion_killed_at_any_point_is_finished_by_the_next_run(checkout: Checkout, forks: Forks) -> None:
    found = kill_everywhere(forks, checkout("1"), ["promote", "shop"])
    assert {one["stopped"]["alias"] for one in found} == {None, "1"}


def test_an_approval_killed_at_any_point_is_finished_by_the_next_run(
    checkout: Checkout, promoted: Checkout, forks: Forks
) -> None:
    promoted("1")
    root = checkout("2", approval=True)
    assert main(["promote", "shop"]) == 0
    found = kill_everywhere(forks, root, ["approve", "shop", "2"])
    states = [(one["stopped"]["receipt"], one["stopped"]["alias"]) for one in found]
    # Before everything, after the lease, the entry, the note of it in the registry, the receipt, the alias, the page,
    # and the end of the lease.
    assert states == [*[(2, "1")] * 4, (3, "1"), (3, "2"), (3, "2"), (3, "2")]


def test_a_killed_rollback_is_finished_and_goes_no_further_back(promoted: Checkout, forks: Forks) -> None:
    root = promoted("1", "2", "3")
    found = forks.do("kill", root.with_name("spare"), root, words=["rollback", "shop"])
    # A run after the alias moved is a second rollback; before that it finishes the first.
    assert [one["again"]["champion"] for one in found] == ["2", "2", "2", "2", "1", "1"]
    assert [one["again"]["alias"] for one in found] == ["2", "2", "2", "2", "1", "1"]
    assert not [one["again"]["faults"] for one in found if one["again"]["faults"]]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A shop that all checkouts share, with version 1 as champion."""
    folder = tmp_path_factory.mktemp("shared")
    if request.param == "sqlite":
        yield opened(folder, f"sqlite:///{folder}/shop.db")
    else:
        with running_server() as address:
            yield opened(folder, address)


def opened(folder: Path, uri: str) -> Shop:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", uri)
        shop = open_shop(folder, uri)
        patch.chdir(shop.checkout(folder / "first", "1"))
        assert main(["promote", "shop"]) == 0
    return shop


def test_of_two_gates_that_race_one_wins_and_the_other_is_judged_against_it(
    shared: Shop, shop: Shop, forks: Forks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Versions 2 and 3 are both better than champion 1; each gate has judged before either has written."""
    spare = shop.checkout(tmp_path / "spare", "1")
    shutil.copyfile(shop.folder / "shop.db", spare / "mlflow.db")
    roots = [shared.checkout(tmp_path / version, version) for version in ("2", "3")]
    monkeypatch.setenv("MLFLOW_TRACKING_URI", shared.uri)
    # A lease that is over at once, as that of a process which was held up: the ledger must hold by itself.
    monkeypatch.setenv("HOLDFAST_LEASE_SECONDS", "0")
    found = forks.do("race", spare, *roots, words=["promote", "shop"])
    state = found["state"]
    assert not state["faults"]
    assert len(state["entries"]) == 3
    assert state["looks"] == [1, 2, 3]
    first, winner, loser = (champion for _, champion in state["entries"])
    assert first == "1"
    assert state["compared_with"] == [None, "1", winner]
    assert state["alias"] == state["champion"] == loser
    decisions = [json.loads((root / "artifacts/shop/decision.json").read_text()) for root in roots]
    numbers = {one["challenger_version"]: one["ledger"]["number"] for one in decisions}
    assert sorted(numbers.values()) == [2, 3]
    assert numbers[winner] == 2
    assert {0} <= set(found["codes"]) <= {0, 3, 4}
