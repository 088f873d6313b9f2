"""What every command says of itself, what it answers to machines, and how loud it is."""

import json
import shlex
from collections.abc import Callable
from contextlib import redirect_stdout, suppress
from io import StringIO
from pathlib import Path

import pytest

from features.errors import StorageError
from pipelines import cli
from pipelines.cli import main, pages, parser
from pipelines.jobs.listing import KINDS
from pipelines.messages import help_pages, log
from pipelines.messages.help_pages import page
from pipelines.messages.stage_names import stages
from pipelines.processes import stopping

PAGES = pages()
ACTIONS = ("check", "head", "restore", "adopt", "seal", "delete")
COMMANDS = [[name] for name in PAGES] + [["registry", action] for action in ACTIONS]
EXAMPLES = [example for one in PAGES.values() for example in one.examples]


def helped(words: list[str]) -> str:
    with redirect_stdout(StringIO()) as said, suppress(SystemExit):
        parser().parse_args([*words, "--help"])
    return said.getvalue()


def part(text: str, title: str) -> list[str]:
    """The indented lines under a title."""
    lines = iter(text.partition(f"\n{title}:\n")[2].splitlines())
    found = []
    for line in lines:
        if not line.startswith("  "):
            break
        found.append(line.strip())
    return found


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_says_what_it_does_what_it_writes_how_it_ends_and_an_example_that_parses(
    words: list[str],
) -> None:
    text = helped(words)
    assert len(text.partition("\n\n")[2].splitlines()[0]) > 20, "what it does"
    assert part(text, "writes")
    codes = {int(line.split()[0]): line for line in part(text, "exit codes")}
    assert set(codes) >= {0, 1, 2}
    assert all(len(line.split()) > 1 for line in codes.values())
    examples = part(text, "examples")
    assert examples
    for example in examples:
        found = parser().parse_args(shlex.split(example)[3:])
        assert [found.command, getattr(found, "action", "")][: len(words)] == words


@pytest.mark.parametrize("stage", list(stages()))
def test_every_stage_names_a_path_or_a_place_that_it_writes_and_refuses_data_with_5(stage: str) -> None:
    assert any(place in " ".join(PAGES[stage].writes) for place in ("data/", "artifacts/"))
    assert 5 in PAGES[stage].codes
    assert set(PAGES[stage].codes) - {0, 1, 2, 5} == ({3, 4} if stage == "promote" else set())


def test_the_help_of_all_has_a_line_for_every_command_in_its_group() -> None:
    text = helped([])
    for name, one in PAGES.items():
        heading = help_pages.GROUPS[one.group]
        assert f"{name} " in "\n".join(f"{line} " for line in part(text, heading)), f"{name} under {heading}"
    assert [line.split()[0] for line in part(text, help_pages.GROUPS["stage"])] == list(stages())


def test_a_command_that_says_nothing_of_itself_is_listed_among_others_and_ends_like_all() -> None:
    bare = page("Do it.")
    assert (bare.first, bare.group, set(bare.codes)) == ("Do it.", "other", {0, 1, 2})
    assert "other commands:\n  new  Do it." in help_pages.grouped({"new": bare})
    assert bare.epilog().startswith("writes:\n  nothing")


@pytest.mark.parametrize("example", EXAMPLES)
@pytest.mark.parametrize("switch", ["-v", "--verbose", "-q", "--quiet"])
def test_every_command_takes_verbose_and_quiet_before_and_after_its_name(example: str, switch: str) -> None:
    words = [word for word in shlex.split(example)[3:] if word != "--verbose"]
    wanted = "quiet" if "q" in switch else "verbose"
    assert parser().parse_args([switch, *words]).loudness == wanted
    assert parser().parse_args([*words, switch]).loudness == wanted


def test_verbose_and_quiet_exclude_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parser().parse_args(["status", "demo", "-q", "-v"])
    assert ended.value.code == 2
    assert "not allowed with" in capsys.readouterr().err


