"""The log as JSON lines: whatever is said, by whomever and at once, each line is one object that every reader takes."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.errors import UsageError
from pipelines.champion import entry_kinds
from pipelines.champion.authorship import Authorship, sign
from pipelines.champion.ledger import Entry
from pipelines.cli import main, pages, parser
from pipelines.messages import json_lines, log
from pipelines.processes import orphans

ANY_TEXT = st.text(st.characters(categories=None, exclude_characters="="), max_size=60)
NASTY = 'a "quoted" back\\slash\nnew\r\nline\ttab 中文 \udcff\u2028\u2029\x85\x9b31m\x1b[0m\x00'


@pytest.fixture
def as_json(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in (json_lines.FORM, json_lines.RUN_ID, json_lines.COMMAND):
        monkeypatch.delenv(name, raising=False)
    with json_lines.asked(json_lines.JSON, "run"), json_lines.about("shop", None):
        yield


def objects(text: str) -> list[dict[str, Any]]:
    """The objects of a log; every line is one, for readers too that end lines elsewhere than at a newline."""
    assert len(text.splitlines()) == text.count("\n")
    assert text.encode().isascii() or "\ufffd" not in text
    return [strict(line) for line in text.splitlines()]


def strict(line: str) -> dict[str, Any]:
    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is no JSON")

    found = json.loads(line, parse_constant=refuse)
    json.dumps(found, ensure_ascii=False).encode()  # no half of a surrogate pair
    assert [*found][: len(json_lines.KEYS)] == [*json_lines.KEYS]
    assert set(found) <= {*json_lines.KEYS, "fields"}
    assert datetime.fromisoformat(found["time"]).utcoffset() == timedelta(0)
    return found


def said(act: Callable[[], object]) -> list[dict[str, Any]]:
    with redirect_stderr(StringIO()) as heard:
        act()
    return objects(heard.getvalue())


@given(ANY_TEXT, ANY_TEXT)
def test_any_text_is_one_object_and_comes_back(text: str, other: str) -> None:
    with json_lines.asked(json_lines.JSON, "run"):
        (found,) = said(lambda: json_lines.write(text, level="info", fields={"key": other, other: [text]}))
    for told, was in ((found["message"], text), (found["fields"][next(reversed(found["fields"]))][0], text)):
        assert told == was.encode("utf-8", "backslashreplace").decode()


@pytest.mark.usefixtures("as_json")
def test_a_nasty_text_is_one_object_whoever_says_it() -> None:
    def all_of_them() -> None:
        log.note(NASTY)
        log.warn("build", "shop", [NASTY])
        log.error(NASTY)
        log.done("build", "shop", rows=3, share=float("nan"), of=np.int64(7), exactly=np.float64(0.5), odd=NASTY)

    found = said(all_of_them)
    assert [one["level"] for one in found] == ["info", "warning", "error", "info"]
    assert [one["stage"] for one in found] == [None, "build", None, "build"]
    assert {one["spec"] for one in found} == {"shop"}
    fields = found[-1]["fields"]
    assert (fields["rows"], fields["share"], fields["of"], fields["exactly"]) == (3, None, 7, 0.5)
    assert len({one["run_id"] for one in found}) == 1


@pytest.mark.usefixtures("as_json")
@pytest.mark.parametrize("secret", ["hunter2-hunter2", 'quo"ted\\secret', "密码密码密码密码"])
def test_no_object_holds_a_secret(secret: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSWORD", secret)

    def all_of_them() -> None:
        log.note(f"at postgresql://me:{secret}@host/db")
        log.error(f"it is {secret}")
        log.done("build", "shop", where=f"it is {secret}")
        json_lines.write("", level="info", fields={"where": [{secret: f"it is {secret}"}]})
        print("raw", secret, file=json_lines.Lines(sys.stderr))

    text = json.dumps(said(all_of_them), ensure_ascii=False)
    assert json.dumps(secret, ensure_ascii=False)[1:-1] not in text
    assert text.count("***") == 7


@pytest.mark.parametrize("is_file", [True, False], ids=["file", "pipe"])
def test_writers_at_once_leave_whole_lines(is_file: bool, tmp_path: Path) -> None:
    """Processes that share the descriptor, each with threads; lines longer than what a pipe takes at once, too."""
    place = tmp_path / "log"
    reading, writing = (0, os.open(place, os.O_WRONLY | os.O_CREAT)) if is_file else os.pipe()
    processes, threads, lines = 3, 2, 15
    children = []
    for process in range(processes):
        child = os.fork()
        if not child:
            with os.fdopen(writing, "w") as sys.stderr:
                working = [
                    threading.Thread(target=_written, args=(f"{process} {one}", lines)) for one in range(threads)
                ]
                for one in working:
                    one.start()
                for one in working:
                    one.join()
                os._exit(0)
        children.append(child)
    os.close(writing)
    text = place.read_text() if is_file else ""
    if not is_file:
        with os.fdopen(reading) as heard:
            text = heard.read()
    assert [os.waitpid(child, 0)[1] for child in children] == [0] * processes
    found = objects(place.read_text() if is_file else text)
    assert len(found) == processes * threads * lines
    assert all(len(set(one["message"].split("|"))) == 1 for one in found)


def _written(name: str, lines: int) -> None:
    for number in range(lines):
        json_lines.write("|".join([name] * (2000 * (number % 3) + 1)), level="info")


@pytest.mark.usefixtures("as_json")
def test_what_others_print_is_an_object_a_line_once_the_line_is_whole() -> None:
    def others() -> None:
        stream = json_lines.Lines(sys.stderr)
        print("one", end=" ", file=stream)
        other = threading.Thread(target=lambda: print("another thread's", file=stream))
        other.start()
        other.join()
        print("line", "and\nthe next\n\n", file=stream)

    assert [one["message"] for one in said(others)] == ["another thread's", "one line and", "the next"]


@pytest.mark.usefixtures("as_json")
def test_progress_bars_are_off_and_quiet_is_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    assert said(lambda: list(log.track(range(3), "build", unit="date"))) == []
    with log.speaking(log.QUIET):
        assert said(lambda: (log.note("a"), log.done("build", "shop"), log.warn("build", "shop", ["b"]))) == []
        assert [one["fields"] for one in said(lambda: log.ended("build", 3))] == [{"exit_code": 3}]


def test_one_id_and_one_command_for_all_that_a_command_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (json_lines.FORM, json_lines.RUN_ID, json_lines.COMMAND):
        monkeypatch.delenv(name, raising=False)
    before = dict(os.environ)
    assert json_lines.run_id() is None
    assert set(orphans.owner()) == {orphans.OWNER}
    with json_lines.asked(json_lines.JSON, "run"):
        outer = json_lines.run_id()
        with json_lines.asked(None, "build"):
            (found,) = said(lambda: log.note("x"))
        assert (found["run_id"], found["command"]) == (outer, "run")
        assert orphans.owner()[orphans.RUN_ID] == outer
    assert dict(os.environ) == before
    monkeypatch.setenv(json_lines.RUN_ID, "github-123/4")
    with json_lines.asked(json_lines.JSON, "run"):
        assert json_lines.run_id() == "github-123/4"


@pytest.mark.parametrize(
    ("name", "value"), [("HOLDFAST_LOG", "xml"), ("HOLDFAST_RUN_ID", 'a"b'), ("HOLDFAST_RUN_ID", "a\nb")]
)
def test_a_variable_that_is_none_is_refused_in_one_line(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(UsageError, match=name), json_lines.asked(None, "list"):
        pass
    assert main(["list"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_every_command_takes_it_before_and_after_its_name() -> None:
    one = parser()
    for example in [example for page in pages().values() for example in page.examples]:
        words = example.split()[3:]
        if not {"'", '"'} & set(example):
            assert one.parse_args(["--log-json", *words]).log == json_lines.JSON
            assert one.parse_args([*words, "--log-json"]).log == json_lines.JSON


def test_the_answer_stays_what_it_is_and_the_next_command_is_text(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "metrics"]) == 0
    plain = capsys.readouterr()
    assert main(["list", "metrics", "--log-json"]) == 0
    told = capsys.readouterr()
    assert (told.out, plain.err) == (plain.out, "")
    assert objects(told.err)[-1]["fields"] == {"exit_code": 0}
    assert main(["--log-json", "status", "nothing"]) == 2
    fault, end = objects(capsys.readouterr().err)[-2:]
    assert (fault["level"], fault["command"], fault["spec"]) == ("error", "status", "nothing")
    assert fault["message"].startswith("status: no spec 'nothing'")
    assert end["fields"] == {"exit_code": 2}
    assert main(["status", "nothing"]) == 2
    assert capsys.readouterr().err.startswith("status: no spec")


GUARDED = """
import sys, warnings
from pipelines.processes import stopping
def command(words):
    from pipelines.cli import main
    warnings.warn("a library's")
    if words[0] == "bug":
        raise TypeError("a bug\\nin two lines")
    if words[0] == "stop":
        raise KeyboardInterrupt
    return main(words)
