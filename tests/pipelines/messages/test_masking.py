"""No secret is shown."""

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from experiments.alerts.alert_file import AlertFile
from experiments.playbooks.playbook_file import PlaybookFile
from experiments.spec import ExperimentSpec
from experiments.texts.spec import TextsSpec
from pipelines.cli import parser
from pipelines.messages import masking
from pipelines.messages.help_pages import Parser

SECRET = "-".join(("hunter2", "and", "more"))


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://user:{}@host/db",
        "no database at postgresql+psycopg://user:{}@host:5432/db?sslmode=require: refused",
        "('https://user:{}@host/path', 1)",
        "https://{}@host/path",
        "postgresql://:{}@host/db",
        "postgresql://user:x@{}@host/db",
        "postgresql://user:x/{}@host/db",
        "sqlite:///mlflow.db?password={}",
        "http://host/api?run=1&access_token={}&page=2",
        "https://store/blob?sv=1&sig={}",
        "https://store/key?X-Amz-Signature={}&x=1",
        "host=h user=u password={} dbname=d",
        "host=h password='{} and more' dbname=d",
        '{{"password": "{}", "user": "u"}}',
        "{{'api_key': '{}'}}",
        "Authorization: Bearer {}",
        "{{'Authorization': 'Basic {}'}}",
        "http%3A//host%3Fpassword%3D{}",
    ],
)
def test_a_secret_is_hidden_wherever_it_stands(text: str) -> None:
    shown = masking.mask(text.format(SECRET))
    assert SECRET not in shown
    assert masking.HIDDEN in shown
    assert masking.mask(shown) == shown


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://reader@db.example/shop?table=public.orders",
        "sqlite:///mlflow.db",
        "http://127.0.0.1:5000/health",
        "tune demo: trials 40, score 0.38",
        "password authentication failed for user 'postgres'",
        "write to anna@example.org about tokens and secrets",
        "the design=3 of basic statistics",
        "a: b@c",
    ],
)
def test_harmless_words_stay_as_they_are(text: str) -> None:
    assert masking.mask(text) == text
    assert not masking.has_secret(text)


def test_the_secrets_of_our_own_addresses_are_hidden_even_where_they_stand_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "postgresql://user:caf%C3%A9-secret@host/db")
    monkeypatch.setenv("HOLDFAST_LEDGER_URI", "postgresql://host/db?user=u&password=another-secret")
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "the-third-secret")
    told = "caf%C3%A9-secret, café-secret, another-secret and the-third-secret"
    assert masking.mask(told) == "***, ***, *** and ***"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PGPASSWORD", "the-whole-of-it"),
        ("AWS_SECRET_ACCESS_KEY", "a/b+c==/d"),
        ("HOLDFAST_CHANNEL_DESK", "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"),
        ("HOLDFAST_OPERATIONS_URI", "postgresql://host/db?password=another-secret"),
    ],
)
def test_what_the_environment_keeps_is_hidden(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    secret = value.rpartition("password=")[2]
    assert masking.mask(f"it is {secret}, they say") == "it is ***, they say"


def test_every_address_of_ours_is_known(root: Path) -> None:
    code = "\n".join(path.read_text() for path in (root / "pipelines").rglob("*.py"))
    assert set(re.findall(r'"((?:HOLDFAST|MLFLOW)_\w+_UR[IL])"', code)) == set(masking.ADDRESSES)


SAYS_SECRET = re.compile(rf"(?i){masking.WORD}|.*(?:^|[-_])(?:user|login|auth)(?:[-_]|$).*")


def options(one: Parser, name: str) -> Iterator[str]:
    """Every option of a command and of its actions."""
    for action in one._actions:
        yield from (f"{name} {option}".strip() for option in action.option_strings or [action.dest])
    for below in one.below.values():
        yield from options(below, name or (below.prog or "").split()[-1])


def test_no_option_of_a_command_takes_a_secret() -> None:
    found = list(options(parser(), ""))
    assert "new --label" in found
    assert [one for one in found if SAYS_SECRET.fullmatch(one.rpartition(" ")[2].lstrip("-"))] == []


def keys(schema: Any) -> Iterator[str]:
    """Every key of a JSON schema's objects."""
    for name, one in (
        schema.items() if isinstance(schema, dict) else enumerate(schema) if isinstance(schema, list) else ()
    ):
        if name == "properties":
            yield from one
        yield from keys(one)


@pytest.mark.parametrize("kind", [ExperimentSpec, TextsSpec, AlertFile, PlaybookFile])
def test_no_key_of_a_file_takes_a_secret(kind: type[BaseModel]) -> None:
    found = set(keys(kind.model_json_schema()))
    assert len(found) > 5
    assert {one for one in found if SAYS_SECRET.fullmatch(one)} == set()


def test_a_stream_hides_what_is_written_to_it_and_is_itself_in_all_else() -> None:
    beneath = io.StringIO()
    stream = masking.Masked(beneath)
    assert stream.write("postgresql://u:secret@h") == len("postgresql://u:secret@h")
    stream.writelines([" token=abc", "\n"])
    assert stream.isatty() is False
    assert stream.getvalue() == "postgresql://u:***@h token=***\n"
