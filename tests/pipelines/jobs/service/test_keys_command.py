"""The command `keys`: a key is shown once, and each action says what it did."""

import json
from pathlib import Path

import pytest

from pipelines.cli import main
from pipelines.commands import keys
from pipelines.outreach.operations import database, service_keys


@pytest.fixture(autouse=True)
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv(database.ADDRESS, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_key_is_added_listed_and_revoked(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["keys", "list"]) == 0
    assert capsys.readouterr().out == "there are no keys\n"
    assert main(["keys", "add", "crm", "--role", "write"]) == 0
    key = capsys.readouterr().out.splitlines()[1]
    assert service_keys.role_of(database.opened(checkout), key) == ("crm", "write")
    assert main(["keys", "add", "desk", "--role", "desk", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert service_keys.role_of(database.opened(checkout), told["key"]) == ("desk", "desk")
    assert main(["keys", "revoke", "crm"]) == 0
    capsys.readouterr()
    assert main(["keys", "list", "--json"]) == 0
    listed = capsys.readouterr().out
    assert [(one["name"], one["revoked_at"] is None) for one in json.loads(listed)["keys"]] == [
        ("crm", False), ("desk", True)
    ]  # fmt: skip
    assert key not in listed


def test_what_cannot_be_done_is_one_line_and_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["keys", "revoke", "nobody"]) == 2
    assert capsys.readouterr().err == "keys: there is no key 'nobody' in force; `keys list` shows all.\n"


def test_the_roles_of_the_command_are_those_of_keys() -> None:
    assert keys.ROLES == service_keys.ROLES
