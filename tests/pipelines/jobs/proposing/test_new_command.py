"""The command `new`: it writes what is not there, shows what would change, and asks only a person."""

from pathlib import Path

import pytest

from pipelines.cli import main
from pipelines.jobs.proposing import proposal
from pipelines.jobs.proposing.settling import Said
from tests.pipelines.jobs.proposing.proposals import plain, write


@pytest.fixture
def at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def spec(at: Path) -> Path:
    return at / "experiments" / "specs" / "club.yaml"


def club(at: Path, *, plans: str = "ab") -> str:
    return str(
        write(at, plan=list(plans) * 100, n=range(100 * len(plans)), gone=["x", "y", "y", "y"] * 25 * len(plans))
    )


def test_it_names_the_option_that_is_missing_and_ends_with_2(at: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "club", club(at)]) == 2
    assert "--label" in capsys.readouterr().err
    assert main(["new", "club", club(at), "--label", "gone"]) == 2
    assert "--churned" in capsys.readouterr().err
    assert not spec(at).exists()


def test_it_never_writes_over_a_spec_unasked_and_shows_the_difference(
    at: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["new", "club", club(at), "--label", "gone", "--churned", "x"]) == 0
    before = spec(at).read_text()
    assert main(["new", "club", club(at)]) == 0  # what was said before holds
    assert "says the same already" in capsys.readouterr().out
    changed = club(at, plans="abc")
    assert main(["new", "club", changed]) == 0
    said = capsys.readouterr().out
    assert "-    plan: {type: category, values: [a, b]" in said
    assert "+    plan: {type: category, values: [a, b, c]" in said
    assert spec(at).read_text() == before
    assert main(["new", "club", changed, "--overwrite"]) == 0
    assert "[a, b, c]" in spec(at).read_text()


@pytest.mark.parametrize("name", ["Club", "../club", "1club", "club.yaml"])
def test_a_name_that_is_no_specs_is_refused(at: Path, name: str) -> None:
    assert main(["new", name, club(at), "--label", "gone", "--churned", "x"]) == 2
    assert not (at / "experiments").exists()


def test_a_person_is_asked_until_the_answer_is_one(at: Path) -> None:
    answers = iter(["nonsense", "gone", "x"])
    asked: list[str] = []

    def ask(question: str) -> str:
        asked.append(question)
        return next(answers)

    found = proposal.proposed("club", [club(at)], Said(), ask=ask)
    assert plain(found)["label"]["churned"] == "x"
    assert [("--label" in one, "--churned" in one) for one in asked] == [(True, False), (True, False), (False, True)]


def test_a_file_that_is_not_there_is_named(at: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "club", str(at / "nowhere.csv")]) == 2
    assert "nowhere.csv" in capsys.readouterr().err