sys.exit(stopping.guard(sys.argv[1:], command))
"""


@pytest.mark.parametrize(
    ("word", "code", "level", "message"),
    [
        ("statu", 2, "error", "invalid choice"),
        ("bug", 1, "error", "TypeError: a bug\nin two lines"),
        ("stop", 2, "error", "stop: stopped"),
    ],
)
def test_whatever_ends_a_process_is_told_as_objects(word: str, code: int, level: str, message: str, root: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", GUARDED, word, "--log-json"], cwd=root, capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stdout) == (code, "")
    found = objects(ended.stderr)
    assert "a library's" in found[0]["message"]
    assert (found[-2]["level"], found[-1]["fields"]) == (level, {"exit_code": code})
    assert message in found[-2]["message"]
    assert len({one["run_id"] for one in found}) == 1


@pytest.mark.usefixtures("as_json")
def test_lines_of_another_process_are_passed_on_with_its_name_and_time() -> None:
    (child,) = said(lambda: log.done("build", "shop", rows=3))
    (end,) = said(lambda: log.ended("run shop", 5))
    lines = [json.dumps(child), "Traceback", json.dumps(end)]
    messages: list[str] = []
    found = said(lambda: messages.extend(log.passed_on(f"{line}\n", "trials=3") for line in lines))
    assert found[0] == {**child, "message": "[trials=3] build shop: rows 3", "fields": {"rows": 3, "of": "trials=3"}}
    assert found[1]["message"] == "[trials=3] Traceback"
    assert messages == ["build shop: rows 3", "Traceback", ""]


def test_an_entry_names_its_run_only_where_it_has_one() -> None:
    now = datetime(2026, 1, 2, tzinfo=UTC)
    assert sign({"HOLDFAST_RUN_ID": "r1"}, now).run_id == "r1"
    plain, named = Authorship("ada", "t"), Authorship("ada", "t", "r1")
    asked = {"challenger_version": "1", "compared_with": None}
    bodies = [entry_kinds.same(asked, one, digest="d", compared="c") for one in (plain, named)]
    assert bodies[1] == {**bodies[0], "run_id": "r1"}
    approved = entry_kinds.approval(Entry("shop", 1, "", "h", bodies[1]), plain)
    assert "run_id" not in approved
    assert entry_kinds.approval(Entry("shop", 1, "", "h", bodies[1]), Authorship("b", "t", "r2"))["run_id"] == "r2"
