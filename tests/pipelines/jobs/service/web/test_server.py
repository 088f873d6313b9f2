"""A process that serves ends by a signal once it has answered what it holds."""

import http.client
import json
import re
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from features.errors import UsageError
from pipelines.cli import main
from pipelines.jobs.service.settings import Settings
from pipelines.jobs.service.web import server
from tests.pipelines.jobs.service.web.running import ROW, Running


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_lets_it_answer_what_it_holds(root: Path, number: signal.Signals) -> None:
    words = [sys.executable, "-m", "tests.pipelines.jobs.service.web.child", "1.0"]
    with subprocess.Popen(words, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        port = int(re.search(r"http://127\.0\.0\.1:(\d+)", process.stderr.readline())[1])  # type: ignore[index]
        answers: list[int] = []

        def ask() -> None:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            headers = {"X-API-Key": "hf_reader", "Content-Type": "application/json"}
            connection.request("POST", "/score", json.dumps({"rows": [ROW]}), headers)
            answers.append(connection.getresponse().status)
            connection.close()

        asking = threading.Thread(target=ask)
        asking.start()
        assert process.stdout.readline() == "held\n"
        process.send_signal(number)
        asking.join()
        try:
            out, _ = process.communicate(timeout=60)
        finally:
            process.kill()
    assert answers == [200]
    assert out == "closed [1]\n"
    assert process.returncode == 0
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=10)


def test_a_port_that_is_taken_is_told(service: Running) -> None:
    with pytest.raises(UsageError, match=str(service.port)):
        server.bound(Settings(port=service.port))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["demo", "--host", "192.0.2.1", "--without-keys"], "this machine only"),
        (["demo"], "keys add"),
        (["nothing_like_it", "--without-keys"], "nothing_like_it"),
    ],
)
def test_it_does_not_start_where_anybody_could_ask(
    words: list[str],
    told: str,
    tmp_path: Path,
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "experiments").mkdir()
    (tmp_path / "experiments" / "specs").symlink_to(root / "experiments" / "specs")
    monkeypatch.chdir(tmp_path)
    assert main(["serve", *words]) == 2
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [["--port", "65536"], ["--port", "x"], ["--rate", "0"], ["--keep-answers", "1.5"], ["--keep-answers", "nan"]],
)
def test_options_out_of_range_are_refused(words: list[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["serve", "demo", *words])