@pytest.mark.parametrize("example", EXAMPLES)
def test_json_is_taken_exactly_where_the_help_says_what_it_prints(example: str) -> None:
    words = [word for word in shlex.split(example)[3:] if word != "--json"]
    if PAGES[words[0]].json:
        assert parser().parse_args([*words, "--json"]).json
    else:
        with pytest.raises(SystemExit):
            parser().parse_args([*words, "--json"])


def answered(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> object:
    assert main([*words, "--json"]) == code
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("kind", KINDS)
def test_every_list_is_json_with_the_names_that_people_read(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = answered(capsys, "list", kind)
    assert main(["list", kind]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [one["name"] for one in found] == [line.split()[0] for line in lines]
    assert all(set(one) == {"name", "meaning"} for one in found)


def test_status_history_and_registry_answer_machines_what_they_tell_people(
    checkout: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    checkout("1")
    before = answered(capsys, "status", "shop")
    assert (before["champion"], before["last"], before["awaiting"]) == (None, None, [])
    assert answered(capsys, "history", "shop") == []
    assert main(["promote", "shop"]) == 0
    capsys.readouterr()
    status, history = answered(capsys, "status", "shop"), answered(capsys, "history", "shop")
    assert (status["champion"], status["alias"]) == ("1", "1")
    assert status["last"]["entry"] == len(history) == 1
    assert history[0]["champion_version"] == "1"
    assert history[0]["verdict"] == status["last"]["verdict"] == "FIRST_CHAMPION"
    checked = answered(capsys, "registry", "check", "shop")
    assert (checked["entries"], checked["faults"]) == (1, [])
    head = answered(capsys, "registry", "head", "shop")
    assert head["head"] == f"1 {history[0]['hash']}"
    assert "done" in answered(capsys, "registry", "restore", "shop")


def test_a_fault_is_json_too_and_keeps_its_exit_code(
    checkout: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    from mlflow import MlflowClient

    root = checkout("1")
    assert main(["promote", "shop"]) == 0
    uri = f"sqlite:///{root}/mlflow.db"
    MlflowClient(uri, uri).delete_registered_model_alias("shop", "champion")
    capsys.readouterr()
    found = answered(capsys, "registry", "check", "shop", code=5)
    assert any("alias champion shows nothing" in fault for fault in found["faults"])


def test_quiet_says_results_and_errors_only(checkout: Callable[..., Path], capsys: pytest.CaptureFixture[str]) -> None:
    checkout("1")
    assert main(["promote", "shop", "-q"]) == 0
    assert capsys.readouterr().err == ""
    assert main(["status", "shop", "-q"]) == 0
    assert "champion" in capsys.readouterr().out
    assert main(["-q", "status", "nothing"]) == 2
    assert capsys.readouterr().err.startswith("status: no spec 'nothing'")
    assert main(["promote", "shop"]) == 0
    assert "promote shop:" in capsys.readouterr().err, "the next command is as loud as ever"


def test_verbose_says_how_long_it_took_and_where_an_error_arose(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "metrics", "-v"]) == 0
    assert "list: took " in capsys.readouterr().err
    assert main(["status", "nothing", "-v"]) == 2
    said = capsys.readouterr().err
    assert "MissingError arose\n  pipelines/specs/spec_files.py:" in said
    assert "status: no spec 'nothing'" in said


def test_the_first_cause_of_an_error_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with log.speaking(log.VERBOSE):
        try:
            try:
                int("seven")
            except ValueError as error:
                raise KeyError("no seven") from error
        except KeyError as error:
            log.origin(error, Path(__file__).parent)
    said = capsys.readouterr().err
    assert "because of ValueError: invalid literal" in said
    assert "test_cli.py:" in said


def test_an_error_that_a_stop_brought_about_is_told_as_a_stop(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Such as that of a database which a library left in the middle of a step."""

    def broken(*_: object) -> int:
        raise StorageError("MLflow could not be read.")

    monkeypatch.setattr(cli, "_act", broken)
    assert main(["list", "specs"]) == 2
    assert capsys.readouterr().err.splitlines() == ["list: MLflow could not be read."]
    monkeypatch.setattr(stopping.Stopping, "asked", True)
    assert main(["list", "specs"]) == stopping.CODE
    assert capsys.readouterr().err.splitlines() == [f"list: {stopping.LINE}"]
